// Every schedule: its names in the world, and where it comes from.
import type { Named } from "./registry.ts";
import {
  alignYourSteps,
  beta,
  exponential,
  karras,
  klOptimal,
  lcmTimes,
  leading,
  linspace,
  type Schedule,
  sgmUniform,
  simple,
  trailing,
} from "./schedules.ts";

/** A schedule, and what is to be known about it. */
export interface ScheduleEntry extends Named {
  readonly schedule: Schedule;
  readonly cite?: string;
}

const alignYourStepsCite = "Sabour et al. 2024, arXiv:2404.14507";

/** Every schedule, with how it is called. */
export const schedules = {
  karras: {
    title: "Karras",
    schedule: karras,
    aliases: ["ka", "k"], // at the end of a sampler's name: A1111's "k_lms_ka", InvokeAI's "lms_k"
    cite: "Karras et al. 2022, arXiv:2206.00364, eq. 5",
  },
  exponential: { title: "Exponential", schedule: exponential, aliases: ["exp", "polyexponential"] },
  linspace: { title: "Uniform", schedule: linspace, aliases: ["normal", "discrete"] },
  leading: { title: "Leading", schedule: leading, aliases: ["DDIM", "ddim_uniform"] },
  trailing: { title: "Trailing", schedule: trailing, aliases: [], cite: "Lin et al. 2023, arXiv:2305.08891" },
  sgm_uniform: { title: "SGM Uniform", schedule: sgmUniform, aliases: ["sgm"] },
  simple: { title: "Simple", schedule: simple, aliases: [] },
  beta: { title: "Beta", schedule: beta, aliases: [], cite: "Lee et al. 2024, arXiv:2407.12173" },
  kl_optimal: { title: "KL Optimal", schedule: klOptimal, aliases: [], cite: alignYourStepsCite },
  lcm: { title: "LCM", schedule: lcmTimes, aliases: [], cite: "Luo et al. 2023, arXiv:2310.04378" },
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
