// stages: the steps of a recipe, each resumable: paint, latents, denoiser, decoder. Node only.
import { join } from "node:path";
import { clipTextSpec, unetSpec, vaeSpec } from "../models/config.ts";
import { type VaeSpec, vaeEncoderGraph, vaeFactor } from "../models/vae.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { type Tensor, tensor } from "../tensor/tensor.ts";
import { ModelError } from "../weights/model-error.ts";
import { openSafetensors, type SafetensorsFile, writeSafetensors } from "../weights/safetensors-file.ts";
import { fromTensors, readAll } from "../weights/weights.ts";
import { cosine, type Tensors } from "./adamw.ts";
import { channelStatistics, decoderLoss, previewMatrix } from "./autoencoder.ts";
import { batches } from "./batches.ts";
import { readShard, SHARD, toUnit } from "./dataset.ts";
import { type DenoiserSpecs, denoiserLoss } from "./denoiser.ts";
import type { Trainer } from "./learner.ts";
import { paintShards } from "./painters.ts";
import { linearPath, principalComponents } from "./patches.ts";
import type { Random } from "./random.ts";
import { type Progress, run } from "./run.ts";
import { shrunk } from "./shrink.ts";
import type { Recipe, StageRecipe } from "./sizes.ts";
import { begin, type TrainingState, type TrainOptions, train } from "./train.ts";

/** Where a recipe works, on what, and who watches. */
export interface Workshop {
  readonly recipe: Recipe;
  readonly folder: string;
  readonly runtime: Runtime;
  /** What trains. */
  readonly trainer: Trainer;
  /** Threads that paint, and that the trainer has. */
  readonly cores: number;
  readonly seed: number;
  /** What the run begins with; fresh weights and latents of its own unless told. */
  readonly from?: Beginning;
  readonly onProgress?: (progress: Progress) => void;
  readonly onSheet?: (png: Uint8Array) => void;
  readonly onNote?: (note: string) => void;
  readonly signal?: AbortSignal;
  /** Draws a sheet with a model under training. */
  readonly sheet?: (state: TrainingState) => Promise<Uint8Array>;
}

