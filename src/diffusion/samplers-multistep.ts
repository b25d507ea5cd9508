// Samplers that remember what was said at earlier levels, and so need one call a step for a higher order.
import type { Noise } from "../tensor/random.ts";
import { combine, type Tensor } from "../tensor/tensor.ts";
import { type Denoise, predictions } from "./denoise.ts";
import type { Sampler, SamplerOptions, Sampling, Step } from "./samplers.ts";
import type { Sigmas } from "./sigmas.ts";
import { noisier, slope, steps, toward, weights } from "./steps.ts";

/** ∫₀¹ rʲ dr for j = 0 … 3: with these, `weights` integrates the cubic through four slopes exactly. */
const integrals = [1, 1 / 2, 1 / 3, 1 / 4];

/** Integrate the cubic in σ through the last four slopes (Adams and Bashforth 1883). k-diffusion, `sample_lms`. */
export async function* lms(denoise: Denoise, x: Tensor, sigmas: Sigmas): Sampling {
  let slopes: Tensor[] = []; // newest first
  for (const step of steps(sigmas)) {
    const { index, sigma, next } = step;
    const denoised = await denoise(x, sigma);
    yield { ...step, x, denoised };
    slopes = [slope(x, denoised, sigma), ...slopes].slice(0, 4);
    const nodes = slopes.map((_, k) => (sigmas.levels[index - k] - sigma) / (next - sigma));
    const shares = weights(nodes, integrals);
    x = combine([1, x], ...slopes.map((s, k) => [(next - sigma) * shares[k], s] as const));
  }
  return x;
}

/**
 * As `lms`, as if the levels were evenly spaced; the first step is Heun's, with a call of its own. Liu et al. 2022 (PNDM), as
 * CompVis' PLMS and diffusers' PNDMScheduler with `skip_prk_steps` walk it.
 *
 * What is averaged is the network's own output: ε, unless `options.prediction` says that it is another.
 */
export async function* plms(denoise: Denoise, x: Tensor, sigmas: Sigmas, options: SamplerOptions): Sampling {
  const { prediction = predictions.epsilon } = options;
  const said = (at: Tensor, denoised: Tensor, sigma: number): Tensor =>
    combine([1 / prediction.out(sigma), denoised], [-prediction.skip(sigma) / prediction.out(sigma), at]);
  let outputs: Tensor[] = []; // newest first
  for (const step of steps(sigmas)) {
    const { index, sigma, next } = step;
    const denoised = await denoise(x, sigma);
    yield { ...step, x, denoised };
    outputs = [said(x, denoised, sigma), ...outputs].slice(0, 4);
    let shares = weights([0, -1, -2, -3].slice(0, outputs.length), integrals);
    let used = outputs;
    if (index === 0 && next > 0) {
      const there = toward(x, denoised, next / sigma);
      used = [...outputs, said(there, await denoise(there, next), next)];
      shares = [1 / 2, 1 / 2];
    }
    const output = combine(...used.map((o, k) => [shares[k], o] as const));
    x = toward(x, combine([prediction.skip(sigma), x], [prediction.out(sigma), output]), next / sigma);
  }
  return x;
}

/** What was said one or two levels ago, and how far that was in ln σ from the level after it. */
interface Past {
  readonly denoised: Tensor;
  readonly h: number;
}

/** Lines towards where D is heading, judged from its last two values over ln σ. Lu et al. 2022 (DPM-Solver++), algorithm 2. */
export async function* dpmpp2m(denoise: Denoise, x: Tensor, sigmas: Sigmas): Sampling {
  let last: Past | undefined;
  for (const step of steps(sigmas)) {
    const { sigma, next } = step;
    const denoised = await denoise(x, sigma);
    yield { ...step, x, denoised };
    const h = Math.log(sigma / next); // infinite on the way to σ = 0, where D itself is the answer
    x = toward(x, last && next > 0 ? ahead(denoised, last, h / 2) : denoised, next / sigma);
    last = { denoised, h };
  }
  return x;
}

