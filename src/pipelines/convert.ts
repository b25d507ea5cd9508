// Convert: a model from a single file to a folder and back, tensor by tensor, without changing a bit unless asked to. Node only.
import { chmod, mkdir, mkdtemp, rename, rm } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { predictions } from "../diffusion/denoise.ts";
import { clipTextSpec, unetSpec, vaeSpec } from "../models/config.ts";
import { prefixes } from "../models/original.ts";
import {
  type OriginalNames,
  openClipNames,
  originalClipNames,
  originalUnetNames,
  originalVaeNames,
} from "../models/original-names.ts";
import type { FloatDType } from "../tensor/dtype.ts";
import { zeros } from "../tensor/tensor.ts";
import { clipVocabulary } from "../text/clip-bpe.ts";
import { clipMerges } from "../text/clip-vocabulary.ts";
import { writeFileAtomically } from "../weights/atomic-file.ts";
import { type Component, type Config, type ModelFolder, writeComponent } from "../weights/checkpoint.ts";
import { LORA_FILE } from "../weights/lora.ts";
import { ModelError } from "../weights/model-error.ts";
import { openSafetensors, writeSafetensors } from "../weights/safetensors-file.ts";
import { inverted, viewed } from "../weights/views.ts";
import { cast, check, fromTensors, merged, prefixed, type Weights } from "../weights/weights.ts";
import { fewStepsIn } from "./load-config.ts";
import { ifMissing, paddingOf } from "./read-model.ts";
import { schedulerOf } from "./scheduler.ts";

export interface ConvertOptions {
  /** Store every tensor as this; as it is unless told. */
  readonly dtype?: FloatDType;
}

/** What became of a model's tensors. */
export interface Converted {
  readonly tensors: number;
  /** What was left out: tensors that no network wants, parts that dreamgrain has no use for. */
  readonly left: readonly string[];
}

/**
 * Write a model as one .safetensors in the original layout, which every program reads. What its files say of themselves
 * (`modelspec.*` and the like) is kept; the U-Net's has the last word.
 * @throws ModelError when a part is missing, or is none that the original layout has a name for, a way of predicting included
 */
export async function writeSingleFile(
  path: string,
  from: ModelFolder,
  { dtype }: ConvertOptions = {},
): Promise<Converted> {
  const parts: Weights[] = [];
  const left: string[] = [];
  let metadata: Metadata = {};
  const xl = from.has("text_encoder_2");
  for (const name of ["unet", "vae", "text_encoder", ...(xl ? ["text_encoder_2"] : [])] as const) {
    const { config, weights, files } = await from.component(name);
    metadata = { ...said(files), ...metadata };
    const { prefix, names } = placeOf(name, config, xl);
    const wanted = [...names.keys()].map((tensor) => ({ name: tensor, shape: weights.info(tensor)?.shape ?? [] }));
    left.push(...check(weights, wanted, name).map((tensor) => `${name}.${tensor}`));
    parts.push(prefixed(viewed(weights, inverted(names)), prefix));
  }
  const few = fewStepsIn(from.index);
  if (few) left.push(few.lora);
  const all = merged(...parts, await markers(from));
  await writeSafetensors(path, dtype ? cast(all, dtype) : all, formatted(metadata));
  return { tensors: all.names().length, left };
}

/** What a file says of how it is walked, where it is not as usual: by tensors that hold nothing, as ComfyUI and A1111 read them. */
async function markers(from: ModelFolder): Promise<Weights> {
  const config = await from.json("scheduler/scheduler_config.json");
  const { prediction } = schedulerOf(config);
  if (prediction !== predictions.epsilon && prediction !== predictions.v)
    throw new ModelError(
      "unsupported",
      "convert: the original layout cannot say what this U-Net was trained to predict; keep the folder",
    );
  const nothing = zeros([0]);
  return fromTensors({
    ...(prediction === predictions.v && { v_pred: nothing }),
    ...(config.rescale_betas_zero_snr === true && { ztsnr: nothing }),
  });
}

type Metadata = Readonly<Record<string, string>>;

/** What files say of themselves (`modelspec.*` and the like); the first has the last word. */
const said = (files: Component["files"]): Metadata =>
  Object.assign({}, ...files.map(({ metadata }) => metadata).reverse()) as Metadata;

/** transformers reads no file that does not say whose layout its tensors have. */
const formatted = (metadata: Metadata): Metadata =>
  Object.hasOwn(metadata, "format") ? metadata : { ...metadata, format: "pt" };

