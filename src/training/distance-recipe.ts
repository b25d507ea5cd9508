// distance-recipe: from an empty folder to a model of texts and pictures in one space, in CLIP's layout; resumable. Node only.
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { clipSpec } from "../models/config.ts";
import { configs } from "../models/specs.ts";
import { ortNode } from "../runtime/ort-node.ts";
import { wordTokenizer } from "../text/words.ts";
import { writeFileAtomically } from "../weights/atomic-file.ts";
import { type Config, writeComponent } from "../weights/checkpoint.ts";
import { cast, fromTensors } from "../weights/weights.ts";
import { cosine, type Tensors } from "./adamw.ts";
import { type CaptionedSet, contrastiveBatch, contrastiveLoss } from "./contrastive.ts";
import { paintShard, readShard, SHARD, toUnit, trainingScene } from "./dataset.ts";
import { type Progress, run } from "./run.ts";
import { caption } from "./scenes/index.ts";
import { SUBJECT_RECORDS } from "./scenes/subjects.ts";
import { begin, train } from "./train.ts";
import { shippedVocabulary } from "./vocabulary.ts";

export interface DistanceRecipe {
  /** Shards of a thousand painted pictures. */
  readonly shards: number;
  /** How often a caption is a bare noun, besides those among short captions: without them "meadow" means whatever stands in one. */
  readonly nouns: number;
  readonly steps: number;
  /** Pairs that are told apart at once; it cannot be split between threads, since each is compared with all. */
  readonly batch: number;
  /** Peak learning rate. */
  readonly rate: number;
  readonly warmup: number;
  readonly weightDecay: number;
  readonly averageDecay: number;
  /** config.json of a CLIPModel. */
  readonly config: Config;
}

/** What ships. */
export const DISTANCE: DistanceRecipe = {
  shards: 48,
  nouns: 0.25,
  steps: 5000,
  batch: 128,
  rate: 1e-3,
  warmup: 100,
  weightDecay: 0.05,
  averageDecay: 0.998,
  config: configs.distance,
};

export interface DistanceOptions {
  readonly recipe: DistanceRecipe;
  /** Where the log, the state and in the end `model/` go; run again with the same folder to go on. */
  readonly folder: string;
  /** Where shards of painted pictures are, or are painted: of the model's side, or a multiple of it. In the folder unless told. */
  readonly pictures?: string;
  readonly seed?: number;
  /** Cores to train on; 1 unless told. */
  readonly cores?: number;
  /** Further texts for the metadata of the weights. */
  readonly origin?: Readonly<Record<string, string>>;
  readonly onProgress?: (progress: Progress) => void;
  readonly onNote?: (note: string) => void;
  /** Stops after the step or the thousand pictures under way; what was done is kept. */
  readonly signal?: AbortSignal;
}

/** @returns the folder of the finished model, or undefined when the signal stopped it before */
export async function trainDistance(options: DistanceOptions): Promise<string | undefined> {
  const { recipe, folder, seed = 1, cores = 1, onNote, onProgress, signal } = options;
  const spec = clipSpec(recipe.config);
  const side = spec.vision.image;
  const pictures = options.pictures ?? join(folder, `pictures-${side}`);
  for (let shard = 0; shard < recipe.shards; shard++) {
    if (signal?.aborted) return undefined;
    if (await paintShard(pictures, shard, side)) onNote?.(`painted ${(shard + 1) * SHARD} pictures`);
  }
  const set = await captionedSet(pictures, recipe, side);
  const tokenizer = wordTokenizer(shippedVocabulary());
  const { steps, batch, rate, warmup, weightDecay, averageDecay } = recipe;
  const loss = contrastiveLoss(spec, batch);
  const state = begin(loss, { seed });
  await using runtime = await ortNode({ threads: cores, spinning: false });
  const done = await run({
    stage: "distance",
    folder,
    steps,
    batch,
    state,
    train: () =>
      train(runtime, loss, state, {
        steps,
        schedule: cosine(rate, steps, { warmup }),
        betas: [0.9, 0.98],
        weightDecay,
        averageDecay,
        seed,
        batch: (_, random) => contrastiveBatch(spec, set, tokenizer, batch, random),
      }),
    ...(onProgress && { onProgress }),
    ...(signal && { signal }),
  });
  if (!done) return undefined;
  const made = join(folder, "model");
  const recipe_hash = createHash("sha256").update(JSON.stringify(recipe)).digest("hex").slice(0, 12);
  await exportDistance(made, recipe.config, state.average, {
    ...{ recipe_hash, seed: `${seed}`, pictures: `${set.count}`, steps: `${steps}`, batch: `${batch}` },
    ...{ hours: (await hoursOf(folder, batch)).toFixed(2), cores: `${cores}` },
    ...options.origin,
  });
  return made;
}

