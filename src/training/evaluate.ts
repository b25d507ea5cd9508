// evaluate: what is asked of a generator, and what its pictures amount to once a judge has seen them.
import { type Tensor, tensor } from "../tensor/tensor.ts";
import { psnr } from "./autoencoder.ts";
import type { Wish } from "./draw.ts";
import { ATTRIBUTES, type Attribute, answersOf, says, type Truth, type Verdict } from "./judge.ts";
import { describe, paintScene, type Scene, SUBJECTS } from "./scenes/index.ts";
import { SUBJECT_RECORDS } from "./scenes/subjects.ts";
import { type Features, kid, meanDistance, type Share, totalVariation } from "./statistics.ts";

/** A picture to ask for, and what it must show to count as right. */
export interface Ask extends Wish {
  readonly want: Partial<Truth>;
  /** The scene that the prompt describes, where it describes all of one. */
  readonly scene?: Depicted;
}

/** As much of a scene as it takes to paint it. */
export type Depicted = Omit<Scene, "captions">;

/**
 * What is asked for: whole captions of combinations that training showed and of those it never showed, bare nouns, nothing.
 */
export type Split = "seen" | "held-out" | "short" | "unguided";
export const SPLITS: readonly Split[] = ["seen", "held-out", "short", "unguided"];

/** Scenes of evaluation have seeds that no generator and no judge is trained with. */
const FIRST_SEED = { seen: 20_000_000, "held-out": 21_000_000, other: 22_000_000 };

/** What is true of a scene, but for what it has not. */
const wanted = (scene: Depicted): Ask["want"] =>
  Object.fromEntries(Object.entries(answersOf(scene)).filter(([, [first]]) => first !== "none"));

/** The first `count` questions of a split; always the same. */
export function questions(split: Split, count: number): Ask[] {
  return Array.from({ length: count }, (_, i): Ask => {
    const seed = i + 1;
    if (split === "unguided") return { seed, want: {} };
    if (split === "short") {
      const subject = SUBJECTS[i % SUBJECTS.length];
      const { bare } = SUBJECT_RECORDS[subject];
      return { seed, prompt: bare[Math.floor(i / SUBJECTS.length) % bare.length], want: { subject: [subject] } };
    }
    const scene = describe(FIRST_SEED[split] + i, {}, { heldOut: split === "seen" ? "avoid" : "only" });
    return { seed, prompt: scene.captions.long, want: wanted(scene), scene };
  });
}

/** True pictures of the world that no question asks for: what drawings without a prompt are compared with. */
export const otherScenes = (count: number): Scene[] =>
  Array.from({ length: count }, (_, i) => describe(FIRST_SEED.other + i, {}, { heldOut: "avoid" }));

/** All that a model is asked. */
export interface Exam extends Readonly<Record<Split, readonly Ask[]>> {
  /** True pictures that no question asks for. */
  readonly other: readonly Depicted[];
}

/** The first `count` questions of each split in the painted world as it is now. */
export const examNow = (count: number): Exam => ({
  seen: questions("seen", count),
  "held-out": questions("held-out", count),
  short: questions("short", count),
  unguided: questions("unguided", count),
  other: otherScenes(count),
});

/** An exam as it is kept beside a model, one line a question: `seen\tprompt\tscene`, `short\tprompt\twant`, `other\t\tscene`. */
export function writeExam(exam: Exam): string {
  const lines: string[] = [];
  for (const split of ["seen", "held-out"] as const)
    for (const { prompt, scene } of exam[split]) lines.push([split, prompt, JSON.stringify(kept(scene!))].join("\t"));
  for (const { prompt, want } of exam.short)
    lines.push(["short", prompt, JSON.stringify({ subject: want.subject?.[0] })].join("\t"));
  for (const scene of exam.other) lines.push(["other", "", JSON.stringify(kept(scene))].join("\t"));
  return `${lines.join("\n")}\n`;
}

/**
 * The exam in a file's text, its first `count` questions of each split.
 * @throws RangeError when it has fewer
 */
export function readExam(text: string, count: number): Exam {
  const lines = text
    .trim()
    .split("\n")
    .map((line) => line.split("\t"));
  const of = (split: string): string[][] => {
    const found = lines.filter(([name]) => name === split).slice(0, count);
    if (found.length < count)
      throw new RangeError(
        `evaluate: the model's questions.tsv has ${found.length} questions of the split "${split}", and ${count} were to be asked; ask fewer with --count ${found.length}`,
      );
    return found;
  };
  const whole = (split: string): Ask[] =>
    of(split).map(([, prompt, json], i): Ask => {
      const scene: Depicted = JSON.parse(json);
      return { seed: i + 1, prompt, want: wanted(scene), scene };
    });
  return {
    seen: whole("seen"),
    "held-out": whole("held-out"),
    short: of("short").map(([, prompt, json], i) => ({
      seed: i + 1,
      prompt,
      want: { subject: [JSON.parse(json).subject] },
    })),
    unguided: questions("unguided", count),
    other: of("other").map(([, , json]) => JSON.parse(json)),
  };
}

