// A tiny model folder with formula weights: it draws nonsense, but through everything a real one goes through, in no time.
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Graph } from "../src/graph/trace.ts";
import { clipTextGraph } from "../src/models/clip-text.ts";
import { clipTextSpec, unetSpec, vaeSpec } from "../src/models/config.ts";
import { configs } from "../src/models/specs.ts";
import { unetGraph } from "../src/models/unet.ts";
import { vaeDecoderGraph, vaeEncoderGraph } from "../src/models/vae.ts";
import { tensorsOf } from "../src/pipelines/networks.ts";
import type { Tensor } from "../src/tensor/tensor.ts";
import { writeComponent } from "../src/weights/checkpoint.ts";
import { LORA_FILE } from "../src/weights/lora.ts";
import { writeSafetensors } from "../src/weights/safetensors-file.ts";
import { cast, fromTensors } from "../src/weights/weights.ts";
import { formulaParam } from "./formula.ts";

const small = configs.small;
const sd = configs.sd15;
const vae = { ...sd.vae, block_out_channels: [32, 32, 32, 32], layers_per_block: 1 } as const;
const betas = {
  num_train_timesteps: 1000,
  beta_start: 0.00085,
  beta_end: 0.012,
  beta_schedule: "scaled_linear",
} as const;

/** Stable Diffusion 1 in miniature. */
const sd1 = {
  unet: {
    ...sd.unet,
    sample_size: 8,
    block_out_channels: [32, 32],
    down_block_types: ["CrossAttnDownBlock2D", "DownBlock2D"],
    up_block_types: ["UpBlock2D", "CrossAttnUpBlock2D"],
    cross_attention_dim: 8,
    layers_per_block: 1,
  },
  vae,
  text_encoder: { ...sd.text_encoder, ...miniature(8) },
  scheduler: {
    _class_name: "PNDMScheduler",
    ...betas,
    ...{ skip_prk_steps: true, steps_offset: 1, clip_sample: false, set_alpha_to_one: false, trained_betas: null },
  },
  index: {},
  tokenizer: undefined,
} as const;