/** What a trained model hands on to a run: its weights, and the scale of its latents. */
export interface Beginning {
  /** `unet.…` and `text_encoder.…`. */
  readonly denoiser: Tensors;
  readonly vae: Tensors;
  /** The factors with which it draws in few steps, `unet.…`, if it does. */
  readonly student?: Tensors;
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

/** Pictures of painted shards, by number. */
export interface Pictures {
  readonly count: number;
  /** Picture i, planar RGB bytes. */
  picture(i: number): Uint8Array;
  /** Which of all training pictures it is, as `trainingScene` counts them. */
  number(i: number): number;
}

/** Where shards are kept: pictures depend on their number and side alone, so recipes share them. */
const picturesFolder = ({ folder, recipe }: Workshop): string => join(folder, `pictures-${recipe.side}`);

/** Runs of sixteen successive seeds learn from different pictures; all seeds of pictures stay below 10⁶. */
const SETS = 16;

/** The shards of a run: which thousands of the painted world it learns from. */
export function shardsOf({ recipe: { shards }, seed }: Pick<Workshop, "recipe" | "seed">): number[] {
  if (shards * SHARD * SETS >= 1e6) throw new RangeError(`train: ${shards} thousand pictures; 62 thousand at most`);
  return Array.from({ length: shards }, (_, s) => ((((seed - 1) % SETS) + SETS) % SETS) * shards + s);
}

/** Paint what is not painted yet; false when the signal stopped it. */
export async function paintAll(shop: Workshop): Promise<boolean> {
  const shards = shardsOf(shop);
  const started = performance.now();
  let done = 0;
  return paintShards({ folder: picturesFolder(shop), side: shop.recipe.side }, shards, shop.cores, {
    ...(shop.signal && { signal: shop.signal }),
    onPainted: () => {
      done++;
      const each = (performance.now() - started) / (done * SHARD);
      shop.onNote?.(`painted ${done} of at most ${shards.length} thousand pictures · ${each.toFixed(1)} ms each`);
    },
  });
}

/** All painted pictures, in memory. */
export async function pictures(shop: Workshop): Promise<Pictures> {
  const width = 3 * shop.recipe.side ** 2;
  const numbers = shardsOf(shop);
  const shards: Uint8Array[] = [];
  for (const s of numbers) shards.push(await readShard(picturesFolder(shop), s));
  return {
    count: shards.length * SHARD,
    picture: (i) => shards[Math.floor(i / SHARD)].subarray((i % SHARD) * width, ((i % SHARD) + 1) * width),
    number: (i) => numbers[Math.floor(i / SHARD)] * SHARD + (i % SHARD),
  };
}

/** What a recipe's networks are. */
export const specsOf = ({ recipe: { configs } }: Workshop): DenoiserSpecs & { readonly vae: VaeSpec } => ({
  unet: unetSpec(configs.unet),
  text: clipTextSpec(configs.text_encoder),
  vae: vaeSpec(configs.vae),
});

const optimiser = (stage: StageRecipe) => ({
  steps: stage.steps,
  schedule: cosine(stage.rate, stage.steps, { warmup: stage.warmup }),
  averageDecay: stage.averageDecay,
  betas: [0.9, 0.99] as const,
  weightDecay: 0.01,
});

/** Carry one stage through; false when the signal stopped it. */
export function runStage<In extends string>(
  shop: Workshop,
  name: string,
  stage: StageRecipe,
  loss: Parameters<typeof train<In>>[1],
  state: TrainingState,
  lesson: Pick<TrainOptions<In>, "batch" | "turn">,
): Promise<boolean> {
  return run({
    stage: name,
    folder: shop.folder,
    steps: stage.steps,
    batch: stage.batch,
    state,
    train: () => train(shop.trainer, loss, state, { ...optimiser(stage), seed: shop.seed, ...lesson }),
    ...(shop.sheet && { sheet: shop.sheet }),
    ...(shop.onProgress && { onProgress: shop.onProgress }),
    ...(shop.onSheet && { onSheet: shop.onSheet }),
    ...(shop.signal && { signal: shop.signal }),
  });
}

/** Latents of every picture, normalised per channel, and what is known of them. */
export interface Latents {
  readonly set: Tensor;
  /** normalised = (latent − mean)/std. */
  readonly mean: readonly number[];
  readonly std: readonly number[];
  readonly preview: { readonly factors: number[][]; readonly bias: number[] };
  /** The autoencoder's linear path, which they were made with. */
  readonly path: Tensors;
}

const latentsFile = (shop: Workshop, name = "latents"): string => join(shop.folder, `${name}.safetensors`);

/** A file of latents, if it is there. */
const latentsKept = (path: string): Promise<SafetensorsFile | undefined> =>
  openSafetensors(path).catch((error: unknown) => {
    if (error instanceof ModelError && error.code === "missing") return undefined;
    throw error;
  });

/** Fit the linear path, and encode every picture with it; done once, then kept. */
export async function latentsOf(shop: Workshop, set: Pictures): Promise<Latents> {
  const file = await latentsKept(latentsFile(shop));
  if (file) {
    const { latents, ...path } = (await readAll(file)) as Tensors;
    return { set: latents, path, ...JSON.parse(file.metadata.statistics) };
  }
  const { vae } = specsOf(shop);
  const { side } = shop.recipe;
  const path = shop.from ? handedOn(shop.from.vae) : fittedPath(shop, set, vae);
  const all = await encoded(shop, set, path, 1);
  const small = side / vaeFactor(vae);
  const area = small * small;
  const { mean, std } = shop.from ?? scaleOf(channelStatistics(all.data, vae.latentChannels, area), shop.recipe);
  normalise(all, mean, std);

  const sample = Math.min(2000, set.count);
  const colours = new Float32Array(sample * 3 * area);
  for (let i = 0; i < sample; i++) colours.set(meanColours(set.picture(i), side, small), i * 3 * area);
  const some = all.data.subarray(0, sample * vae.latentChannels * area);
  const preview = previewMatrix(some, colours, vae.latentChannels, area);
  const statistics = { mean, std, preview };
  await writeSafetensors(latentsFile(shop), { latents: all, ...path }, { statistics: JSON.stringify(statistics) });
  return { set: all, path, ...statistics };
}

/** Latents of every picture at half its side, by the same path and on the same scale; done once, then kept. */
export async function coarseLatents(shop: Workshop, set: Pictures, { path, mean, std }: Latents): Promise<Tensor> {
  const name = latentsFile(shop, "latents-coarse");
  const file = await latentsKept(name);
  if (file) return (await readAll(file)).latents as Tensor;
  const latents = await encoded(shop, set, path, 2);
  normalise(latents, mean, std);
  await writeSafetensors(name, { latents }, {});
  return latents;
}

/** Latents of every picture, made `shrink` times smaller before, as the linear path gives them. */
async function encoded(shop: Workshop, set: Pictures, path: Tensors, shrink: number): Promise<Tensor> {
  const { vae } = specsOf(shop);
  const { side } = shop.recipe;
  const given = side / shrink;
  const small = given / vaeFactor(vae);
  const batch = 50;
  const width = vae.latentChannels * small * small;
  await using encoder = await shop.runtime.compile(vaeEncoderGraph(vae, batch, given, given), fromTensors(path));
  const latents = new Float32Array(new SharedArrayBuffer(4 * set.count * width));
  const picture = new Float32Array(3 * side * side);
  const given3 = 3 * given * given;
  const pictures = new Float32Array(batch * given3);
  for (let from = 0; from < set.count; from += batch) {
    for (let b = 0; b < batch; b++)
      shrunk(toUnit(set.picture(from + b), picture), side, shrink, pictures.subarray(b * given3, (b + 1) * given3));
    const { mean } = await encoder.run({ picture: tensor(pictures, [batch, 3, given, given]) });
    latents.set(mean.data, from * width);
  }
  return tensor(latents, [set.count, vae.latentChannels, small, small]);
}

/** latent ← (latent − mean)/std, in place. */
function normalise(
  { data, shape: [, channels, height, width] }: Tensor,
  mean: readonly number[],
  std: readonly number[],
) {
  const area = height * width;
  for (let i = 0; i < data.length; i++) {
    const c = Math.floor(i / area) % channels;
    data[i] = (data[i] - mean[c]) / std[c];
  }
}

/** The linear path onto the principal components of some of the pictures. */
function fittedPath(shop: Workshop, set: Pictures, vae: VaeSpec): Tensors {
  const { side, latents } = shop.recipe;
  const factor = vaeFactor(vae);
  const scratch = new Float32Array(3 * side * side);
  const components = principalComponents(
    (i) => toUnit(set.picture(i), scratch),
    Math.min(latents.pictures, set.count),
    side,
    factor,
  );
  shop.onNote?.(
    `the first ${vae.latentChannels} of ${components.mean.length} components of ${factor}×${factor} squares keep ${(100 * kept(components.deviations, vae.latentChannels)).toFixed(2)} % of the variance`,
  );
  return linearPath(components, vae.latentChannels, factor);
}

/** The linear path of a trained autoencoder. */
const handedOn = (vae: Tensors): Tensors =>
  Object.fromEntries(Object.entries(vae).filter(([name]) => name.includes(".linear_path.")));

const scaleOf = (
  { mean, std }: { readonly mean: number[]; readonly std: number[] },
  { latents: { whitening } }: Recipe,
): Pick<Beginning, "mean" | "std"> => ({ mean, std: whitened(std, whitening) });

/** Weights of latent channels in a loss, of mean 1: std^(2·emphasis). */
export function channelWeights({ recipe }: Workshop, { data, shape: [, channels, side] }: Tensor): number[] {
  const { std } = channelStatistics(data, channels, side * side);
  const raw = std.map((s) => s ** (2 * recipe.denoiser.emphasis));
  const mean = raw.reduce((a, b) => a + b) / raw.length;
  return raw.map((w) => w / mean);
}

const kept = (deviations: readonly number[], count: number): number => {
  const energy = (values: readonly number[]): number => values.reduce((sum, d) => sum + d * d, 0);
  return energy(deviations.slice(0, count)) / energy(deviations);
};

/** Divisors of channels that leave std^(1−amount) of each, and a variance of 1 over all. */
function whitened(std: readonly number[], amount: number): number[] {
  const left = Math.sqrt(std.reduce((sum, s) => sum + s ** (2 - 2 * amount), 0) / std.length);
  return std.map((s) => left * s ** amount);
}

/** The mean colour, −1…1, of the square of pixels that each latent pixel spans: planar [3,small,small]. */
function meanColours(picture: Uint8Array, side: number, small: number): Float32Array {
  const factor = side / small;
  const out = new Float32Array(3 * small * small);
  for (let c = 0; c < 3; c++)
    for (let y = 0; y < side; y++)
      for (let x = 0; x < side; x++)
        out[(c * small + Math.floor(y / factor)) * small + Math.floor(x / factor)] +=
          (picture[(c * side + y) * side + x] / 127.5 - 1) / (factor * factor);
  return out;
}

/** The numbers of a tensor where threads can share them. */
function inSharedMemory({ data }: Tensor): SharedArrayBuffer {
  if (data.buffer instanceof SharedArrayBuffer && data.byteLength === data.buffer.byteLength) return data.buffer;
  const buffer = new SharedArrayBuffer(data.byteLength);
  new Float32Array(buffer).set(data);
  return buffer;
}

/**
 * Train the U-Net and the text encoder on latents.
 * @param name of the lesson, and of its files
 * @param small latents of pictures of half the side, for a recipe that composes: most steps learn from them
 * @param from weights to begin with
 */
export async function trainDenoiser(
  shop: Workshop,
  name: "coarse" | "denoiser",
  set: Pictures,
  { latents, small }: { readonly latents: Tensor; readonly small?: Tensor | undefined },
  from: Tensors = {},
): Promise<{ state: TrainingState; done: boolean }> {
  const specs = specsOf(shop);
  const { coarse, denoiser, compose } = shop.recipe;
  const stage = { coarse: coarse ?? denoiser, denoiser }[name];
  const lessons = [{ ...stage, latents }, ...(compose && small ? [{ ...compose, latents: small }] : [])];
  const every = compose && small ? compose.every : 1;
  const turn = (step: number): number => (step % every === 0 ? 0 : 1);
  const wholes = (step: number): number => Math.floor(step / every);
  const losses = lessons.map(({ latents, batch }) =>
    denoiserLoss(specs, batch / shop.trainer.parts, latents.shape[2], channelWeights(shop, latents)),
  );
  const state = begin(losses[0], { seed: shop.seed, from });
  const prepared = lessons.map(({ latents, batch, noise }) =>
    batches(
      {
        specs: { unet: specs.unet, text: specs.text },
        latents: { buffer: inSharedMemory(latents), shape: latents.shape },
        numbers: Array.from({ length: latents.shape[0] }, (_, i) => set.number(i)),
        batch,
        noise: { ...noise, dropout: denoiser.dropout },
        seed: shop.seed,
      },
      Math.ceil(shop.cores / 2),
    ),
  );
  try {
    const done = await runStage(shop, name, stage, losses, state, {
      turn,
      batch: (step) => prepared[turn(step)].batch(turn(step) === 0 ? wholes(step) : step - wholes(step)),
    });
    return { state, done };
  } finally {
    for (const some of prepared) await some[Symbol.asyncDispose]();
  }
}

/** Train the decoder on squares of pictures while the latents stay what they are. */
export async function trainDecoder(
  shop: Workshop,
  set: Pictures,
  latents: Latents,
): Promise<{ state: TrainingState; done: boolean }> {
  const { vae } = specsOf(shop);
  const { side, decoder: stage } = shop.recipe;
  const loss = decoderLoss(vae, stage.batch / shop.trainer.parts, stage.square, stage);
  const state = begin(loss, { seed: shop.seed, from: shop.from?.vae ?? latents.path });
  const factor = vaeFactor(vae);
  const [, channels, small] = latents.set.shape;
  const square = stage.square / factor;
  const batch = (_: number, random: Random) => {
    const picture = new Float32Array(stage.batch * 3 * stage.square ** 2);
    const given = new Float32Array(stage.batch * channels * square ** 2);
    let [pixel, at] = [0, 0];
    for (let b = 0; b < stage.batch; b++) {
      const n = random.below(set.count);
      const [top, left] = [random.below(small - square + 1), random.below(small - square + 1)];
      const bytes = set.picture(n);
      for (let c = 0; c < 3; c++)
        for (let y = 0; y < stage.square; y++)
          for (let x = 0; x < stage.square; x++)
            picture[pixel++] = bytes[(c * side + top * factor + y) * side + left * factor + x] / 127.5 - 1;
      for (let c = 0; c < channels; c++)
        for (let y = 0; y < square; y++)
          for (let x = 0; x < square; x++) {
            const z = latents.set.data[((n * channels + c) * small + top + y) * small + left + x];
            given[at++] = (z + stage.noise * random.normal()) * latents.std[c] + latents.mean[c];
          }
    }
    return {
      picture: tensor(picture, [stage.batch, 3, stage.square, stage.square]),
      latents: tensor(given, [stage.batch, channels, square, square]),
    };
  };
  return { state, done: await runStage(shop, "decoder", stage, loss, state, { batch }) };
}
