// Pictures that guide: sizes, what is refused, what stays, what metadata remember.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type TinyKind, writeTinyModel } from "../../test/tiny-model.ts";
import { finish } from "../diffusion/samplers.ts";
import { pixelHash } from "../image/hash.ts";
import { type Pixels, pixels, plain, toPixels } from "../image/pixels.ts";
import { ortNode } from "../runtime/ort-node.ts";
import { type Engine, engine } from "./engine.ts";
import { guidedSize } from "./guide.ts";
import { openModel } from "./load.ts";
import { pictureText, recipeIn } from "./metadata.ts";
import { notices, type Request, settings, textToImage } from "./text-to-image.ts";

let folder: string;
const engines = {} as Record<"sd" | "inpaint" | "edit", Engine>;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "dreamgrain-guide-"));
  const runtime = await ortNode({ threads: 1 });
  for (const kind of ["sd", "inpaint", "edit"] as const satisfies TinyKind[])
    engines[kind] = engine(await openModel(await writeTinyModel(join(folder, kind), kind)), runtime);
});
afterAll(async () => {
  for (const one of Object.values(engines)) await one[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

const striped = (width: number, height: number): Pixels =>
  pixels(
    width,
    height,
    3,
    Uint8Array.from({ length: 3 * width * height }, (_, i) => (i * 37) % 256),
  );
const half = (width: number, height: number): Pixels => {
  const mask = plain(width, height);
  for (let i = 0; i < mask.data.length; i++) if (Math.floor(i / 3) % width >= width / 2) mask.data[i] = 255;
  return mask;
};
const common = { prompt: "a cat", seed: 5, steps: 2, sampler: "euler", schedule: "linspace", guidance: 3 };
const draw = (on: Engine, request: Partial<Request>) => finish(textToImage(on, { ...common, ...request }));

describe("an image", () => {
  it("says the size: its own where the model draws such, otherwise as large as the model draws in its proportions", () => {
    const { model } = engines.sd;
    expect(guidedSize(model, { width: 18, height: 13 })).toEqual({ width: 72, height: 56 });
    expect(guidedSize(model, { width: 83, height: 62 })).toEqual({ width: 80, height: 64 });
    expect(guidedSize(model, { width: 4000, height: 1000 })).toEqual({ width: 128, height: 32 });
  });
  it("is nearer with less strength, and what was done to it is said", async () => {
    const image = { ...striped(16, 16), name: "a.png" };
    const [near, far] = [
      await draw(engines.sd, { image, strength: 0.5 }),
      await draw(engines.sd, { image, strength: 1 }),
    ];
    expect(near.latents).not.toEqual(far.latents);
    const chosen = settings(engines.sd.model, { ...common, image, width: 16, height: 8 });
    expect(chosen.strength).toBe(0.75);
    expect(notices(engines.sd.model, chosen)).toEqual([
      "a.png is 16x16; it is cropped about its centre and drawn at 16x8.",
    ]);
  });
  it("is remembered by name and hash, with its mask", () => {
    const [image, mask] = [{ ...striped(16, 16), name: "a.png" }, half(16, 16)];
    const { model } = engines.sd;
    const recipe = recipeIn(pictureText(model, settings(model, { ...common, image, mask })))!;
    expect(recipe.image).toEqual({ name: "a.png", hash: pixelHash(image) });
    expect(recipe.mask).toEqual({ hash: pixelHash(mask) });
    expect(recipe.request.strength).toBe(1);
  });
});

describe("a mask", () => {
  it.each(["sd", "inpaint"] as const)("leaves the image as it is where it is black (%s)", async (kind) => {
    const [image, mask] = [striped(16, 16), half(16, 16)];
    const [drawn] = toPixels((await draw(engines[kind], { image, mask, width: 16, height: 16 })).pixels);
    const same = [...drawn.data].map((v, i) => v === image.data[i]);
    expect(same.filter((s, i) => s || mask.data[i] === 255)).toHaveLength(same.length);
    expect(same.filter((s, i) => !s && mask.data[i] === 255).length).toBeGreaterThan(100);
  });
  it("must leave something to draw, and be as large as the image", async () => {
    const image = striped(16, 16);
    await expect(draw(engines.sd, { image, mask: plain(16, 16) })).rejects.toThrow(/nothing would be drawn/);
    await expect(draw(engines.sd, { image, mask: plain(8, 16) })).rejects.toThrow(/it is 8x16 and the image 16x16/);
  });
});

describe("models made for pictures", () => {
  it("to fill in draw without one as if all of it were masked", async () => {
    const size = { width: 16, height: 16 };
    const { latents } = await draw(engines.inpaint, size);
    const all = { image: striped(16, 16), mask: plain(16, 16, [255, 255, 255]) };
    expect((await draw(engines.inpaint, { ...size, ...all })).latents).toEqual(latents);
  });
  it("to change one are guided by it as hard as they are told", async () => {
    const image = striped(16, 16);
    const { latents } = await draw(engines.edit, { image });
    expect((await draw(engines.edit, { image, imageGuidance: 1.5 })).latents).toEqual(latents);
    expect((await draw(engines.edit, { image, imageGuidance: 3 })).latents).not.toEqual(latents);
  });
  it.each([
    ["edit", {}, /give it one/],
    ["edit", { image: striped(8, 8), strength: 0.5 }, /begins with noise/],
    ["edit", { image: striped(8, 8), mask: plain(8, 8) }, /leave the mask out/],
    ["sd", { image: striped(8, 8), imageGuidance: 2 }, /only models like instruct-pix2pix/],
    ["sd", { image: striped(8, 8), strength: 0 }, /strength: 0 must be above 0/],
    ["sd", { image: striped(8, 8), strength: 0.4 }, /0\.4 of 2 steps is not one step; 0\.5 is the least/],
    ["sd", { strength: 0.5 }, /strength: there is no image/],
  ] as const)("%s refuses %o", (kind, request, message) => {
    expect(() => settings(engines[kind].model, { ...common, ...request })).toThrow(message);
  });
});
