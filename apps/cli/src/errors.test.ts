// Errors: the number for each, and one line of each.
import { EngineDied, ModelError } from "dreamgrain/node";
import { expect, it } from "vitest";
import { asUsage, exitCode, Interrupted, oneLine, UsageError } from "./errors.ts";

it.each([
  [new Error("x"), 1],
  ["x", 1],
  [new UsageError("x"), 2],
  [new ModelError("missing", "x"), 3],
  [new EngineDied("memory", "x", ""), 4],
  [new EngineDied("crashed", "x", ""), 1],
  [new RangeError("Array buffer allocation failed"), 4],
  [new RangeError("x"), 1],
  [new Interrupted("x"), 130],
])("%s exits with %i", (error, code) => expect(exitCode(error)).toBe(code));

it("makes one line of many, and counts the rest of a model's", () => {
  expect(oneLine(new ModelError("mismatch", "weights: a\nweights: b\n… and 3 more"))).toMatch(
    /^weights: a \(and 2 more .*inspect/,
  );
  expect(oneLine(new Error("died\nIt said last:\nabort"))).toBe("died");
  expect(oneLine("a string")).toBe("a string");
});

it("takes a refused choice for wrong usage, and nothing else", () => {
  const fail = (error: Error) => () => {
    throw error;
  };
  expect(() => asUsage(fail(new RangeError("steps")))).toThrow(UsageError);
  expect(() => asUsage(fail(new TypeError("bug")))).toThrow(TypeError);
});