/** The kinds of folder: this project's own, and Stable Diffusion in miniature (CLIP's real vocabulary). */
const kinds = {
  own: {
    unet: {
      ...small.unet,
      in_channels: 8,
      out_channels: 8,
      sample_size: 4,
      block_out_channels: [32, 32],
      attention_head_dim: 2,
      cross_attention_dim: 16,
      projection_class_embeddings_input_dim: 16,
    },
    vae: {
      ...small.vae,
      latent_channels: 8,
      block_out_channels: [16, 16, 16],
      latents_mean: [0, 0.1, 0, 0, 0, 0, 0, -0.1],
      latents_std: [1, 1, 1, 2, 1, 1, 1, 1],
      latent_rgb_factors: [0, 1, 2].map((rgb) => Array.from({ length: 8 }, (_, c) => (c === rgb ? 0.3 : 0))),
      latent_rgb_bias: [0.1, 0, -0.1],
    },
    text_encoder: {
      ...small.text_encoder,
      hidden_size: 16,
      num_attention_heads: 2,
      num_hidden_layers: 1,
      intermediate_size: 32,
      vocab_size: 16,
      max_position_embeddings: 12,
    },
    scheduler: { _class_name: "FlowMatchEulerDiscreteScheduler", num_train_timesteps: 1000, shift: 1 },
    index: {
      dreamgrain: {
        name: "tiny",
        width: 32,
        height: 32,
        steps: 4,
        guidance: 2,
        sampler: "euler",
        schedule: "trailing",
      },
    },
    tokenizer: { words: ["red", "blue", "boat", "cat", "sea", "night", ","], length: 12, synonyms: { a: "", the: "" } },
  },
  sd: sd1,
  /** Made to fill in: the U-Net sees a mask and what that leaves of a picture. */
  inpaint: { ...sd1, unet: { ...sd1.unet, in_channels: 9 }, index: { _class_name: "StableDiffusionInpaintPipeline" } },
  /** Made to change pictures as they are told: the U-Net sees the picture. */
  edit: {
    ...sd1,
    unet: { ...sd1.unet, in_channels: 8 },
    index: { _class_name: "StableDiffusionInstructPix2PixPipeline" },
  },
  /** Stable Diffusion 2: v-prediction, linear projections, OpenCLIP's activation and padding. */
  sd2: {
    unet: {
      ...configs.sd21.unet,
      sample_size: 8,
      block_out_channels: [32, 64],
      down_block_types: ["CrossAttnDownBlock2D", "DownBlock2D"],
      up_block_types: ["UpBlock2D", "CrossAttnUpBlock2D"],
      attention_head_dim: [2, 4],
      cross_attention_dim: 8,
      layers_per_block: 1,
    },
    vae,
    text_encoder: { ...configs.sd21.text_encoder, ...miniature(8) },
    scheduler: {
      _class_name: "DDIMScheduler",
      ...betas,
      ...{ steps_offset: 1, clip_sample: false, set_alpha_to_one: false, prediction_type: "v_prediction" },
    },
    index: {},
    tokenizer: undefined,
    pad: "!",
  },
  /** A U-Net of the shape of tiny-sd: one layer a level, no middle. */
  distilled: {
    unet: {
      ...sd.unet,
      sample_size: 8,
      block_out_channels: [32, 64],
      down_block_types: ["CrossAttnDownBlock2D", "CrossAttnDownBlock2D"],
      up_block_types: ["CrossAttnUpBlock2D", "CrossAttnUpBlock2D"],
      mid_block_type: null,
      cross_attention_dim: 8,
      layers_per_block: 1,
    },
    vae,
    text_encoder: { ...sd.text_encoder, ...miniature(8) },
    scheduler: {
      _class_name: "PNDMScheduler",
      ...betas,
      ...{ skip_prk_steps: true, steps_offset: 1, set_alpha_to_one: false },
    },
    index: {},
    tokenizer: undefined,
  },
  xl: {
    unet: {
      ...configs.sdxl.unet,
      sample_size: 8,
      block_out_channels: [32, 32],
      down_block_types: ["DownBlock2D", "CrossAttnDownBlock2D"],
      up_block_types: ["CrossAttnUpBlock2D", "UpBlock2D"],
      transformer_layers_per_block: [1, 2],
      attention_head_dim: 1,
      cross_attention_dim: 20,
      layers_per_block: 1,
      projection_class_embeddings_input_dim: 16 + 6 * 256,
    },
    vae: {
      ...configs.sdxl.vae,
      block_out_channels: [32, 32, 32, 32],
      layers_per_block: 1,
    },
    text_encoder: { ...sd.text_encoder, ...miniature(8) },
    text_encoder_2: { ...configs.sdxl.text_encoder_2, ...miniature(12), projection_dim: 16 },
    scheduler: {
      _class_name: "EulerDiscreteScheduler",
      ...betas,
      ...{ steps_offset: 1, timestep_spacing: "leading", prediction_type: "epsilon" },
    },
    index: { _class_name: "StableDiffusionXLPipeline", force_zeros_for_empty_prompt: true },
    tokenizer: undefined,
  },
} as const;

function miniature(hidden_size: number) {
  return { hidden_size, num_attention_heads: 1, num_hidden_layers: 2, intermediate_size: 2 * hidden_size };
}

export type TinyKind = keyof typeof kinds;

