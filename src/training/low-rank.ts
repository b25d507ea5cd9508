// low-rank: a network that keeps its weights and learns what to add to them, as factors of low rank.
import { GraphError } from "../graph/ops.ts";
import type { Params } from "../graph/params.ts";
import { constant, type Value } from "../graph/value.ts";
import { lowRank } from "../nn/lora.ts";
import { sameShape, showShape, size } from "../tensor/tensor.ts";
import type { Tensors } from "./adamw.ts";

/**
 * A place whose parameters are constants, `base` by their full names, but for the factors of a LoRA, which are trained: one for
 * each weight of a linear layer or a convolution.
 * @param rank at most; half the shorter side of a weight where that is less, since more would hold more numbers than the
 *   weight. 0 adds nothing.
 * @throws GraphError when `base` lacks a parameter, or has it in another shape
 */
export function adapted(place: Params, base: Tensors, rank: number, known = new Map<string, Value>()): Params {
  return {
    path: place.path,
    at: (name) => adapted(place.at(name), base, rank, known),
    get(leaf, shape) {
      const name = place.path ? `${place.path}.${leaf}` : leaf;
      const fixed = base[name];
      if (!fixed || !sameShape(fixed.shape, shape))
        throw new GraphError(
          `low-rank: the network wants ${name} ${showShape(shape)}; its trained weights have ${fixed ? showShape(fixed.shape) : "none"}`,
        );
      const [out, ...kernel] = shape;
      const most = Math.min(rank, Math.floor(Math.min(out, size(kernel)) / 2));
      const learns = leaf === "weight" && kernel.length > 0 && most > 0;
      const draw = (): Value =>
        learns ? constant(fixed).add(lowRank(place, shape, [most, ...kernel])) : constant(fixed);
      const value = known.get(name) ?? draw();
      known.set(name, value);
      return value;
    },
  };
}
