// Samplers that look at a second level within each step (Lu et al. 2022, DPM-Solver), and forget it afterwards.
import { combine, type Tensor } from "../tensor/tensor.ts";
import type { Denoise } from "./denoise.ts";
import type { Sampler, SamplerOptions, Sampling } from "./samplers.ts";
import type { Sigmas } from "./sigmas.ts";
import { ancestral, noisier, slope, steps, toward } from "./steps.ts";

/**
 * A line with the slope found half-way along ln σ, then fresh noise; two calls a step. k-diffusion, `sample_dpm_2_ancestral`.
 *
 * At η = 1 the line ends so far below the next level that half-way *is* the next level.
 */
export async function* dpm2Ancestral(denoise: Denoise, x: Tensor, sigmas: Sigmas, options: SamplerOptions): Sampling {
  for (const step of steps(sigmas)) {
    const { sigma, next } = step;
    const denoised = await denoise(x, sigma);
    yield { ...step, x, denoised };
    const { down, up } = ancestral(sigma, next, options.eta ?? 1);
    const middle = Math.sqrt(sigma * down);
    const there = toward(x, denoised, middle / sigma);
    x = middle > 0 ? combine([1, x], [down - sigma, slope(there, await denoise(there, middle), middle)]) : there;
    x = noisier(x, up, options.noise);
  }
  return x;
}

/** `dpm2Ancestral` without its noise. Lu et al. 2022 (DPM-Solver), algorithm 1; k-diffusion, `sample_dpm_2`. */
export const dpm2: Sampler = (denoise, x, sigmas, options) => dpm2Ancestral(denoise, x, sigmas, { ...options, eta: 0 });

/**
 * A line towards the D found half-way along ln σ, then fresh noise; two calls a step. Lu et al. 2022 (DPM-Solver++),
 * algorithm 1 with r = ½, made ancestral in k-diffusion, `sample_dpmpp_2s_ancestral`.
 */
export async function* dpmpp2sAncestral(
  denoise: Denoise,
  x: Tensor,
  sigmas: Sigmas,
  options: SamplerOptions,
): Sampling {
  for (const step of steps(sigmas)) {
    const { sigma, next } = step;
    const denoised = await denoise(x, sigma);
    yield { ...step, x, denoised };
    const { down, up } = ancestral(sigma, next, options.eta ?? 1);
    const middle = Math.sqrt(sigma * down);
    const there = toward(x, denoised, middle / sigma);
    x = middle > 0 ? toward(x, await denoise(there, middle), down / sigma) : there;
    x = noisier(x, up, options.noise);
  }
  return x;
}

/**
 * As `dpmpp2sAncestral`, with fresh noise on the way to the middle too. k-diffusion, `sample_dpmpp_sde` with r = ½.
 *
 * Two draws a step, independent of each other; k-diffusion's own default draws both from one Brownian path.
 */
export async function* dpmppSde(denoise: Denoise, x: Tensor, sigmas: Sigmas, options: SamplerOptions): Sampling {
  for (const step of steps(sigmas)) {
    const { sigma, next } = step;
    const denoised = await denoise(x, sigma);
    yield { ...step, x, denoised };
    if (next === 0) return denoised;
    const middle = Math.sqrt(sigma * next);
    const half = ancestral(sigma, middle, options.eta ?? 1);
    const whole = ancestral(sigma, next, options.eta ?? 1);
    const there = noisier(toward(x, denoised, half.down / sigma), half.up, options.noise);
    x = noisier(toward(x, await denoise(there, middle), whole.down / sigma), whole.up, options.noise);
  }
  return x;
}

/**
 * Two levels at a time, the first of them on the way: one call a step. Lu et al. 2022 (DPM-Solver++), algorithm 1, as
 * diffusers' DPMSolverSinglestepScheduler walks it: every other step starts again from where the one before it did.
 */
export async function* dpmpp2s(denoise: Denoise, x: Tensor, sigmas: Sigmas): Sampling {
  let from: { readonly x: Tensor; readonly denoised: Tensor; readonly sigma: number } | undefined;
  for (const step of steps(sigmas)) {
    const { sigma, next } = step;
    const denoised = await denoise(x, sigma);
    yield { ...step, x, denoised };
    if (!from || step.index === step.steps - 1) {
      from = { x, denoised, sigma };
      x = toward(x, denoised, next / sigma);
    } else {
      const ahead = Math.log(from.sigma / next) / (2 * Math.log(from.sigma / sigma));
      x = toward(from.x, combine([1 - ahead, from.denoised], [ahead, denoised]), next / from.sigma);
      from = undefined;
    }
  }
  return x;
}
