// The collection of Latent space: texts, the pictures drawn for them in this page, and the vectors of both.
import {
  combine,
  cpuGenerator,
  type Embedder,
  guided,
  latentShape,
  type Pixels,
  samplerNamed,
  scale,
  settings,
  slerp,
  type Tensor,
  walk,
} from "dreamgrain/web";
import { type Lab, rough, shown } from "./lab.ts";
import { centred, cosine } from "./vectors.ts";
import { textVector } from "./words.ts";

/** One text with its picture. */
export interface Item {
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

/** The points of a space that are there already. */
export function pointsIn(space: Space, items: readonly Item[]): Point[] {
  const point = (item: Item, what: Point["what"], vector: Float32Array | undefined): Point[] =>
    vector ? [{ item, what, vector }] : [];
  if (space === "meaning")
    return items.flatMap((item) => [
      ...point(item, "text", item.meaning?.text),
      ...point(item, "picture", item.meaning?.picture),
    ]);
  return items.flatMap((item) => point(item, space, space === "text" ? item.text : item.picture?.latents));
}

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
  prompt,
  seed,
  text: await textVector(lab, prompt),
});

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
  const random = cpuGenerator(from.seed);
  const shape = latentShape(model, chosen.width, chosen.height);
  const own = random.randn(shape);
  const start = noise === 0 ? own : slerp(own, cpuGenerator(to.seed).randn(shape), noise);
  const { sample } = samplerNamed(chosen.sampler);
  const walking = sample(denoise, scale(start, sigmas.start), sigmas, { noise: (s) => random.randn(s) });
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
