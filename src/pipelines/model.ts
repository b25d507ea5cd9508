// A model: its specs, its weights, how it reads words, and what its noise levels mean. Data; nothing here runs a network.

import type { Prediction, PredictionName } from "../diffusion/denoise.ts";
import type { NoiseTable } from "../diffusion/noise-table.ts";
import type { SamplerName, ScheduleName } from "../diffusion/registry.ts";
import type { ClipTextSpec, TextOutput } from "../models/clip-text.ts";
import type { Task } from "../models/original.ts";
import type { UnetSpec } from "../models/unet.ts";
import { type VaeSpec, vaeFactor } from "../models/vae.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { Tokenizer } from "../text/tokenizer.ts";
import type { Weights } from "../weights/weights.ts";

/** A word found by textual inversion: vectors that stand where those of a word would. Gal et al. 2022. */
export interface Embedding {
  /** How it is written in a prompt; what its file is called. */
  readonly name: string;
  /** Another way to write it: the word that diffusers keeps in the file, such as `<cat-toy>`. */
  readonly token?: string;
  /** The first twelve hex digits of its file's SHA-256, as A1111's `TI hashes` have them. */
  readonly hash: string;
  /** Where its file was found, as it was named. */
  readonly path: string;
  /** [n,width] for each of the text encoders that it is for: one, or the two of Stable Diffusion XL. */
  readonly vectors: readonly Tensor[];
}

/** What a picture is made with when the caller does not say. */
export interface Defaults {
  readonly width: number;
  readonly height: number;
  readonly steps: number;
  readonly guidance: number;
  readonly sampler: SamplerName;
  readonly schedule: ScheduleName;
  /** Every noise level multiplied by this (`ScheduleOptions.shift`). */
  readonly shift: number;
}

/** What a model learnt that draws in few steps: factors that are added to the weights of its U-Net. */
export interface FewSteps {
  /** `MODULE.lora_A.weight` and `MODULE.lora_B.weight`, for a U-Net that takes them (`unetGraph`). */
  readonly lora: Weights;
  /** Tells them apart from others, as a model's hash does; metadata names them by it. */
  readonly hash: string;
  readonly steps: number;
  readonly guidance: number;
}

/** One of a model's readers of words. */
export interface TextEncoder {
  readonly spec: ClipTextSpec;
  readonly weights: Weights;
  readonly tokenizer: Tokenizer;
  /** What ids from `spec.vocabulary` on stand for: the vectors [n,spec.hidden] of the model's embeddings. */
  readonly embeddings?: Tensor;
  /** What of it guides the U-Net token by token. */
  readonly tokens: Extract<TextOutput, "last_hidden_state" | "penultimate">;
  /** What of it, as one vector for the whole text, is added to the U-Net's time; absent for nothing. */
  readonly pooled?: Extract<TextOutput, "pooled" | "text_embeds">;
}

/** What to take from elsewhere, or otherwise than the model says. */
export interface LoadOptions {
  /** Another autoencoder: a folder with its config.json, or a single file. */
  readonly vae?: string;
  /** Another text encoder, the first where there are two. */
  readonly textEncoder?: string;
  /** What the network was trained to say, where the model is silent or wrong about it. */
  readonly prediction?: PredictionName;
  /** The copy of the U-Net that was averaged over its training, where a file has both. */
  readonly average?: boolean;
  /**
   * Whether large networks too are widened and repacked as they are loaded: steps of Stable Diffusion 1.5 take a sixth less
   * time, loading it ten seconds more, and twice the memory.
   */
  readonly fast?: boolean;
}

