// Samplers: walk from noise to picture by asking a `Denoise`. All work on x = x₀ + σ·ε, whatever the network was trained on.
// Here: what a sampler is, and those that look at one level at a time. See samplers-*.ts for the others.
import type { Noise } from "../tensor/random.ts";
import { combine, type Tensor } from "../tensor/tensor.ts";
import type { Denoise, Prediction } from "./denoise.ts";
import type { Sigmas } from "./sigmas.ts";
import { ancestral, noisier, slope, steps, toward } from "./steps.ts";

/** One step of a walk, seen before it is taken. */
export interface Step {
  /** 0 … steps − 1. */
  readonly index: number;
  readonly steps: number;
  /** The level x is at, and the level the step goes to. */
  readonly sigma: number;
  readonly next: number;
  readonly x: Tensor;
  /** The picture, if we stopped here. */
  readonly denoised: Tensor;
}

/** A walk under way: yields each step, returns the last x. Leave the loop to cancel; nothing needs to be undone. */
export type Sampling = AsyncGenerator<Step, Tensor, void>;

export interface SamplerOptions {
  /** Fresh noise, for the samplers that add some at each step. */
  readonly noise: Noise;
  /** How much of the noise that a step may renew is renewed, 0…1; each sampler has its own default. */
  readonly eta?: number;
  /** What the network says; only `plms` needs it, because it averages that over steps. Default ε. */
  readonly prediction?: Prediction;
}

/** @param x a noisy sample at the first level: `sigmas.start` · noise for a walk from nothing. */
export type Sampler = (denoise: Denoise, x: Tensor, sigmas: Sigmas, options: SamplerOptions) => Sampling;

/** What a walk returns (a sampler its last x, a pipeline its picture), for callers without a loop; `onStep` sees each step. */
export async function finish<T>(walk: AsyncGenerator<Step, T, void>, onStep?: (step: Step) => void): Promise<T> {
  for (;;) {
    const { done, value } = await walk.next();
    if (done) return value;
    onStep?.(value);
  }
}

/** Follow dx/dσ = (x − D(x; σ))/σ, one straight line at a time. Karras et al. 2022, algorithm 1 without its correction. */
export async function* euler(denoise: Denoise, x: Tensor, sigmas: Sigmas): Sampling {
  for (const step of steps(sigmas)) {
    const denoised = await denoise(x, step.sigma);
    yield { ...step, x, denoised };
    x = toward(x, denoised, step.next / step.sigma);
  }
  return x;
}

/** Each line again with the mean of the slopes at its two ends; two calls a step. Karras et al. 2022, algorithm 1. */
export async function* heun(denoise: Denoise, x: Tensor, sigmas: Sigmas): Sampling {
  for (const step of steps(sigmas)) {
    const { sigma, next } = step;
    const denoised = await denoise(x, sigma);
    yield { ...step, x, denoised };
    const there = toward(x, denoised, next / sigma);
    if (next === 0) return there;
    const half = (next - sigma) / 2;
    x = combine([1, x], [half, slope(x, denoised, sigma)], [half, slope(there, await denoise(there, next), next)]);
  }
  return x;
}

/** A line to below the next level, then fresh noise back up to it. k-diffusion, `sample_euler_ancestral`. */
export async function* eulerAncestral(denoise: Denoise, x: Tensor, sigmas: Sigmas, options: SamplerOptions): Sampling {
  for (const step of steps(sigmas)) {
    const { sigma, next } = step;
    const denoised = await denoise(x, sigma);
    yield { ...step, x, denoised };
    const { down, up } = ancestral(sigma, next, options.eta ?? 1);
    x = noisier(toward(x, denoised, down / sigma), up, options.noise);
  }
  return x;
}

/**
 * The clean x₀, plus the noise that was found, plus fresh noise. Song et al. 2021 (DDIM), eq. 12.
 *
 * At η = 0, the default, nothing is random and it walks as `euler` does; at η = 1 as `eulerAncestral` and `ddpm` do.
 */
export async function* ddim(denoise: Denoise, x: Tensor, sigmas: Sigmas, options: SamplerOptions): Sampling {
  for (const step of steps(sigmas)) {
    const { sigma, next } = step;
    const denoised = await denoise(x, sigma);
    yield { ...step, x, denoised };
    const { down, up } = ancestral(sigma, next, options.eta ?? 0);
    x = noisier(combine([1, denoised], [down, slope(x, denoised, sigma)]), up, options.noise);
  }
  return x;
}

/** Draw from the posterior q(x_next | x, x₀), of which both mean and variance are known. Ho et al. 2020, eq. 6 and 7. */
export async function* ddpm(denoise: Denoise, x: Tensor, sigmas: Sigmas, options: SamplerOptions): Sampling {
  for (const step of steps(sigmas)) {
    const denoised = await denoise(x, step.sigma);
    yield { ...step, x, denoised };
    const kept = (step.next / step.sigma) ** 2;
    x = noisier(toward(x, denoised, kept), step.next * Math.sqrt(1 - kept), options.noise);
  }
  return x;
}
