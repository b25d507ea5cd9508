// Convert: a model from a single file to a folder and back, tensor by tensor, without changing a bit unless asked to. Node only.
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
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
import { clipVocabulary } from "../text/clip-bpe.ts";
import { clipMerges } from "../text/clip-vocabulary.ts";
import { writeFileAtomically } from "../weights/atomic-file.ts";
import { type Component, type Config, type ModelFolder, writeComponent } from "../weights/checkpoint.ts";
import { ModelError } from "../weights/model-error.ts";
import { writeSafetensors } from "../weights/safetensors-file.ts";
import { inverted, viewed } from "../weights/views.ts";
import { cast, check, merged, prefixed, type Weights } from "../weights/weights.ts";

export interface ConvertOptions {
  /** Store every tensor as this; as it is unless told. */
  readonly dtype?: FloatDType;
}

/** What became of a model's tensors. */
export interface Converted {
  readonly tensors: number;
  /** Tensors of the source's networks that nothing wants and that were left out. */
  readonly left: readonly string[];
}

/**
 * Write a model as one .safetensors in the original layout, which every program reads.
 * @throws ModelError when a part is missing, or is none that the original layout has a name for
 */
export async function writeSingleFile(
  path: string,
  from: ModelFolder,
  { dtype }: ConvertOptions = {},
): Promise<Converted> {
  const parts: Weights[] = [];
  const left: string[] = [];
  const xl = from.has("text_encoder_2");
  for (const name of ["unet", "vae", "text_encoder", ...(xl ? ["text_encoder_2"] : [])] as const) {
    const { config, weights } = await from.component(name);
    const { prefix, names } = placeOf(name, config, xl);
    const wanted = [...names.keys()].map((tensor) => ({ name: tensor, shape: weights.info(tensor)?.shape ?? [] }));
    left.push(...check(weights, wanted, name).map((tensor) => `${name}.${tensor}`));
    parts.push(prefixed(viewed(weights, inverted(names)), prefix));
  }
  const all = merged(...parts);
  await writeSafetensors(path, dtype ? cast(all, dtype) : all, { format: "pt" });
  return { tensors: all.names().length, left };
}

/** Where the original layout keeps a part of a model, and under which names. */
function placeOf(
  part: string,
  config: Config,
  xl: boolean,
): { readonly prefix: string; readonly names: OriginalNames } {
  if (part === "unet") return { prefix: prefixes.unet, names: originalUnetNames(unetSpec(config)) };
  if (part === "vae") {
    const spec = vaeSpec(config);
    if (spec.linearPath || spec.patch > 1)
      throw new ModelError(
        "unsupported",
        "convert: the original layout has no names for this autoencoder; keep the folder",
      );
    return { prefix: prefixes.vae, names: originalVaeNames(spec) };
  }
  const spec = clipTextSpec(config);
  if (part === "text_encoder_2") return { prefix: prefixes.xl.text_encoder_2, names: openClipNames(spec) };
  if (xl) return { prefix: prefixes.xl.text_encoder, names: originalClipNames(spec) };
  return spec.activation === "gelu"
    ? { prefix: prefixes.text_encoder.openClip, names: openClipNames(spec) }
    : { prefix: prefixes.text_encoder.clip, names: originalClipNames(spec) };
}

const transformers = { text_encoder: "CLIPTextModel", text_encoder_2: "CLIPTextModelWithProjection" } as const;

/**
 * Write a model as a folder in the layout of diffusers, configs and tokenizers included.
 * @throws ModelError when a part is missing
 */
export async function writeFolder(path: string, from: ModelFolder, { dtype }: ConvertOptions = {}): Promise<Converted> {
  await mkdir(path, { recursive: true });
  let tensors = 0;
  const write = async (name: string, file: "diffusion_pytorch_model" | "model"): Promise<Component> => {
    const part = await from.component(name);
    await writeComponent(join(path, name), file, part.config, dtype ? cast(part.weights, dtype) : part.weights);
    tensors += part.weights.names().length;
    return part;
  };
  const json = (file: string, value: unknown): Promise<void> =>
    writeFileAtomically(join(path, file), `${JSON.stringify(value, null, 2)}\n`);

  const index: Record<string, unknown> = { ...from.index };
  for (const name of ["unet", "vae"] as const) {
    const { config } = await write(name, "diffusion_pytorch_model");
    index[name] = ["diffusers", config._class_name];
  }
  for (const [name, kind] of Object.entries(transformers)) {
    if (!from.has(name)) continue;
    await write(name, "model");
    index[name] = ["transformers", kind];
    const suffix = name.slice("text_encoder".length);
    index[`tokenizer${suffix}`] = ["transformers", "CLIPTokenizer"];
    await writeTokenizer(join(path, `tokenizer${suffix}`), from, `tokenizer${suffix}`);
  }
  const scheduler = await from.json("scheduler/scheduler_config.json");
  await mkdir(join(path, "scheduler"), { recursive: true });
  await json("scheduler/scheduler_config.json", scheduler);
  await json("model_index.json", { ...index, scheduler: ["diffusers", scheduler._class_name] });
  return { tensors, left: [] };
}

/** CLIP's vocabulary and merges, as transformers reads them, and how texts are filled up. */
async function writeTokenizer(folder: string, from: ModelFolder, name: string): Promise<void> {
  const special = await from.json(`${name}/special_tokens_map.json`).catch((error: unknown) => {
    if (error instanceof ModelError && error.code === "missing") return { pad_token: "<|endoftext|>" };
    throw error;
  });
  const merges = clipMerges();
  await mkdir(folder, { recursive: true });
  const files = {
    "vocab.json": JSON.stringify(clipVocabulary(merges)),
    "merges.txt": `#version: 0.2\n${merges.join("\n")}\n`,
    "special_tokens_map.json": JSON.stringify({ ...SPECIAL, ...special }),
    "tokenizer_config.json": JSON.stringify({ tokenizer_class: "CLIPTokenizer", model_max_length: 77, ...special }),
  };
  for (const [file, content] of Object.entries(files)) await writeFileAtomically(join(folder, file), content);
}

const SPECIAL = { bos_token: "<|startoftext|>", eos_token: "<|endoftext|>", unk_token: "<|endoftext|>" } as const;
