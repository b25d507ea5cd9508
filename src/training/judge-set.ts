// judge-set: the pictures a judge learns from and is examined on, from seeds that no generator is trained with. Node only.
import { mkdir, open, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { type AnyTensor, type Tensor, tensor } from "../tensor/tensor.ts";
import { writeFileAtomically } from "../weights/atomic-file.ts";
import { augmented } from "./augment.ts";
import { ATTRIBUTES, answersOf, mirrored, type Truth } from "./judge.ts";
import type { Random } from "./random.ts";
import { describe, paintScene, type Scene, STYLES, SUBJECTS } from "./scenes/index.ts";

/** Pictures in a shard. */
export const JUDGE_SHARD = 1000;

/** Which pictures: those to learn from, or one of the two examinations. Generators are trained with seeds below 10⁶. */
export type Part = "train" | "seen" | "held-out";
const FIRST_SEED: Readonly<Record<Part, number>> = { train: 10_000_000, seen: 15_000_000, "held-out": 16_000_000 };

/**
 * The scene of picture i of a part. The examinations are what evaluation asks for. Of the pictures to learn from, a quarter
 * has rare subjects and styles as often as common ones; the rest are as the world is. Held-out combinations are among them
 * no more often than by chance: a judge that saw many would expect the style from the subject and the time, and so find it
 * in drawings that lack it.
 */
export function judgeScene(part: Part, i: number): Scene {
  const seed = FIRST_SEED[part] + i;
  if (part !== "train") return describe(seed, {}, { heldOut: part === "seen" ? "avoid" : "only" });
  if (i % 4 !== 2) return describe(seed);
  const turn = (i - 2) / 4;
  const style = STYLES[((turn % SUBJECTS.length) + Math.floor(turn / SUBJECTS.length)) % STYLES.length];
  return describe(seed, { subject: SUBJECTS[turn % SUBJECTS.length], style });
}

const shardFile = (folder: string, part: Part, shard: number): string =>
  join(folder, `${part}-${String(shard).padStart(4, "0")}.rgb`);

/**
 * Paint shard s of a part, as bytes [1000,3,side,side], unless its file is there.
 * @returns whether it had to be painted
 */
export async function paintJudgeShard(folder: string, part: Part, shard: number, side: number): Promise<boolean> {
  const path = shardFile(folder, part, shard);
  if (await stat(path).catch(() => undefined)) return false;
  await mkdir(folder, { recursive: true });
  const width = 3 * side * side;
  const bytes = new Uint8Array(JUDGE_SHARD * width);
  for (let i = 0; i < JUDGE_SHARD; i++) {
    const pixels = paintScene(judgeScene(part, shard * JUDGE_SHARD + i), side);
    for (let j = 0; j < width; j++) bytes[i * width + j] = Math.round(255 * pixels[j]);
  }
  await writeFileAtomically(path, bytes);
  return true;
}

/** Painted pictures of a part with their true answers; pictures are read from disk as they are asked for. */
export interface JudgeSet extends AsyncDisposable {
  readonly count: number;
  readonly side: number;
  /** Picture i in −1…1, planar RGB [3,side,side]. */
  picture(i: number): Promise<Float32Array>;
  answers(i: number): Truth;
}

/** Open the first `shards` shards of a part; they must have been painted. */
export async function openJudgeSet(folder: string, part: Part, shards: number, side: number): Promise<JudgeSet> {
  const width = 3 * side * side;
  const files = await Promise.all(Array.from({ length: shards }, (_, s) => open(shardFile(folder, part, s))));
  const count = shards * JUDGE_SHARD;
  const known = Array.from({ length: count }, (_, i) => answersOf(judgeScene(part, i)));
  return {
    count,
    side,
    async picture(i) {
      const bytes = new Uint8Array(width);
      await files[Math.floor(i / JUDGE_SHARD)].read(bytes, 0, width, (i % JUDGE_SHARD) * width);
      return Float32Array.from(bytes, (b) => b / 127.5 - 1);
    },
    answers: (i) => known[i],
    [Symbol.asyncDispose]: async () => {
      await Promise.all(files.map((file) => file.close()));
    },
  };
}

/** Several sets of one picture size as one. */
export function joinedSets(sets: readonly JudgeSet[]): JudgeSet {
  const at = (i: number): readonly [JudgeSet, number] => {
    let left = i;
    for (const set of sets) {
      if (left < set.count) return [set, left];
      left -= set.count;
    }
    throw new RangeError(`judge set: there is no picture ${i}`);
  };
  return {
    count: sets.reduce((sum, set) => sum + set.count, 0),
    side: sets[0].side,
    picture(i) {
      const [set, k] = at(i);
      return set.picture(k);
    },
    answers(i) {
      const [set, k] = at(i);
      return set.answers(k);
    },
    [Symbol.asyncDispose]: async () => {
      for (const set of sets) await set[Symbol.asyncDispose]();
    },
  };
}

/**
 * Write shard s of a part again, into another folder, each picture there and back through an autoencoder, unless it is
 * there: what a judge is shown of a generator has been through one too.
 * @param through takes pictures [n,3,side,side] in −1…1 and returns them decoded
 * @returns whether it had to be done
 */
export async function decodeJudgeShard(
  from: string,
  to: string,
  part: Part,
  shard: number,
  side: number,
  through: (pictures: Tensor) => Promise<Tensor>,
): Promise<boolean> {
  const path = shardFile(to, part, shard);
  if (await stat(path).catch(() => undefined)) return false;
  await mkdir(to, { recursive: true });
  const original = await readFile(shardFile(from, part, shard));
  const pictures = Float32Array.from(original, (b) => b / 127.5 - 1);
  const { data } = await through(tensor(pictures, [JUDGE_SHARD, 3, side, side]));
  await writeFileAtomically(
    path,
    Uint8Array.from(data, (x) => Math.round(127.5 * (Math.min(1, Math.max(-1, x)) + 1))),
  );
  return true;
}

/** A batch for `judgeLoss`: random pictures, each a little changed, and their answers as rows of which each is 1 in all. */
export async function judgeBatch(set: JudgeSet, batch: number, random: Random): Promise<Record<string, AnyTensor>> {
  const { side } = set;
  const pictures = new Float32Array(batch * 3 * side * side);
  const rows = new Map(ATTRIBUTES.map(({ name, values }) => [name, new Float32Array(batch * values.length)]));
  for (let b = 0; b < batch; b++) {
    const i = random.below(set.count);
    const mirror = random.next() < 0.5;
    pictures.set(augmented(await set.picture(i), side, random, { mirror }), b * 3 * side * side);
    for (const { name, values } of ATTRIBUTES) {
      const truth = set.answers(i)[name];
      for (const answer of truth.map((each) => (mirror ? mirrored(each) : each)))
        rows.get(name)![b * values.length + values.indexOf(answer)] = 1 / truth.length;
    }
  }
  const answers = ATTRIBUTES.map(({ name, values }) => [name, tensor(rows.get(name)!, [batch, values.length])]);
  return { picture: tensor(pictures, [batch, 3, side, side]), ...Object.fromEntries(answers) };
}
