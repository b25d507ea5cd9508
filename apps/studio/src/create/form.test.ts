// The form: what it asks for, what a picture fills in.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { pictureOf } from "../api/fixtures.ts";
import {
  drawnSeed,
  edited,
  freshForm,
  recalled,
  replaced,
  requestOf,
  rounded,
  seedAfter,
  sideNear,
  takesPasses,
  usualOf,
  withModel,
  withQuality,
  withSides,
} from "./form.ts";

const { settings } = pictureOf("p");

describe("the form", () => {
  it("asks for nothing that was not chosen", () => {
    expect(requestOf(freshForm("5"))).toEqual({ seed: "5", count: 1 });
    expect(requestOf({ ...freshForm("not a seed"), prompt: " " })).toEqual({ count: 1 });
    const image = { source: { upload: "abcdefgh" }, url: "" };
    expect(requestOf({ ...freshForm("0"), image, strength: 0.3 })).toMatchObject({
      seed: "0",
      image: { upload: "abcdefgh" },
      strength: 0.3,
    });
  });

  it("asks for the same picture again once everything of it is recalled", () => {
    const { count, ...rest } = settings;
    const odd = {
      ...rest,
      count,
      quality: "fast" as const,
      hires: 0.5,
      rng: "nv" as const,
      variation: { seed: "9", strength: 0.2 },
      clipSkip: 2,
    };
    expect(requestOf(recalled(freshForm("1"), odd, "all"))).toEqual(odd);
  });

  it("recalls parts: the words alone, the seed alone, all but the seed", () => {
    const form = { ...freshForm("1"), prompt: "before", steps: 3 };
    expect(recalled(form, settings, "prompt")).toEqual({ ...form, prompt: "a boat", negative: "" });
    expect(recalled(form, settings, "seed")).toEqual({ ...form, seed: "7", locked: true });
    expect(recalled(form, settings, "remix")).toMatchObject({ prompt: "a boat", steps: 20, seed: "1", locked: false });
    expect(recalled({ ...form, hires: 0.5 }, settings, "size")).toEqual({ ...form, width: 64, height: 48 });
  });

  it("changes the seed unless it is kept, and draws seeds that every program takes", () => {
    expect(seedAfter({ ...freshForm("5"), locked: true })).toBe("5");
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (random) => {
        const seed = Number(drawnSeed(() => random));
        expect(Number.isInteger(seed) && seed >= 0 && seed < 2 ** 32).toBe(true);
      }),
    );
  });

  it("goes back to the model's own where a field is emptied or the model is another", () => {
    expect(edited({ ...freshForm("1"), steps: 9 }, { steps: undefined })).not.toHaveProperty("steps");
    expect(requestOf(withModel({ ...freshForm("1"), prompt: "x", steps: 9, sampler: "heun" }, "other"))).toEqual({
      model: "other",
      prompt: "x",
      seed: "1",
      count: 1,
    });
  });

  it("chooses a quality with its own steps and guidance", () => {
    const form = {
      ...freshForm("1"),
      prompt: "x",
      steps: 9,
      guidance: 2,
      sampler: "heun",
      schedule: "karras",
      width: 64,
    };
    const best = withQuality(form, "best");
    expect(requestOf(best)).toEqual({ prompt: "x", quality: "best", width: 64, seed: "1", count: 1 });
    expect(requestOf(withModel(best, "other"))).not.toHaveProperty("quality");
    const defaults = {
      width: 64,
      height: 64,
      steps: 20,
      guidance: 3,
      sampler: "euler",
      schedule: "trailing",
      shift: 1,
    };
    const fewSteps = { steps: 4, guidance: 1 };
    expect(usualOf({ defaults, fewSteps }, "fast")).toEqual({ ...defaults, ...fewSteps });
    expect(usualOf({ defaults, fewSteps }, "best")).toEqual(defaults);
    expect(usualOf({ defaults, fewSteps: null }, "fast")).toEqual(defaults);
  });

  it("has two passes for sizes beyond the model's own, and not from a picture", () => {
    const model = { defaults: { ...settings, width: 64, height: 64 } };
    expect([takesPasses(model, 128, 64), takesPasses(model, 128, 72)]).toEqual([false, true]);
    const larger = withSides(freshForm("1"), model, 128, 128);
    expect(requestOf(larger)).toMatchObject({ width: 128, height: 128, hires: 0.5 });
    // Whoever does not want them is not given them again by the next size, until it is the model's own.
    const one = edited(larger, { hires: undefined });
    expect(requestOf(withSides(one, model, 192, 128))).not.toHaveProperty("hires");
    expect(requestOf(withSides(larger, model, 64, 128))).not.toHaveProperty("hires");
    const image = { source: { upload: "abcdefgh" }, url: "" };
    expect(requestOf({ ...freshForm("1"), hires: 0.5 })).toHaveProperty("hires", 0.5);
    expect(requestOf({ ...freshForm("1"), hires: 0.5, image })).not.toHaveProperty("hires");
  });

  it("finds sides that the model can draw", () => {
    fc.assert(
      fc.property(fc.integer({ min: -9, max: 9999 }), fc.constantFrom(8, 64), (value, sizeStep) => {
        const side = sideNear(value, { sizeStep }, { least: 8, most: 2048 });
        expect(side % sizeStep === 0 && side >= sizeStep && side <= 2048).toBe(true);
        if (value >= sizeStep && value <= 2048) expect(Math.abs(side - value)).toBeLessThanOrEqual(sizeStep / 2);
      }),
    );
  });

  it("replaces whole words, and rounds to the slider's steps", () => {
    expect(replaced("A castel, castels by castel", "castel", "castle")).toBe("A castle, castels by castle");
    expect([rounded(0.30000000000000004, 0.05), rounded(7.26, 0.5), rounded(3.4, 1)]).toEqual([0.3, 7.5, 3]);
  });
});
