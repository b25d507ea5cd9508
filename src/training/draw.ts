// draw: many pictures at once, as an evaluation needs them; each comes from its own seed as it would alone.
import { guided } from "../diffusion/guidance.ts";
import { samplerNamed } from "../diffusion/registry.ts";
import { finish } from "../diffusion/samplers.ts";
import { type Context, type Engine, stackContexts, zeroContext } from "../pipelines/engine.ts";
import { latentShape } from "../pipelines/model.ts";
import { type Request, settings, walk } from "../pipelines/text-to-image.ts";
import { cpuGenerator, perImage } from "../tensor/random.ts";
import { rows, scale, stack, type Tensor } from "../tensor/tensor.ts";

/** One picture to draw: without a prompt nothing guides it. */
export type Wish = Pick<Request, "prompt" | "seed">;

export interface DrawOptions
  extends Pick<Request, "quality" | "steps" | "guidance" | "sampler" | "schedule" | "shift"> {
  /** Pictures at a time. */
  readonly batch?: number;
  readonly onProgress?: (done: number) => void;
}

/**
 * Draw each wish; pictures [n,3,h,w] at the model's own size, about −1…1. Guidance is the same for all, and none for those
 * without a prompt. Equal to `textToImage` of each but for the last bits, which the size of a batch may change.
 * @throws RangeError as `settings` does, or when some wishes have a prompt and some do not
 */
export async function drawAll(engine: Engine, wishes: readonly Wish[], options: DrawOptions = {}): Promise<Tensor> {
  const { batch = 10, onProgress, ...overrides } = options;
  const { model } = engine;
  const chosen = settings(model, { seed: 0, ...overrides });
  const [worded, wordless] = [
    wishes.filter((w) => w.prompt !== undefined),
    wishes.filter((w) => w.prompt === undefined),
  ];
  if (worded.length > 0 && wordless.length > 0)
    throw new RangeError("draw: wishes with and without a prompt cannot share a batch; draw them apart");
  const steered = worded.length > 0 && chosen.guidance !== 1;
  const sigmas = walk(model, chosen);
  const [, ...shape] = latentShape(model, chosen.width, chosen.height);

  const pictures: Tensor[] = [];
  for (let from = 0; from < wishes.length; from += batch) {
    const some = wishes.slice(from, from + batch);
    // A last batch that is short is filled up: another size would be compiled anew.
    const full = wishes.length <= batch ? some : [...some, ...wishes.slice(0, batch - some.length)];
    const context = async (texts: readonly string[]): Promise<Context> =>
      stackContexts(await inTurn(texts, (text) => engine.context(text)));
    const contexts = await context(full.map(({ prompt = "" }) => prompt));
    const { guidance, rescale, quality } = chosen;
    const asked = engine.denoise(contexts, sigmas, { quality });
    const denoise = steered
      ? guided(
          asked,
          engine.denoise(model.zeroNegative ? zeroContext(contexts) : await context(full.map(() => "")), sigmas, {
            quality,
          }),
          {
            scale: guidance,
            rescale,
            prediction: model.prediction,
          },
        )
      : asked;
    const noise = perImage(full.map(({ seed }) => cpuGenerator(seed)));
    const x = scale(noise([full.length, ...shape]), sigmas.start);
    const last = await finish(
      samplerNamed(chosen.sampler).sample(denoise, x, sigmas, { noise, prediction: model.prediction }),
    );
    pictures.push(rows(await engine.decode(scale(last, sigmas.end)), 0, some.length));
    onProgress?.(from + some.length);
  }
  return stack(pictures);
}

async function inTurn<A, B>(items: readonly A[], f: (item: A) => Promise<B>): Promise<B[]> {
  const out: B[] = [];
  for (const item of items) out.push(await f(item));
  return out;
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
