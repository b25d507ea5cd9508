// paths: the ways from noise to picture that a guided model walks, kept for a student of few steps. They are those of Euler
// ancestral: where the student stops, part of the noise is drawn anew, so that what was left of the old is no part of the picture.
// Node only.
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { flowTable } from "../diffusion/noise-table.ts";
import { conventions, trailing } from "../diffusion/schedules.ts";
import { ancestral } from "../diffusion/steps.ts";
import { type Graph, trace } from "../graph/trace.ts";
import { concat } from "../graph/value.ts";
import { unetTime } from "../models/time.ts";
import type { Program, Runtime } from "../runtime/runtime.ts";
import { narrow } from "../tensor/dtype.ts";
import { size, type Tensor, tensor } from "../tensor/tensor.ts";
import type { Tokenizer } from "../text/tokenizer.ts";
import { writeSafetensors } from "../weights/safetensors-file.ts";
import { fromTensors, readAll } from "../weights/weights.ts";
import type { Tensors } from "./adamw.ts";
import { type DenoiserIn, type DenoiserSpecs, denoiserInputs, named, readTexts, velocity } from "./denoiser.ts";
import { type Random, random } from "./random.ts";
import { openIfThere } from "./state.ts";

/** Who walks, how, and for whom. */
export interface Teacher {
  readonly specs: DenoiserSpecs;
  /** `unet.…`, `text_encoder.…`. */
  readonly weights: Tensors;
  /** Which weights these are: paths that other weights walked are drawn anew. */
  readonly id: string;
  readonly tokenizer: Tokenizer;
  readonly caption: (random: Random) => string;
  /** Side of the latents. */
  readonly side: number;
  readonly guidance: number;
  /** A multiple of those of the student. */
  readonly teacherSteps: number;
  readonly studentSteps: number;
  readonly seed: number;
}

/** Paths of one file. */
export interface Paths {
  /** For each stretch the teacher's x at its beginning and its end [n, 2·studentSteps, c, h, w]: first noise, last a picture. */
  readonly states: Tensor<"f16">;
  /** What the teacher was asked for: token ids [n, positions], and the ends of texts [n, 1, positions]. */
  readonly ids: Tensor<"i32">;
  readonly end: Tensor;
}

/** Paths of a whole file. */
export const PATHS_A_FILE = 1024;

export interface PathOptions {
  readonly folder: string;
  readonly count: number;
  /** Paths walked at a time. The U-Net sees twice as many pictures, with their texts and without. */
  readonly batch?: number;
  /** Sees, whenever a file is whole, how many of all paths are there, and how many of them were walked now. */
  readonly onWalked?: (done: number, fresh: number) => void;
  /** Stops after the batch under way; files that are whole are kept. */
  readonly signal?: AbortSignal;
}

/** A step of the student: straight down from a level s of (1−s)·x₀ + s·ε to another, then up to the next with fresh noise. */
export interface Stretch {
  readonly from: number;
  readonly to: number;
  readonly next: number;
  /** The standard deviation of the fresh noise, of x/(1−s). */
  readonly up: number;
}

/** The steps of a walk as pipelines schedule it for models of a flow: Euler ancestral's, trailing. */
export function stretches(steps: number): readonly Stretch[] {
  const { levels } = trailing(flowTable(), steps, { convention: conventions.euler });
  const share = (sigma: number): number => sigma / (1 + sigma);
  return levels.slice(1).map((next, i) => {
    const { down, up } = ancestral(levels[i], next, 1);
    return { from: share(levels[i]), to: share(down), next: share(next), up };
  });
}

/** The network's time at a level: its clock counts to 1000, as `flowTable` does. */
export const timeAt = (level: number): number => 1000 * level - 0.5;

/** A teacher's guided velocity; of texts and their ends come first those asked for, then as many of nothing. */
export function guidedVelocity(
  specs: DenoiserSpecs,
  batch: number,
  side: number,
  guidance: number,
): Graph<DenoiserIn, "velocity"> {
  const { sample, time } = denoiserInputs(specs, batch, side);
  const { ids, end } = denoiserInputs(specs, 2 * batch, side);
  return trace<DenoiserIn, "velocity">({ sample, time, ids, end }, (p, given) => {
    const [twice, times] = [given.sample, given.time].map((v) => concat(0, v, v));
    const [asked, plain] = velocity(specs, named(p), { ...given, sample: twice, time: times }).split(0, 2);
    return { velocity: plain.add(asked.sub(plain).mul(guidance)) };
  });
}

/**
 * The paths of a teacher: those that are kept are read, the others walked and kept. Path i depends on the seed and on i alone.
 * @returns undefined when the signal stopped it
 * @throws RangeError when the student's steps do not divide the teacher's
 */
