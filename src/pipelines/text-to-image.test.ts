// Text to picture on a tiny model: long prompts, skipped layers, other generators, variations.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { writeTinyModel } from "../../test/tiny-model.ts";
import { denoiser } from "../diffusion/denoise.ts";
import { finish } from "../diffusion/samplers.ts";
import { clipTextGraph } from "../models/clip-text.ts";
import { unetAdded, unetTime } from "../models/time.ts";
import { unetGraph } from "../models/unet.ts";
import { ortNode } from "../runtime/ort-node.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { type Tensor, tensor } from "../tensor/tensor.ts";
import { type Engine, engine } from "./engine.ts";
import { openModel } from "./load.ts";
import { type Request, textToImage } from "./text-to-image.ts";

let folder: string;
let runtime: Runtime;
let sd: Engine;
let xl: Engine;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "dreamgrain-pictures-"));
  runtime = await ortNode({ threads: 1 });
  sd = engine(await openModel(await writeTinyModel(join(folder, "sd"), "sd")), runtime);
  xl = engine(await openModel(await writeTinyModel(join(folder, "xl"), "xl")), runtime);
});
afterAll(async () => {
  await sd[Symbol.asyncDispose]();
  await xl[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

const common = { seed: 5, width: 16, height: 16, steps: 2, sampler: "euler", schedule: "linspace", guidance: 3 };
const draw = async (on: Engine, request: Partial<Request>): Promise<Tensor> =>
  (await finish(textToImage(on, { ...common, ...request }))).latents;
const words = (n: number): string => Array.from({ length: n }, (_, i) => (i % 2 ? "dream" : "boat")).join(" ");

describe("long prompts", () => {
  it("are read in rows of 77 one after another, each as it would be alone", async () => {
    const whole = await sd.context(`${words(75)} BREAK a cat`);
    expect(whole.tokens.shape).toEqual([1, 154, 8]);
    const [first, second] = [await sd.context(words(75)), await sd.context("a cat")];
    expect([...whole.tokens.data]).toEqual([...first.tokens.data, ...second.tokens.data]);
    const filled = await sd.context("a cat", { rows: 2 });
    expect([...filled.tokens.data]).toEqual([...second.tokens.data, ...(await sd.context("")).tokens.data]);
  });
  it("guide what is drawn with all of their rows, beside a negative prompt of any length", async () => {
    const long = await draw(sd, { prompt: `${words(75)} BREAK a cat` });
    expect(long).not.toEqual(await draw(sd, { prompt: `${words(75)} BREAK a dog` }));
    expect(await draw(sd, { prompt: "a cat", negative: words(100) })).not.toEqual(await draw(sd, { prompt: "a cat" }));
  });
  it("say what the whole means by their first row", async () => {
    const [long, short] = [await xl.context(`a red boat BREAK ${words(80)}`), await xl.context("a red boat")];
    expect(long.tokens.shape).toEqual([1, 231, 20]);
    expect(long.pooled).toEqual(short.pooled);
  });
});

describe("clip skip", () => {
  it("takes an earlier layer, normalised as the last would be", async () => {
    const [{ spec, weights, tokenizer }] = sd.model.texts;
    const layer = async (name: "last_hidden_state" | "penultimate_normed"): Promise<Tensor> => {
      await using program = await runtime.compile(clipTextGraph(spec, 1, [name]), weights);
      return (await program.run({ ids: tokenizer.encode("a cat").ids }))[name];
    };
    expect(await sd.context("a cat")).toEqual({ tokens: await layer("last_hidden_state") });
    expect(await sd.context("a cat", { clipSkip: 2 })).toEqual({ tokens: await layer("penultimate_normed") });
    expect(await draw(sd, { prompt: "a cat", clipSkip: 2 })).not.toEqual(await draw(sd, { prompt: "a cat" }));
  });
  it("is refused where there is no such layer", async () => {
    await expect(sd.context("a cat", { clipSkip: 3 })).rejects.toThrow(
      /clip skip: 3 must be a whole number from 1 to 2/,
    );
    await expect(xl.context("a cat", { clipSkip: 2 })).rejects.toThrow(
      /clip skip: 2 must be a whole number from 1 to 1/,
    );
    await expect(sd.context("a cat", { clipSkip: 0 })).rejects.toThrow(/clip skip: 0/);
  });
});

describe("noise", () => {
  it("of another generator or of a variation makes another picture; of no strength, the same", async () => {
    const plain = await draw(sd, { prompt: "a cat" });
    for (const rng of ["nv", "numpy", "cpu-f16", "cpu-bf16"] as const)
      expect(await draw(sd, { prompt: "a cat", rng })).not.toEqual(plain);
    expect(await draw(sd, { prompt: "a cat", variation: { seed: 9, strength: 0 } })).toEqual(plain);
    const far = await draw(sd, { prompt: "a cat", variation: { seed: 9, strength: 1 } });
    const near = await draw(sd, { prompt: "a cat", variation: { seed: 9, strength: 1e-4 } });
    const apart = (a: Tensor, b: Tensor): number => Math.hypot(...a.data.map((v, i) => v - b.data[i]));
    expect(apart(near, plain)).toBeGreaterThan(0);
    expect(apart(near, plain)).toBeLessThan(apart(far, plain) / 4);
    const other = await draw(sd, { prompt: "a cat", seed: 9 });
    expect(apart(far, other)).toBeLessThan(1e-4 * Math.hypot(...other.data));
  });
});

describe("Stable Diffusion XL", () => {
  it("without a negative prompt is steered away from zeros, with one from its words", async () => {
    const zeros = await draw(xl, { prompt: "a cat" });
    expect(await draw(xl, { prompt: "a cat", negative: "" })).toEqual(zeros);
    expect(await draw(xl, { prompt: "a cat", negative: " " })).not.toEqual(zeros);
  });
  it("is told the size of the picture: as it was, where it was cropped, as it is to be, heights first", async () => {
    const { tokens: context, pooled } = await xl.context("a cat");
    const x = tensor(new Float32Array(32).fill(1), [1, 4, 2, 4]);
    const { unet } = xl.model.specs;
    const graph = unetGraph(unet, { batch: 1, height: 2, width: 4, tokens: 77 });
    await using network = await runtime.compile<string, string>(graph, xl.model.weights.unet, { repack: true });
    const added = unetAdded(unet, pooled!, [[16, 32, 0, 0, 16, 32]]);
    const seen = await denoiser(
      async (sample, time) => (await network.run({ sample, time: unetTime(unet, [time]), context, added })).sample,
      xl.model.prediction,
      () => 500,
    )(x, 1);
    expect(await xl.denoise({ tokens: context, pooled: pooled! }, { time: () => 500 })(x, 1)).toEqual(seen);
  });
});
