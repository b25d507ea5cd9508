// Distances, search and what pictures become before they are looked at.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fromPixels, pixels, plain } from "../image/pixels.ts";
import { tensor } from "../tensor/tensor.ts";
import { distance, type Preprocessing, preprocess, search, similarity, unit } from "./index.ts";

const vector = fc
  .array(fc.double({ min: -9, max: 9, noNaN: true }), { minLength: 4, maxLength: 4 })
  .filter((v) => Math.hypot(...v) > 0.01)
  .map((v) => Float32Array.from(v));

describe("similarity", () => {
  it("is the cosine: symmetric, within ±1, 1 with itself, the same for every length of a vector", () => {
    fc.assert(
      fc.property(vector, vector, fc.double({ min: 0.1, max: 50, noNaN: true }), (a, b, k) => {
        const [ua, ub] = [unit(a), unit(b)];
        const cosine = a.reduce((sum, x, i) => sum + x * b[i], 0) / (Math.hypot(...a) * Math.hypot(...b));
        expect(similarity(ua, ub)).toBeCloseTo(cosine, 5);
        expect(similarity(ua, ub)).toBe(similarity(ub, ua));
        expect(Math.abs(similarity(ua, ub))).toBeLessThanOrEqual(1);
        expect(similarity(ua, ua)).toBeCloseTo(1, 6);
        expect(similarity(unit(a.map((x) => k * x)), ub)).toBeCloseTo(similarity(ua, ub), 5);
        expect(distance(ua, ub)).toBe(1 - similarity(ua, ub));
      }),
    );
  });
  it("refuses what cannot be compared", () => {
    expect(() => similarity(Float32Array.of(1, 0), Float32Array.of(1))).toThrow(/2 and 1 numbers/);
    expect(() => unit(new Float32Array(3))).toThrow(RangeError);
    expect(() => unit(Float32Array.of(1, Number.NaN))).toThrow(RangeError);
  });
});

describe("search", () => {
  it("finds what sorting all of them finds, in its order", () => {
    fc.assert(
      fc.property(fc.array(vector, { maxLength: 30 }), vector, fc.integer({ min: 0, max: 35 }), (all, query, count) => {
        const rows = tensor(Float32Array.from(all.flatMap((v) => [...unit(v)])), [all.length, 4]);
        const sorted = all
          .map((v, index) => ({ index, similarity: unit(v).reduce((sum, x, i) => sum + x * unit(query)[i], 0) }))
          .sort((a, b) => b.similarity - a.similarity || a.index - b.index)
          .slice(0, count);
        expect(search(unit(query), rows, count)).toEqual(sorted);
      }),
    );
  });
  it("refuses vectors of another model", () => {
    expect(() => search(Float32Array.of(1, 0), tensor([1, 0, 0], [1, 3]))).toThrow(/2 numbers.*\[1,3\]/);
  });
});

describe("preprocess", () => {
  const plainly: Preprocessing = { side: 4, filter: "area", mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] };
  it("keeps the middle of a picture, whichever side is longer", () => {
    const wide = pixels(
      8,
      4,
      3,
      Uint8Array.from({ length: 96 }, (_, i) => 10 * (Math.floor(i / 3) % 8)),
    );
    const { data, shape } = preprocess(wide, plainly);
    expect(shape).toEqual([1, 3, 4, 4]);
    const row = [20, 30, 40, 50].map((v) => Math.fround(v / 127.5 - 1));
    for (let y = 0; y < 12; y++) for (let x = 0; x < 4; x++) expect(data[4 * y + x]).toBeCloseTo(row[x], 6);
    const tall = pixels(
      4,
      7,
      3,
      Uint8Array.from({ length: 84 }, (_, i) => 10 * Math.floor(i / 12)),
    );
    const first = preprocess(tall, plainly).data;
    for (let y = 0; y < 4; y++) expect(first[4 * y]).toBeCloseTo((10 * (y + 1)) / 127.5 - 1, 6);
  });
  it("rounds the longer side down, as transformers does", () => {
    const odd = pixels(
      7,
      4,
      3,
      Uint8Array.from({ length: 84 }, (_, i) => 30 * (Math.floor(i / 3) % 7)),
    );
    // 7×4 becomes 3×2 (3.5 rounded down), of which the first two columns are the middle.
    const { data } = preprocess(odd, { ...plainly, side: 2 });
    expect(data[0]).toBeCloseTo(Math.round((30 * (0 + 1 + 2 / 3)) / (7 / 3)) / 127.5 - 1, 6);
  });
  it("is −1…1 as `fromPixels` for a picture of the right size, and averages one of twice that", () => {
    const small = pixels(
      4,
      4,
      3,
      Uint8Array.from({ length: 48 }, (_, i) => (i * 37) % 256),
    );
    const same = preprocess(small, plainly).data;
    fromPixels(small).data.forEach((x, i) => {
      expect(same[i]).toBeCloseTo(x, 5);
    });
    const twice = pixels(
      8,
      8,
      3,
      Uint8Array.from({ length: 192 }, (_, i) => {
        const [y, x, c] = [Math.floor(i / 24), Math.floor((i % 24) / 3), i % 3];
        return small.data[((y >> 1) * 4 + (x >> 1)) * 3 + c];
      }),
    );
    expect(preprocess(twice, plainly)).toEqual(preprocess(small, plainly));
  });
  it("normalises each colour by its own mean and deviation, and puts transparent pictures on white", () => {
    const how: Preprocessing = { side: 2, filter: "bicubic", mean: [0.4, 0.5, 0.6], std: [0.2, 0.25, 0.5] };
    const { data } = preprocess(plain(5, 3, [51, 102, 255]), how);
    for (const [c, expected] of [(0.2 - 0.4) / 0.2, (0.4 - 0.5) / 0.25, (1 - 0.6) / 0.5].entries())
      for (let i = 0; i < 4; i++) expect(data[4 * c + i]).toBeCloseTo(expected, 5);
    const clear = pixels(2, 2, 4, new Uint8Array(16));
    expect(preprocess(clear, how)).toEqual(preprocess(plain(2, 2, [255, 255, 255]), how));
  });
});
