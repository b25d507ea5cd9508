// The collection of Latent space: texts, the pictures drawn for them in this page, and the vectors of both.
import {
  combine,
  cpuGenerator,
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
import { textVector } from "./words.ts";

/** One text with its picture. */
export interface Item {
  readonly prompt: string;
  readonly seed: number;
  /** What the text encoder makes of the text. */
  readonly text: Float32Array;
  /** The picture, once it has been drawn, and its latents. */
  readonly picture?: { readonly pixels: Pixels; readonly latents: Float32Array };
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
