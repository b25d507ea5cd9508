// Initialisers: what a fresh parameter is filled with before training; weights from a checkpoint replace it.
import type { Init } from "../graph/params.ts";
import { size } from "../tensor/tensor.ts";

/** All zero. */
export const zeros: Init = (shape) => new Float32Array(size(shape));

/** All one. */
export const ones: Init = (shape) => new Float32Array(size(shape)).fill(1);

/** U(−bound, bound). */
export const uniform =
  (bound: number): Init =>
  (shape, random) =>
    Float32Array.from({ length: size(shape) }, () => bound * random.uniform());

/** N(0, std²). */
export const normal =
  (std: number): Init =>
  (shape, random) =>
    Float32Array.from({ length: size(shape) }, () => std * random.normal());

/** U(±1/√fanIn): torch's default for the weights and the biases of linear and convolution layers. */
export const fanIn = (count: number): Init => uniform(1 / Math.sqrt(count));