const kept = ({ seed, subject, attributes, plan }: Depicted): Depicted => ({ seed, subject, attributes, plan });

/** Scenes as the painter paints them: [n,3,side,side] in −1…1. */
export function painted(scenes: readonly Depicted[], side: number): Tensor {
  const width = 3 * side * side;
  const out = new Float32Array(scenes.length * width);
  for (const [i, scene] of scenes.entries())
    out.set(
      paintScene(scene, side).map((v) => 2 * v - 1),
      i * width,
    );
  return tensor(out, [scenes.length, 3, side, side]);
}

/** How often the pictures of a split showed what was asked. */
export interface Result {
  readonly pictures: number;
  /** Of the pictures that were asked for the attribute. */
  readonly right: Readonly<Record<Attribute, Share>>;
  /** Pictures that show everything they were asked for. */
  readonly together: Share;
}

/** Compare verdicts with what was asked. */
export function result(asked: readonly Ask[], verdicts: readonly Verdict[]): Result {
  const share = (name: Attribute): Share => {
    const those = asked.flatMap(({ want }, i) => (want[name] ? [says(verdicts[i][name], want[name])] : []));
    return { right: those.filter((right) => right).length, of: those.length };
  };
  const all = asked.filter(({ want }, i) => ATTRIBUTES.every(({ name }) => says(verdicts[i][name], want[name] ?? [])));
  const right = Object.fromEntries(ATTRIBUTES.map(({ name }) => [name, share(name)])) as Record<Attribute, Share>;
  return { pictures: asked.length, right, together: { right: all.length, of: asked.length } };
}

/** How often each value of an attribute was shown when it was asked for; values never asked for are left out. */
export function byValue(
  name: Attribute,
  asked: readonly Ask[],
  verdicts: readonly Verdict[],
): Readonly<Record<string, Share>> {
  const shares: Record<string, { right: number; of: number }> = {};
  for (const [i, { want }] of asked.entries()) {
    const values = want[name] ?? [];
    for (const value of values) {
      shares[value] ??= { right: 0, of: 0 };
      shares[value].of++;
      if (verdicts[i][name].slice(0, values.length).includes(value)) shares[value].right++;
    }
  }
  return shares;
}

/** Peak signal-to-noise ratio in dB, the mean over pictures [n,…] in −1…1; what lies outside is clamped first. */
export function meanPsnr(pictures: Tensor, originals: Tensor): number {
  const [count] = pictures.shape;
  const width = pictures.data.length / count;
  let sum = 0;
  for (let i = 0; i < count; i++) {
    let error = 0;
    for (let j = i * width; j < (i + 1) * width; j++)
      error += (Math.min(1, Math.max(-1, pictures.data[j])) - originals.data[j]) ** 2;
    sum += psnr(error / width);
  }
  return sum / count;
}

/** How drawings without a prompt compare with the world they were learned from. */
export interface Variety {
  readonly pictures: number;
  /** Mean distance between the judge's features of two drawings, and of two true pictures. */
  readonly distance: number;
  readonly trueDistance: number;
  /** Total variation between the subjects drawn and those of the true pictures; the floor is that of two true sets. */
  readonly subjects: number;
  readonly subjectsFloor: number;
  /** Kernel distance on the judge's features, drawings to true pictures; the floor is that of two true sets. */
  readonly kid: number;
  readonly kidFloor: number;
}

/** @param real as many true pictures as drawings; @param again as many others */
export function variety(drawn: readonly Verdict[], real: readonly Verdict[], again: readonly Verdict[]): Variety {
  const features = (all: readonly Verdict[]): Features => all.map((v) => v.features);
  const subjects = (all: readonly Verdict[]): number[] =>
    SUBJECTS.map((name) => all.filter(({ subject: [first] }) => first === name).length);
  return {
    pictures: drawn.length,
    distance: meanDistance(features(drawn)),
    trueDistance: meanDistance(features(real)),
    subjects: totalVariation(subjects(drawn), subjects(real)),
    subjectsFloor: totalVariation(subjects(again), subjects(real)),
    kid: kid(features(drawn), features(real)),
    kidFloor: kid(features(again), features(real)),
  };
}
