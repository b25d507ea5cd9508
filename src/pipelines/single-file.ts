// Single files: a whole model in one .safetensors, as the original code wrote it, seen as the folder that diffusers would
// make of it. Nothing is converted: tensors stay where they are in the file.
import { ConfigError } from "../models/fields.ts";
import {
  averaged,
  type Original,
  type OriginalPart,
  original,
  otherKind,
  type PartName,
  prefixes,
  textParts,
  vaePart,
} from "../models/original.ts";
import type { OriginalNames } from "../models/original-names.ts";
import { widen } from "../tensor/dtype.ts";
import type { Config, Files } from "../weights/files.ts";
import { ModelError } from "../weights/model-error.ts";
import { type Component, type ModelFolder, readComponent } from "../weights/model-folder.ts";
import type { SafetensorsFile } from "../weights/safetensors.ts";
import { viewed } from "../weights/views.ts";
import { under } from "../weights/weights.ts";
import type { LoadOptions } from "./model.ts";

export type SingleFileOptions = Pick<LoadOptions, "average">;

/** A single file, seen as a folder. */
export interface SingleFile extends ModelFolder {
  readonly found: Original;
  /** Tensors of the file that no network wants. */
  readonly unused: readonly string[];
}

/** What diffusers calls the pipeline of each family. */
const classes = {
  "Stable Diffusion 1": "StableDiffusionPipeline",
  "Stable Diffusion 2": "StableDiffusionPipeline",
  "Stable Diffusion XL": "StableDiffusionXLPipeline",
} as const;

/**
 * Read a single-file checkpoint of Stable Diffusion 1, 2 or XL by its header.
 * @throws ModelError saying what else the file is, or what it lacks
 */
export async function readSingleFile(
  files: Files,
  path: string,
  { average = false }: SingleFileOptions = {},
): Promise<SingleFile> {
  const file = await files.safetensors(path);
  const found = recognised(file, path);
  if (average && !found.hasAverage)
    throw new ModelError("missing", `model: ${path} has no averaged copy (model_ema.) of its U-Net`);
  const { parts } = found;
  const velocity = await predictsVelocity(file, found);
  const component = (name: string): Component => {
    const part = parts[name as PartName];
    if (!part) throw new ModelError("missing", `model: ${path} holds no ${name}${elsewhere(name)}`);
    const { prefix, names } = part;
    const unet = name === "unet";
    const large = unet && velocity && found.family === "Stable Diffusion 2";
    const config = large ? { ...part.config, sample_size: V_SAMPLE_SIZE } : part.config;
    const ema = average && unet;
    const views = ema ? averaged(names) : names;
    readable(file, ema ? "" : prefix, views);
    return { config, weights: viewed(ema ? file : under(file, prefix), views), files: [file] };
  };
  const scheduler = schedulerConfig(velocity, file.entries.has("ztsnr"));
  const xl = found.family === "Stable Diffusion XL";
  return {
    path: file.path,
    found,
    unused: unused(file, Object.values(parts)),
    index: {
      _class_name: classes[found.family],
      ...(xl && { force_zeros_for_empty_prompt: true }),
      ...Object.fromEntries(Object.keys(parts).map((name) => [name, ["diffusers", "part"]])),
    },
    has: (name) => Object.hasOwn(parts, name),
    component: async (name) => component(name),
    async json(name) {
      if (name === "scheduler/scheduler_config.json") return scheduler;
      if (name === "tokenizer/special_tokens_map.json" && found.family === "Stable Diffusion 2") return ZERO_PADDED;
      if (name === "tokenizer_2/special_tokens_map.json") return ZERO_PADDED;
      throw new ModelError("missing", `model: ${path} is a single file and has no ${name}`);
    },
  };
}

/**
 * Read one network that lies by itself: a folder with its config.json, a file beside its config.json, or a file in the
 * original layout, whole checkpoint or not.
 * @throws ModelError saying what is there instead
 */
export async function readPart(files: Files, path: string, name: "vae" | "text_encoder"): Promise<Component> {
  const folder = await files.folder(path);
  if (folder !== undefined) return readComponent(files, folder);
  const file = await files.safetensors(path);
  const part = name === "vae" ? vaePart(file) : textParts(file)[name];
  if (part) {
    readable(file, part.prefix, part.names);
    return { config: part.config, weights: viewed(under(file, part.prefix), part.names), files: [file] };
  }
  const beside = path.replace(/[^/\\]*$/, "config.json");
  const config = await files.json(beside).catch((error: unknown) => {
    if (!(error instanceof ModelError)) throw error;
    throw new ModelError(
      "unsupported",
      `model: ${path} holds no ${name} that is known, and there is no config.json beside it`,
    );
  });
  return { config, weights: file, files: [file] };
}

