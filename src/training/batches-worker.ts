// A thread that prepares batches as it is told. Started by batches.ts.
import { parentPort, workerData } from "node:worker_threads";
import { wordTokenizer } from "../text/words.ts";
import type { BatchesStart, BatchTask } from "./batches.ts";
import { trainingScene } from "./dataset.ts";
import { denoiserBatch, type LatentSet } from "./denoiser.ts";
import { random } from "./random.ts";
import { caption, type Scene } from "./scenes/index.ts";
import { shippedVocabulary } from "./vocabulary.ts";

const { specs, latents, numbers, batch, noise, seed } = workerData as BatchesStart;
const [, channels, side] = latents.shape;
const width = channels * side * side;
const all = new Float32Array(latents.buffer);
const scenes: Scene[] = [];
const set: LatentSet = {
  count: numbers.length,
  latents: (i) => all.subarray(i * width, (i + 1) * width),
  caption: (i, { next }) => {
    scenes[i] ??= trainingScene(numbers[i]);
    return caption(scenes[i], next);
  },
};
const tokenizer = wordTokenizer(shippedVocabulary());

parentPort?.on("message", (step: BatchTask) => {
  if (step === "end") {
    parentPort?.close();
    return;
  }
  try {
    const made = denoiserBatch(specs, set, tokenizer, batch, side, random(seed, `step ${step}`), noise);
    const buffers = Object.values(made).map(({ data }) => data.buffer as ArrayBuffer);
    parentPort?.postMessage({ step, batch: made }, buffers);
  } catch (error) {
    parentPort?.postMessage({ step, problem: error instanceof Error ? error.message : `${error}` });
  }
});