/** Hours that the steps of a run took, by its log, which has a line for each twenty. */
async function hoursOf(folder: string, batch: number): Promise<number> {
  const log = await readFile(join(folder, "distance.jsonl"), "utf8");
  const lines = log.trim().split("\n");
  const seconds = (line: string): number => (20 * batch) / (JSON.parse(line) as Progress).picturesPerSecond;
  return lines.reduce((sum, line) => sum + seconds(line), 0) / 3600;
}

/** Painted shards and captions of theirs; larger pictures are shrunk to `side`. */
export async function captionedSet(
  folder: string,
  { shards, nouns }: Pick<DistanceRecipe, "shards" | "nouns">,
  side: number,
): Promise<CaptionedSet> {
  const width = 3 * side * side;
  const kept: Uint8Array[] = [];
  for (let s = 0; s < shards; s++) {
    const bytes = await readShard(folder, s);
    const times = Math.sqrt(bytes.length / SHARD / width);
    if (!Number.isInteger(times))
      throw new RangeError(`distance: the pictures in ${folder} have no multiple of ${side} pixels along each side`);
    kept.push(times === 1 ? bytes : shrunk(bytes, side, times));
  }
  const scenes = Array.from({ length: shards * SHARD }, (_, i) => trainingScene(i));
  return {
    count: scenes.length,
    picture(i) {
      const from = (i % SHARD) * width;
      return toUnit(kept[Math.floor(i / SHARD)].subarray(from, from + width), new Float32Array(width));
    },
    caption(i, random) {
      const { bare } = SUBJECT_RECORDS[scenes[i].subject];
      return random.next() < nouns ? bare[random.below(bare.length)] : caption(scenes[i], random.next);
    },
  };
}

/** Planar bytes [n,3,times·side,times·side] to [n,3,side,side], each the rounded mean of its square. */
export function shrunk(bytes: Uint8Array, side: number, times: number): Uint8Array {
  const wide = side * times;
  const out = new Uint8Array(bytes.length / times ** 2);
  for (let i = 0; i < out.length; i++) {
    const [row, x] = [Math.floor(i / side), i % side];
    let sum = 0;
    for (let dy = 0; dy < times; dy++)
      for (let dx = 0; dx < times; dx++) sum += bytes[(row * times + dy) * wide + x * times + dx];
    out[i] = Math.round(sum / times ** 2);
  }
  return out;
}

/** Write the model in CLIP's layout, weights in half precision, its words in vocabulary.json. */
export async function exportDistance(
  folder: string,
  config: Config,
  weights: Tensors,
  origin: Readonly<Record<string, string>>,
): Promise<void> {
  await writeComponent(folder, "model", config, cast(fromTensors(weights), "f16"), { format: "pt", ...origin });
  const json = (name: string, value: unknown): Promise<void> =>
    writeFileAtomically(join(folder, name), `${JSON.stringify(value, null, 2)}\n`);
  await json("vocabulary.json", shippedVocabulary());
  const { image } = clipSpec(config).vision;
  await json("preprocessor_config.json", {
    do_resize: true,
    size: { shortest_edge: image },
    resample: 4,
    do_center_crop: true,
    crop_size: { height: image, width: image },
    do_normalize: true,
    image_mean: [0.5, 0.5, 0.5],
    image_std: [0.5, 0.5, 0.5],
  });
}
