// What samplers are made of: the steps of a walk, straight lines, slopes, fresh noise, and weights of values already known.
import type { Noise } from "../tensor/random.ts";
import { combine, type Tensor } from "../tensor/tensor.ts";
import type { Step } from "./samplers.ts";
import type { Sigmas } from "./sigmas.ts";

/** The steps of a walk: from each level to the next. */
export function* steps({ levels }: Sigmas): Generator<Omit<Step, "x" | "denoised">> {
  const count = levels.length - 1;
  for (let index = 0; index < count; index++)
    yield { index, steps: count, sigma: levels[index], next: levels[index + 1] };
}

/** The straight line from x towards a clean sample, to where `ratio` of the noise is left. */
export const toward = (x: Tensor, clean: Tensor, ratio: number): Tensor => combine([ratio, x], [1 - ratio, clean]);

/** dx/dσ of the probability flow, which is also the noise ε that `denoised` implies. Karras et al. 2022, eq. 3. */
export const slope = (x: Tensor, denoised: Tensor, sigma: number): Tensor =>
  combine([1 / sigma, x], [-1 / sigma, denoised]);

/** A step to `next` split in two: down without noise, up with; down² + up² = next². At η = 1 `up` is the posterior's. */
export function ancestral(sigma: number, next: number, eta: number): { down: number; up: number } {
  const up = Math.min(next, eta * next * Math.sqrt(1 - (next / sigma) ** 2));
  return { down: Math.sqrt(next * next - up * up), up };
}

/** x with fresh noise of standard deviation `up`; none is drawn where `up` is 0. */
export const noisier = (x: Tensor, up: number, noise: Noise): Tensor =>
  up > 0 ? combine([1, x], [up, noise(x.shape)]) : x;

/**
 * The weights w by which values known at some nodes give a linear functional of the polynomial through them, when the
 * functional of 1, r, r², … is `moments`: Σ w_k·r_k^j = moments_j. Björck and Pereyra 1970.
 * @param moments as many as there are nodes count; further ones are not needed
 */
export function weights(nodes: readonly number[], moments: readonly number[]): number[] {
  const w = moments.slice(0, nodes.length);
  const last = nodes.length - 1;
  for (let k = 0; k < last; k++) for (let i = last; i > k; i--) w[i] -= nodes[k] * w[i - 1];
  for (let k = last - 1; k >= 0; k--) {
    for (let i = k + 1; i <= last; i++) w[i] /= nodes[i] - nodes[i - k - 1];
    for (let i = k; i < last; i++) w[i] -= w[i + 1];
  }
  return w;
}
