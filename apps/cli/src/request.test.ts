// Arguments to requests: what each text means, and what is refused.
import { describe, expect, it } from "vitest";
import { UsageError } from "./errors.ts";
import { jobOf } from "./request.ts";

const only = (words: string[], flags: Parameters<typeof jobOf>[1] = {}) => jobOf(words, flags).requests[0];

describe("jobOf", () => {
  it("joins words, with quotes or without", () => {
    expect(only(["a", "red boat"], { seed: "7" })).toEqual({ prompt: "a red boat", seed: 7 });
  });
  it("reads every option", () => {
    const flags = {
      negative: "snow",
      seed: "-7",
      size: "64x128",
      quality: "Best",
      steps: "12",
      guidance: "2.5",
      sampler: "heun",
      schedule: "karras",
    };
    expect(only(["sea"], flags)).toEqual({
      ...{
        prompt: "sea",
        negative: "snow",
        seed: -7,
        width: 64,
        height: 128,
        quality: "best",
        steps: 12,
        guidance: 2.5,
      },
      ...{ sampler: "heun", schedule: "karras" },
    });
  });
  it("keeps seed 0 and seeds beyond 2⁵³, and draws one where there is none", () => {
    expect(only(["x"], { seed: "0" })?.seed).toBe(0);
    expect(only(["x"], { seed: "18446744073709551615" })?.seed).toBe(18446744073709551615n);
    const seed = only(["x"])?.seed;
    expect(Number.isSafeInteger(seed) && Number(seed) >= 0 && Number(seed) < 2 ** 32).toBe(true);
  });
  it("counts a batch up by one, across 0 and 2⁵³", () => {
    const seeds = (seed: string) => jobOf(["x"], { seed, batch: "3" }).requests.map((request) => request.seed);
    expect(seeds("-1")).toEqual([-1, 0, 1]);
    expect(seeds("9007199254740990")).toEqual([9007199254740990, 9007199254740991, 9007199254740992n]);
  });
  it("draws unguided when told, and says so when the words are empty", () => {
    expect(jobOf([], { unguided: true, seed: "1" })).toEqual({ requests: [{ seed: 1 }], notices: [] });
    expect(jobOf([" "], { seed: "1" })).toEqual({
      requests: [{ seed: 1 }],
      notices: [expect.stringContaining("empty")],
    });
  });
  it("draws in two passes, as far from the first as the strength says", () => {
    expect(only(["x"], { hires: true, seed: "1" })).toEqual({ prompt: "x", seed: 1, hires: 0.5 });
    expect(only(["x"], { hires: true, strength: "0.6", seed: "1" })).toEqual({ prompt: "x", seed: 1, hires: 0.6 });
    expect(() => only(["x"], { strength: "0.6" })).toThrow(/--strength needs --image/);
  });
  it("takes one number for a square", () => {
    expect(only(["x"], { size: "64", seed: "1" })).toEqual({ prompt: "x", seed: 1, width: 64, height: 64 });
  });
  it.each([
    [{ seed: "1e3" }, "--seed"],
    [{ seed: "" }, "--seed"],
    [{ size: "64x" }, "--size"],
    [{ size: "-64x64" }, "--size"],
    [{ quality: "good" }, "--quality"],
    [{ steps: "2.5" }, "--steps"],
    [{ steps: "0x10" }, "--steps"],
    [{ guidance: "" }, "--guidance"],
    [{ guidance: "Infinity" }, "--guidance"],
    [{ batch: "0" }, "--batch"],
    [{ batch: "10001" }, "--batch"],
    [{ unguided: true }, "--unguided"],
  ])("refuses %j", (flags, option) => {
    expect(() => jobOf(["x"], flags)).toThrow(UsageError);
    expect(() => jobOf(["x"], flags)).toThrow(option);
  });
});
