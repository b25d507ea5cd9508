// Many pictures at once are the pictures that each wish would get alone, in either quality.
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
    const wishes = ["a red boat", "blue sea", "cat"].map((prompt, i) => ({ prompt, seed: i }));
    for (const options of [{}, { quality: "best" }, { quality: "fast", guidance: 2, steps: 3 }] as const) {
      const all = await drawAll(running, wishes, { batch: 2, ...options });
      for (const [i, wish] of wishes.entries()) {
        const { pixels } = await finish(textToImage(running, { ...wish, ...options }));
        for (const [j, v] of rows(all, i).data.entries()) expect(v).toBeCloseTo(pixels.data[j], 3);
      }
    }
  } finally {
    await rm(folder, { recursive: true });
  }
});
