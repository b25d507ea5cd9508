// Hires: two passes are what one would do by hand with an image, counted as one walk, and refused where they make no sense.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { teachFewSteps, writeTinyModel } from "../../test/tiny-model.ts";
import { finish, type Step } from "../diffusion/samplers.ts";
import { parseInfotext } from "../image/infotext.ts";
import { plain, toPixels } from "../image/pixels.ts";
import { ortNode } from "../runtime/ort-node.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { type Engine, engine } from "./engine.ts";
import { earlier, firstSize, passesOf } from "./hires.ts";
import { openModel } from "./load.ts";
import { pictureText, recipeIn } from "./metadata.ts";
import { drawingNeeds, notices, type Request, settings, textToImage } from "./text-to-image.ts";

let folder: string;
let runtime: Runtime;
let own: Engine;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "dreamgrain-hires-"));
  runtime = await ortNode({ threads: 1 });
  await teachFewSteps(await writeTinyModel(folder));
  own = engine(await openModel(folder), runtime);
});
afterAll(async () => {
  await own[Symbol.asyncDispose]();
  await runtime[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

const common = { prompt: "a red boat", seed: 5, quality: "best" } as const;

describe("hires", () => {
  it.each([
    { hires: 0.5 },
    { hires: 0.5, quality: "fast" },
    { hires: 0.75, width: 96, height: 32, sampler: "euler_a" },
  ] as const)("draws the picture of the model's own size, then on from that: %j", async (asked) => {
    const { hires, ...rest } = { ...common, width: 64, height: 64, ...asked };
    const seen: Step[] = [];
    const drawn = await finish(textToImage(own, { ...common, ...asked }), (step) => void seen.push(step));
    const first = firstSize(own.model, drawn.settings)!;
    const small = await finish(textToImage(own, { ...rest, ...first }));
    const [image] = toPixels(small.pixels);
    const large = await finish(textToImage(own, { ...rest, image, strength: hires }));
    expect(drawn.pixels).toEqual(large.pixels);
    expect(drawn.pixels.shape).toEqual([1, 3, rest.height, rest.width]);
    const count = small.settings.steps + Math.floor(small.settings.steps * hires);
    expect(seen.map(({ index, steps }) => [index, steps])).toEqual(Array.from({ length: count }, (_, i) => [i, count]));
    expect(drawn.settings).toMatchObject({ hires, width: rest.width, height: rest.height });
    expect(drawn.settings.image).toBeUndefined();
    expect(drawn.notices).toEqual([]);
  });
  it("is twice the model's own size unless told, of which the first pass keeps the proportions", () => {
    const size = (request: Partial<Request>) => settings(own.model, { ...common, hires: 0.5, ...request });
    expect(size({})).toMatchObject({ width: 64, height: 64 });
    expect(firstSize(own.model, size({}))).toEqual({ width: 32, height: 32 });
    expect(firstSize(own.model, size({ width: 128, height: 32 }))).toEqual({ width: 64, height: 16 });
    expect(firstSize(own.model, settings(own.model, common))).toBeUndefined();
  });
  it("is refused where it makes no sense", () => {
    const asked = (request: Partial<Request>) => () => settings(own.model, { ...common, hires: 0.5, ...request });
    expect(asked({ hires: 1 })).toThrow(/hires: 1 must be above 0 and below 1; 0.5 is usual/);
    expect(asked({ hires: 0.2 })).toThrow(/hires: 0.2 of 4 steps is not one step; 0.25 is the least/);
    expect(asked({ width: 32, height: 32 })).toThrow(/hires: 32x32 is drawn in one pass; two are for .* 32x32/);
    expect(asked({ image: plain(8, 8) })).toThrow(/hires: a picture that begins with an image has one pass/);
    expect(() => settings({ ...own.model, task: "inpainting" }, { ...common, hires: 0.5 })).toThrow(/words alone/);
  });
  it("is remembered, for A1111 too, and estimated with the encoder", () => {
    const chosen = settings(own.model, { ...common, hires: 0.5 });
    const text = pictureText(own.model, chosen);
    expect(recipeIn(text)!.request).toMatchObject({ hires: 0.5, width: 64, height: 64 });
    expect(parseInfotext(text.parameters).settings).toMatchObject({
      ...{ Size: "32x32", "Denoising strength": "0.5", "Hires resize": "64x64", "Hires upscaler": "Lanczos" },
    });
    expect(drawingNeeds(own.model, chosen).parts.map(({ name }) => name)).toEqual([
      ...["the U-Net at 64x64", "decoding 64x64", "encoding 64x64"],
    ]);
  });
  it("is recommended for pictures that are much larger than the model's", () => {
    const said = (request: Partial<Request>) => notices(own.model, settings(own.model, { ...common, ...request }));
    expect(said({ width: 64, height: 64 })).toEqual([
      "64x64 is 4 times as much as tiny was made for; in two passes (hires) it would hold together better.",
    ]);
    expect(said({ width: 64, height: 64, hires: 0.5 })).toEqual([]);
    expect(said({ width: 64, height: 56 })).toEqual([]);
  });
});

describe("a model that composes", () => {
  const compose = { width: 16, height: 16, strength: 0.5 };
  const composing: Engine = {
    ...{ context: (...given) => own.context(...given), encode: (...given) => own.encode(...given) },
    ...{ denoise: (...given) => own.denoise(...given), decode: (...given) => own.decode(...given) },
    get model() {
      return { ...own.model, compose };
    },
    [Symbol.asyncDispose]: async () => {},
  };

  it.each([{}, { quality: "fast" }, { width: 48, height: 16, sampler: "euler_a" }, { hires: 0.75 }] as const)(
    "draws small, then on from that: %j",
    async (asked) => {
      const request = { ...common, ...asked };
      const steps: Step[] = [];
      const drawn = await finish(textToImage(composing, request), (step) => void steps.push(step));
      const { width, height } = drawn.settings;
      const { hires, ...rest } = { hires: undefined, ...request };
      const sizes = passesOf(composing.model, drawn.settings);
      let last = await finish(textToImage(own, { ...rest, width: sizes[0].width, height: sizes[0].height }));
      for (const { width, height } of sizes.slice(1)) {
        const [image] = toPixels(last.pixels);
        const strength = width === drawn.settings.width ? (hires ?? compose.strength) : compose.strength;
        last = await finish(textToImage(own, { ...rest, image, strength, width, height }));
      }
      expect(drawn.pixels).toEqual(last.pixels);
      expect(drawn.settings).toEqual(settings(composing.model, request));
      expect([sizes.at(-1)!.width, sizes.at(-1)!.height]).toEqual([width, height]);
      expect(sizes).toHaveLength(hires === undefined ? 2 : 3);
      const count = sizes.reduce((sum, pass) => sum + pass.steps, 0);
      expect(steps.map(({ index, steps }) => [index, steps])).toEqual(
        Array.from({ length: count }, (_, i) => [i, count]),
      );
    },
  );
  it("draws in one pass what is small, what begins with an image, and what has too few steps for two", () => {
    const first = (request: Partial<Request>) =>
      earlier(composing.model, settings(composing.model, { ...common, ...request }));
    expect(first({})).toEqual({ size: { width: 16, height: 16 }, strength: 0.5 });
    expect(first({ width: 64, height: 16 })).toEqual({ size: { width: 32, height: 8 }, strength: 0.5 });
    expect(first({ width: 24, height: 16 })).toBeUndefined();
    expect(first({ image: plain(8, 8), width: 32, height: 32 })).toBeUndefined();
    expect(first({ steps: 1 })).toBeUndefined();
    expect(drawingNeeds(composing.model, settings(composing.model, common)).parts.map(({ name }) => name)).toContain(
      "encoding 32x32",
    );
  });
});
