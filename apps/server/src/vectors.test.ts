// Vectors: what is nearest among those that are there now, whatever came and went before.
import fc from "fast-check";
import { expect, it } from "vitest";
import { vectors } from "./vectors.ts";

const WIDTH = 5;
const unit = fc
  .array(fc.integer({ min: -9, max: 9 }), { minLength: WIDTH, maxLength: WIDTH })
  .filter((v) => v.some((x) => x !== 0))
  .map((v) => Float32Array.from(v, (x) => x / Math.hypot(...v)));
const act = fc.record({ key: fc.integer({ min: 1, max: 12 }), vector: fc.option(unit, { nil: undefined }) });

it("finds what comparing each of those that are there finds", () => {
  fc.assert(
    fc.property(fc.array(act, { maxLength: 60 }), unit, fc.integer({ min: 0, max: 14 }), (acts, to, most) => {
      const table = vectors();
      const kept = new Map<number, Float32Array>();
      for (const { key, vector } of acts) {
        if (vector) table.set(key, vector);
        else table.delete(key);
        if (vector) kept.set(key, vector);
        else kept.delete(key);
      }
      const asked = Array.from({ length: 12 }, (_, i) => i + 1).filter((key) => key % 3 !== 0);
      const cosine = (v: Float32Array): number => v.reduce((sum, x, i) => sum + x * (to[i] ?? 0), 0);
      const wanted = asked.flatMap((key) => {
        const vector = kept.get(key);
        return vector ? [{ key, score: cosine(vector) }] : [];
      });
      wanted.sort((a, b) => b.score - a.score || a.key - b.key);
      const found = table.nearest(to, asked, most);
      expect(found).toHaveLength(Math.min(most, wanted.length));
      for (const [i, { key, score }] of found.entries()) {
        expect(score).toBeCloseTo(wanted[i]?.score ?? Number.NaN, 5);
        expect(score).toBeCloseTo(cosine(kept.get(key) ?? to), 5);
      }
      expect(new Set(found.map(({ key }) => key)).size).toBe(found.length);
    }),
  );
});

it("refuses vectors of another model", () => {
  const table = vectors();
  table.set(1, Float32Array.of(1, 0));
  expect(() => table.set(2, Float32Array.of(1))).toThrow(/1 numbers among vectors of 2/);
  expect(() => table.nearest(Float32Array.of(1), [1], 5)).toThrow(/cannot be compared/);
  expect(table.nearest(Float32Array.of(1), [2], 5)).toEqual([]);
});
