// A recipe refuses what it cannot carry through before it paints the first picture. Whole runs are in test/recipe.long.test.ts.
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { RECIPES, runRecipe } from "./index.ts";

const shipped = fileURLToPath(new URL("../../models/default", import.meta.url));
const { tiny, default: standard } = RECIPES;

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "dreamgrain-recipe-"));
});
afterEach(() => rm(folder, { recursive: true }));

/** A run that is stopped before its first picture. */
const begun = (changes: Partial<Parameters<typeof runRecipe>[0]> = {}) =>
  runRecipe({ recipe: tiny, name: "tiny", folder, signal: AbortSignal.abort(), ...changes });

describe("a run's folder", () => {
  it("remembers what the run is, and takes it up again, with another length too", async () => {
    expect(await begun()).toBeUndefined();
    expect(JSON.parse(await readFile(join(folder, "run.json"), "utf8"))).toMatchObject({ seed: 1, from: "nothing" });
    expect(await begun({ recipe: { ...tiny, denoiser: { ...tiny.denoiser, steps: 9 } } })).toBeUndefined();
  });
  it("refuses a run of another seed, another size or another beginning", async () => {
    await begun({ recipe: standard });
    await expect(begun({ recipe: standard, seed: 2 })).rejects.toThrow(/its seed is 1, asked for is 2; choose another/);
    await expect(begun()).rejects.toThrow(/holds a run of another kind: its networks is/);
    const path = join(folder, "run.json");
    await writeFile(path, (await readFile(path, "utf8")).replace("nothing", "c7dd3db073"));
    await expect(begun({ recipe: standard })).rejects.toThrow(/its from is c7dd3db073, asked for is nothing/);
  });
});

describe("a model to begin with", () => {
  it("is refused when it does not read a word that the painted world has", async () => {
    const deaf = join(folder, "deaf");
    await cp(shipped, deaf, { recursive: true });
    const vocabulary = join(deaf, "tokenizer", "vocabulary.json");
    await writeFile(vocabulary, (await readFile(vocabulary, "utf8")).replace('"window"', '"windox"'));
    await expect(begun({ recipe: standard, from: deaf, folder: join(folder, "run") })).rejects.toThrow(
      /dreamgrain small, does not know the word "window"/,
    );
    expect(await begun({ recipe: standard, from: shipped, folder: join(folder, "run") })).toBeUndefined();
  });
  it("may lack the input skip and transformers, which then begin at nothing", async () => {
    const older = join(folder, "older");
    await cp(shipped, older, { recursive: true });
    const config = join(older, "unet", "config.json");
    const { input_skip: _, ...rest } = JSON.parse(await readFile(config, "utf8"));
    const finest = { down_block_types: ["DownBlock2D", "CrossAttnDownBlock2D"] };
    await writeFile(
      config,
      JSON.stringify({ ...rest, ...finest, up_block_types: ["CrossAttnUpBlock2D", "UpBlock2D"] }),
    );
    const index = join(older, "model_index.json");
    const { dreamgrain, ...others } = JSON.parse(await readFile(index, "utf8"));
    const { few_steps: __, ...plain } = dreamgrain; // its factors know the skip
    await writeFile(index, JSON.stringify({ ...others, dreamgrain: plain }));
    expect(standard.configs.unet.input_skip).toBe(true);
    expect(await begun({ recipe: standard, from: older, folder: join(folder, "run") })).toBeUndefined();
  });
  it("is refused when its squares do not overlap, since its latents are others", async () => {
    const older = join(folder, "older");
    await cp(shipped, older, { recursive: true });
    const config = join(older, "vae", "config.json");
    await writeFile(config, (await readFile(config, "utf8")).replace('"lapped": true', '"lapped": false'));
    await expect(begun({ recipe: standard, from: older, folder: join(folder, "run") })).rejects.toThrow(
      /dreamgrain small, has another vae than this size; begin with/,
    );
  });
  it("is refused when it has another shape, or cannot be read, and leaves no folder behind", async () => {
    await expect(begun({ from: shipped })).rejects.toThrow(
      /dreamgrain small, has another unet than this size; begin with/,
    );
    await expect(begun({ from: join(folder, "nowhere") })).rejects.toThrow(/nowhere/);
    expect(await readdir(folder)).toEqual([]);
  });
});

it("shares batches evenly between cores, or not at all", async () => {
  await expect(begun({ cores: 3 })).rejects.toThrow(/3 cores cannot share a batch of 32 pictures/);
});

it("takes what ships further in its own shape, and leaves its decoder as it is", () => {
  const { further } = RECIPES;
  expect(further).toMatchObject({ side: standard.side, configs: standard.configs, latents: standard.latents });
  expect(further.decoder.steps).toBe(0);
  expect(further).not.toHaveProperty("texture");
});
