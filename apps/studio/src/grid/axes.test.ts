// Axes: how values are typed, the cells they make, the grid put together again from its jobs.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { jobOf } from "../api/fixtures.ts";
import { cellsOf, costKey, drawnOf, MOST_VALUES, valuesOf } from "./axes.ts";

describe("valuesOf", () => {
  it.each([
    ["steps", "2, 5,10", ["2", "5", "10"]],
    ["steps", "1-5", ["1", "2", "3", "4", "5"]],
    ["steps", "1-10 (+3)", ["1", "4", "7", "10"]],
    ["steps", "10-1 (-3)", ["10", "7", "4", "1"]],
    ["guidance", "1-8 [3]", ["1", "4.5", "8"]],
    ["guidance", "0.2-0.8 (0.2)", ["0.2", "0.4", "0.6", "0.8"]],
    ["seed", "-3, 18446744073709551615, 5-6", ["-3", "18446744073709551615", "5", "6"]],
    ["sampler", "euler, heun, euler", ["euler", "heun"]],
    ["quality", "fast, best", ["fast", "best"]],
  ] as const)("reads %s: %s", (name, text, values) => expect(valuesOf(name, text)).toEqual(values));

  it.each([
    ["steps", "", /type values/],
    ["steps", "two", /no number/],
    ["steps", "1.5", /no whole number/],
    ["steps", "1-99", /99 values/],
    ["steps", "1-9 (0)", /never ends/],
    ["seed", Array.from({ length: MOST_VALUES + 1 }, (_, i) => i).join(), /too many/],
    ["words", "x".repeat(61), /longer/],
    ["quality", "fast, middling", /middling.*fast, best/],
  ] as const)("refuses %s: %s", (name, text, why) => expect(() => valuesOf(name, text)).toThrow(why));

  it("ends for any text, with at most as many values as fit", () => {
    fc.assert(
      fc.property(fc.constantFrom("steps", "guidance", "seed", "words"), fc.string(), (name, text) => {
        try {
          expect(valuesOf(name as "steps", text).length).toBeLessThanOrEqual(MOST_VALUES);
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError);
        }
      }),
    );
  });
});

describe("a grid", () => {
  const x = { name: "steps", values: ["2", "5"] } as const;
  const y = { name: "words", values: ["dusk", "dawn", "storm"] } as const;
  it("has a cell for each pair, with the words in place of the first of them", () => {
    const cells = cellsOf({ prompt: "a boat at dusk", seed: "1", count: 4 }, x, y);
    expect(cells).toHaveLength(6);
    expect(cells[3]).toMatchObject({
      row: 1,
      column: 1,
      request: { prompt: "a boat at dawn", steps: 5, seed: "1", count: 1 },
    });
    expect(cellsOf({}, y, x)[1]?.request).toMatchObject({ prompt: "dawn", steps: 2 });
    const qualities = { name: "quality", values: ["fast", "best"] } as const;
    expect(cellsOf({ quality: "best" }, x, qualities).map(({ request }) => [request.quality, request.steps])).toEqual([
      ["fast", 2],
      ["fast", 5],
      ["best", 2],
      ["best", 5],
    ]);
    expect(new Set(cells.map(({ request }) => costKey(request))).size).toBe(2);
  });

  it("is put together again from its jobs, in any order, with holes, whatever else is among them", () => {
    const cells = cellsOf({ prompt: "dusk" }, x, y);
    fc.assert(
      fc.property(fc.shuffledSubarray(cells, { minLength: 1 }), (some) => {
        const jobs = some.map(({ label, row, column }) => jobOf(`${row}-${column}`, { label }));
        const drawn = drawnOf([jobOf("other", { label: "{}" }), jobOf("none"), ...jobs]);
        for (const { row, column } of some) {
          expect(drawn?.jobs[row]?.[column]?.id).toBe(`${row}-${column}`);
          expect([drawn?.x.values[column], drawn?.y.values[row]]).toEqual([x.values[column], y.values[row]]);
        }
      }),
    );
    expect(drawnOf([jobOf("other", { label: "[1,2]" })])).toBeUndefined();
  });
});
