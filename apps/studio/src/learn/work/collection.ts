// The collection of Latent space: texts, the pictures drawn for them in this page or kept in the gallery, and the vectors of both.
import type { Picture, Pictures } from "@dreamgrain/server/contract";
import {
  combine,
  cpuGenerator,
  type Embedder,
  fitted,
  flatten,
  fromPixels,
  guided,
  latentShape,
  type Pixels,
  type Shape,
  samplerNamed,
  scale,
  settings,
  slerp,
  type Tensor,
  walk,
} from "dreamgrain/web";
import { ApiError, get, query } from "../../api/client.ts";
import { type Lab, rough, shown } from "./lab.ts";
import { pixelsOf } from "./pixels.ts";
import { centred, cosine } from "./vectors.ts";
import { textVector } from "./words.ts";

/** One text with its picture. */
export interface Item {
  /** Tells it from all others. */
  readonly id: string;
  /** Whether its picture is one of the gallery's, and not drawn in this page. */
  readonly kept: boolean;
  /** Empty for a picture that was drawn without words. */
  readonly prompt: string;
  readonly seed: number;
  /** What the text encoder makes of the text. */
  readonly text: Float32Array;
  /** The picture, once it has been drawn, and its latents. */
  readonly picture?: { readonly pixels: Pixels; readonly latents: Float32Array };
  /** What text and picture mean, in the space that they share, where there is a model of it. */
  readonly meaning?: { readonly text: Float32Array; readonly picture?: Float32Array };
}

/** What an item means, as far as there is something to look at. */
export async function understood(eye: Embedder, { prompt, picture }: Item): Promise<NonNullable<Item["meaning"]>> {
  const text = await eye.embedText(prompt);
  return { text, ...(picture && { picture: await eye.embedPicture(picture.pixels) }) };
}

/** In which space things are points: as the text encoder reads them, as latents, or by what texts and pictures mean. */
export type Space = "text" | "picture" | "meaning";

/** A text or a picture in a space. */
export interface Point {
  readonly item: Item;
  readonly what: "text" | "picture";
  readonly vector: Float32Array;
}

/** The points of a space that are there already; a text is one point, however many pictures it has. */
export function pointsIn(space: Space, items: readonly Item[]): Point[] {
  const point = (item: Item, what: Point["what"], vector: Float32Array | undefined): Point[] =>
    vector ? [{ item, what, vector }] : [];
  const firsts = new Map(
    items
      .filter(({ prompt }) => prompt !== "")
      .map((item) => [item.prompt, item] as const)
      .reverse(),
  );
  const tells = (item: Item): boolean => firsts.get(item.prompt) === item;
  return items.flatMap((item) => [
    ...(space !== "picture" && tells(item)
      ? point(item, "text", space === "text" ? item.text : item.meaning?.text)
      : []),
    ...(space !== "text"
      ? point(item, "picture", space === "picture" ? item.picture?.latents : item.meaning?.picture)
      : []),
  ]);
}

/** The point of an item in a space: that of its text, or of its picture. */
export const pointOf = (points: readonly Point[], item: Item, what: Point["what"]): Point | undefined =>
  points.find(
    (point) => point.what === what && (point.item === item || (what === "text" && point.item.prompt === item.prompt)),
  );

/** How near all points are to one of them, nearest first. Only a space of meaning has a middle that means something. */
export function nearest(space: Space, points: readonly Point[], to: Point): { point: Point; likeness: number }[] {
  const all = points.map(({ vector }) => vector);
  const vectors = space === "meaning" ? all : centred(all);
  const mine = vectors[points.indexOf(to)];
  if (!mine) return [];
  return points
    .map((point, i) => ({ point, likeness: cosine(mine, vectors[i] ?? mine) }))
    .filter(({ point }) => point !== to)
    .sort((a, b) => b.likeness - a.likeness);
}