/** Where the original layout keeps a part of a model, and under which names. */
function placeOf(
  part: string,
  config: Config,
  xl: boolean,
): { readonly prefix: string; readonly names: OriginalNames } {
  const unnamed = (network: string): ModelError =>
    new ModelError("unsupported", `convert: the original layout has no names for this ${network}; keep the folder`);
  if (part === "unet") {
    const spec = unetSpec(config);
    if (spec.inputSkip) throw unnamed("U-Net");
    return { prefix: prefixes.unet, names: originalUnetNames(spec) };
  }
  if (part === "vae") {
    const spec = vaeSpec(config);
    if (spec.linearPath || spec.patch > 1) throw unnamed("autoencoder");
    return { prefix: prefixes.vae, names: originalVaeNames(spec) };
  }
  const spec = clipTextSpec(config);
  if (part === "text_encoder_2") return { prefix: prefixes.xl.text_encoder_2, names: openClipNames(spec) };
  if (xl) return { prefix: prefixes.xl.text_encoder, names: originalClipNames(spec) };
  return spec.activation === "gelu"
    ? { prefix: prefixes.text_encoder.openClip, names: openClipNames(spec) }
    : { prefix: prefixes.text_encoder.clip, names: originalClipNames(spec) };
}

/** What transformers calls the text encoders. */
const transformers = { text_encoder: "CLIPTextModel", text_encoder_2: "CLIPTextModelWithProjection" } as const;

/**
 * Write a model as a folder in the layout of diffusers, configs and tokenizers included. It appears under its name when it is
 * complete. What dreamgrain has no use for (a safety checker, its feature extractor) is left out, and named in the result.
 * @param path where nothing is yet
 * @throws ModelError when a part is missing
 */
export async function writeFolder(path: string, from: ModelFolder, { dtype }: ConvertOptions = {}): Promise<Converted> {
  await mkdir(dirname(resolve(path)), { recursive: true });
  const folder = await mkdtemp(`${resolve(path)}.partial-`);
  try {
    const converted = await fillFolder(folder, from, dtype);
    await chmod(folder, 0o755);
    await rename(folder, path);
    return converted;
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

async function fillFolder(folder: string, from: ModelFolder, dtype: FloatDType | undefined): Promise<Converted> {
  let tensors = 0;
  const write = async (name: string, file: "diffusion_pytorch_model" | "model"): Promise<Component> => {
    const part = await from.component(name);
    const weights = dtype ? cast(part.weights, dtype) : part.weights;
    await writeComponent(join(folder, name), file, part.config, weights, formatted(said(part.files)));
    tensors += part.weights.names().length;
    return part;
  };
  const written: Record<string, unknown> = {};
  for (const name of ["unet", "vae"] as const) {
    const { config } = await write(name, "diffusion_pytorch_model");
    written[name] = ["diffusers", config._class_name];
  }
  for (const [name, kind] of Object.entries(transformers)) {
    if (name !== "text_encoder" && !from.has(name)) continue;
    await write(name, "model");
    written[name] = ["transformers", kind];
    const tokenizer = `tokenizer${name.slice("text_encoder".length)}`;
    const own = await from.json(`${tokenizer}/vocabulary.json`).catch(ifMissing);
    if (own) await writeJson(join(folder, tokenizer), "vocabulary.json", own);
    else await writeClipTokenizer(join(folder, tokenizer), await paddingOf(from, tokenizer));
    written[tokenizer] = own ? from.index[tokenizer] : ["transformers", "CLIPTokenizer"];
  }
  const scheduler = await from.json("scheduler/scheduler_config.json");
  await writeJson(join(folder, "scheduler"), "scheduler_config.json", scheduler);
  written.scheduler = ["diffusers", scheduler._class_name];
  const few = fewStepsIn(from.index);
  if (few) {
    const file = await openSafetensors(join(from.path, few.lora, LORA_FILE));
    await mkdir(join(folder, few.lora));
    await writeSafetensors(
      join(folder, few.lora, LORA_FILE),
      dtype ? cast(file, dtype) : file,
      formatted(file.metadata),
    );
    tensors += file.names().length;
  }
  const left = Object.keys(from.index).filter((name) => from.has(name) && !Object.hasOwn(written, name));
  const absent = Object.fromEntries(left.map((name) => [name, [null, null]]));
  await writeJson(folder, "model_index.json", { ...from.index, ...absent, ...written });
  return { tensors, left };
}

async function writeJson(folder: string, file: string, value: unknown): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFileAtomically(join(folder, file), `${JSON.stringify(value, null, 2)}\n`);
}

/** CLIP's vocabulary and merges, as transformers reads them, and how texts are filled up. */
async function writeClipTokenizer(folder: string, pad_token = "<|endoftext|>"): Promise<void> {
  const merges = clipMerges();
  const special = { bos_token: "<|startoftext|>", eos_token: "<|endoftext|>", unk_token: "<|endoftext|>", pad_token };
  await writeJson(folder, "vocab.json", clipVocabulary(merges));
  await writeFileAtomically(join(folder, "merges.txt"), `#version: 0.2\n${merges.join("\n")}\n`);
  await writeJson(folder, "special_tokens_map.json", special);
  await writeJson(folder, "tokenizer_config.json", {
    tokenizer_class: "CLIPTokenizer",
    model_max_length: 77,
    pad_token,
  });
}
