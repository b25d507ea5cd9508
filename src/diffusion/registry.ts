// Names: the samplers and schedules by every spelling that the world uses for them, and the nearest one to a misspelling.
import { nearest } from "../spelling/spelling.ts";
import { ddim, ddpm, dpmpp2m, euler, eulerAncestral, heun, type Sampler } from "./samplers.ts";
import {
  alignYourSteps,
  type Convention,
  conventions,
  exponential,
  karras,
  leading,
  linspace,
  type Schedule,
  sgmUniform,
  simple,
  trailing,
} from "./schedules.ts";

interface Named {
  /** How people write it, as A1111's menus do. */
  readonly title: string;
  /** Other spellings; case, spaces and punctuation do not matter, and + is p. */
  readonly aliases: readonly string[];
}

/** A sampler, and what is to be known about it. */
export interface SamplerEntry extends Named {
  readonly sample: Sampler;
  /** What diffusers' scheduler of this name does with a schedule: pass it on to get diffusers' pictures. */
  readonly convention: Convention;
  /** Whether it adds fresh noise at each step, by default. */
  readonly random: boolean;
  /** Calls of the denoiser per step (the last step may need fewer). */
  readonly calls: number;
  readonly cite: string;
}

/** A schedule, and what is to be known about it. */
export interface ScheduleEntry extends Named {
  readonly schedule: Schedule;
  readonly cite?: string;
}

const { ddim: alphas, euler: sigmas, dpm } = conventions;

/** Every sampler, with how it is called and what it costs. */
export const samplers = {
  euler: {
    title: "Euler",
    sample: euler,
    convention: sigmas,
    random: false,
    calls: 1,
    cite: "Karras et al. 2022, arXiv:2206.00364, algorithm 1",
    aliases: ["k_euler", "sample_euler", "EulerDiscreteScheduler"],
  },
  euler_a: {
    title: "Euler a",
    sample: eulerAncestral,
    convention: sigmas,
    random: true,
    calls: 1,
    cite: "crowsonkb/k-diffusion, sample_euler_ancestral",
    aliases: ["euler_ancestral", "k_euler_a", "k_euler_ancestral", "EulerAncestralDiscreteScheduler"],
  },
  heun: {
    title: "Heun",
    sample: heun,
    convention: sigmas,
    random: false,
    calls: 2,
    cite: "Karras et al. 2022, arXiv:2206.00364, algorithm 1",
    aliases: ["k_heun", "sample_heun", "HeunDiscreteScheduler"],
  },
  dpmpp2m: {
    title: "DPM++ 2M",
    sample: dpmpp2m,
    convention: dpm,
    random: false,
    calls: 1,
    cite: "Lu et al. 2022, arXiv:2211.01095, algorithm 2",
    aliases: ["k_dpmpp_2m", "sample_dpmpp_2m", "DPMSolverMultistepScheduler"],
  },
  ddim: {
    title: "DDIM",
    sample: ddim,
    convention: alphas,
    random: false,
    calls: 1,
    cite: "Song et al. 2021, arXiv:2010.02502, eq. 12",
    aliases: ["DDIMScheduler"],
  },
  ddpm: {
    title: "DDPM",
    sample: ddpm,
    convention: alphas,
    random: true,
    calls: 1,
    cite: "Ho et al. 2020, arXiv:2006.11239, eq. 6 and 7",
    aliases: ["DDPMScheduler"],
  },
} as const satisfies Record<string, SamplerEntry>;

const alignYourStepsCite = "Sabour et al. 2024, arXiv:2404.14507";

/** Every schedule, with how it is called. */
export const schedules = {
  karras: { title: "Karras", schedule: karras, aliases: [], cite: "Karras et al. 2022, arXiv:2206.00364, eq. 5" },
  exponential: { title: "Exponential", schedule: exponential, aliases: ["exp"] },
  linspace: { title: "Uniform", schedule: linspace, aliases: ["normal", "discrete"] },
  leading: { title: "Leading", schedule: leading, aliases: [] },
  trailing: { title: "Trailing", schedule: trailing, aliases: [], cite: "Lin et al. 2023, arXiv:2305.08891" },
  sgm_uniform: { title: "SGM Uniform", schedule: sgmUniform, aliases: ["sgm"] },
  simple: { title: "Simple", schedule: simple, aliases: [] },
  ays: {
    title: "Align Your Steps",
    aliases: ["ays_sd15", "AYS SD1"],
    cite: alignYourStepsCite,
    schedule: alignYourSteps(
      [999, 850, 736, 645, 545, 455, 343, 233, 124, 24],
      [14.615, 6.475, 3.861, 2.697, 1.886, 1.396, 0.963, 0.652, 0.399, 0.152, 0.029],
    ),
  },
  ays_xl: {
    title: "Align Your Steps XL",
    aliases: ["ays_sdxl"],
    cite: alignYourStepsCite,
    schedule: alignYourSteps(
      [999, 845, 730, 587, 443, 310, 193, 116, 53, 13],
      [14.615, 6.315, 3.771, 2.181, 1.342, 0.862, 0.555, 0.38, 0.234, 0.113, 0.029],
    ),
  },
} as const satisfies Record<string, ScheduleEntry>;

/** A key of `samplers`. */
export type SamplerName = keyof typeof samplers;
export type ScheduleName = keyof typeof schedules;

/**
 * The sampler of a name, in anybody's spelling: "DPM++ 2M", "dpmpp_2m", "k_euler_a", "DDIMScheduler".
 * @throws RangeError `sampler "dpm++2x" is unknown. Did you mean "dpmpp2m"?`
 */
export const samplerNamed = (name: string): SamplerEntry => samplers[lookUp("sampler", name, samplers)];

/** The schedule of a name, in anybody's spelling. @throws RangeError with the nearest name. */
export const scheduleNamed = (name: string): ScheduleEntry => schedules[lookUp("schedule", name, schedules)];

/** The key of `entries` that a spelling stands for. @throws RangeError with the nearest key when none does. */
export function lookUp<K extends string>(kind: string, name: string, entries: Readonly<Record<K, Named>>): K {
  const spellings = new Map<string, K>();
  for (const key of Object.keys(entries) as K[])
    for (const spelling of [key, entries[key].title, ...entries[key].aliases]) spellings.set(plain(spelling), key);
  const found = spellings.get(plain(name));
  if (found !== undefined) return found;
  const close = nearest(plain(name), [...spellings.keys()]);
  const hint =
    close === undefined ? `Known: ${Object.keys(entries).join(", ")}.` : `Did you mean "${spellings.get(close)}"?`;
  throw new RangeError(`${kind} "${name}" is unknown. ${hint}`);
}

const plain = (spelling: string): string =>
  spelling
    .toLowerCase()
    .replaceAll("+", "p")
    .replace(/[^a-z0-9]/g, "");
