// judge-recipe: train a judge, examine it on pictures it has not seen, keep it as a folder, open it again. Node only.
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Runtime } from "../runtime/runtime.ts";
import { narrow, widen } from "../tensor/dtype.ts";
import { tensor } from "../tensor/tensor.ts";
import { writeFileAtomically } from "../weights/atomic-file.ts";
import { openSafetensors, writeSafetensors } from "../weights/safetensors-file.ts";
import { readAll } from "../weights/weights.ts";
import { cosine, type Tensors } from "./adamw.ts";
import {
  ATTRIBUTES,
  type Attribute,
  type Judge,
  type JudgeSpec,
  judge128,
  judgeLoss,
  openJudge,
  says,
} from "./judge.ts";
import { type JudgeSet, judgeBatch } from "./judge-set.ts";
import { type Progress, run } from "./run.ts";
import type { Share } from "./statistics.ts";
import { begin, train } from "./train.ts";

export interface JudgeRecipe {
  readonly steps: number;
  readonly batch: number;
  readonly rate: number;
  /** Where the run is kept, so that it can go on. */
  readonly folder: string;
  /** Weights of a judge to begin with; fresh ones for what it lacks. */
  readonly from?: Tensors;
  readonly onProgress?: (progress: Progress) => void;
  readonly signal?: AbortSignal;
}

/** Train (or go on training) a judge of pictures. @returns its averaged weights, and whether the last step was reached */
export async function trainJudge(
  runtime: Runtime,
  set: JudgeSet,
  { steps, batch, rate, folder, from = {}, ...options }: JudgeRecipe,
): Promise<{ weights: Tensors; done: boolean }> {
  const loss = judgeLoss(judge128, batch);
  const state = begin(loss, { seed: 3, from });
  const done = await run({
    stage: "judge",
    folder,
    steps,
    batch,
    state,
    ...options,
    train: () =>
      train(runtime, loss, state, {
        steps,
        schedule: cosine(rate, steps, { warmup: 100 }),
        betas: [0.9, 0.99],
        weightDecay: 0.05,
        averageDecay: 0.998,
        seed: 3,
        batch: (_, random) => judgeBatch(set, batch, random),
      }),
  });
  return { weights: state.average, done };
}

/** A wrong answer and how often it was given. */
export interface Confusion {
  readonly attribute: Attribute;
  readonly truth: string;
  readonly said: string;
  readonly count: number;
}

export interface Examination {
  readonly pictures: number;
  /** Right answers, of the pictures that have the attribute. */
  readonly right: Readonly<Record<Attribute, Share>>;
  /** Pictures without a time, colour or relation of which the judge said so. */
  readonly none: Share;
  /** Pictures of which every answer was right. */
  readonly together: Share;
  /** The most frequent wrong answers. */
  readonly confusions: readonly Confusion[];
}

/** Ask a judge about the first `count` pictures of a set. */
export async function examine(judge: Judge, set: JudgeSet, count = set.count): Promise<Examination> {
  const right: Record<Attribute, { right: number; of: number }> = Object.fromEntries(
    ATTRIBUTES.map(({ name }) => [name, { right: 0, of: 0 }]),
  ) as Record<Attribute, { right: number; of: number }>;
  const none = { right: 0, of: 0 };
  const together = { right: 0, of: count };
  const wrong = new Map<string, number>();
  const width = 3 * set.side ** 2;
  for (let from = 0; from < count; from += 50) {
    const n = Math.min(50, count - from);
    const pictures = new Float32Array(n * width);
    for (let b = 0; b < n; b++) pictures.set(await set.picture(from + b), b * width);
    for (const [b, verdict] of (await judge(tensor(pictures, [n, 3, set.side, set.side]))).entries()) {
      const truth = set.answers(from + b);
      for (const { name } of ATTRIBUTES) {
        const tally = truth[name][0] === "none" ? none : right[name];
        tally.of++;
        if (says(verdict[name], truth[name])) tally.right++;
        else {
          const said = verdict[name].slice(0, truth[name].length);
          const key = [name, truth[name].join(" + "), said.join(" + ")].join("\t");
          wrong.set(key, (wrong.get(key) ?? 0) + 1);
        }
      }
      if (ATTRIBUTES.every(({ name }) => says(verdict[name], truth[name]))) together.right++;
    }
  }
  const confusions = [...wrong]
    .sort(([, a], [, b]) => b - a)
    .slice(0, 20)
    .map(([key, times]) => {
      const [attribute, truth, said] = key.split("\t");
      return { attribute: attribute as Attribute, truth, said, count: times };
    });
  return { pictures: count, right, none, together, confusions };
}

/** What lies beside a judge's weights: what it is, what it answers, how good it is. */
export interface JudgeCard {
  readonly spec: JudgeSpec;
  readonly answers: Readonly<Record<Attribute, readonly string[]>>;
  readonly training: {
    readonly steps: number;
    readonly batch: number;
    readonly pictures: number;
    /** Steps of the judges that it began with. */
    readonly before?: number;
  };
  readonly examinations: Readonly<Record<string, Examination>>;
}

const files = (folder: string) => ({
  weights: join(folder, "judge.safetensors"),
  card: join(folder, "judge.json"),
});

const answers = (): JudgeCard["answers"] =>
  Object.fromEntries(ATTRIBUTES.map(({ name, values }) => [name, values])) as JudgeCard["answers"];

/** Write a judge's weights in half precision; the card is written once it has been examined, with `writeJudgeCard`. */
export async function writeJudge(folder: string, weights: Tensors): Promise<void> {
  await mkdir(folder, { recursive: true });
  const half = Object.fromEntries(Object.entries(weights).map(([name, t]) => [name, narrow(t, "f16")]));
  await writeSafetensors(files(folder).weights, half, { format: "pt" });
}

/** Write a judge's card. */
export async function writeJudgeCard(folder: string, card: Omit<JudgeCard, "spec" | "answers">): Promise<void> {
  const whole: JudgeCard = { spec: judge128, answers: answers(), ...card };
  await writeFileAtomically(files(folder).card, new TextEncoder().encode(`${JSON.stringify(whole, null, 1)}\n`));
}

/** What a judge hands on to another: its weights in float32, and how many steps they took in all. */
export async function handedOn(folder: string): Promise<{ weights: Tensors; steps: number }> {
  const kept = await readAll(await openSafetensors(files(folder).weights));
  const weights = Object.fromEntries(Object.entries(kept).map(([name, t]) => [name, widen(t)]));
  const { steps, before = 0 } = (await cardOf(folder)).training;
  return { weights, steps: steps + before };
}

const cardOf = async (folder: string): Promise<JudgeCard> => JSON.parse(await readFile(files(folder).card, "utf8"));

/**
 * Open the judge in a folder, with the answers of the painted world that it was trained in.
 * @throws ModelError when it has no weights
 */
export async function loadJudge(
  folder: string,
  runtime: Runtime,
): Promise<{ judge: Judge & AsyncDisposable; card: JudgeCard }> {
  const card = await cardOf(folder);
  const its = ATTRIBUTES.map(({ name }) => ({ name, values: card.answers[name] }));
  const weights = await openSafetensors(files(folder).weights);
  return { judge: await openJudge(runtime, card.spec, weights, { answers: its }), card };
}
