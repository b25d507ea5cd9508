// A whole recipe in miniature: from an empty folder to a model that `openModel` opens and that draws. Stopped once on the way.
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { engine, finish, openModel, ortNode, textToImage } from "../src/node.ts";
import { widen } from "../src/tensor/dtype.ts";
import { RECIPES, type Recipe, runRecipe } from "../src/training/index.ts";
import { openSafetensors } from "../src/weights/safetensors-file.ts";
import { readAll } from "../src/weights/weights.ts";

const { tiny } = RECIPES;
const recipe: Recipe = {
  ...tiny,
  shards: 1,
  latents: { ...tiny.latents, pictures: 100 },
  coarse: { ...tiny.denoiser, steps: 8, batch: 4, warmup: 2 },
  denoiser: { ...tiny.denoiser, steps: 12, batch: 4, warmup: 2 },
  compose: { strength: 0.5, every: 3, batch: 8, emphasis: 1, noise: tiny.denoiser.noise },
  distill: {
    ...{ paths: 6, teacherSteps: 4, studentSteps: 2, guidance: 3, rank: 4 },
    ...{ steps: 3, batch: 4, rate: 1e-3, warmup: 2, averageDecay: 0.99 },
  },
  decoder: { ...tiny.decoder, steps: 5, batch: 4, warmup: 2 },
  texture: { ...RECIPES.default.texture, steps: 3, batch: 4, square: 32, warmup: 2 },
};

it("makes a model from nothing, and goes on after a stop", { timeout: 600_000 }, async () => {
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
    const early = await openModel(join(folder, "model")); // that of the coarse lesson, of half the size
    expect([early.defaults.width, early.specs.unet.inChannels, early.compose]).toEqual([16, 24, undefined]);

    const steps: string[] = [];
    const path = await runRecipe({ ...options, onProgress: ({ stage, step }) => void steps.push(`${stage} ${step}`) });
    expect(steps[0]).toBe("coarse 6");
    expect(steps.slice(3, 5)).toEqual(["denoiser 1", "denoiser 2"]);
    expect(steps.slice(15, 19)).toEqual(["distill 1", "distill 2", "distill 3", "decoder 1"]);
    expect(steps.slice(22)).toEqual(["decoder 5", "texture 1", "texture 2", "texture 3"]);
    expect(notes.filter((note) => note.startsWith("walked"))).toHaveLength(2);
    expect(notes.filter((note) => note.startsWith("painted"))).toHaveLength(1);
    const files = await readdir(folder);
    for (const file of ["coarse-000008.png", "denoiser-000012.png", "distill-000003.png"])
      expect(files).toContain(file);

    const model = await openModel(path!);
    const vae = await openSafetensors(join(path!, "vae/diffusion_pytorch_model.safetensors"));
    expect(new Set(vae.names().map((name) => name.split(".")[0]))).toEqual(new Set(["encoder", "decoder"])); // no critic
    expect(model.compose).toEqual({ width: 16, height: 16, strength: 0.5 });
    await using runtime = await ortNode();
    await using running = engine(model, runtime);
    const { pixels } = await finish(textToImage(running, { prompt: "a red house", seed: 1, steps: 2 }));
    expect(pixels.shape).toEqual([1, 3, 32, 32]);
    expect(pixels.data.every(Number.isFinite)).toBe(true);

    const few = await openSafetensors(join(path!, "few_steps/pytorch_lora_weights.safetensors"));
    expect(few.info("unet.conv_in.lora_A.weight")).toMatchObject({ dtype: "f16", shape: [4, 24, 3, 3] });
    expect(JSON.parse(await readFile(join(path!, "model_index.json"), "utf8")).dreamgrain.few_steps).toEqual({
      ...{ lora: "few_steps", steps: 2, guidance: 1 },
    });

    // The same size again, from that model and in another folder: it begins where the first one ended.
    const { distill: _, texture: __, ...undistilled } = recipe;
    const short: Recipe = {
      ...undistilled,
      denoiser: { ...recipe.denoiser, steps: 1, rate: 1e-6 },
      decoder: { ...recipe.decoder, steps: 1, rate: 1e-6 },
    };
    const lessons = new Set<string>();
    const second = await runRecipe({
      ...options,
      recipe: short,
      folder: join(folder, "second"),
      from: path!,
      seed: 5,
      onProgress: ({ stage }) => void lessons.add(stage),
    });
    expect([...lessons]).toEqual(["denoiser", "decoder"]); // the coarse lesson was had before
    expect(await readdir(join(folder, "second", "pictures-32"))).toEqual(["0004.rgb"]); // other pictures than seed 1's
    const next = await openModel(second!);
    expect(next.hash).not.toBe(model.hash);
    expect(next.specs).toEqual(model.specs);
    for (const part of ["unet", "text", "vae"] as const) {
      const all = [model, next].map(({ weights, texts: [text] }) => ({ ...weights, text: text.weights })[part]);
      const [before, after] = await Promise.all(all.map((weights) => readAll(weights)));
      expect(Object.keys(after)).toEqual(Object.keys(before));
      for (const [name, t] of Object.entries(before)) {
        const [was, is] = [t, after[name]].map((half) => widen(half).data);
        for (const [i, v] of was.entries()) expect(Math.abs(is[i] - v)).toBeLessThan(1e-4 + 2e-3 * Math.abs(v));
      }
    }
  } finally {
    await rm(folder, { recursive: true });
  }
});
