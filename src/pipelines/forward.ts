// The forward process on a picture: how it drowns in noise, level by level, in pixels and in latents. Ho et al. 2020, eq. 4.
import { networkInput } from "../diffusion/forward.ts";
import { fromPixels, type Pixels, toPixels } from "../image/pixels.ts";
import { fitted } from "../image/resize.ts";
import { cpuGenerator, type Seed } from "../tensor/random.ts";
import type { Engine } from "./engine.ts";
import { latentShape } from "./model.ts";

/** A picture at one level of the forward process. */
export interface Drowning {
  readonly index: number;
  readonly levels: number;
  /** The network's time, 0 (clean) to T − 1. */
  readonly time: number;
  /** The noise level σ of x₀ + σ·ε; 0 for the first. */
  readonly sigma: number;
  /** Noise added to the pixels themselves. */
  readonly pixels: Pixels;
  /** The same noise level in the latents: encoded, noise added, decoded. What the network has to undo. */
  readonly latents: Pixels;
}

export interface ForwardOptions {
  readonly seed: Seed;
  /** How many levels, the clean picture and the last time included; from 2. */
  readonly levels?: number;
}

/**
 * Show a picture (of any size) drown: the same noise, more of it at each level, times evenly spaced from none to the last.
 * The samples are scaled as the network sees them, so that pure noise is what is left in the end.
 * @throws RangeError when there are fewer than two levels
 */
export async function* forward(engine: Engine, picture: Pixels, options: ForwardOptions): AsyncGenerator<Drowning> {
  const { model } = engine;
  const { seed, levels = 8 } = options;
  if (!Number.isInteger(levels) || levels < 2 || levels > model.table.timesteps)
    throw new RangeError(`levels: ${levels} must be a whole number from 2 to ${model.table.timesteps}`);
  const { width, height } = model.defaults;
  const clean = fromPixels(fitted(picture, model.defaults));
  const latents = await engine.encode(clean);
  const generator = cpuGenerator(seed);
  const latentNoise = generator.randn(latentShape(model, width, height));
  const noise = generator.randn(clean.shape);
  for (let index = 0; index < levels; index++) {
    const time = ((model.table.timesteps - 1) * index) / (levels - 1);
    const sigma = index === 0 ? 0 : model.table.sigma(time);
    const [inPixels, inLatents] =
      index === 0
        ? [clean, latents]
        : [
            networkInput(model.prediction, clean, noise, sigma),
            networkInput(model.prediction, latents, latentNoise, sigma),
          ];
    const [shown] = toPixels(inPixels);
    const [decoded] = toPixels(await engine.decode(inLatents));
    yield { index, levels, time, sigma, pixels: shown, latents: decoded };
  }
}
