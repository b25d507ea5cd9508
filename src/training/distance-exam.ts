// distance-exam: how well a model of texts and pictures tells them apart: whole captions, bare nouns, right and wrong pairs.
import { similarity } from "../embeddings/distance.ts";
import { type Match, search } from "../embeddings/search.ts";
import { toPixels } from "../image/pixels.ts";
import type { Embedder } from "../pipelines/embedder.ts";
import { rows, type Tensor, tensor } from "../tensor/tensor.ts";
import { painted } from "./evaluate.ts";
import { ATTRIBUTES, type Attribute, answersOf, says } from "./judge.ts";
import { describe, type Scene, SUBJECTS, type Subject } from "./scenes/index.ts";
import { SUBJECT_RECORDS } from "./scenes/subjects.ts";
import type { Share } from "./statistics.ts";

/** How often the right one is found among all of them: first, and among the first five. */
export interface Recall {
  readonly first: Share;
  readonly five: Share;
}

/** What became of captions and their pictures. */
export interface PairsResult {
  readonly pairs: number;
  /** A caption finds its picture. */
  readonly pictures: Recall;
  /** A picture finds its caption. */
  readonly captions: Recall;
  /** Whether the caption nearest to a picture says what the picture shows. */
  readonly said: Readonly<Record<Attribute, Share>>;
  /** Mean cosine of a caption and its picture, and of a caption and any other picture. */
  readonly cosine: { readonly own: number; readonly other: number };
}

/** What became of bare nouns, asked for among as many pictures of each subject. */
export interface NounsResult {
  readonly pictures: number;
  readonly nouns: number;
  /** The first picture that a noun finds shows it, as its subject or beside it. */
  readonly first: Share;
  /** The first ten, taken together. */
  readonly ten: Share;
  /** Of all nouns the nearest to a picture names what it shows. */
  readonly named: Share;
  /** … and not what is beside its subject. */
  readonly subject: Share;
  /** `named`, subject by subject, with what was named instead most often. */
  readonly bySubject: Readonly<Record<Subject, Share & { readonly instead?: Subject }>>;
}

export interface DistanceExam {
  readonly seen: PairsResult;
  readonly heldOut: PairsResult;
  readonly nouns: NounsResult;
}

/** Scenes of the exam have seeds that nothing is trained with. */
const FIRST_SEED = { seen: 30_000_000, heldOut: 31_000_000, nouns: 32_000_000 };

export interface DistanceExamOptions {
  /** Pairs of captions and pictures, of each kind. */
  readonly pairs?: number;
  /** Pictures of each subject that nouns are asked for among. */
  readonly each?: number;
  /** Pixels along each side of the pictures. */
  readonly side?: number;
  readonly onProgress?: (line: string) => void;
}

/** Examine a model on pictures and captions that it has not seen; always the same ones. */
export async function examineDistance(eye: Embedder, options: DistanceExamOptions = {}): Promise<DistanceExam> {
  const { pairs = 500, each = 12, side = 128, onProgress } = options;
  const scenes = (kind: "seen" | "heldOut"): Scene[] =>
    Array.from({ length: pairs }, (_, i) =>
      describe(FIRST_SEED[kind] + i, {}, { heldOut: kind === "seen" ? "avoid" : "only" }),
    );
  const result = async (kind: "seen" | "heldOut"): Promise<PairsResult> => {
    onProgress?.(
      `${pairs} pairs, ${kind === "seen" ? "of combinations as in training" : "of combinations never shown"}`,
    );
    return pairsResult(eye, scenes(kind), side);
  };
  const seen = await result("seen");
  const heldOut = await result("heldOut");
  onProgress?.(`bare nouns among ${each} pictures of each subject`);
  return { seen, heldOut, nouns: await nounsResult(eye, each, side) };
}

