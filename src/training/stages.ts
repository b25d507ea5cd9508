// stages: the steps of a recipe, each resumable: paint, latents, denoiser, decoder. Node only.
import { join } from "node:path";
import { clipTextSpec, unetSpec, vaeSpec } from "../models/config.ts";
import { type VaeSpec, vaeEncoderGraph, vaeFactor } from "../models/vae.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { type Tensor, tensor } from "../tensor/tensor.ts";
import { wordTokenizer } from "../text/words.ts";
import { ModelError } from "../weights/model-error.ts";
import { openSafetensors, writeSafetensors } from "../weights/safetensors-file.ts";
import { fromTensors, readAll } from "../weights/weights.ts";
import { cosine, type Tensors } from "./adamw.ts";
import { channelStatistics, decoderLoss, previewMatrix } from "./autoencoder.ts";
import { paintShard, readShard, SHARD, toUnit, trainingScene } from "./dataset.ts";
import { type DenoiserSpecs, denoiserBatch, denoiserLoss, type LatentSet } from "./denoiser.ts";
import type { Trainer } from "./learner.ts";
import { linearPath, principalComponents } from "./patches.ts";
import type { Random } from "./random.ts";
import { type Progress, run } from "./run.ts";
import { caption } from "./scenes/index.ts";
import type { Recipe, StageRecipe } from "./sizes.ts";
import { begin, type TrainingState, type TrainOptions, train } from "./train.ts";
import { shippedVocabulary } from "./vocabulary.ts";

