// Schedules: how the noise levels of a walk are chosen from a noise table, in diffusers' and in k-diffusion's conventions.
import { betaQuantile } from "./beta.ts";
import type { Interpolation, NoiseTable } from "./noise-table.ts";
import { type Sigmas, sigmasOf } from "./sigmas.ts";

/** Picks the levels of `steps` steps; the walk ends at σ = 0 unless `final` says otherwise. */
export type Schedule = (table: NoiseTable, steps: number, options?: ScheduleOptions) => Sigmas;

/** How evenly spaced times are laid over 0…T−1, under diffusers' names for `timestep_spacing`. */
export type Spacing = "leading" | "trailing" | "linspace";

export interface ScheduleOptions {
  /** Whose habits to follow; default `conventions.kdiffusion`. */
  readonly convention?: Convention;
  /** For curves: the spacing whose ends they run between, where the convention asks. Default "leading", as SD's configs say. */
  readonly spacing?: Spacing;
  /** Added to each time of `leading` (diffusers: `steps_offset`); default 1. */
  readonly offset?: number;
  /** Where the walk ends: 0, or the level of time 0 (diffusers: `set_alpha_to_one: false`, `final_sigmas_type: "sigma_min"`). */
  readonly final?: "zero" | "sigma_min";
  /** For curves: the highest and the lowest level before the final one, instead of the convention's. */
  readonly range?: readonly [max: number, min: number];
  /** Every level multiplied by this, as large pictures want (SD 3's `shift`; Hoogeboom et al. 2023); default 1. */
  readonly shift?: number;
}

/** What implementations do differently from one another with the same schedule. Nobody is wrong; parity needs all of them. */
export interface Convention {
  /** `linspace` and `leading` cut steps + 1 points and leave out the cleanest. */
  readonly openEnd: boolean;
  /** Times are whole numbers, as the network was trained at; otherwise they may be fractional. */
  readonly wholeTimes: boolean;
  /** What is linear between the whole times of the table. */
  readonly interpolation: Interpolation;
  /** Curves run between the ends of the table, or between the ends of an even spacing. */
  readonly curveEnds: "table" | "spacing";
  /** The standard deviation of the first x: σ is noise alone, √(σ²+1) is noise and data of variance 1. */
  readonly start: (sigma: number, spacing: Spacing | undefined) => number;
  /** Whether a model's config can ask for a walk that ends at the level of time 0 (`set_alpha_to_one: false`). */
  readonly stopsShort: boolean;
  /** What the last x is multiplied by: 1, or 1/√(σ²+1) where x is kept as √ᾱ·x₀ + √(1−ᾱ)·ε all along. */
  readonly end: (sigma: number) => number;
}

const noiseAndData = (sigma: number): number => Math.sqrt(sigma * sigma + 1);

/** σ-space is an inner matter of these: outside, x has variance 1 at every level. */
const preserving = { start: noiseAndData, end: (sigma: number) => 1 / noiseAndData(sigma) };

/** The habits of those that walk from one ᾱ of the table to another. */
const alphas = {
  openEnd: false,
  wholeTimes: true,
  interpolation: "linear",
  curveEnds: "table",
  ...preserving,
} as const;

/** How the samplers of diffusers and of k-diffusion count levels and times. */
export const conventions = {
  /** diffusers' DDIM, PNDM and TCD schedulers. */
  ddim: { ...alphas, stopsShort: true },
  /** diffusers' DDPM and LCM schedulers, which always walk to the end. */
  ddpm: { ...alphas, stopsShort: false },
  /** diffusers' Euler, Euler ancestral, Heun, LMS and KDPM2 schedulers. */
  euler: {
    openEnd: false,
    wholeTimes: false,
    interpolation: "linear",
    curveEnds: "spacing",
    stopsShort: false,
    start: (sigma, spacing) => (spacing === "leading" ? noiseAndData(sigma) : sigma),
    end: () => 1,
  },
  /** diffusers' DPM-Solver, UniPC and DEIS schedulers. */
  dpm: {
    openEnd: true,
    wholeTimes: true,
    interpolation: "linear",
    curveEnds: "table",
    stopsShort: false,
    ...preserving,
  },
  /** crowsonkb/k-diffusion, and with it A1111 and ComfyUI. */
  kdiffusion: {
    openEnd: false,
    wholeTimes: false,
    interpolation: "log",
    curveEnds: "table",
    stopsShort: false,
    start: (sigma) => sigma,
    end: () => 1,
  },
} as const satisfies Record<string, Convention>;

