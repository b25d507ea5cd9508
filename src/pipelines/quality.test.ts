// Quality: who draws in few steps and who does not, and that each draws with its own weights.
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { teachFewSteps, writeTinyModel } from "../../test/tiny-model.ts";
import { finish } from "../diffusion/samplers.ts";
import { parseInfotext } from "../image/infotext.ts";
import { plain } from "../image/pixels.ts";
import { ortNode } from "../runtime/ort-node.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { widen } from "../tensor/dtype.ts";
import { type AnyTensor, size, type Tensor } from "../tensor/tensor.ts";
import { openModelFolder } from "../weights/checkpoint.ts";
import { fromTensors, readAll } from "../weights/weights.ts";
import { writeFolder } from "./convert.ts";
import { type Engine, engine } from "./engine.ts";
import { openModel } from "./load.ts";
import { pictureText, recipeIn } from "./metadata.ts";
import type { Model } from "./model.ts";
import { qualityOf } from "./quality.ts";
import { drawingNeeds, notices, type Request, settings, textToImage } from "./text-to-image.ts";

let folder: string;
let runtime: Runtime;
let untaught: Model;
let model: Model;
let running: Engine;
const inside = (name: string): string => join(folder, name);
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "dreamgrain-quality-"));
  untaught = await openModel(await writeTinyModel(inside("untaught")));
  await cp(inside("untaught"), inside("taught"), { recursive: true });
  await teachFewSteps(inside("taught"));
  model = await openModel(inside("taught"));
  runtime = await ortNode({ threads: 1 });
  running = engine(model, runtime);
});
afterAll(async () => {
  await running[Symbol.asyncDispose]();
  await runtime[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

const asked = { prompt: "a red boat", seed: 3 };
const draw = async (on: Engine, request: Partial<Request> = {}): Promise<Float32Array> =>
  (await finish(textToImage(on, { ...asked, ...request }))).latents.data;

describe("qualityOf", () => {
  const image = plain(32, 32, [1, 2, 3]);
  it("is fast where the model can, unless something is asked that only the model as it was trained can be", () => {
    expect(qualityOf(model, {})).toBe("fast");
    for (const request of [
      { width: 64 },
      { clipSkip: 1 },
      { negative: "" },
      { steps: undefined },
      { rng: "nv" },
    ] as const)
      expect(qualityOf(model, request as Partial<Request>)).toBe("fast");
    const particular: Partial<Request>[] = [
      { steps: 2 },
      { guidance: 1 },
      { negative: "snow" },
      { sampler: "heun" },
      { schedule: "karras" },
      { shift: 2 },
      { rescale: 0.5 },
      { interval: [0, 1] },
      { image },
    ];
    for (const request of particular) {
      expect(qualityOf(model, request), Object.keys(request)[0]).toBe("best");
      expect(qualityOf(model, { ...request, quality: "fast" })).toBe("fast");
    }
    expect(qualityOf(model, { quality: "best" })).toBe("best");
  });
  it("is best with a model that was taught no other, and an error where fast is asked for", () => {
    expect(qualityOf(untaught, {})).toBe("best");
    expect(qualityOf(untaught, { quality: "best" })).toBe("best");
    expect(() => qualityOf(untaught, { quality: "fast" })).toThrow(/tiny was not taught to draw fast; leave it out/);
    expect(() => qualityOf(model, { quality: "good" as "best" })).toThrow(/good is unknown; expected fast or best/);
  });
});

describe("settings", () => {
  it("are those of few steps when fast, and of the model when best", () => {
    expect(settings(model, asked)).toMatchObject({ quality: "fast", steps: 2, guidance: 1, sampler: "euler" });
    expect(settings(model, { ...asked, quality: "best" })).toMatchObject({ quality: "best", steps: 4, guidance: 2 });
    expect(settings(model, { ...asked, guidance: 3 })).toMatchObject({ quality: "best", steps: 4, guidance: 3 });
    const chosen = settings(model, { ...asked, quality: "fast", steps: 5 });
    expect(chosen).toMatchObject({ quality: "fast", steps: 5, guidance: 1 });
    expect(notices(model, chosen)).toEqual(["The fast quality was learnt for 2 steps; in 5 it may draw worse."]);
    expect(notices(model, settings(model, asked))).toEqual([]);
    expect(settings(model, chosen)).toEqual(chosen);
  });
});

describe("a model that was taught few steps", () => {
  it("draws fast with W + B·A, best with W, the two in turn on one engine", async () => {
    const [weights, factors] = (await Promise.all([untaught.weights.unet, model.fewSteps!.lora].map(readAll))).map(
      (all) => Object.fromEntries(Object.entries(all).map(([name, t]: [string, AnyTensor]) => [name, widen(t)])),
    );
    const added: Record<string, Tensor> = {};
    for (const [name, weight] of Object.entries(weights)) {
      const module = name.replace(/\.weight$/, "");
      const [a, b] = ["A", "B"].map((letter) => factors[`${module}.lora_${letter}.weight`]);
      const data = weight.data.slice();
      const width = weight.data.length / weight.shape[0];
      if (a && b && name.endsWith(".weight"))
        for (let i = 0; i < data.length; i++)
          for (const r of [0, 1]) data[i] += b.data[Math.floor(i / width) * 2 + r] * a.data[r * width + (i % width)];
      added[name] = { ...weight, data };
    }
    const merged = { ...untaught, weights: { ...untaught.weights, unet: fromTensors(added) } };
    await using wanted = engine(merged, runtime);
    await using before = engine(untaught, runtime);
    const few = { steps: 2, guidance: 1 };
    for (let i = 0; i < 2; i++) {
      const [fast, best] = [await draw(running), await draw(running, { quality: "best" })];
      expect(best).toEqual(await draw(before));
      expect(fast).not.toEqual(await draw(before, few));
      for (const [j, v] of (await draw(wanted, few)).entries()) expect(fast[j]).toBeCloseTo(v, 3);
    }
    expect(await draw(running, few)).toEqual(await draw(before, few));
  });
  it("keeps its hash, and its few steps have one of their own", async () => {
    expect(model.hash).toBe(untaught.hash);
    expect(untaught.fewSteps).toBeUndefined();
    expect(model.fewSteps).toMatchObject({ hash: expect.stringMatching(/^[0-9a-f]{10}$/), steps: 2, guidance: 1 });
    await cp(inside("taught"), inside("other"), { recursive: true });
    await teachFewSteps(inside("other"), "otherwise ");
    const other = await openModel(inside("other"));
    expect([other.hash, other.fewSteps!.hash === model.fewSteps!.hash]).toEqual([model.hash, false]);
  });
  it("tells in a picture how it was drawn, and what with", () => {
    const fast = pictureText(model, settings(model, asked));
    expect(recipeIn(fast)).toMatchObject({
      model: { hash: model.hash, fewSteps: model.fewSteps!.hash },
      request: { quality: "fast", steps: 2, guidance: 1 },
    });
    expect(parseInfotext(fast.parameters).settings["Lora hashes"]).toBe(`few_steps: ${model.fewSteps!.hash}`);
    const best = pictureText(model, settings(model, { ...asked, quality: "best" }));
    expect(recipeIn(best)!.model.fewSteps).toBeUndefined();
    expect(recipeIn(best)!.request.quality).toBe("best");
    expect(parseInfotext(best.parameters).settings["Lora hashes"]).toBeUndefined();
    expect(recipeIn(pictureText(untaught, settings(untaught, asked)))!.request.quality).toBeUndefined();
  });
  it("is estimated with the factors, and without a guidance pass", () => {
    const need = (request: Partial<Request>) => drawingNeeds(model, settings(model, { ...asked, ...request })).parts[0];
    const [fast, best] = [need({}), need({ quality: "best" })];
    const bytes = model
      .fewSteps!.lora.names()
      .reduce((sum, name) => sum + 2 * size(model.fewSteps!.lora.info(name)!.shape), 0);
    expect(fast.weights - best.weights).toBe(bytes);
    expect(need({ quality: "fast", guidance: 2 }).working).toBeGreaterThan(fast.working);
  });
  it("stays one when it is written anew", async () => {
    await writeFolder(inside("anew"), await openModelFolder(inside("taught")));
    expect((await openModel(inside("anew"))).fewSteps).toMatchObject({ hash: model.fewSteps!.hash, steps: 2 });
  });
  it.each([
    [{ lora: "../few_steps", steps: 2 }, /lora is "..\/few_steps"; expected the name of a folder/],
    [{ lora: "nowhere", steps: 2 }, /there is no .*nowhere\/pytorch_lora_weights.safetensors/],
    [{ lora: "few_steps" }, /steps is missing; expected a number/],
  ])("is refused where its index says %j", async (few_steps, message) => {
    await expect(saying({ few_steps })).rejects.toThrow(message);
  });
});

/** The taught model, opened when its index says something more. */
async function saying(more: object): Promise<Model> {
  const path = inside("taught/model_index.json");
  const text = await readFile(path, "utf8");
  const index = JSON.parse(text);
  await writeFile(path, JSON.stringify({ ...index, dreamgrain: { ...index.dreamgrain, ...more } }));
  try {
    return await openModel(inside("taught"));
  } finally {
    await writeFile(path, text);
  }
}

describe("compose", () => {
  it("is what the index says", async () => {
    const compose = { width: 16, height: 16, strength: 0.5 };
    expect((await saying({ compose })).compose).toEqual(compose);
    expect(model.compose).toBeUndefined();
  });
  it.each([
    [{ width: 16, height: 17, strength: 0.5 }, /height is 17; expected a multiple of 8/],
    [{ width: 16, height: 16 }, /strength is missing/],
    [{ width: 16, height: 16, strength: 1 }, /strength is 1; expected a number above 0 and below 1/],
  ])("is refused where the index says %j", async (compose, message) => {
    await expect(saying({ compose })).rejects.toThrow(message);
  });
});