export async function drawPaths(
  runtime: Runtime,
  teacher: Teacher,
  options: PathOptions,
): Promise<Paths[] | undefined> {
  const { id, seed, side, guidance, teacherSteps, studentSteps } = teacher;
  if (teacherSteps % studentSteps !== 0)
    throw new RangeError(
      `distill: ${teacherSteps} steps of the teacher are no multiple of the student's ${studentSteps}`,
    );
  const { folder, count, onWalked, signal } = options;
  const batch = Math.min(options.batch ?? 128, count);
  const key = JSON.stringify({ walk: "ancestral", id, seed, side, guidance, teacherSteps, studentSteps });
  await mkdir(folder, { recursive: true });
  const all: Paths[] = [];
  let walker: Walker | undefined;
  let fresh = 0;
  try {
    for (let first = 0; first < count; first += PATHS_A_FILE) {
      const path = join(folder, `${String(first / PATHS_A_FILE).padStart(4, "0")}.safetensors`);
      const wanted = Math.min(PATHS_A_FILE, count - first);
      let paths = await keptPaths(path, key, wanted);
      if (!paths) {
        walker ??= await runtime.compile(
          guidedVelocity(teacher.specs, batch, side, guidance),
          fromTensors(teacher.weights),
          { repack: true },
        );
        paths = await walked(walker, teacher, { first, wanted, batch, signal });
        if (!paths) return undefined;
        await writeSafetensors(path, { ...paths }, { key });
        fresh += wanted;
        onWalked?.(first + wanted, fresh);
      }
      all.push(paths);
    }
  } finally {
    await walker?.[Symbol.asyncDispose]();
  }
  return all;
}

type Walker = Program<DenoiserIn, "velocity">;

interface WalkOptions {
  readonly first: number;
  readonly wanted: number;
  readonly batch: number;
  readonly signal: AbortSignal | undefined;
}

/** The paths of a file, if it is there and its paths are this teacher's. */
async function keptPaths(path: string, key: string, wanted: number): Promise<Paths | undefined> {
  const file = await openIfThere(path);
  if (file?.metadata.key !== key || (file.info("states")?.shape[0] ?? 0) < wanted) return undefined;
  return (await readAll(file)) as unknown as Paths;
}

/** Walk `wanted` paths from number `first` on. The last batch is filled up with paths that are not kept. */
async function walked(walker: Walker, teacher: Teacher, options: WalkOptions): Promise<Paths | undefined> {
  const { specs, tokenizer, caption, side, teacherSteps, studentSteps, seed } = teacher;
  const { first, wanted, batch, signal } = options;
  const way = stretches(studentSteps);
  const stride = teacherSteps / studentSteps;
  const shape = [specs.unet.inChannels, side, side];
  const width = size(shape);
  const states = new Uint16Array(wanted * 2 * studentSteps * width);
  const asked: string[] = [];
  for (let from = 0; from < wanted; from += batch) {
    if (signal?.aborted) return undefined;
    const x = new Float32Array(batch * width);
    const dice = Array.from({ length: batch }, (_, b) => random(seed, `path ${first + from + b}`));
    for (const [b, { fillNormal }] of dice.entries()) fillNormal(x.subarray(b * width, (b + 1) * width));
    const captions = dice.map(caption);
    for (let i = 0; i < x.length; i++) x[i] *= way[0].from;
    const texts = readTexts(tokenizer, [...captions, ...captions.map(() => "")], specs.text.positions);
    const some = Math.min(batch, wanted - from);
    const keep = (state: number): void => {
      const { data } = narrow(tensor(x, [x.length]), "f16");
      for (let b = 0; b < some; b++)
        states.set(data.subarray(b * width, (b + 1) * width), ((from + b) * 2 * studentSteps + state) * width);
    };
    for (const [stop, { from: top, to, next, up }] of way.entries()) {
      keep(2 * stop);
      const down = (to - top) / stride;
      for (let step = 0; step < stride; step++) {
        const { velocity } = await walker.run({
          sample: tensor(x, [batch, ...shape]),
          time: unetTime(specs.unet, new Array<number>(batch).fill(timeAt(top + step * down))),
          ...texts,
        });
        for (let i = 0; i < x.length; i++) x[i] += down * velocity.data[i];
      }
      keep(2 * stop + 1);
      if (next === 0) break;
      for (const [b, { normal }] of dice.entries())
        for (let i = b * width; i < (b + 1) * width; i++) x[i] = (1 - next) * (x[i] / (1 - to) + up * normal());
    }
    asked.push(...captions.slice(0, some));
  }
  return {
    states: { dtype: "f16", shape: [wanted, 2 * studentSteps, ...shape], data: states },
    ...readTexts(tokenizer, asked, specs.text.positions),
  };
}
