// stage-latents: the pictures that a recipe learns from, painted once, and their latents, encoded once. Node only.
import { join } from "node:path";
import { trace } from "../graph/trace.ts";
import { lap } from "../models/lapped.ts";
import { type VaeSpec, vaeEncoderGraph, vaeFactor } from "../models/vae.ts";
import { size, type Tensor, tensor } from "../tensor/tensor.ts";
import { writeSafetensors } from "../weights/safetensors-file.ts";
import { fromTensors, readAll } from "../weights/weights.ts";
import type { Tensors } from "./adamw.ts";
import { channelStatistics, previewMatrix } from "./autoencoder.ts";
import { readShard, SHARD, toUnit } from "./dataset.ts";
import { paintShards } from "./painters.ts";
import { linearPath, principalComponents } from "./patches.ts";
import { shrunk } from "./shrink.ts";
import type { Recipe } from "./sizes.ts";
import { type Beginning, specsOf, type Workshop } from "./stages.ts";
import { openIfThere } from "./state.ts";

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

/** Fit the linear path, and encode every picture with it; done once, then kept. */
export async function latentsOf(shop: Workshop, set: Pictures): Promise<Latents> {
  const file = await openIfThere(latentsFile(shop));
  if (file) {
    const { latents, ...path } = (await readAll(file)) as Tensors;
    return { set: latents, path, ...JSON.parse(file.metadata.statistics) };
  }
  const { vae } = specsOf(shop);
  const { side } = shop.recipe;
  const path = shop.from ? handedOn(shop.from.vae) : await fittedPath(shop, set, vae);
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
  const file = await openIfThere(name);
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
async function fittedPath(shop: Workshop, set: Pictures, vae: VaeSpec): Promise<Tensors> {
  const { side, latents } = shop.recipe;
  const factor = vaeFactor(vae);
  const shape = [1, vae.channels, side, side];
  const scratch = new Float32Array(size(shape));
  const graph = trace({ picture: shape }, (_, { picture }) => ({ cut: lap(picture, factor) }));
  await using overlapping = vae.lapped ? await shop.runtime.compile(graph) : undefined;
  const components = await principalComponents(
    async (i) => {
      const picture = toUnit(set.picture(i), scratch);
      return overlapping ? (await overlapping.run({ picture: tensor(picture, shape) })).cut.data : picture;
    },
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
