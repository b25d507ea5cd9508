// Each wish gets its own picture, in either quality, with words or without.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { teachFewSteps, writeTinyModel } from "../../test/tiny-model.ts";
import { finish } from "../diffusion/samplers.ts";
import { engine } from "../pipelines/engine.ts";
import { openModel } from "../pipelines/load.ts";
import { textToImage } from "../pipelines/text-to-image.ts";
import { ortNode } from "../runtime/ort-node.ts";
import { rows } from "../tensor/tensor.ts";
import { drawAll } from "./draw.ts";

it("drawAll draws what textToImage draws, fast and best", async () => {
  const folder = await mkdtemp(join(tmpdir(), "dreamgrain-draw-"));
  try {
    await teachFewSteps(await writeTinyModel(folder));
    await using runtime = await ortNode({ threads: 1 });
    await using running = engine(await openModel(folder), runtime);
    const wishes = ["a red boat", undefined, "cat"].map((prompt, i) => ({ seed: i, ...(prompt && { prompt }) }));
    for (const options of [{}, { quality: "best" }, { quality: "fast", guidance: 2, steps: 3 }] as const) {
      const done: number[] = [];
      const all = await drawAll(running, wishes, { ...options, onProgress: (n) => void done.push(n) });
      expect(done).toEqual([1, 2, 3]);
      for (const [i, wish] of wishes.entries()) {
        const { pixels } = await finish(textToImage(running, { ...wish, ...options }));
        expect(rows(all, i)).toEqual(pixels);
      }
    }
  } finally {
    await rm(folder, { recursive: true });
  }
});
