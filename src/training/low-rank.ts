// low-rank: a network that keeps its weights and learns what to add to them: for each, a product of two narrow matrices.
import { GraphError } from "../graph/ops.ts";
import type { Params } from "../graph/params.ts";
import { constant, type Value } from "../graph/value.ts";
import { fanIn, zeros } from "../nn/init.ts";
import { type Shape, sameShape, showShape, size } from "../tensor/tensor.ts";
import type { Tensors } from "./adamw.ts";

/**
 * A place whose parameters are constants, `base` by their full names, but for what two trained factors add to each weight of a
 * linear layer or a convolution: B·A, nothing at first. Hu et al. 2021 (LoRA).
 *
 * The factors are named as PEFT and diffusers name them: `MODULE.lora_A.weight` [r,i] or [r,i,k,k] and `MODULE.lora_B.weight`
 * [o,r] or [o,r,1,1], for a weight [o,i] or [o,i,k,k].
 * @param rank r at most; half the shorter side of a weight where that is less, since more would hold more numbers than the
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
      const value =
        known.get(name) ?? sum(constant(fixed), leaf === "weight" ? product(place, shape, rank) : undefined);
      known.set(name, value);
      return value;
    },
  };
}

const sum = (a: Value, b: Value | undefined): Value => (b ? a.add(b) : a);

/** B·A in the shape of a weight; undefined for what is no matrix. */
function product(place: Params, shape: Shape, most: number): Value | undefined {
  const [out, ...kernel] = shape;
  const width = size(kernel);
  const rank = Math.min(most, Math.floor(Math.min(out, width) / 2));
  if (kernel.length === 0 || rank < 1) return undefined;
  const a = place.get("lora_A.weight", [rank, ...kernel], fanIn(width));
  const b = place.get("lora_B.weight", [out, rank, ...kernel.slice(1).map(() => 1)], zeros);
  return b
    .reshape([out, rank])
    .matmul(a.reshape([rank, width]))
    .reshape(shape);
}
