// Properties of the painted world: determinism, true captions, a closed vocabulary, held-out combinations, pixels.
import { expect, describe as group, test } from "vitest";
import { asFixed } from "./held-out.ts";
import {
  caption,
  describe,
  HELD_OUT,
  heldOut,
  paint,
  paintScene,
  STYLES,
  SUBJECTS,
  type Subject,
  TIMES,
  words,
} from "./index.ts";
import { createNoise } from "./noise.ts";
import { createRandom } from "./rng.ts";

const seeds = (count: number, from = 0): number[] => Array.from({ length: count }, (_, n) => from + n);

group("describe", () => {
  test("gives the same scene for the same seed and different ones for others", () => {
    for (const seed of seeds(50)) expect(describe(seed)).toEqual(describe(seed));
    expect(new Set(seeds(200).map((seed) => describe(seed).captions.long)).size).toBeGreaterThan(150);
  });

  test("reaches every subject, style and time of day", () => {
    const scenes = seeds(3000).map((seed) => describe(seed));
    expect(new Set(scenes.map((scene) => scene.subject))).toEqual(new Set(SUBJECTS));
    expect(new Set(scenes.map((scene) => scene.attributes.style))).toEqual(new Set(STYLES));
    expect(new Set(scenes.flatMap((scene) => scene.attributes.time ?? []))).toEqual(new Set(TIMES));
  });

  test("keeps what is fixed", () => {
    const asked = { subject: "cat", color: "yellow", style: "plain", details: { garment: "raincoat" } } as const;
    for (const seed of seeds(20)) {
      const scene = describe(seed, asked);
      expect(scene.attributes).toMatchObject({ color: "yellow", style: "plain" });
      expect(scene.captions.long).toMatch(/yellow raincoat/);
    }
  });

  test("says what a subject offers when asked for what it lacks", () => {
    expect(() => describe(1, { subject: "galaxy", color: "brown" })).toThrow(/blue, purple/);
    expect(() => describe(1, { subject: "sea", color: "red" })).toThrow(/no color/);
    expect(() => describe(1, { subject: "unicorn" as Subject })).toThrow(/expected mountains/);
  });

  test("avoids or demands the held-out combinations", () => {
    for (const seed of seeds(3000)) expect(heldOut(describe(seed, {}, { heldOut: "avoid" }))).toBe(false);
    for (const seed of seeds(200)) expect(heldOut(describe(seed, {}, { heldOut: "only" }))).toBe(true);
    for (const combination of HELD_OUT) expect(heldOut(describe(7, asFixed(combination)))).toBe(true);
    expect(() => describe(1, asFixed(HELD_OUT[0]!), { heldOut: "avoid" })).toThrow(/200 tries/);
  });
});

group("caption", () => {
  test("long and medium name the colour; long and medium show the time in words of its own", () => {
    const golden = /golden|yellow/;
    for (const seed of seeds(1500)) {
      const { attributes, captions } = describe(seed);
      for (const text of [captions.long, captions.medium]) {
        if (attributes.color === "yellow") expect(text).toMatch(golden);
        else if (attributes.color) expect(text).toContain(attributes.color);
        if (attributes.time === "night") expect(text).toMatch(/night/);
        if (attributes.time === "sunset") expect(text).toMatch(/sunset|evening/);
        if (attributes.time === "fog") expect(text).toMatch(/fog|mist/);
        if (attributes.time && attributes.time !== "night") expect(text).not.toMatch(/night/);
      }
    }
  });

  test("never names a colour or a time that a style loses", () => {
    for (const seed of seeds(300))
      expect(describe(seed, { subject: "house", style: "pencil" }).captions.long).not.toMatch(
        /red|blue|yellow|pink|purple|sunset|night|dawn/,
      );
  });

  test("uses only lower-case words of words() and commas", () => {
    const known = new Set(words());
    const random = createRandom(5);
    for (const seed of seeds(2000)) {
      const text = caption(describe(seed), random);
      expect(text).toMatch(/^[a-z]+(,? [a-z]+)*$/);
      expect((text.match(/[a-z]+/g) ?? []).filter((word) => !known.has(word))).toEqual([]);
    }
    expect(words()).toEqual([...known].sort());
  });

  test("covers bare nouns and the classic prompt", () => {
    const random = createRandom(9);
    const texts = new Set(
      seeds(400).map(() => caption(describe(3, { subject: "galaxy", style: "friedrich" }), random)),
    );
    expect(texts).toContain("galaxy");
    const known = new Set(words());
    const prompt = "a dream of a distant galaxy, by caspar david friedrich, matte painting trending on artstation hq";
    for (const word of prompt.match(/[a-z]+/g) ?? []) expect(known).toContain(word);
  });
});

