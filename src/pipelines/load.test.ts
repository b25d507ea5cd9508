// Opening model folders: what is read of them, and what is refused.
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { writeTinyModel } from "../../test/tiny-model.ts";
import { predictions } from "../diffusion/denoise.ts";
import { openModel } from "./load.ts";
import { pictureText, recipeIn, seedOf } from "./metadata.ts";
import { preview, sizeStep } from "./model.ts";
import { schedulerOf } from "./scheduler.ts";
import { settings, words } from "./text-to-image.ts";
import { version } from "./version.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "dreamgrain-load-"));
  await writeTinyModel(join(folder, "own"));
  await writeTinyModel(join(folder, "sd"), "sd");
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe("openModel", () => {
  it("reads a folder of our own", async () => {
    const model = await openModel(join(folder, "own"));
    expect(model.name).toBe("tiny");
    expect(model.defaults).toEqual({
      ...{ width: 32, height: 32, steps: 4, guidance: 2, sampler: "euler", schedule: "trailing", shift: 1 },
    });
    expect(model.prediction).toBe(predictions.flow);
    expect(sizeStep(model)).toBe(8);
    expect(model.texts[0].tokenizer.encode("a red boat").pieces.map(({ text }) => text)).toEqual(["red", "boat"]);
    const latents = { dtype: "f32", shape: [1, 8, 1, 1], data: Float32Array.of(1, -1, 9, 0, 0, 0, 0, 0) } as const;
    expect([...preview(model, latents)!.data].map((x) => Number(x.toFixed(3)))).toEqual([0.4, -0.3, 1]);
  });
  it("reads Stable Diffusion 1.x, with what its configs do not say", async () => {
    const model = await openModel(join(folder, "sd"));
    expect(model.name).toBe("sd");
    expect(model.defaults).toMatchObject({ width: 64, height: 64, steps: 20, guidance: 7.5, sampler: "dpmpp2m" });
    expect(model.prediction).toBe(predictions.epsilon);
    expect(model.table.range[0]).toBeCloseTo(14.6146, 3);
    expect([...model.texts[0].tokenizer.encode("a cat").ids.data].slice(0, 5)).toEqual([
      49406, 320, 2368, 49407, 49407,
    ]);
    expect(model.preview?.factors).toHaveLength(3);
  });
  it("draws in four steps, unguided, with a model that was distilled for it", async () => {
    const file = join(folder, "sd/scheduler/scheduler_config.json");
    const text = await readFile(file, "utf8");
    for (const [kind, sampler] of [
      ["LCMScheduler", "lcm"],
      ["TCDScheduler", "tcd"],
    ]) {
      await writeFile(file, JSON.stringify({ ...(JSON.parse(text) as object), _class_name: kind }));
      expect((await openModel(join(folder, "sd"))).defaults).toMatchObject({
        sampler,
        schedule: "lcm",
        steps: 4,
        guidance: 1,
      });
    }
    await writeFile(file, text);
  });
  it("names weights by what is in them", async () => {
    const before = await openModel(join(folder, "own"));
    expect((await openModel(join(folder, "own"))).hash).toBe(before.hash);
    const file = join(folder, "own/vae/diffusion_pytorch_model.safetensors");
    const bytes = await readFile(file);
    bytes[bytes.length - 1] ^= 1;
    await writeFile(file, bytes);
    expect((await openModel(join(folder, "own"))).hash).not.toBe(before.hash);
  });
  it.each([
    ["own/model_index.json", { text_encoder_2: ["a", "b"] }, "there is no "],
    ["own/model_index.json", { dreamgrain: { sampler: "oiler" } }, 'Did you mean "euler"'],
    ["sd/scheduler/scheduler_config.json", { _class_name: "ScoreSdeVeScheduler" }, "_class_name"],
    ["sd/scheduler/scheduler_config.json", { prediction_type: "x" }, "prediction_type"],
    ["own/tokenizer/vocabulary.json", { words: ["Red"], length: 12 }, "lower-case"],
    ["own/tokenizer/vocabulary.json", { words: Array.from("abcdefghijklmnop"), length: 12 }, "20 ids"],
    ["own/vae/config.json", { latent_rgb_factors: [[1]] }, "latent_rgb_factors"],
    ["own/text_encoder/config.json", { intermediate_size: 64 }, "own wants text_model.encoder.layers.0.mlp.fc1.weight"],
  ])("refuses %s with %j", async (path, change, message) => {
    const file = join(folder, path);
    const text = await readFile(file, "utf8");
    await writeFile(file, JSON.stringify({ ...(JSON.parse(text) as object), ...change }));
    const error: unknown = await openModel(join(folder, path.split("/")[0])).catch((e: unknown) => e);
    await writeFile(file, text);
    expect(error).toMatchObject({ name: "ModelError", message: expect.stringContaining(message) });
  });
});

