// Distances between words, and what was meant by a misspelt one.
import fc from "fast-check";
import { expect, test } from "vitest";
import { editDistance, nearest } from "./spelling.ts";

test("edits: insert, delete, replace, swap neighbours", () => {
  expect(editDistance("boat", "bota")).toBe(1);
  expect(editDistance("kitten", "sitting")).toBe(3);
  fc.assert(
    fc.property(fc.string(), fc.string(), (a, b) => {
      const d = editDistance(a, b);
      expect(d).toBe(editDistance(b, a));
      expect(d === 0).toBe(a === b);
      expect(d).toBeLessThanOrEqual(Math.max(a.length, b.length));
      expect(d).toBeGreaterThanOrEqual(Math.abs(a.length - b.length));
    }),
  );
});

test("nearest counts letters", () => {
  expect(nearest("galxy", ["gallery", "galaxy"])).toBe("galaxy");
  expect(nearest("moon", ["sun"])).toBeUndefined();
  expect(nearest("moon", [])).toBeUndefined();
});