/** Write such a folder (a second at most) and return its path. */
export async function writeTinyModel(folder: string, kind: TinyKind = "own"): Promise<string> {
  const { unet, vae, text_encoder, scheduler, index, tokenizer, ...more } = kinds[kind];
  const spec = vaeSpec(vae);
  const network = "diffusion_pytorch_model";
  await component(folder, "unet", network, unet, [
    unetGraph(unetSpec(unet), { batch: 1, height: 8, width: 8, tokens: 4 }),
  ]);
  await component(folder, "vae", network, vae, [vaeEncoderGraph(spec, 1, 64, 64), vaeDecoderGraph(spec, 1, 8, 8)]);
  const words = clipTextGraph(clipTextSpec(text_encoder), 1, ["last_hidden_state"]);
  await component(folder, "text_encoder", "model", text_encoder, [words]);
  const second = "text_encoder_2" in more ? more.text_encoder_2 : undefined;
  if (second) {
    const graph = clipTextGraph(clipTextSpec(second), 1, ["last_hidden_state", "text_embeds"]);
    await component(folder, "text_encoder_2", "model", second, [graph]);
    await json(folder, "tokenizer_2/special_tokens_map.json", { pad_token: "!" });
  }
  await json(folder, "scheduler/scheduler_config.json", scheduler);
  if (tokenizer) await json(folder, "tokenizer/vocabulary.json", tokenizer);
  else {
    const pad_token = "pad" in more ? more.pad : "<|endoftext|>";
    await json(folder, "tokenizer/special_tokens_map.json", { pad_token });
  }
  await json(folder, "model_index.json", {
    _class_name: "StableDiffusionPipeline",
    ...{ unet: ["diffusers", "UNet2DConditionModel"], vae: ["diffusers", "AutoencoderKL"] },
    ...{ text_encoder: ["transformers", "CLIPTextModel"], safety_checker: [null, null] },
    ...(second && { text_encoder_2: ["transformers", "CLIPTextModelWithProjection"] }),
    ...index,
  });
  return folder;
}

/** Teach such a model to draw in two steps, unguided: factors with formula values for every weight of its U-Net. */
export async function teachFewSteps(folder: string, seed = ""): Promise<void> {
  const { unet } = kinds.own;
  const factors: Record<string, Tensor> = {};
  for (const { name, shape } of tensorsOf.unet(unetSpec(unet))) {
    const [out, ...kernel] = shape;
    const module = `unet.${name.replace(/\.weight$/, "")}`;
    if (kernel.length === 0) continue;
    factors[`${module}.lora_A.weight`] = formulaParam(`${seed}${module} A.weight`, [2, ...kernel]);
    factors[`${module}.lora_B.weight`] = formulaParam(`${seed}${module} B.weight`, [
      out,
      2,
      ...kernel.slice(1).map(() => 1),
    ]);
  }
  await mkdir(join(folder, "few_steps"), { recursive: true });
  const file = join(folder, "few_steps", LORA_FILE);
  await writeSafetensors(file, cast(fromTensors(factors), "f16"));
  const index = JSON.parse(await readFile(join(folder, "model_index.json"), "utf8"));
  const few_steps = { lora: "few_steps", steps: 2, guidance: 1 };
  await json(folder, "model_index.json", { ...index, dreamgrain: { ...index.dreamgrain, few_steps } });
}

/** An embedding with formula values: what its file is called, and the shapes of its tensors. */
export interface TinyEmbedding {
  readonly file: string;
  readonly tensors: Readonly<Record<string, readonly number[]>>;
}

/** Write an embedding into a folder and return its path. */
export async function writeTinyEmbedding(folder: string, { file, tensors }: TinyEmbedding): Promise<string> {
  await mkdir(folder, { recursive: true });
  const path = join(folder, `${file}.safetensors`);
  const values = Object.entries(tensors).map(([name, shape]) => [name, formulaParam(`${file} ${name}`, shape)]);
  await writeSafetensors(path, Object.fromEntries(values));
  return path;
}

async function component(
  folder: string,
  name: string,
  file: "diffusion_pytorch_model" | "model",
  config: Readonly<Record<string, unknown>>,
  graphs: readonly Graph[],
): Promise<void> {
  const tensors: Record<string, Tensor> = {};
  for (const graph of graphs) for (const [key, { shape }] of graph.params) tensors[key] ??= formulaParam(key, shape);
  await writeComponent(join(folder, name), file, config, cast(fromTensors(tensors), "f16"));
}

async function json(folder: string, path: string, value: unknown): Promise<void> {
  await mkdir(join(folder, path, ".."), { recursive: true });
  await writeFile(join(folder, path), JSON.stringify(value));
}
