// evaluate: what is asked of a generator, and what its pictures amount to once a judge has seen them.
import { type Tensor, tensor } from "../tensor/tensor.ts";
import { psnr } from "./autoencoder.ts";
import type { Wish } from "./draw.ts";
import { ATTRIBUTES, type Attribute, type Verdict } from "./judge.ts";
import { describe, paintScene, type Scene, SUBJECTS } from "./scenes/index.ts";
import { SUBJECT_RECORDS } from "./scenes/subjects.ts";
import { type Features, kid, meanDistance, type Share, totalVariation } from "./statistics.ts";

/** A picture to ask for, and what it must show to count as right. */
export interface Ask extends Wish {
  readonly want: Readonly<Partial<Record<Attribute, string>>>;
  /** The scene that the prompt describes, where it describes all of one. */
  readonly scene?: Scene;
}

/**
 * What is asked for: whole captions of combinations that training showed and of those it never showed, bare nouns, nothing.
 */
export type Split = "seen" | "held-out" | "short" | "unguided";
export const SPLITS: readonly Split[] = ["seen", "held-out", "short", "unguided"];

/** Scenes of evaluation have seeds that no generator and no judge is trained with. */
const FIRST_SEED = { seen: 20_000_000, "held-out": 21_000_000, other: 22_000_000 };

const wanted = ({ subject, attributes: { style, time, color } }: Scene): Ask["want"] => ({
  subject,
  style,
  ...(time && { time }),
  ...(color && { color }),
});

/** The first `count` questions of a split; always the same. */
export function questions(split: Split, count: number): Ask[] {
  return Array.from({ length: count }, (_, i): Ask => {
    const seed = i + 1;
    if (split === "unguided") return { seed, want: {} };
    if (split === "short") {
      const subject = SUBJECTS[i % SUBJECTS.length];
      const { bare } = SUBJECT_RECORDS[subject];
      return { seed, prompt: bare[Math.floor(i / SUBJECTS.length) % bare.length], want: { subject } };
    }
    const scene = describe(FIRST_SEED[split] + i, {}, { heldOut: split === "seen" ? "avoid" : "only" });
    return { seed, prompt: scene.captions.long, want: wanted(scene), scene };
  });
}

/** True pictures of the world that no question asks for: what drawings without a prompt are compared with. */
export const otherScenes = (count: number): Scene[] =>
  Array.from({ length: count }, (_, i) => describe(FIRST_SEED.other + i, {}, { heldOut: "avoid" }));

/** Scenes as the painter paints them: [n,3,side,side] in −1…1. */
export function painted(scenes: readonly Scene[], side: number): Tensor {
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

const said = (verdict: Verdict, name: Attribute): string =>
  ATTRIBUTES.find((a) => a.name === name)!.values[verdict[name]];

/** Compare verdicts with what was asked. */
export function result(asked: readonly Ask[], verdicts: readonly Verdict[]): Result {
  const share = (name: Attribute): Share => {
    const those = asked.map((ask, i) => [ask.want[name], verdicts[i]] as const).filter(([want]) => want !== undefined);
    return { right: those.filter(([want, verdict]) => said(verdict, name) === want).length, of: those.length };
  };
  const all = asked.filter(({ want }, i) =>
    ATTRIBUTES.every(({ name }) => want[name] === undefined || want[name] === said(verdicts[i], name)),
  );
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
    const value = want[name];
    if (value === undefined) continue;
    shares[value] ??= { right: 0, of: 0 };
    shares[value].of++;
    if (said(verdicts[i], name) === value) shares[value].right++;
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
    SUBJECTS.map((_, s) => all.filter((v) => v.subject === s).length);
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
