// Params: the weights a model wants. `p.at("conv1").get("weight", shape, init)` declares, initialises, names and uses one.
import type { Shape } from "../tensor/tensor.ts";
import { showShape } from "../tensor/tensor.ts";
import { GraphError } from "./ops.ts";
import { draw, type Value } from "./value.ts";

/** Fills a fresh parameter; `normal` and `uniform` draw N(0,1) and U(−1,1). */
export type Init = (
  shape: Shape,
  random: { readonly normal: () => number; readonly uniform: () => number },
) => Float32Array;

/** A place in the tree of weights, named as in the checkpoint. */
export interface Params {
  readonly path: string;
  /** The place called `name` below this one; dots descend several levels. */
  at(name: string | number): Params;
  /** The parameter `path.name`: the same value for the same name. */
  get(name: string, shape: Shape, init: Init): Value;
}

/** A parameter that a model asked for. */
export interface Declared {
  readonly name: string;
  readonly shape: Shape;
  readonly init: Init;
  readonly value: Value;
}

/** The root of a tree of weights, and the list it fills as a model is drawn. */
export function parameters(prefix = ""): { readonly root: Params; readonly declared: ReadonlyMap<string, Declared> } {
  const declared = new Map<string, Declared>();
  const place = (path: string): Params => ({
    path,
    at: (name) => place(path ? `${path}.${name}` : `${name}`),
    get(leaf, shape, init) {
      const name = path ? `${path}.${leaf}` : leaf;
      const known = declared.get(name);
      if (known && showShape(known.shape) !== showShape(shape))
        throw new GraphError(
          `params: ${name} is ${showShape(known.shape)} in one place and ${showShape(shape)} in another`,
        );
      if (known) return known.value;
      const value = draw("param", { name, shape, init });
      declared.set(name, { name, shape, init, value });
      return value;
    },
  });
  return { root: place(prefix), declared };
}
