// A1111's text: samples from the wild, its parser's regular expression as oracle, and random round trips.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseInfotext, parseSize, writeInfotext } from "./infotext.ts";

test("written as A1111 writes", () => {
  const text = writeInfotext({
    prompt: "a cat, wearing a yellow raincoat",
    negative: "blurry\nlow quality",
    settings: {
      Version: "v1.10.1",
      Extra: "a: b, c",
      Seed: 965400086,
      Steps: 20,
      Sampler: "DPM++ 2M",
      "Schedule type": "Karras",
      "CFG scale": 7,
      Size: "512x768",
      "Clip skip": undefined,
      "Model hash": "6ce0161689",
      Model: "v1-5-pruned-emaonly",
    },
  });
  expect(text).toBe(
    "a cat, wearing a yellow raincoat\nNegative prompt: blurry\nlow quality\n" +
      "Steps: 20, Sampler: DPM++ 2M, Schedule type: Karras, CFG scale: 7, Seed: 965400086, Size: 512x768, " +
      'Model hash: 6ce0161689, Model: v1-5-pruned-emaonly, Extra: "a: b, c", Version: v1.10.1',
  );
});

describe("read as A1111 reads", () => {
  test("its own", () => {
    const read = parseInfotext(
      "portrait (detailed:1.2), <lora:x:0.8>\nsecond line\nNegative prompt: ugly, (bad:1.4)\nmore\n" +
        'Steps: 30, Sampler: Euler a, CFG scale: 7.5, Seed: 0, Size: 512x768, Lora hashes: "a: 0123456789, b: abc", Version: v1.6.0\n',
    );
    expect(read.prompt).toBe("portrait (detailed:1.2), <lora:x:0.8>\nsecond line");
    expect(read.negative).toBe("ugly, (bad:1.4)\nmore");
    expect(Object.entries(read.settings)).toEqual([
      ["Steps", "30"],
      ["Sampler", "Euler a"],
      ["CFG scale", "7.5"],
      ["Seed", "0"],
      ["Size", "512x768"],
      ["Lora hashes", "a: 0123456789, b: abc"],
      ["Version", "v1.6.0"],
    ]);
    expect(parseSize(read.settings.Size)).toEqual({ width: 512, height: 768 });
  });

  test("stable-diffusion.cpp's", () => {
    const { settings } = parseInfotext(
      "a cat\nSteps: 20, CFG scale: 7.000000, Guidance: 3.500000, Seed: 42, Size: 512x512, Model: sd.safetensors, RNG: cuda, Sampler: euler_a karras, Version: stable-diffusion.cpp",
    );
    expect(settings["CFG scale"]).toBe("7.000000");
    expect(settings.Sampler).toBe("euler_a karras");
  });

  test("a last line with fewer than three pairs is prompt", () => {
    expect(parseInfotext("style: ink, mood: calm")).toMatchObject({ prompt: "style: ink, mood: calm", negative: "" });
    expect(Object.keys(parseInfotext("a\nSteps: 1, Seed: 2").settings)).toEqual([]);
    expect(parseInfotext("")).toMatchObject({ prompt: "", negative: "" });
    expect(parseInfotext("Steps: 1, Seed: 2, Size: 8x8").prompt).toBe("");
  });

  test("settings named like properties of objects are only names", () => {
    const { settings } = parseInfotext("x\n__proto__: 1, constructor: 2, toString: 3");
    expect(Object.entries(settings)).toEqual([
      ["__proto__", "1"],
      ["constructor", "2"],
      ["toString", "3"],
    ]);
  });
});

/** A1111's own expression (Python's \w is Unicode's) and unquoting; quadratic, so only for short lines. */
function reference(line: string): [string, string][] {
  const pairs = /\s*([\p{L}\p{N}_][\p{L}\p{N}_ \-/]+):\s*("(?:\\.|[^\\"])+"|[^,]*)(?:,|$)/gu;
  return [...line.matchAll(pairs)].map(([, key, value]) => {
    try {
      return [key, value.startsWith('"') && value.endsWith('"') ? JSON.parse(value) : value];
    } catch {
      return [key, value];
    }
  });
}

test("pairs are those of A1111's regular expression", () => {
  const piece = fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom(":", ",", '"', "\\", " ", "-", "/", "\t", '\\"', ": ", ", ", '",', ': "') },
    { weight: 2, arbitrary: fc.constantFrom("a", "ab", "é", "_", "0", "Seed", "Size", "(", "+", "<lora:x:1>") },
  );
  const line = fc.array(piece, { maxLength: 40 }).map((pieces) => `Aa: 1, Bb: 2, Cc: 3, ${pieces.join("")}`);
  fc.assert(
    fc.property(line, (text) => {
      const expected = new Map(reference(text.trim()));
      expect(Object.entries(parseInfotext(text).settings).sort()).toEqual([...expected].sort());
    }),
    { numRuns: 2000 },
  );
});

test("what is written is read back", () => {
  const text = fc.string({ unit: "grapheme", maxLength: 40 });
  const prompt = fc
    .array(text, { maxLength: 4 })
    .map((lines) =>
      lines
        .map((line) => line.trim())
        .join("\n")
        .trim(),
    )
    .filter((p) => !p.includes("\r") && !/(^|\n)Negative prompt:/.test(p));
  const key = fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9_ \-/]{0,10}[A-Za-z0-9_\-/]$/).filter((k) => !/^\d+$/.test(k));
  const value = fc.oneof(
    text,
    fc.string({ unit: "binary" }),
    fc.double().map(String),
    fc.constantFrom('"', '"x"', "\\", " a ", "a,b", "a:b", "", "\n", '\\"'),
  );
  const settings = fc.dictionary(key, value, { minKeys: 3, maxKeys: 8 });
  fc.assert(
    fc.property(prompt, prompt, settings, (prompt, negative, settings) => {
      const read = parseInfotext(writeInfotext({ prompt, negative, settings }));
      expect(read.prompt).toBe(prompt);
      expect(read.negative).toBe(negative);
      expect(Object.entries(read.settings).sort()).toEqual(Object.entries(settings).sort());
    }),
    { numRuns: 300 },
  );
});

test("what could not be read back is not written", () => {
  expect(() => writeInfotext({ prompt: "a", settings: { Steps: 1, Seed: 2 } })).toThrow(
    /2 settings would be read as prompt/,
  );
  expect(writeInfotext({ prompt: "a", settings: {} })).toBe("a");
  for (const name of ["a:b", "a,b", "x", "", "a\nb", " ab", "ab "])
    expect(() => writeInfotext({ prompt: "a", settings: { Steps: 1, Seed: 2, [name]: 3 } })).toThrow(RangeError);
});

test("a line of half a million letters is read in one pass", () => {
  expect(parseInfotext("a".repeat(500_000)).prompt).toHaveLength(500_000);
  expect(parseInfotext("a: ".repeat(100_000)).prompt).toHaveLength(299_999);
});
