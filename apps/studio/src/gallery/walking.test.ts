// Walking over the wall by keys: never off it, and back where one came from.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { columnsFor, differences, moved } from "./walking.ts";

describe("moved", () => {
  it("never leaves the wall", () => {
    const key = fc.constantFrom("ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "PageUp", "PageDown", "Home", "End");
    fc.assert(
      fc.property(
        key,
        fc.integer({ min: 1, max: 500 }),
        fc.integer({ min: 1, max: 12 }),
        fc.nat(499),
        (key, count, columns, from) => {
          const to = moved(key, from % count, columns, count, 3);
          expect(to !== undefined && to >= 0 && to < count).toBe(true);
        },
      ),
    );
  });
  it("goes up and down within a column, and to the end of a short last row", () => {
    expect(moved("ArrowDown", 1, 4, 10, 2)).toBe(5);
    expect(moved("ArrowUp", 5, 4, 10, 2)).toBe(1);
    expect(moved("ArrowUp", 2, 4, 10, 2)).toBe(2);
    expect(moved("ArrowDown", 7, 4, 10, 2)).toBe(9);
    expect(moved("ArrowDown", 8, 4, 10, 2)).toBe(8);
    expect(moved("a", 1, 4, 10, 2)).toBeUndefined();
    expect([columnsFor(0), columnsFor(360), columnsFor(1280)]).toEqual([3, 3, 7]);
  });
});

it("differences names what differs, what one lacks too", () => {
  expect(differences({ a: 1, b: "x", c: { d: 1 } }, { a: 2, b: "x", e: true })).toEqual([
    { name: "a", one: "1", two: "2" },
    { name: "c", one: '{"d":1}', two: "–" },
    { name: "e", one: "–", two: "true" },
  ]);
});