async function pairsResult(eye: Embedder, scenes: readonly Scene[], side: number): Promise<PairsResult> {
  const texts = scenes.map(({ captions }) => captions.long);
  const [captions, pictures] = [await meanings(eye, texts), await sights(eye, scenes, side)];
  const found = scenes.map((_, i) => search(rows(captions, i).data, pictures, 5));
  const named = scenes.map((_, i) => search(rows(pictures, i).data, captions, 5));
  // Captions that say the same are each other's.
  const isRight = (i: number, match: Match): boolean => texts[match.index] === texts[i];
  const recall = (all: readonly (readonly Match[])[]): Recall => ({
    first: share(all, ([best], i) => isRight(i, best)),
    five: share(all, (five, i) => five.some((match) => isRight(i, match))),
  });
  const answers = scenes.map(answersOf);
  const said = ATTRIBUTES.map(({ name }) => {
    const asked = named.map(([best], i) => [answers[i][name], answers[best.index][name]] as const);
    return [
      name,
      share(
        asked.filter(([truth]) => truth[0] !== "none"),
        ([truth, answer]) => says(answer, truth),
      ),
    ] as const;
  });
  let [own, all] = [0, 0];
  for (let i = 0; i < scenes.length; i++)
    for (let j = 0; j < scenes.length; j++) {
      const cosine = similarity(rows(captions, i).data, rows(pictures, j).data);
      all += cosine;
      if (i === j) own += cosine;
    }
  const n = scenes.length;
  return {
    pairs: n,
    pictures: recall(found),
    captions: recall(named),
    said: Object.fromEntries(said) as Record<Attribute, Share>,
    cosine: { own: own / n, other: (all - own) / (n * (n - 1)) },
  };
}

async function nounsResult(eye: Embedder, each: number, side: number): Promise<NounsResult> {
  const scenes = Array.from({ length: each * SUBJECTS.length }, (_, i) =>
    describe(FIRST_SEED.nouns + i, { subject: SUBJECTS[i % SUBJECTS.length] }, { heldOut: "avoid" }),
  );
  const nouns = SUBJECTS.flatMap((subject) => SUBJECT_RECORDS[subject].bare.map((noun) => ({ noun, subject })));
  const texts = await meanings(
    eye,
    nouns.map(({ noun }) => noun),
  );
  const pictures = await sights(eye, scenes, side);
  const found = nouns.map((_, i) => search(rows(texts, i).data, pictures, Math.min(10, each)));
  const named = scenes.map((_, i) => nouns[search(rows(pictures, i).data, texts, 1)[0].index].subject);
  /** Whether a picture shows something, as its subject or beside it. */
  const shows = ({ subject, plan }: Scene, what: Subject): boolean => what === subject || what === plan.details.other;
  const bySubject = SUBJECTS.map((subject) => {
    const those = scenes.flatMap((scene, i) => (scene.subject === subject ? [{ scene, name: named[i] }] : []));
    const wrong = those.filter(({ scene, name }) => !shows(scene, name)).map(({ name }) => name);
    const times = (name: Subject): number => wrong.filter((other) => other === name).length;
    const [instead] = [...new Set(wrong)].sort((a, b) => times(b) - times(a));
    return [subject, { right: those.length - wrong.length, of: those.length, ...(instead && { instead }) }] as const;
  });
  return {
    pictures: scenes.length,
    nouns: nouns.length,
    first: share(found, ([best], i) => shows(scenes[best.index], nouns[i].subject)),
    ten: share(
      found.flatMap((matches, i) => matches.map(({ index }) => shows(scenes[index], nouns[i].subject))),
      (right) => right,
    ),
    named: share(named, (name, i) => shows(scenes[i], name)),
    subject: share(named, (name, i) => name === scenes[i].subject),
    bySubject: Object.fromEntries(bySubject) as NounsResult["bySubject"],
  };
}

/** How often something is so. */
function share<T>(all: readonly T[], isRight: (one: T, i: number) => boolean): Share {
  return { right: all.filter(isRight).length, of: all.length };
}

const meanings = async (eye: Embedder, texts: readonly string[]): Promise<Tensor> =>
  rowsOf(await inTurn(texts, (text) => eye.embedText(text)));

const sights = async (eye: Embedder, scenes: readonly Scene[], side: number): Promise<Tensor> =>
  rowsOf(await inTurn(scenes, (scene) => eye.embedPicture(toPixels(painted([scene], side))[0])));

const rowsOf = (vectors: readonly Float32Array[]): Tensor =>
  tensor(Float32Array.from(vectors.flatMap((v) => [...v])), [vectors.length, vectors[0].length]);

async function inTurn<A, B>(items: readonly A[], f: (item: A) => Promise<B>): Promise<B[]> {
  const out: B[] = [];
  for (const item of items) out.push(await f(item));
  return out;
}