/** Where a recipe works, on what, and who watches. */
export interface Workshop {
  readonly recipe: Recipe;
  readonly folder: string;
  readonly runtime: Runtime;
  /** What trains. */
  readonly trainer: Trainer;
  readonly seed: number;
  /** What the run begins with; fresh weights and latents of its own unless told. */
  readonly from?: Beginning;
  readonly onProgress?: (progress: Progress) => void;
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
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

/** Pictures of painted shards, by number. */
export interface Pictures {
  readonly count: number;
  /** Picture i, planar RGB bytes. */
  picture(i: number): Uint8Array;
}

/** Where shards are kept: pictures depend on their side alone, so recipes share them. */
const picturesFolder = ({ folder, recipe }: Workshop): string => join(folder, `pictures-${recipe.side}`);

/** Paint what is not painted yet; false when the signal stopped it. */
export async function paintAll(shop: Workshop): Promise<boolean> {
  for (let shard = 0; shard < shop.recipe.shards; shard++) {
    if (shop.signal?.aborted) return false;
    const started = performance.now();
    if (await paintShard(picturesFolder(shop), shard, shop.recipe.side))
      shop.onNote?.(
        `painted ${(shard + 1) * SHARD} of ${shop.recipe.shards * SHARD} pictures · ${((performance.now() - started) / SHARD).toFixed(1)} ms each`,
      );
  }
  return true;
}

/** All painted pictures, in memory. */
export async function pictures(shop: Workshop): Promise<Pictures> {
  const width = 3 * shop.recipe.side ** 2;
  const shards: Uint8Array[] = [];
  for (let s = 0; s < shop.recipe.shards; s++) shards.push(await readShard(picturesFolder(shop), s));
  return {
    count: shards.length * SHARD,
    picture: (i) => shards[Math.floor(i / SHARD)].subarray((i % SHARD) * width, ((i % SHARD) + 1) * width),
  };
}

const specsOf = ({ recipe: { configs } }: Workshop): DenoiserSpecs & { readonly vae: VaeSpec } => ({
  unet: unetSpec(configs.unet),
  text: clipTextSpec(configs.text_encoder),
  vae: vaeSpec(configs.vae),
});

/** Random pictures in −1…1, and their numbers. */
function pictureBatch(set: Pictures, side: number, batch: number, random: Random) {
  const width = 3 * side * side;
  const data = new Float32Array(batch * width);
  const numbers: number[] = [];
  for (let b = 0; b < batch; b++) {
    const i = random.below(set.count);
    toUnit(set.picture(i), data.subarray(b * width, (b + 1) * width));
    numbers.push(i);
  }
  return { numbers, picture: tensor(data, [batch, 3, side, side]) };
}

const optimiser = (stage: StageRecipe) => ({
  steps: stage.steps,
  schedule: cosine(stage.rate, stage.steps, { warmup: stage.warmup }),
  averageDecay: stage.averageDecay,
  betas: [0.9, 0.99] as const,
  weightDecay: 0.01,
});

/** Carry one stage through; false when the signal stopped it. */
function runStage<In extends string>(
  shop: Workshop,
  name: string,
  stage: StageRecipe,
  loss: Parameters<typeof train<In>>[1],
  state: TrainingState,
  batch: TrainOptions<In>["batch"],
): Promise<boolean> {
  return run({
    stage: name,
    folder: shop.folder,
    steps: stage.steps,
    batch: stage.batch,
    state,
    train: () => train(shop.trainer, loss, state, { ...optimiser(stage), seed: shop.seed, batch }),
    ...(name === "denoiser" && shop.sheet && { sheet: shop.sheet }),
    ...(shop.onProgress && { onProgress: shop.onProgress }),
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

const latentsFile = (shop: Workshop): string => join(shop.folder, "latents.safetensors");

/** Fit the linear path, and encode every picture with it; done once, then kept. */
export async function latentsOf(shop: Workshop, set: Pictures): Promise<Latents> {
  const file = await openSafetensors(latentsFile(shop)).catch((error: unknown) => {
    if (error instanceof ModelError && error.code === "missing") return undefined;
    throw error;
  });
  if (file) {
    const { latents, ...path } = (await readAll(file)) as Tensors;
    return { set: latents, path, ...JSON.parse(file.metadata.statistics) };
  }
  const { vae } = specsOf(shop);
  const { side } = shop.recipe;
  const factor = vaeFactor(vae);
  const path = shop.from ? handedOn(shop.from.vae) : fittedPath(shop, set, vae);

  const batch = 50;
  const small = side / factor;
  const area = small * small;
  const width = vae.latentChannels * area;
  await using encoder = await shop.runtime.compile(vaeEncoderGraph(vae, batch, side, side), fromTensors(path));
  const latents = new Float32Array(set.count * width);
  const picture = new Float32Array(batch * 3 * side * side);
  for (let from = 0; from < set.count; from += batch) {
    for (let b = 0; b < batch; b++)
      toUnit(set.picture(from + b), picture.subarray((b * picture.length) / batch, ((b + 1) * picture.length) / batch));
    const { mean } = await encoder.run({ picture: tensor(picture, [batch, 3, side, side]) });
    latents.set(mean.data, from * width);
  }
  const { mean, std: scale } = shop.from ?? scaleOf(channelStatistics(latents, vae.latentChannels, area), shop.recipe);
  for (let i = 0; i < latents.length; i++) {
    const c = Math.floor(i / area) % vae.latentChannels;
    latents[i] = (latents[i] - mean[c]) / scale[c];
  }
  const sample = Math.min(2000, set.count);
  const colours = new Float32Array(sample * 3 * area);
  for (let i = 0; i < sample; i++) colours.set(meanColours(set.picture(i), side, small), i * 3 * area);
  const preview = previewMatrix(latents.subarray(0, sample * width), colours, vae.latentChannels, area);
  const all = tensor(latents, [set.count, vae.latentChannels, small, small]);
  const statistics = { mean, std: scale, preview };
  await writeSafetensors(latentsFile(shop), { latents: all, ...path }, { statistics: JSON.stringify(statistics) });
  return { set: all, path, ...statistics };
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

/** Weights of channels in a loss, of mean 1: std^(2·emphasis). */
function emphasised(std: readonly number[], emphasis: number): number[] {
  const raw = std.map((s) => s ** (2 * emphasis));
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

/** Train the U-Net and the text encoder on latents. */
export async function trainDenoiser(
  shop: Workshop,
  latents: Latents,
): Promise<{ state: TrainingState; done: boolean }> {
  const specs = specsOf(shop);
  const { denoiser: stage } = shop.recipe;
  const [count, channels, side] = latents.set.shape;
  const width = channels * side * side;
  const scenes = Array.from({ length: count }, (_, i) => trainingScene(i));
  const set: LatentSet = {
    count,
    latents: (i) => latents.set.data.subarray(i * width, (i + 1) * width),
    caption: (i, random) => caption(scenes[i], random.next),
  };
  const tokenizer = wordTokenizer(shippedVocabulary());
  const { std } = channelStatistics(latents.set.data, channels, side * side);
  const loss = denoiserLoss(specs, stage.batch / shop.trainer.parts, side, emphasised(std, stage.emphasis));
  const state = begin(loss, { seed: shop.seed, from: shop.from?.denoiser ?? {} });
  const done = await runStage(shop, "denoiser", stage, loss, state, (_, random) =>
    denoiserBatch(specs, set, tokenizer, stage.batch, side, random, { ...stage.noise, dropout: stage.dropout }),
  );
  return { state, done };
}

/** Train the decoder further while the latents stay what they are. */
export async function trainDecoder(
  shop: Workshop,
  set: Pictures,
  latents: Latents,
): Promise<{ state: TrainingState; done: boolean }> {
  const { vae } = specsOf(shop);
  const { side, decoder: stage } = shop.recipe;
  const loss = decoderLoss(vae, stage.batch / shop.trainer.parts, side, stage);
  const state = begin(loss, { seed: shop.seed, from: shop.from?.vae ?? latents.path });
  const [, channels, small] = latents.set.shape;
  const area = small * small;
  const width = channels * area;
  const done = await runStage(shop, "decoder", stage, loss, state, (_, random) => {
    const { numbers, picture } = pictureBatch(set, side, stage.batch, random);
    const data = new Float32Array(stage.batch * width);
    for (const [b, n] of numbers.entries())
      for (let i = 0; i < width; i++) {
        const c = Math.floor(i / area);
        const z = latents.set.data[n * width + i] + stage.noise * random.normal();
        data[b * width + i] = z * latents.std[c] + latents.mean[c];
      }
    return { picture, latents: tensor(data, [stage.batch, channels, small, small]) };
  });
  return { state, done };
}