group("paint", () => {
  test("is deterministic, finite, within 0…1 and not constant, for every subject", () => {
    SUBJECTS.forEach((subject, n) => {
      const style = STYLES[n % STYLES.length]!;
      const { pixels } = paint(n, 64, { subject, style }, { quick: true });
      expect(
        Buffer.from(pixels.buffer).equals(Buffer.from(paint(n, 64, { subject, style }, { quick: true }).pixels.buffer)),
      ).toBe(true);
      expect(pixels.length).toBe(3 * 64 * 64);
      expect(pixels.every((value) => value >= 0 && value <= 1)).toBe(true);
      expect(deviation(pixels)).toBeGreaterThan(0.02);
    });
  });

  test("lays out the same scene at 64, 128 and 256", () => {
    for (const subject of SUBJECTS) {
      const scene = describe(11, { subject, style: "plain" });
      const small = paintScene(scene, 64);
      for (const size of subject === "castle" || subject === "galaxy" ? [128, 256] : [128]) {
        const reduced = reduce(paintScene(scene, size), size, 64);
        let sum = 0;
        for (let i = 0; i < small.length; i++) sum += Math.abs(small[i]! - reduced[i]!);
        expect(sum / small.length, `${subject} at ${size}`).toBeLessThan(size === 128 ? 0.02 : 0.05);
      }
    }
  });

  test("shows the colour it names", () => {
    const mean = (color: "red" | "blue"): number[] => {
      const { pixels } = paint(4, 64, { subject: "nebula", color, style: "plain" });
      return [0, 1, 2].map((c) => pixels.slice(c * 4096, (c + 1) * 4096).reduce((a, b) => a + b) / 4096);
    };
    const [red, blue] = [mean("red"), mean("blue")];
    expect(red[0]).toBeGreaterThan(1.5 * red[2]!);
    expect(blue[2]).toBeGreaterThan(1.5 * blue[0]!);
  });

  test("refuses a size that the pixel-art grid does not divide", () => {
    expect(() => paint(1, 100)).toThrow(/multiple of 32/);
  });
});

test("noise has mean near 0, is smooth, and repeats for a seed", () => {
  const noise = createNoise(createRandom(1));
  const values = seeds(4000).map((n) => noise.at(n * 0.137, n * 0.071));
  expect(Math.abs(values.reduce((a, b) => a + b) / values.length)).toBeLessThan(0.05);
  expect(Math.abs(noise.at(1.5, 2.5) - noise.at(1.5001, 2.5))).toBeLessThan(0.001);
  expect(createNoise(createRandom(1)).fbm(0.3, 0.7, 5)).toBe(noise.fbm(0.3, 0.7, 5));
});

function deviation(values: Float32Array): number {
  const mean = values.reduce((a, b) => a + b) / values.length;
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
}

function reduce(pixels: Float32Array, from: number, to: number): Float32Array {
  const factor = from / to;
  const out = new Float32Array(3 * to * to);
  for (let c = 0; c < 3; c++)
    for (let y = 0; y < from; y++)
      for (let x = 0; x < from; x++) {
        const at = c * to * to + Math.floor(y / factor) * to + Math.floor(x / factor);
        out[at] = out[at]! + pixels[c * from * from + y * from + x]! / (factor * factor);
      }
  return out;
}