/** A place between two items: `words` of the way from one text to the other, `noise` of the way from one seed to the other. */
export interface Between {
  readonly from: Pick<Item, "prompt" | "seed">;
  readonly to: Pick<Item, "prompt" | "seed">;
  readonly words: number;
  readonly noise: number;
}

/** Steps of these drawings: enough to tell what they show. */
const STEPS = 8;

/** An item without its picture. */
export const described = async (lab: Lab, prompt: string, seed: number): Promise<Item> => ({
  id: `${prompt} ${seed}`,
  kept: false,
  prompt,
  seed,
  text: await textVector(lab, prompt),
});

/** How many of the gallery's pictures are points at the most: as many as one can still tell apart. */
const MOST_KEPT = 12;

/**
 * The newest pictures of the gallery, each as an item with its picture; none for who has not signed in. One that cannot be
 * read is left out, and told of.
 */
export async function keptItems(lab: Lab, onProblem: (problem: unknown) => void): Promise<Item[]> {
  const { items } = await get<Pictures>(`/v1/pictures${query({ limit: MOST_KEPT })}`).catch((error: unknown) => {
    if (error instanceof ApiError && error.status === 401) return { items: [] };
    throw error;
  });
  const found: Item[] = [];
  for (const picture of items) {
    try {
      found.push(await keptItem(lab, picture));
    } catch (problem) {
      onProblem(problem);
    }
  }
  return found;
}

async function keptItem(lab: Lab, { id, thumbnail, settings }: Picture): Promise<Item> {
  const answer = await fetch(thumbnail);
  if (!answer.ok) throw new Error(`A picture of the gallery is not there (${answer.status} for ${thumbnail}).`);
  const pixels = flatten(await pixelsOf(await answer.blob(), "A picture of the gallery"));
  const latents = await lab.engine.encode(fromPixels(fitted(pixels, lab.model.defaults)));
  const { prompt = "" } = settings;
  return {
    id,
    kept: true,
    prompt,
    seed: Number(settings.seed),
    text: await textVector(lab, prompt),
    picture: { pixels, latents: latents.data },
  };
}

/** What an item is called. */
export const titleOf = ({ prompt }: Pick<Item, "prompt">): string => prompt || "no words";

/** Draw a place between two items; at 0 and 0 it is the first of them. */
export async function drawBetween(
  lab: Lab,
  { from, to, words, noise }: Between,
  signal: AbortSignal,
  onStep: (rough: Pixels) => void,
): Promise<NonNullable<Item["picture"]>> {
  const { model, engine } = lab;
  const chosen = settings(model, { prompt: from.prompt, seed: from.seed, steps: STEPS });
  const [a, b, nothing] = [
    await engine.context(from.prompt),
    await engine.context(to.prompt),
    await engine.context(""),
  ];
  const mix = (from: Tensor, to: Tensor): Tensor => (words === 0 ? from : combine([1 - words, from], [words, to]));
  const mixed = {
    tokens: mix(a.tokens, b.tokens),
    ...(a.pooled && b.pooled && { pooled: mix(a.pooled, b.pooled) }),
  };
  const sigmas = walk(model, chosen);
  const denoise = guided(engine.denoise(mixed, sigmas), engine.denoise(nothing, sigmas), { scale: chosen.guidance });
  const [own, other] = [cpuGenerator(from.seed), cpuGenerator(to.seed)];
  const drawn = (shape: Shape): Tensor =>
    noise === 0 ? own.randn(shape) : slerp(own.randn(shape), other.randn(shape), noise);
  const start = drawn(latentShape(model, chosen.width, chosen.height));
  const { sample } = samplerNamed(chosen.sampler);
  const walking = sample(denoise, scale(start, sigmas.start), sigmas, { noise: drawn });
  for (;;) {
    signal.throwIfAborted();
    const { done, value } = await walking.next();
    signal.throwIfAborted();
    if (!done) onStep(rough(model, value.denoised));
    else {
      const latents = scale(value, sigmas.end);
      return { pixels: shown(await engine.decode(latents)), latents: latents.data };
    }
  }
}
