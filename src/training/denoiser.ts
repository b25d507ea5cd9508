// denoiser: the loss that trains a U-Net and its text encoder together, on latents, by flow matching.
import { type Graph, trace } from "../graph/trace.ts";
import { constant } from "../graph/value.ts";
import { type ClipTextSpec, clipText } from "../models/clip-text.ts";
import { unetTime } from "../models/time.ts";
import { type UnetSpec, unet } from "../models/unet.ts";
import { type AnyTensor, ints, tensor } from "../tensor/tensor.ts";
import type { Tokenizer } from "../text/tokenizer.ts";
import type { Random } from "./random.ts";

export interface DenoiserSpecs {
  readonly unet: UnetSpec;
  readonly text: ClipTextSpec;
}

type In = "sample" | "time" | "ids" | "end" | "target";

/**
 * Mean squared error of the predicted velocity ε − x₀, each channel weighed. Lipman et al. 2023; Liu et al. 2022.
 * Parameters: `unet.…`, `text_encoder.…`. The input `end` [b,1,n] is 1 at each text's end token and 0 elsewhere.
 * @param weights one per latent channel, of mean 1: large channels carry the picture, small ones its texture
 */
export function denoiserLoss(
  { unet: spec, text }: DenoiserSpecs,
  batch: number,
  side: number,
  weights: readonly number[] = Array.from({ length: spec.inChannels }, () => 1),
): Graph<In, "loss"> {
  const latents = [batch, spec.inChannels, side, side];
  const inputs = {
    sample: latents,
    time: [batch, spec.levels[0].channels],
    ids: { shape: [batch, text.positions], dtype: "i32" as const },
    end: [batch, 1, text.positions],
    target: latents,
  };
  return trace<In, "loss">(inputs, (p, { sample, time, ids, end, target }) => {
    const context = clipText(p.at("text_encoder"), text, ids).lastHiddenState;
    const pooled = end.matmul(context).reshape([batch, text.hidden]);
    const velocity = unet(p.at("unet"), spec, { sample, time, context, ...(spec.addition && { added: pooled }) });
    const weight = constant(tensor([...weights], [1, spec.inChannels, 1, 1]));
    return { loss: velocity.sub(target).square().mul(weight).mean() };
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
  const ids = new Int32Array(batch * text.positions);
  const ends = new Float32Array(batch * text.positions);
  const times: number[] = [];
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
    const words = random.next() < dropout ? "" : set.caption(picture, random);
    const read = tokenizer.encode(words);
    ids.set(read.ids.data, b * text.positions);
    ends[b * text.positions + read.ends[0]] = 1;
  }
  const shape = [batch, spec.inChannels, side, side];
  return {
    sample: tensor(sample, shape),
    target: tensor(target, shape),
    time: unetTime(spec, times),
    ids: ints(ids, [batch, text.positions]),
    end: tensor(ends, [batch, 1, text.positions]),
  };
}