/**
 * As `dpmpp2m`, with the bend of the last three values. Lu et al. 2022 (DPM-Solver++), as diffusers'
 * DPMSolverMultistepScheduler with `solver_order: 3` walks it: of fewer than 15 steps, the last two are of lower order.
 */
export async function* dpmpp3m(denoise: Denoise, x: Tensor, sigmas: Sigmas): Sampling {
  let [last, before]: (Past | undefined)[] = [];
  for (const step of steps(sigmas)) {
    const { sigma, next } = step;
    const denoised = await denoise(x, sigma);
    yield { ...step, x, denoised };
    const h = Math.log(sigma / next);
    const left = step.steps < 15 ? step.steps - step.index : 3;
    let target = denoised;
    if (next > 0 && last && before && left > 2) target = bent(denoised, last, before, h, h);
    else if (next > 0 && last && left > 1) target = ahead(denoised, last, h / 2);
    x = toward(x, target, next / sigma);
    [last, before] = [{ denoised, h }, last];
  }
  return x;
}

/**
 * `dpmpp2m` with fresh noise, as much of it as η says, 1 unless told. Lu et al. 2022 (SDE-DPM-Solver++), as k-diffusion's
 * `sample_dpmpp_2m_sde` generalises it to every η.
 * @param lead how far ahead of D to aim, in steps, when a step is (1 + η)·h long
 */
const multistepSde = (lead: (h: number) => number): Sampler =>
  async function* (denoise, x, sigmas, { noise, eta = 1 }) {
    let last: Past | undefined;
    for (const step of steps(sigmas)) {
      const { sigma, next } = step;
      const denoised = await denoise(x, sigma);
      yield { ...step, x, denoised };
      const h = Math.log(sigma / next);
      const target = last && next > 0 ? ahead(denoised, last, h * lead(h * (1 + eta))) : denoised;
      x = renewed(x, target, step, eta, noise);
      last = { denoised, h };
    }
    return x;
  };

/** `dpmpp2m` with fresh noise, aimed at where D is half a step on. k-diffusion, `sample_dpmpp_2m_sde`, "midpoint". */
export const dpmpp2mSde: Sampler = multistepSde(() => 1 / 2);

/** `dpmpp2m` with fresh noise, D integrated as a line over the step. k-diffusion, `sample_dpmpp_2m_sde`, "heun". */
export const dpmpp2mSdeHeun: Sampler = multistepSde(linear);

/** As `dpmpp2mSdeHeun`, with the bend of the last three values. k-diffusion, `sample_dpmpp_3m_sde`. */
export async function* dpmpp3mSde(denoise: Denoise, x: Tensor, sigmas: Sigmas, options: SamplerOptions): Sampling {
  const { noise, eta = 1 } = options;
  let [last, before]: (Past | undefined)[] = [];
  for (const step of steps(sigmas)) {
    const { sigma, next } = step;
    const denoised = await denoise(x, sigma);
    yield { ...step, x, denoised };
    const h = Math.log(sigma / next);
    const whole = h * (1 + eta);
    let target = denoised;
    if (next > 0 && last && before) target = bent(denoised, last, before, h, whole);
    else if (next > 0 && last) target = ahead(denoised, last, h * linear(whole));
    x = renewed(x, target, step, eta, noise);
    [last, before] = [{ denoised, h }, last];
  }
  return x;
}

/**
 * Predict the next x, and correct it by what is said there, without another call. Zhao et al. 2023 (UniPC), algorithms 1
 * and 2 over denoised samples, as diffusers' UniPCMultistepScheduler walks it.
 * @param order of the predictor; the corrector adds one
 * @param variant B(h) = e^(−h) − 1 (`bh2`) or −h (`bh1`): it only counts where one difference is weighed, by ½
 */
export const unipcOf = (order: number, variant: UnipcVariant = "bh2"): Sampler =>
  async function* (denoise, x, sigmas) {
    let known: Known[] = []; // newest first
    let last: { readonly x: Tensor; readonly known: readonly Known[] } | undefined;
    for (const step of steps(sigmas)) {
      const { sigma, next } = step;
      const denoised = await denoise(x, sigma);
      yield { ...step, x, denoised };
      if (last) x = unified(variant, last.x, last.known, sigma, denoised);
      known = [{ denoised, sigma }, ...known].slice(0, Math.min(order, step.steps - step.index));
      last = { x, known };
      x = unified(variant, x, known, next);
    }
    return x;
  };