describe("schedulerOf", () => {
  it("takes absent fields for Stable Diffusion's", () => {
    expect(schedulerOf({}).table.range[0]).toBeCloseTo(14.6146, 3);
    expect(schedulerOf({ _class_name: "EulerDiscreteScheduler" })).toMatchObject({
      sampler: "euler",
      schedule: "linspace",
    });
    expect(schedulerOf({ _class_name: "DDIMScheduler", trained_betas: null })).toMatchObject({ schedule: "leading" });
    const v = schedulerOf({
      _class_name: "DDIMScheduler",
      prediction_type: "v_prediction",
      rescale_betas_zero_snr: true,
    });
    expect([v.prediction, v.table.range[0]]).toEqual([predictions.v, Math.sqrt(2 ** 24 - 1)]);
  });
  it("takes a class of diffusers for the sampler of that name", () => {
    const scheduler = (name: string) => schedulerOf({ _class_name: name, timestep_spacing: "leading" });
    expect(scheduler("KDPM2AncestralDiscreteScheduler")).toMatchObject({ sampler: "dpm2_a", schedule: "leading" });
    expect(scheduler("UniPCMultistepScheduler")).toMatchObject({ sampler: "unipc", schedule: "leading" });
    expect(scheduler("PNDMScheduler")).toMatchObject({ sampler: "dpmpp2m", schedule: "karras" });
  });
  it("takes the shift of a flow for a factor of σ", () =>
    expect(schedulerOf({ _class_name: "FlowMatchEulerDiscreteScheduler", shift: 3 }).shift).toBe(3));
});

describe("words and metadata", () => {
  it("says when a negative prompt does nothing", async () => {
    const model = await openModel(join(folder, "own"));
    const said = (request: object) => words(model, settings(model, { seed: 0, negative: "sea", ...request })).notices;
    expect(said({ prompt: "cat" })).toEqual([]);
    expect(said({ prompt: "cat", guidance: 1 })).toEqual([expect.stringContaining("no effect at guidance 1")]);
    expect(said({})).toEqual([expect.stringContaining("no effect without a prompt")]);
    expect(said({ prompt: "cat", negative: "snow" })).toEqual([expect.stringMatching(/^Negative prompt: .*"snow"/)]);
  });
  it("takes a sampler's name that ends in a schedule for both", async () => {
    const model = await openModel(join(folder, "own"));
    const named = (request: object) => settings(model, { seed: 0, sampler: "DPM++ 2M Karras", ...request });
    expect(named({})).toMatchObject({ sampler: "dpmpp2m", schedule: "karras" });
    expect(named({ schedule: "beta" })).toMatchObject({ sampler: "dpmpp2m", schedule: "beta" });
    expect(named({ sampler: "LMS" })).toMatchObject({ sampler: "lms", schedule: model.defaults.schedule });
  });
  it("brings a request back from a picture's text", async () => {
    const model = await openModel(join(folder, "own"));
    const seed = -9007199254740993n;
    const asked = {
      prompt: "a “red”\nboat: x, y",
      negative: "sea",
      seed,
      sampler: "DPM++ 2M",
      interval: [0.1, Infinity],
    };
    const chosen = settings(model, asked as never);
    const recipe = recipeIn(pictureText(model, chosen, true))!;
    const { hash } = model;
    expect(recipe).toMatchObject({ version, strip: true, model: { name: "tiny", hash, choices: {} } });
    const choices = {
      vae: "a/b.safetensors",
      textEncoder: "../c",
      prediction: "v",
      average: true,
      fast: true,
    } as const;
    expect(recipeIn(pictureText({ ...model, choices }, chosen))!.model).toEqual({ name: "tiny", hash, choices });
    const { quality, ...kept } = chosen; // which this model has no choice of
    expect(quality).toBe("best");
    expect(recipe.request).toEqual({ ...kept, interval: [0.1, Number.MAX_VALUE] });
    expect(recipeIn({})).toBeUndefined();
    for (const text of ["{", "null", "{}", '{"version":"1","model":{"name":"a","hash":"b"},"request":{"seed":"x"}}'])
      expect(() => recipeIn({ dreamgrain: text })).toThrow(/picture/);
  });
  it("refuses what a model has no layers or generators for", async () => {
    const model = await openModel(join(folder, "sd"));
    const chosen = (request: object) => () => settings(model, { seed: 0, ...request });
    expect(chosen({ clipSkip: 3 })).toThrow(/clip skip: 3 must be a whole number from 1 to 2/);
    expect(chosen({ rng: "gpu" })).toThrow(/rng: gpu is unknown; expected cpu, cpu-f16, cpu-bf16, nv, numpy/);
    expect(chosen({ variation: { seed: 1, strength: 2 } })).toThrow(/variation strength: 2 must be 0 to 1/);
    expect(chosen({ variation: { seed: 1.5, strength: 1 } })).toThrow(/seed: 1.5 is not a whole number/);
  });
  it("brings variations, generators and skipped layers back too", async () => {
    const model = await openModel(join(folder, "own"));
    const asked = { seed: 1, rng: "nv", variation: { seed: 2n ** 60n, strength: 0.25 } } as const;
    const text = pictureText(model, settings(model, asked));
    expect(recipeIn(text)?.request).toMatchObject(asked);
    expect(text.parameters).toMatch(/Variation seed: 1152921504606846976, Variation seed strength: 0.25, RNG: NV/);
  });
  it("tells seeds from other texts", () =>
    expect(["7", "-7", "+7", "", "1.5", "0x1", "9".repeat(41)].map(seedOf)).toEqual([
      7,
      -7,
      7,
      ...Array(4).fill(undefined),
    ]));
  it("names its own version", async () => {
    const { version: published } = JSON.parse(await readFile("package.json", "utf8")) as { version: string };
    expect(version).toBe(published);
  });
});
