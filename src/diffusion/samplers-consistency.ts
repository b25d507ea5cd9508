// Samplers for networks that were distilled to jump: from any level to the end in one call, and back up with fresh noise.
import { combine, type Tensor } from "../tensor/tensor.ts";
import type { Denoise } from "./denoise.ts";
import type { SamplerOptions, Sampling } from "./samplers.ts";
import type { Sigmas } from "./sigmas.ts";
import { noisier, slope, steps } from "./steps.ts";

/**
 * Jump to the picture, and back up to the next level with fresh noise. Song et al. 2023, algorithm 1; Luo et al. 2023 (LCM).
 *
 * Its network is `consistency(prediction, time)`, which differs from the prediction itself below time 1 or so, where LCM's own
 * schedule never goes.
 */
export async function* lcm(denoise: Denoise, x: Tensor, sigmas: Sigmas, options: SamplerOptions): Sampling {
  for (const step of steps(sigmas)) {
    const denoised = await denoise(x, step.sigma);
    yield { ...step, x, denoised };
    x = noisier(denoised, step.next, options.noise);
  }
  return x;
}

/**
 * Jump to a time below the next level's, and back up with fresh noise. Zheng et al. 2024 (TCD), γ-sampling.
 *
 * `eta` is the paper's γ, default 0.3: the part of the next level's *time* that is jumped over. At 0 nothing is random and it
 * walks as `euler` does; at 1 it jumps to the end, as `lcm` does.
 */
export async function* tcd(denoise: Denoise, x: Tensor, sigmas: Sigmas, options: SamplerOptions): Sampling {
  for (const step of steps(sigmas)) {
    const { sigma, next } = step;
    const denoised = await denoise(x, sigma);
    yield { ...step, x, denoised };
    const time = (1 - (options.eta ?? 0.3)) * sigmas.time(next);
    const down = levelAt(Number.isInteger(sigmas.time(next)) ? Math.floor(time) : time, next, sigmas);
    x = combine([1, denoised], [down, slope(x, denoised, sigma)]);
    x = noisier(x, Math.sqrt(next ** 2 - down ** 2), options.noise);
  }
  return x;
}

/** The highest level, no higher than `most`, that the network knows by a time no later than `time`: found by halving. */
function levelAt(time: number, most: number, sigmas: Sigmas): number {
  if (sigmas.time(most) <= time) return most;
  let [low, high] = [0, most];
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (sigmas.time(middle) <= time) low = middle;
    else high = middle;
  }
  return low;
}
