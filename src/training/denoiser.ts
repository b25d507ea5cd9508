// denoiser: the loss that trains a U-Net and its text encoder together, on latents, by flow matching.
import type { Params } from "../graph/params.ts";
import { type Graph, trace } from "../graph/trace.ts";
import { constant, type Value } from "../graph/value.ts";
import { type ClipTextSpec, clipText } from "../models/clip-text.ts";
import { unetTime } from "../models/time.ts";
import { type UnetSpec, unet } from "../models/unet.ts";
import { type AnyTensor, ints, type Tensor, tensor } from "../tensor/tensor.ts";
import type { Tokenizer } from "../text/tokenizer.ts";
import type { Random } from "./random.ts";

export interface DenoiserSpecs {
  readonly unet: UnetSpec;
  readonly text: ClipTextSpec;
}

/** Where the parameters of the two networks are. */
export interface DenoiserParams {
  readonly unet: Params;
  readonly text: Params;
}

/** Named as a trained model's are: `unet.…`, `text_encoder.…`. */
export const named = (p: Params): DenoiserParams => ({ unet: p.at("unet"), text: p.at("text_encoder") });

/** What a denoiser is given of a batch: noisy latents and their times, token ids of texts [b,n], and their ends [b,1,n]. */
export type DenoiserIn = "sample" | "time" | "ids" | "end";
type In = DenoiserIn | "target";

/** The shapes of what a denoiser is given. */
export function denoiserInputs({ unet: { inChannels, levels }, text }: DenoiserSpecs, batch: number, side: number) {
  return {
    sample: [batch, inChannels, side, side],
    time: [batch, levels[0].channels],
    ids: { shape: [batch, text.positions], dtype: "i32" as const },
    end: [batch, 1, text.positions],
  };
}

/** What a U-Net says of noisy latents under texts that its encoder reads: the velocity ε − x₀ [b,c,h,w]. */
export function velocity(
  { unet: spec, text }: DenoiserSpecs,
  params: DenoiserParams,
  { sample, time, ids, end }: Readonly<Record<DenoiserIn, Value>>,
): Value {
  const context = clipText(params.text, text, ids).lastHiddenState;
  const pooled = end.matmul(context).reshape([ids.shape[0], text.hidden]);
  return unet(params.unet, spec, { sample, time, context, ...(spec.addition && { added: pooled }) });
}

/**
 * Mean squared error of the predicted velocity ε − x₀, each channel weighed. Lipman et al. 2023; Liu et al. 2022.
 * Parameters: `unet.…`, `text_encoder.…`. The input `end` [b,1,n] is 1 at each text's end token and 0 elsewhere.
 * @param weights one per latent channel, of mean 1: large channels carry the picture, small ones its texture
 * @param params where parameters are, seen from the root
 */
export function denoiserLoss(
  specs: DenoiserSpecs,
  batch: number,
  side: number,
  weights: readonly number[] = Array.from({ length: specs.unet.inChannels }, () => 1),
  params: (root: Params) => DenoiserParams = named,
): Graph<In, "loss"> {
  const inputs = denoiserInputs(specs, batch, side);
  return trace<In, "loss">({ ...inputs, target: inputs.sample }, (p, values) => {
    const weight = constant(tensor([...weights], [1, specs.unet.inChannels, 1, 1]));
    const error = velocity(specs, params(p), values).sub(values.target);
    return { loss: error.square().mul(weight).mean() };
  });
}

/** Where latents and captions come from. */
export interface LatentSet {
  readonly count: number;
  /** The latents of picture i, normalised: a view, not to be written to. */
  latents(i: number): Float32Array;
  /** A caption of picture i; several are possible. */
  caption(i: number, random: Random): string;
}

export interface NoiseOptions {
  /** s = σ(mean + std·n), n ~ N(0,1): which noise levels are trained most. Esser et al. 2024, §3.1. */
  readonly mean: number;
  readonly std: number;
  /** How often the caption is left out, so that the model learns to draw without one. Ho & Salimans 2022. */
  readonly dropout: number;
}

/**
 * A batch for `denoiserLoss`: (1−s)·x₀ + s·ε, and its velocity, for random pictures and levels s.
 * The network's clock counts to 1000, as `flowTable` does: time = 1000·s − ½.
 */
export function denoiserBatch(
  { unet: spec, text }: DenoiserSpecs,
  set: LatentSet,
  tokenizer: Tokenizer,
  batch: number,
  side: number,
  random: Random,
  { mean, std, dropout }: NoiseOptions,
): Record<In, AnyTensor> {
  const width = spec.inChannels * side * side;
  const sample = new Float32Array(batch * width);
  const target = new Float32Array(batch * width);
  const times: number[] = [];
  const captions: string[] = [];
  for (let b = 0; b < batch; b++) {
    const picture = random.below(set.count);
    const s = 1 / (1 + Math.exp(-(mean + std * random.normal())));
    const clean = set.latents(picture);
    for (let i = 0; i < width; i++) {
      const noise = random.normal();
      sample[b * width + i] = (1 - s) * clean[i] + s * noise;
      target[b * width + i] = noise - clean[i];
    }
    times.push(1000 * s - 0.5);
    captions.push(random.next() < dropout ? "" : set.caption(picture, random));
  }
  const shape = [batch, spec.inChannels, side, side];
  return {
    sample: tensor(sample, shape),
    target: tensor(target, shape),
    time: unetTime(spec, times),
    ...readTexts(tokenizer, captions, text.positions),
  };
}

/** Texts as a denoiser is given them, each of one row of `positions` tokens. */
export function readTexts(
  tokenizer: Tokenizer,
  texts: readonly string[],
  positions: number,
): { readonly ids: Tensor<"i32">; readonly end: Tensor } {
  const ids = new Int32Array(texts.length * positions);
  const ends = new Float32Array(texts.length * positions);
  for (const [b, text] of texts.entries()) {
    const read = tokenizer.encode(text);
    ids.set(read.ids.data, b * positions);
    ends[b * positions + read.ends[0]] = 1;
  }
  return { ids: ints(ids, [texts.length, positions]), end: tensor(ends, [texts.length, 1, positions]) };
}
