// The door for scheduler_config.json: what a model's noise levels are, what its network says, and how it is best walked.
import { type Prediction, predictions } from "../diffusion/denoise.ts";
import { flowTable, type NoiseTable, vpTable, zeroTerminalSnr } from "../diffusion/noise-table.ts";
import type { SamplerName, ScheduleName } from "../diffusion/registry.ts";
import { type Fields, fields } from "../models/fields.ts";

/** What a scheduler's config says about a model, and what it suggests for its walks. */
export interface Scheduler {
  readonly table: NoiseTable;
  readonly prediction: Prediction;
  readonly sampler: SamplerName;
  readonly schedule: ScheduleName;
  /** Every noise level is multiplied by this. */
  readonly shift: number;
  /** Where walks end that a config has a say in. */
  readonly final: "zero" | "sigma_min";
  /** What networks want that were distilled for few steps, with guidance in them already. */
  readonly few?: { readonly steps: number; readonly guidance: number };
}

/**
 * The classes of diffusers that walk over a variance-preserving table, and the sampler of each. PNDM, which SD 1's configs
 * name, gives way to DPM++ 2M, which needs a third of its steps; so does DEIS, which is not here.
 */
const classes: Readonly<Record<string, SamplerName>> = {
  DDIMScheduler: "ddim",
  DDPMScheduler: "ddpm",
  DEISMultistepScheduler: "dpmpp2m",
  DPMSolverMultistepScheduler: "dpmpp2m",
  DPMSolverSDEScheduler: "dpmpp_sde",
  DPMSolverSinglestepScheduler: "dpmpp2s",
  EulerAncestralDiscreteScheduler: "euler_a",
  EulerDiscreteScheduler: "euler",
  HeunDiscreteScheduler: "heun",
  KDPM2AncestralDiscreteScheduler: "dpm2_a",
  KDPM2DiscreteScheduler: "dpm2",
  LCMScheduler: "lcm",
  LMSDiscreteScheduler: "lms",
  PNDMScheduler: "dpmpp2m",
  TCDScheduler: "tcd",
  UniPCMultistepScheduler: "unipc",
};

const FLOW = "FlowMatchEulerDiscreteScheduler";

/**
 * Read a scheduler_config.json; absent fields mean what Stable Diffusion takes them to mean.
 * @throws ConfigError naming the field that is wrong, or asks for a process that is not supported
 */
export function schedulerOf(config: unknown): Scheduler {
  const f = fields("scheduler", config);
  const kind = f.text("_class_name", [FLOW, ...Object.keys(classes)], "PNDMScheduler");
  return kind === FLOW ? flow(f) : variancePreserving(f, kind);
}

/** Rectified flow, as SD 3 names it; its `shift` of s is a factor of σ = s/(1−s). */
function flow(f: Fields): Scheduler {
  f.only({ use_dynamic_shifting: [false], invert_sigmas: [false] });
  return {
    table: flowTable(f.number("num_train_timesteps", 1000)),
    prediction: predictions.flow,
    sampler: "euler",
    schedule: f.boolean("use_karras_sigmas", false) ? "karras" : "linspace",
    shift: f.number("shift", 1),
    final: "zero",
  };
}

function variancePreserving(f: Fields, kind: string): Scheduler {
  f.only({ trained_betas: [], thresholding: [false] });
  const timesteps = f.number("num_train_timesteps", 1000);
  if (!Number.isInteger(timesteps) || timesteps < 2) f.fail("num_train_timesteps", "a whole number from 2");
  const schedule = f.text("beta_schedule", ["scaled_linear", "linear", "squaredcos_cap_v2"], "scaled_linear");
  const ends = f.has("beta_start") && f.has("beta_end");
  const plain = vpTable({
    schedule,
    timesteps,
    ...(ends && { start: f.number("beta_start"), end: f.number("beta_end") }),
  });
  const early = kind === "DDIMScheduler" || kind === "DDPMScheduler";
  const spacing = f.text("timestep_spacing", ["leading", "trailing", "linspace"], early ? "leading" : "linspace");
  const multistep = classes[kind] === "dpmpp2m" || f.boolean("use_karras_sigmas", false);
  const distilled = kind === "LCMScheduler" || kind === "TCDScheduler";
  return {
    table: f.boolean("rescale_betas_zero_snr", false) ? zeroTerminalSnr(plain) : plain,
    prediction: predictions[predictionNames[f.text("prediction_type", PREDICTIONS, "epsilon")]],
    sampler: classes[kind],
    schedule: distilled ? "lcm" : multistep ? "karras" : spacing,
    shift: 1,
    final: f.boolean("set_alpha_to_one", true) ? "zero" : "sigma_min",
    ...(distilled && { few: { steps: 4, guidance: 1 } }),
  };
}

const predictionNames = { epsilon: "epsilon", v_prediction: "v", sample: "sample" } as const;
const PREDICTIONS = Object.keys(predictionNames) as (keyof typeof predictionNames)[];
