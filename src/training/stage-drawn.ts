// stage-drawn: latents as a denoiser leaves them, of pictures that are known, so that a decoder learns to read them. Node only.
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { finish } from "../diffusion/samplers.ts";
import { toPixels } from "../image/pixels.ts";
import { engine } from "../pipelines/engine.ts";
import type { Model } from "../pipelines/model.ts";
import { textToImage } from "../pipelines/text-to-image.ts";
import { stack, type Tensor, tensor } from "../tensor/tensor.ts";
import { writeSafetensors } from "../weights/safetensors-file.ts";
import { readAll } from "../weights/weights.ts";
import { toUnit, trainingScene } from "./dataset.ts";
import { random } from "./random.ts";
import { caption } from "./scenes/index.ts";
import { shrunk } from "./shrink.ts";
import type { Pictures } from "./stage-latents.ts";
import type { Workshop } from "./stages.ts";
import { openIfThere } from "./state.ts";

/** Pictures of one file. */
const PART = 250;

/**
 * Latents [count,c,h,w], normalised, of the first pictures of a set as a model that composes draws them: made half as large, enlarged,
 * and drawn on, each by a caption of its own. What they show is where it is in the picture; its detail is the model's.
 * @param id which weights these are: what other weights drew is drawn anew
 * @returns undefined when the signal stopped it; parts that are whole are kept
 */
export async function drawnLatents(
  { folder, runtime, seed, recipe: { side }, onNote, signal }: Workshop,
  set: Pictures,
  model: Model,
  { count, id, strength }: { readonly count: number; readonly id: string; readonly strength: number },
): Promise<Tensor | undefined> {
  const home = join(folder, "drawn");
  await mkdir(home, { recursive: true });
  await using running = engine(model, runtime);
  const half = side / 2;
  const [unit, small] = [new Float32Array(3 * side * side), new Float32Array(3 * half * half)];
  const drawn = async (i: number): Promise<Tensor> => {
    const [image] = toPixels(tensor(shrunk(toUnit(set.picture(i), unit), side, 2, small), [1, 3, half, half]));
    const prompt = caption(trainingScene(set.number(i)), random(seed, `drawn ${i}`).next);
    const quality = model.fewSteps ? "fast" : "best";
    const request = { prompt, image, strength, width: side, height: side, quality, seed: i } as const;
    return (await finish(textToImage(running, request))).latents;
  };
  const parts: Tensor[] = [];
  const started = performance.now();
  let fresh = 0;
  for (let first = 0; first < count; first += PART) {
    const wanted = Math.min(PART, count - first);
    const path = join(home, `${String(first / PART).padStart(4, "0")}.safetensors`);
    const key = JSON.stringify({ id, seed, side, strength, wanted });
    const kept = await openIfThere(path);
    if (kept?.metadata.key === key) {
      parts.push((await readAll(kept)).latents as Tensor);
      continue;
    }
    const some: Tensor[] = [];
    for (let i = first; i < first + wanted; i++) {
      if (signal?.aborted) return undefined;
      some.push(await drawn(i));
    }
    const latents = stack(some);
    await writeSafetensors(path, { latents }, { key });
    parts.push(latents);
    fresh += wanted;
    const each = (performance.now() - started) / fresh;
    onNote?.(`drew ${first + wanted} of ${count} pictures for the decoder to read · ${each.toFixed(0)} ms each`);
  }
  return stack(parts);
}
