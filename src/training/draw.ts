// draw: the pictures that an evaluation judges, each drawn as anyone would get it.
import { finish } from "../diffusion/samplers.ts";
import type { Engine } from "../pipelines/engine.ts";
import { type Request, textToImage } from "../pipelines/text-to-image.ts";
import { rows, stack, type Tensor } from "../tensor/tensor.ts";

/** One picture to draw: without a prompt nothing guides it. */
export type Wish = Pick<Request, "prompt" | "seed">;

export interface DrawOptions
  extends Pick<Request, "quality" | "steps" | "guidance" | "sampler" | "schedule" | "shift"> {
  readonly onProgress?: (done: number) => void;
}

/**
 * Draw each wish; pictures [n,3,h,w] at the model's own size, about −1…1.
 * @throws RangeError as `settings` does
 */
export async function drawAll(engine: Engine, wishes: readonly Wish[], options: DrawOptions = {}): Promise<Tensor> {
  const { onProgress, ...choices } = options;
  const pictures: Tensor[] = [];
  for (const wish of wishes) {
    const { pixels } = await finish(textToImage(engine, { ...choices, ...wish }));
    pictures.push(pixels);
    onProgress?.(pictures.length);
  }
  return stack(pictures);
}

/** Pictures there and back through a model's autoencoder, a few at a time: what the model could draw at best. */
export async function throughAutoencoder(engine: Engine, pictures: Tensor, batch = 10): Promise<Tensor> {
  const out: Tensor[] = [];
  const count = pictures.shape[0];
  for (let from = 0; from < count; from += batch) {
    const some = rows(pictures, from, Math.min(count, from + batch));
    out.push(await engine.decode(await engine.encode(some)));
  }
  return stack(out);
}
