// Batches made ahead on threads are those that one thread would have made, whichever thread makes them.
import { describe, expect, it } from "vitest";
import { clipTextSpec, unetSpec } from "../models/config.ts";
import { wordTokenizer } from "../text/words.ts";
import { type BatchesStart, batches } from "./batches.ts";
import { trainingScene } from "./dataset.ts";
import { denoiserBatch } from "./denoiser.ts";
import { random } from "./random.ts";
import { caption } from "./scenes/index.ts";
import { RECIPES } from "./sizes.ts";
import { shippedVocabulary } from "./vocabulary.ts";

const { unet, text_encoder } = RECIPES.tiny.configs;
const specs = { unet: unetSpec(unet), text: clipTextSpec(text_encoder) };
const [count, side] = [5, 4];
const width = specs.unet.inChannels * side * side;
const latents = new Float32Array(new SharedArrayBuffer(4 * count * width));
random(3).fillNormal(latents);
const numbers = [7, 1003, 2, 40, 9];
const start: BatchesStart = {
  specs,
  latents: { buffer: latents.buffer as SharedArrayBuffer, shape: [count, specs.unet.inChannels, side, side] },
  numbers,
  batch: 3,
  noise: { mean: 1, std: 1.2, dropout: 0.2 },
  seed: 11,
};

const alone = (step: number) =>
  denoiserBatch(
    specs,
    {
      count,
      latents: (i) => latents.subarray(i * width, (i + 1) * width),
      caption: (i, { next }) => caption(trainingScene(numbers[i]), next),
    },
    wordTokenizer(shippedVocabulary()),
    3,
    side,
    random(11, `step ${step}`),
    start.noise,
  );

describe("batches", () => {
  it("are what one thread makes, from whatever step a run goes on", async () => {
    await using made = batches(start, 2);
    for (const step of [6, 7, 8, 9, 10]) expect(await made.batch(step)).toEqual(alone(step));
  });
  it("say which step's could not be made, and why", async () => {
    await using made = batches({ ...start, batch: -1 }, 1);
    await expect(made.batch(1)).rejects.toThrow(/batches: step 1: Invalid typed array length/);
  });
});
