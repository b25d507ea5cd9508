// A whole recipe in miniature: from an empty folder to a model that `openModel` opens and that draws. Stopped once on the way.
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { engine, finish, openModel, ortNode, textToImage } from "../src/node.ts";
import { RECIPES, type Recipe, runRecipe } from "../src/training/index.ts";

const { tiny } = RECIPES;
const recipe: Recipe = {
  ...tiny,
  shards: 1,
  latents: { ...tiny.latents, pictures: 100 },
  denoiser: { ...tiny.denoiser, steps: 12, batch: 4, warmup: 2 },
  decoder: { ...tiny.decoder, steps: 5, batch: 4, warmup: 2 },
};

it("makes a model from nothing, and goes on after a stop", { timeout: 300_000 }, async () => {
  const folder = await mkdtemp(join(tmpdir(), "dreamgrain-recipe-"));
  try {
    const notes: string[] = [];
    const options = { recipe, name: "miniature", folder, onNote: (note: string) => void notes.push(note) };
    const stopping = new AbortController();
    const stopped = await runRecipe({
      ...options,
      signal: stopping.signal,
      onProgress: ({ step }) => step === 5 && stopping.abort(),
    });
    expect(stopped).toBeUndefined();

    const steps: string[] = [];
    const path = await runRecipe({ ...options, onProgress: ({ stage, step }) => void steps.push(`${stage} ${step}`) });
    expect(steps[0]).toBe("denoiser 6");
    expect(steps.at(-1)).toBe("decoder 5");
    expect(notes.filter((note) => note.startsWith("painted"))).toHaveLength(1);
    expect(await readdir(folder)).toContain("denoiser-000012.png");

    const model = await openModel(path!);
    await using runtime = await ortNode();
    await using running = engine(model, runtime);
    const { pixels } = await finish(textToImage(running, { prompt: "a red house", seed: 1, steps: 2 }));
    expect(pixels.shape).toEqual([1, 3, 32, 32]);
    expect(pixels.data.every(Number.isFinite)).toBe(true);
  } finally {
    await rm(folder, { recursive: true });
  }
});
