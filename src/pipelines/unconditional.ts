// Unconditional: what a model draws when nobody asks for anything, the picture that the noise of a seed leads to.
import type { Step } from "../diffusion/samplers.ts";
import type { Engine } from "./engine.ts";
import { type Picture, type Request, textToImage } from "./text-to-image.ts";

/** A request without words, and without what only matters with them. */
export type Unguided = Omit<Request, "prompt" | "negative" | "guidance" | "rescale" | "interval">;

/**
 * Make one picture that no words guide; the network sees the empty prompt, which training showed it too (Ho & Salimans
 * 2022), and is called once a step. Each step is yielded, the picture is returned.
 * @throws RangeError as `settings` does
 */
export const unconditional = (engine: Engine, request: Unguided): AsyncGenerator<Step, Picture, void> =>
  textToImage(engine, { ...request, guidance: 1 });
