// Samplers: walk from noise to picture by asking a `Denoise`. All work on x = x₀ + σ·ε, whatever the network was trained on.
import type { Noise } from "../tensor/random.ts";
import { combine, type Tensor } from "../tensor/tensor.ts";
import type { Denoise } from "./denoise.ts";
import type { Sigmas } from "./sigmas.ts";

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
    x = combine([1, x], [down - sigma, slope(x, denoised, sigma)]);
    if (up > 0) x = combine([1, x], [up, options.noise(x.shape)]);
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
    x = combine([1, denoised], [down, slope(x, denoised, sigma)]);
    if (up > 0) x = combine([1, x], [up, options.noise(x.shape)]);
  }
  return x;
}

/** Draw from the posterior q(x_next | x, x₀), of which both mean and variance are known. Ho et al. 2020, eq. 6 and 7. */
export async function* ddpm(denoise: Denoise, x: Tensor, sigmas: Sigmas, options: SamplerOptions): Sampling {
  for (const step of steps(sigmas)) {
    const denoised = await denoise(x, step.sigma);
    yield { ...step, x, denoised };
    const kept = (step.next / step.sigma) ** 2;
    x = toward(x, denoised, kept);
    if (step.next > 0) x = combine([1, x], [step.next * Math.sqrt(1 - kept), options.noise(x.shape)]);
  }
  return x;
}

/** Lines towards where D is heading, judged from its last two values over ln σ. Lu et al. 2022 (DPM-Solver++), algorithm 2. */
export async function* dpmpp2m(denoise: Denoise, x: Tensor, sigmas: Sigmas): Sampling {
  let last: { readonly denoised: Tensor; readonly h: number } | undefined;
  for (const step of steps(sigmas)) {
    const { sigma, next } = step;
    const denoised = await denoise(x, sigma);
    yield { ...step, x, denoised };
    const h = Math.log(sigma / next); // infinite on the way to σ = 0, where D itself is the answer
    const ahead = last && next > 0 ? h / (2 * last.h) : 0;
    const target = last ? combine([1 + ahead, denoised], [-ahead, last.denoised]) : denoised;
    x = toward(x, target, next / sigma);
    last = { denoised, h };
  }
  return x;
}

/** The steps of a walk: from each level to the next. */
function* steps({ levels }: Sigmas): Generator<Omit<Step, "x" | "denoised">> {
  const count = levels.length - 1;
  for (let index = 0; index < count; index++)
    yield { index, steps: count, sigma: levels[index], next: levels[index + 1] };
}

/** The straight line from x towards a clean sample, to where `ratio` of the noise is left. */
const toward = (x: Tensor, clean: Tensor, ratio: number): Tensor => combine([ratio, x], [1 - ratio, clean]);

/** dx/dσ of the probability flow, which is also the noise ε that `denoised` implies. Karras et al. 2022, eq. 3. */
const slope = (x: Tensor, denoised: Tensor, sigma: number): Tensor => combine([1 / sigma, x], [-1 / sigma, denoised]);

/** A step to `next` split in two: down without noise, up with; down² + up² = next². At η = 1 `up` is the posterior's. */
function ancestral(sigma: number, next: number, eta: number): { down: number; up: number } {
  const up = Math.min(next, eta * next * Math.sqrt(1 - (next / sigma) ** 2));
  return { down: Math.sqrt(next * next - up * up), up };
}
