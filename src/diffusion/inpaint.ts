// Inpainting: a walk that is held to what is known of the picture, and draws the rest. Song et al. 2021; Lugmayr et al. 2022.
import { map, scale, showShape, type Tensor } from "../tensor/tensor.ts";
import { noised } from "./forward.ts";
import type { Sampler } from "./samplers.ts";

/** What is known of a sample [1,c,h,w]. */
export interface Known {
  /** The clean sample, of which only what the mask leaves matters. */
  readonly clean: Tensor;
  /** The noise [1,c,h,w] that it is seen through, the same at every level. */
  readonly noise: Tensor;
  /** [1,1,h,w]: 1 where something new is drawn, 0 where the sample is known. */
  readonly mask: Tensor;
}

/** `drawn` where the mask is 1, `known` where it is 0, a mixture between; the mask [1,1,h,w] holds for every channel. */
export function masked(mask: Tensor, drawn: Tensor, known: Tensor): Tensor {
  const area = mask.data.length;
  if (drawn.data.length !== known.data.length || area !== drawn.shape[2] * drawn.shape[3])
    throw new RangeError(
      `mask: ${showShape(mask.shape)} does not fit ${showShape(drawn.shape)} and ${showShape(known.shape)}`,
    );
  return map(drawn, (v, i) => {
    const m = mask.data[i % area];
    return m === 1 ? v : m === 0 ? known.data[i] : m * v + (1 - m) * known.data[i];
  });
}

/**
 * A sampler that draws only where the mask says, for networks that were not trained to fill in: at each level below the first
 * the rest is put back, clean + σ·noise, as diffusers' StableDiffusionInpaintPipeline does after each step. The network sees
 * both together, so that what it draws fits.
 */
export function inpainting(sample: Sampler, { clean, noise, mask }: Known): Sampler {
  return async function* (denoise, x, sigmas, options) {
    const held = (at: Tensor, sigma: number): Tensor =>
      sigma === sigmas.levels[0] ? at : masked(mask, at, noised(clean, noise, sigma));
    const walk = sample(
      async (at, sigma) => masked(mask, await denoise(held(at, sigma), sigma), clean),
      x,
      sigmas,
      options,
    );
    for (;;) {
      const { done, value } = await walk.next();
      if (done) return masked(mask, value, scale(clean, 1 / sigmas.end));
      yield { ...value, x: held(value.x, value.sigma) };
    }
  };
}
