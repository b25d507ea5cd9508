// LoRA: weights with a product of two narrow matrices added to each. Hu et al. 2021.
import type { Params } from "../graph/params.ts";
import type { Value } from "../graph/value.ts";
import { type Shape, size } from "../tensor/tensor.ts";
import { fanIn, zeros } from "./init.ts";

/** What PEFT calls the factors of a weight, beside it: A [r,i] or [r,i,k,k] reads, B [o,r] or [o,r,1,1] writes. */
export const [LORA_A, LORA_B] = ["lora_A.weight", "lora_B.weight"];

/**
 * B·A in the shape of a weight [o,i] or [o,i,k,k], whose place this is; zero where it is fresh.
 * @param a the shape of the factor that reads
 */
export function lowRank(place: Params, shape: Shape, a: Shape): Value {
  const [out, ...kernel] = shape;
  const [rank, ...rest] = a;
  const width = size(rest);
  const reads = place.get(LORA_A, a, fanIn(width)).reshape([rank, width]);
  const writes = place.get(LORA_B, [out, rank, ...kernel.slice(1).map(() => 1)], zeros).reshape([out, rank]);
  return writes.matmul(reads).reshape(shape);
}

/** What is known of factors before they are read; Weights are such. */
export interface Factors {
  info(name: string): { readonly shape: Shape } | undefined;
}

/**
 * A place whose weights have a LoRA added, where it has factors for them: W + B·A, each a parameter.
 * @param lora knows the shapes of its factors by their full names
 */
export function withLora(place: Params, lora: Factors): Params {
  return {
    path: place.path,
    at: (name) => withLora(place.at(name), lora),
    get(leaf, shape, init) {
      const weight = place.get(leaf, shape, init);
      const factor = leaf === "weight" ? lora.info(`${place.path}.${LORA_A}`) : undefined;
      return factor ? weight.add(lowRank(place, shape, factor.shape)) : weight;
    },
  };
}