/** How to draw with a file that lacks a part. */
const elsewhere = (name: string): string => {
  const option = { vae: "--vae", text_encoder: "--text-encoder" }[name];
  return option === undefined ? "" : `; name another file or folder that does (${option})`;
};

/** Tensors in dtypes that cannot be read are invisible to views, which would call them missing. */
function readable(file: SafetensorsFile, prefix: string, views: OriginalNames): void {
  for (const { of } of views.values())
    for (const name of [of].flat()) if (file.entries.has(prefix + name)) file.info(prefix + name); // throws, saying which
}

/** OpenCLIP's texts are filled up with id 0, which CLIP's vocabulary calls "!". */
const ZERO_PADDED: Config = { pad_token: "!" };

/** A U-Net's first layer in the original layout. */
const FIRST = "input_blocks.0.0.weight";

/** Names of single networks, in diffusers' layout or the original one. */
const PART = /^(down_blocks|up_blocks|encoder|decoder|first_stage_model|cond_stage_model|text_model|transformer)\./;

function recognised(file: SafetensorsFile, path: string): Original {
  const other = otherKind(file);
  const refuse = (what: string): never => {
    throw new ModelError(
      "unsupported",
      `model: ${path} is ${what}. dreamgrain draws with Stable Diffusion 1, 2 and XL, in single files or folders.`,
    );
  };
  if (other !== undefined) return refuse(other);
  try {
    const part = file.names().some((name) => PART.test(name));
    const lost = file.names().some((name) => name.startsWith(prefixes.unet));
    if (lost && file.info(`${prefixes.unet}${FIRST}`) === undefined)
      throw new ModelError("mismatch", `model: ${path} lacks ${prefixes.unet}${FIRST}, with which its U-Net begins.`);
    return (
      original(file) ??
      refuse(part ? "one part of a model: name the folder or file that it belongs to" : "no such model")
    );
  } catch (error) {
    if (!(error instanceof ConfigError || error instanceof RangeError || error instanceof TypeError)) throw error;
    throw new ModelError("unsupported", `model: ${path}: ${error.message}`, { cause: error });
  }
}

/** What is in a file besides its networks. Buffers that the original code recomputes, and averaged copies, are no loss. */
function unused(file: SafetensorsFile, parts: readonly OriginalPart[]): string[] {
  const used = new Set(parts.flatMap(({ prefix, names }) => [...names.values()].map(({ of }) => `${prefix}${of}`)));
  const known =
    /^(model_ema\.|betas$|(sqrt_|log_)?(one_minus_)?alphas_cumprod|sqrt_recip|posterior_|sigmas$|v_pred$|ztsnr$)|position_ids$|logit_scale$|loss\./;
  return file.names().filter((name) => !used.has(name) && !known.test(name));
}

function schedulerConfig(velocity: boolean, zeroSnr: boolean): Config {
  return {
    _class_name: "DPMSolverMultistepScheduler",
    beta_schedule: "scaled_linear",
    beta_start: 0.00085,
    beta_end: 0.012,
    num_train_timesteps: 1000,
    steps_offset: 1,
    set_alpha_to_one: false,
    prediction_type: velocity ? "v_prediction" : "epsilon",
    ...(zeroSnr && { rescale_betas_zero_snr: true, timestep_spacing: "trailing" }),
  };
}

/** Stable Diffusion 2 that predicts v was trained on pictures of 768 pixels. */
const V_SAMPLE_SIZE = 96;

/** Above this deviation of one bias of the last transformer a Stable Diffusion 2 predicts v; found by ComfyUI. */
const V_DEVIATION = 0.09;

/** Whether the U-Net predicts v. Files of Stable Diffusion 2 do not say; their weights give it away. */
async function predictsVelocity(file: SafetensorsFile, { family, parts }: Original): Promise<boolean> {
  const said = file.metadata["modelspec.prediction_type"];
  if (said !== undefined) return said.startsWith("v");
  if (file.entries.has("v_pred")) return true;
  if (family !== "Stable Diffusion 2") return false;
  const sign = `${parts.unet?.prefix}output_blocks.11.1.transformer_blocks.0.norm1.bias`;
  if (!file.info(sign)) return false;
  const { data } = widen(await file.read(sign));
  const mean = data.reduce((sum, x) => sum + x, 0) / data.length;
  return Math.sqrt(data.reduce((sum, x) => sum + (x - mean) ** 2, 0) / data.length) > V_DEVIATION;
}