/**
 * Whole multiples of ⌊T/steps⌋, plus `offset`. What SD's configs ask for; a single step would start almost clean.
 *
 * A1111's "DDIM" and ComfyUI's `ddim_uniform`, which walk a step more than they are asked for where T/steps has a remainder.
 */
export const leading: Schedule = (table, steps, options) => spaced("leading", table, steps, options);

/** Counted down from the last time, which is always used. Lin et al. 2023: the right one for few steps and for zero SNR. */
export const trailing: Schedule = (table, steps, options) => spaced("trailing", table, steps, options);

/** Evenly from the last time to the first. k-diffusion's `get_sigmas`, A1111's "Uniform", ComfyUI's "normal". */
export const linspace: Schedule = (table, steps, options) => spaced("linspace", table, steps, options);

/** Evenly from the last time, the first left out (Stability's `sgm`). */
export const sgmUniform: Schedule = (table, steps, options = {}) =>
  spaced("linspace", table, steps, {
    ...options,
    convention: { ...(options.convention ?? conventions.kdiffusion), openEnd: true },
  });

/** Every (T/steps)th entry of the table, from the last. ComfyUI's `simple`. */
export const simple: Schedule = (table, steps, options) => {
  checkSteps(steps, table);
  const times = falling(steps, (i) => table.timesteps - 1 - Math.floor((i * table.timesteps) / steps));
  return atTimes(table, times, options);
};

/** Levels evenly spaced in σ^(1/7): small steps where the picture is decided. Karras et al. 2022, eq. 5. */
export const karras: Schedule = (table, steps, options) =>
  curve(table, steps, options, roundHalfEven, (max, min, w) => {
    const rho = 7;
    return (max ** (1 / rho) + w * (min ** (1 / rho) - max ** (1 / rho))) ** rho;
  });

/** Levels evenly spaced in ln σ, A1111's "Polyexponential" too. (diffusers cuts the whole times of this one off where it rounds those of `karras`.) */
export const exponential: Schedule = (table, steps, options) =>
  curve(table, steps, options, Math.trunc, (max, min, w) => Math.exp(Math.log(max) + w * Math.log(min / max)));

/**
 * Levels evenly spaced in atan σ, which makes the least of a bound on how far a walk strays. Sabour et al. 2024.
 *
 * To σ = 0 after the lowest level, as ComfyUI has it; with `final: "sigma_min"` it stops at that level, as A1111 does.
 */
export const klOptimal: Schedule = (table, steps, options) => {
  const parts = options?.final === "sigma_min" ? steps : Math.max(steps - 1, 1);
  return curve(table, steps, options, roundHalfEven, (max, min, _, i) =>
    Math.tan(Math.atan(max) + (i / parts) * (Math.atan(min) - Math.atan(max))),
  );
};

/**
 * Levels dense at both ends, as Beta(0.6, 0.6) is. Lee et al. 2024, as A1111 and diffusers have it.
 *
 * (ComfyUI's `beta` spreads times instead of levels, and walks fewer steps where two of them round to one.)
 */
export const beta: Schedule = (table, steps, options) =>
  curve(table, steps, options, Math.trunc, (max, min, w) => min + (max - min) * betaQuantile(1 - w, 0.6, 0.6));

/** Some of the fifty times that latent consistency models are distilled at, from the last. Luo et al. 2023; diffusers' LCM and TCD. */
export const lcmTimes: Schedule = (table, steps, options) => {
  checkSteps(steps, table);
  const taught = Math.max(Math.min(50, table.timesteps), steps);
  const apart = Math.floor(table.timesteps / taught);
  const times = falling(steps, (i) => (taught - Math.floor((i * taught) / steps)) * apart - 1);
  return atTimes(table, times, options);
};

/** A walk through given times of the network, highest first (diffusers: `timesteps=[…]`). */
export function atTimes(table: NoiseTable, times: readonly number[], options: ScheduleOptions = {}): Sigmas {
  return throughTimes(table, times, undefined, options);
}