/** UniPC with a predictor of order 2, as diffusers has it unless told. */
export const unipc: Sampler = unipcOf(2);

/** UniPC with a predictor of order 3, as ComfyUI's `uni_pc_bh2` has it; the paper advises it where nothing guides. */
export const unipc3: Sampler = unipcOf(3);

/** UniPC with a predictor of order 3 and `bh1`, as A1111 has it unless told, and ComfyUI's `uni_pc`. */
export const unipcBh1: Sampler = unipcOf(3, "bh1");

type UnipcVariant = "bh1" | "bh2";

/** A denoised sample, and the level it was found at. */
interface Known {
  readonly denoised: Tensor;
  readonly sigma: number;
}

/** One step of UniPC from the level of `known[0]`; with what is said at `next`, corrected by it. */
function unified(variant: UnipcVariant, x: Tensor, known: readonly Known[], next: number, there?: Tensor): Tensor {
  const [{ denoised, sigma }, ...earlier] = known;
  const h = Math.log(sigma / next);
  const nodes = earlier.map((other) => Math.log(sigma / other.sigma) / h); // in steps from here: below 0, but `next` is at 1
  const values = earlier.map((other) => other.denoised);
  if (there) {
    nodes.push(1);
    values.push(there);
  }
  const half = variant === "bh2" ? 1 / 2 : -h / (2 * Math.expm1(-h));
  const shares = nodes.length === 1 ? [half] : weights(nodes, moments(h, nodes.length));
  const differences = values.flatMap((value, k) => {
    const share = shares[k] / nodes[k];
    return [[share, value] as const, [-share, denoised] as const];
  });
  return toward(x, combine([1, denoised], ...differences), next / sigma);
}

/** The b of UniPC, divided by B(h) = e^(−h) − 1: what each power of a node must sum to. */
function moments(h: number, count: number): number[] {
  const gain = Math.expm1(-h);
  let phi = gain;
  let factorial = 1;
  return Array.from({ length: count }, (_, i) => {
    phi = phi / -h - 1 / factorial;
    const moment = (phi * factorial) / gain;
    factorial *= i + 2;
    return moment;
  });
}

/** The line towards a clean sample, steeper by as much as fresh noise makes up for: exact for a D that stays the same. */
function renewed(
  x: Tensor,
  clean: Tensor,
  { sigma, next }: Pick<Step, "sigma" | "next">,
  eta: number,
  noise: Noise,
): Tensor {
  const ratio = next / sigma;
  return noisier(toward(x, clean, ratio ** (1 + eta)), next * Math.sqrt(1 - ratio ** (2 * eta)), noise);
}

/** D further on by a distance in ln σ, along the line from its last value. */
function ahead(denoised: Tensor, last: Past, distance: number): Tensor {
  const share = distance / last.h;
  return combine([1 + share, denoised], [-share, last.denoised]);
}

/** How far ahead, in steps of H, to aim for the exact result when D is linear over the step: 1/(1 − e^(−H)) − 1/H. */
function linear(h: number): number {
  return -1 / Math.expm1(-h) - 1 / h;
}

/**
 * Where to aim over a step of h, in H = `whole`, by the slope and the bend of D's last three values.
 *
 * The bend counts for half of what would be exact for a parabola: so it is in k-diffusion and diffusers, and so people know it.
 */
function bent(denoised: Tensor, last: Past, before: Past, h: number, whole: number): Tensor {
  const [near, far] = [last.h / h, before.h / h];
  const gain = -Math.expm1(-whole);
  const phi2 = 1 - gain / whole;
  const phi3 = phi2 / whole - 1 / 2;
  const bend = (phi2 * near - phi3) / gain / (near + far);
  const a = (phi2 / gain + bend) / near;
  const b = bend / far;
  return combine([1 + a, denoised], [-a - b, last.denoised], [b, before.denoised]);
}