export interface Model {
  readonly name: string;
  /** Hash of the weights and of what they were trained to say, as metadata names them. */
  readonly hash: string;
  readonly specs: { readonly unet: UnetSpec; readonly vae: VaeSpec };
  readonly task: ModelTask;
  readonly weights: { readonly unet: Weights; readonly vae: Weights };
  /** Their tokens stand side by side, channel by channel; one at least. */
  readonly texts: readonly [TextEncoder, ...TextEncoder[]];
  /** Words that were added to the model's own (`withEmbeddings`). */
  readonly embeddings?: readonly Embedding[];
  /** Whether a negative prompt without words is a context of zeros, as Stable Diffusion XL was trained to see. */
  readonly zeroNegative: boolean;
  readonly table: NoiseTable;
  readonly prediction: Prediction;
  /** Where walks end whose convention lets a model say so (`Convention.stopsShort`). */
  readonly final: "zero" | "sigma_min";
  readonly defaults: Defaults;
  /** How it draws fast; absent for models that draw in one way. */
  readonly fewSteps?: FewSteps;
  /** The size at which it first draws any picture of more than twice the pixels; absent for models that draw in one pass. */
  readonly compose?: Compose;
  /** What it was opened with. */
  readonly choices?: LoadOptions;
  /** RGB (−1…1) of a latent pixel, roughly: `factors` [3][channels] times the latent, plus `bias`. For previews. */
  readonly preview?: { readonly factors: readonly (readonly number[])[]; readonly bias: readonly number[] };
}

/** A small picture, and how much of the walk then goes on from it, enlarged: above 0 and below 1. */
export interface Compose {
  readonly width: number;
  readonly height: number;
  readonly strength: number;
}

/** What a model draws from besides noise and words. */
export type ModelTask = Extract<Task, "text-to-image" | "inpainting" | "instruct-pix2pix">;

/**
 * What a model was made for, told by how many channels its U-Net takes: its own latents; with them a mask and the latents of
 * what it leaves of a picture (inpainting); or the latents of a picture to change (instruct-pix2pix). Undefined for others.
 */
export function modelTask({ unet, vae }: Model["specs"]): ModelTask | undefined {
  const own = vae.latentChannels;
  if (unet.outChannels !== own) return undefined;
  if (unet.inChannels === own) return "text-to-image";
  if (unet.inChannels === 2 * own + 1) return "inpainting";
  return unet.inChannels === 2 * own ? "instruct-pix2pix" : undefined;
}

/** The furthest that `clipSkip` goes: to the first layer. */
export const mostClipSkip = ({ spec, tokens }: Pick<TextEncoder, "spec" | "tokens">): number =>
  tokens === "penultimate" ? spec.layers - 1 : spec.layers;

/** Pixels along each axis must be a multiple of this: what one latent pixel spans. */
export const sizeStep = ({ specs }: Pick<Model, "specs">): number => vaeFactor(specs.vae);

/** The shape of the latents of one picture. */
export function latentShape(
  { specs }: Model,
  width: number,
  height: number,
): readonly [number, number, number, number] {
  const factor = vaeFactor(specs.vae);
  return [1, specs.vae.latentChannels, height / factor, width / factor];
}

/** From the space in which diffusion happens (about unit variance) to the one that the decoder reads. */
export function unscaled({ specs: { vae } }: Pick<Model, "specs">, latents: Tensor): Tensor {
  const [, channels, ...size] = latents.shape;
  const area = size.reduce((a, b) => a * b, 1);
  const { latentsMean: mean, latentsStd: std, scalingFactor } = vae;
  const data = latents.data.map((x, i) => {
    const c = Math.floor(i / area) % channels;
    return (x / scalingFactor) * (std?.[c] ?? 1) + (mean?.[c] ?? 0);
  });
  return { ...latents, data };
}

/** A rough picture [1,3,h,w] of latents, straight from a matrix; undefined for models that have none. */
export function preview({ preview: matrix }: Model, latents: Tensor): Tensor | undefined {
  if (!matrix) return undefined;
  const [, channels, height, width] = latents.shape;
  const area = height * width;
  const data = new Float32Array(3 * area);
  for (let rgb = 0; rgb < 3; rgb++)
    for (let i = 0; i < area; i++) {
      let sum = matrix.bias[rgb];
      for (let c = 0; c < channels; c++) sum += matrix.factors[rgb][c] * latents.data[c * area + i];
      data[rgb * area + i] = Math.min(1, Math.max(-1, sum));
    }
  return { dtype: "f32", shape: [1, 3, height, width], data };
}