/** Align Your Steps (Sabour et al. 2024): times tuned for ten steps of a model; other counts interpolate ln σ as A1111 does. */
export const alignYourSteps = (times: readonly number[], levels: readonly number[]): Schedule => {
  const logs = levels.map(Math.log);
  return (table, steps, options = {}) => {
    const { convention = conventions.kdiffusion } = options;
    if (steps === times.length && convention !== conventions.kdiffusion) return atTimes(table, times, options);
    checkSteps(steps, table);
    const picked = falling(steps, (i) => {
      const at = (i / Math.max(steps - 1, 1)) * (logs.length - 1);
      const low = Math.min(Math.floor(at), logs.length - 2);
      return Math.exp(logs[low] + (at - low) * (logs[low + 1] - logs[low]));
    });
    return walk(table, picked, undefined, undefined, options);
  };
};

function spaced(spacing: Spacing, table: NoiseTable, steps: number, options: ScheduleOptions = {}): Sigmas {
  checkSteps(steps, table);
  return throughTimes(table, spacedTimes(spacing, table, steps, options), spacing, options);
}

function throughTimes(
  table: NoiseTable,
  times: readonly number[],
  spacing: Spacing | undefined,
  options: ScheduleOptions,
): Sigmas {
  const { interpolation } = options.convention ?? conventions.kdiffusion;
  const levels = times.map((t) => table.sigma(t, interpolation));
  return walk(table, levels, times, spacing, options);
}

function spacedTimes(spacing: Spacing, table: NoiseTable, steps: number, options: ScheduleOptions): number[] {
  const { convention = conventions.kdiffusion, offset = 1 } = options;
  const last = table.timesteps - 1;
  const points = convention.openEnd ? steps + 1 : steps;
  if (spacing === "trailing")
    return falling(steps, (i) => roundHalfEven(table.timesteps - (i * table.timesteps) / steps) - 1);
  if (spacing === "leading")
    return falling(steps, (i) => (points - 1 - i) * Math.floor(table.timesteps / points) + offset);
  const whole = convention.wholeTimes ? roundHalfEven : (t: number) => t;
  return falling(steps, (i) => whole(last - (i * last) / Math.max(points - 1, 1)));
}

function curve(
  table: NoiseTable,
  steps: number,
  options: ScheduleOptions = {},
  whole: (time: number) => number,
  level: (max: number, min: number, w: number, index: number) => number,
): Sigmas {
  const { convention = conventions.kdiffusion, spacing = "leading" } = options;
  checkSteps(steps, table);
  const ends = () => {
    const times = spacedTimes(spacing, table, steps, options);
    const sigma = (t: number) => table.sigma(t, convention.interpolation);
    return [sigma(times[0]), sigma(times[steps - 1])] as const;
  };
  const [max, min] = options.range ?? (convention.curveEnds === "spacing" ? ends() : table.range);
  const levels = falling(steps, (i) => level(max, min, i / Math.max(steps - 1, 1), i));
  const times = convention.wholeTimes ? levels.map((sigma) => whole(table.time(sigma))) : undefined;
  return walk(table, levels, times, spacing, options);
}

/** Shift, final level, start and end: what all schedules have in common. A shifted level's time is its own again. */
function walk(
  table: NoiseTable,
  levels: readonly number[],
  times: readonly number[] | undefined,
  spacing: Spacing | undefined,
  { convention = conventions.kdiffusion, final = "zero", shift = 1 }: ScheduleOptions,
): Sigmas {
  const shifted = levels.map((level) => shift * level);
  const last = final === "zero" ? 0 : table.sigma(0);
  return sigmasOf([...shifted, last], table.time, {
    times: shift === 1 ? times : undefined,
    start: convention.start(shifted[0], spacing),
    end: convention.end(last),
  });
}

function checkSteps(steps: number, table: NoiseTable): void {
  if (!Number.isInteger(steps) || steps < 1 || steps > table.timesteps)
    throw new RangeError(`schedule: ${steps} steps; expected a whole number from 1 to ${table.timesteps}`);
}

const falling = (steps: number, f: (i: number) => number): number[] => Array.from({ length: steps }, (_, i) => f(i));

/** Python's and numpy's `round`: a half goes to the even neighbour. */
function roundHalfEven(x: number): number {
  const floor = Math.floor(x);
  if (x - floor !== 0.5) return Math.round(x);
  return floor % 2 === 0 ? floor : floor + 1;
}
