// What a model's configs say beyond its networks: what pictures are made with unless told, and the colours of latents.
import { lookUp, samplers, schedules } from "../diffusion/registry.ts";
import { ConfigError, fields } from "../models/fields.ts";
import type { VaeSpec } from "../models/vae.ts";
import type { Compose, Defaults, FewSteps, Model } from "./model.ts";
import type { Scheduler } from "./scheduler.ts";

type Json = Readonly<Record<string, unknown>>;

/**
 * What pictures are made with unless told: `dreamgrain` in model_index.json, and what it leaves out from the rest.
 * @param side pixels of the square that the model was trained on
 * @param usualGuidance what is usual for models of its kind
 * @throws ConfigError naming a field that is wrong, RangeError for an unknown sampler or schedule
 */
export function defaultsOf(
  index: Json,
  scheduler: Scheduler,
  side: number,
  usualGuidance: number,
): Defaults & { readonly name?: string } {
  const f = fields("dreamgrain", index.dreamgrain ?? {});
  return {
    width: f.number("width", side),
    height: f.number("height", side),
    steps: f.number("steps", scheduler.few?.steps ?? 20),
    guidance: f.number("guidance", scheduler.few?.guidance ?? usualGuidance),
    sampler: lookUp("sampler", f.string("sampler", scheduler.sampler), samplers),
    schedule: lookUp("schedule", f.string("schedule", scheduler.schedule), schedules),
    shift: f.number("shift", scheduler.shift),
    ...(f.has("name") && { name: f.string("name") }),
  };
}

/**
 * What `dreamgrain.few_steps` in model_index.json says: the folder of a LoRA, and what it was made for; undefined where it says nothing.
 * @throws ConfigError naming a field that is wrong
 */
export function fewStepsIn(index: Json): (Omit<FewSteps, "hash" | "lora"> & { readonly lora: string }) | undefined {
  const { few_steps } = (index.dreamgrain ?? {}) as Json;
  if (few_steps === undefined) return undefined;
  const f = fields("dreamgrain.few_steps", few_steps);
  const lora = f.string("lora");
  if (!/^[\w-]+$/.test(lora)) f.fail("lora", "the name of a folder in the model's");
  return { lora, steps: f.number("steps"), guidance: f.number("guidance", 1) };
}

/**
 * What `dreamgrain.compose` in model_index.json says; undefined where it says nothing.
 * @param step pixels that sizes are multiples of
 * @throws ConfigError naming a field that is wrong
 */
export function composeIn(index: Json, step: number): Compose | undefined {
  const { compose } = (index.dreamgrain ?? {}) as Json;
  if (compose === undefined) return undefined;
  const f = fields("dreamgrain.compose", compose);
  const side = (name: "width" | "height"): number => {
    const pixels = f.number(name);
    return pixels > 0 && pixels % step === 0 ? pixels : f.fail(name, `a multiple of ${step}`);
  };
  const strength = f.number("strength");
  if (!(strength > 0 && strength < 1)) f.fail("strength", "a number above 0 and below 1");
  return { width: side("width"), height: side("height"), strength };
}

/** SD 1's and 2's latents in colours, as ComfyUI fitted them: [3][4]. */
const stableDiffusion = {
  factors: [
    [0.3512, 0.325, -0.2829, -0.212],
    [0.2297, 0.4974, 0.1762, -0.2616],
    [0.3227, 0.235, 0.2721, -0.7177],
  ],
  bias: [0, 0, 0],
};

/**
 * The matrix of rough pictures in a vae/config.json: `latent_rgb_factors` [3][channels] and `latent_rgb_bias` [3].
 * @throws ConfigError when they are of another shape
 */
export function previewOf(config: Json, spec: VaeSpec): Model["preview"] {
  const { latent_rgb_factors: factors, latent_rgb_bias: bias = [0, 0, 0] } = config;
  const channels = spec.latentChannels;
  if (factors === undefined) return channels === 4 && spec.scalingFactor === 0.18215 ? stableDiffusion : undefined;
  const numbers = (row: unknown, length: number): row is number[] =>
    Array.isArray(row) && row.length === length && row.every((x) => typeof x === "number" && Number.isFinite(x));
  const matrix = (rows: unknown): rows is number[][] =>
    Array.isArray(rows) && rows.length === 3 && rows.every((row) => numbers(row, channels));
  if (!matrix(factors)) throw new ConfigError(`vae config: latent_rgb_factors must be 3 rows of ${channels} numbers`);
  if (!numbers(bias, 3)) throw new ConfigError("vae config: latent_rgb_bias must be 3 numbers");
  return { factors, bias };
}
