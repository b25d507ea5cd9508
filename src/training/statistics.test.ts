// What the figures of an evaluation must satisfy.
import { describe, expect, it } from "vitest";
import { random } from "./random.ts";
import { kid, markdownTable, meanDistance, showShare, totalVariation, wilson } from "./statistics.ts";

const cloud = (seed: number, count: number, shift = 0, width = 8): Float32Array[] => {
  const { normal } = random(seed);
  return Array.from({ length: count }, () => Float32Array.from({ length: width }, () => normal() + shift));
};

describe("wilson", () => {
  it("gives the published interval", () => {
    // Newcombe 1998, table I, method 3: 81 of 263 and 15 of 148.
    const [a, b] = wilson({ right: 81, of: 263 });
    expect([a.toFixed(4), b.toFixed(4)]).toEqual(["0.2553", "0.3662"]);
    const [c, d] = wilson({ right: 15, of: 148 });
    expect([c.toFixed(4), d.toFixed(4)]).toEqual(["0.0624", "0.1605"]);
  });
  it("stays between 0 and 1, holds the share, and knows nothing without trials", () => {
    expect(wilson({ right: 0, of: 0 })).toEqual([0, 1]);
    for (const of of [1, 7, 200])
      for (let right = 0; right <= of; right++) {
        const [low, high] = wilson({ right, of });
        expect(low).toBeGreaterThanOrEqual(0);
        expect(high).toBeLessThanOrEqual(1);
        expect(low).toBeLessThanOrEqual(right / of + 1e-12);
        expect(high).toBeGreaterThanOrEqual(right / of - 1e-12);
      }
    expect(wilson({ right: 0, of: 20 })[1]).toBeGreaterThan(0.1);
  });
  it("is shown in percent", () => {
    expect(showShare({ right: 81, of: 263 })).toBe("30.8 % (25.5–36.6)");
    expect(showShare({ right: 0, of: 0 })).toBe("–");
  });
});

describe("kid", () => {
  it("is the formula, on two points a side", () => {
    const [a, b, c, d] = [
      [1, 0],
      [0, 2],
      [1, 1],
      [0, 0],
    ].map((v) => Float32Array.from(v));
    const k = (x: Float32Array, y: Float32Array): number => ((x[0] * y[0] + x[1] * y[1]) / 2 + 1) ** 3;
    const between = (k(a, c) + k(a, d) + k(b, c) + k(b, d)) / 4;
    expect(kid([a, b], [c, d])).toBeCloseTo(k(a, b) + k(c, d) - 2 * between, 10);
  });
  it("is near 0 for two samples of one distribution and grows with their distance", () => {
    const floor = Math.abs(kid(cloud(1, 150), cloud(2, 150)));
    const near = kid(cloud(1, 150), cloud(2, 150, 0.5));
    const far = kid(cloud(1, 150), cloud(2, 150, 1));
    expect(floor).toBeLessThan(near / 3);
    expect(near).toBeLessThan(far / 2);
  });
  it("refuses a side of one", () => {
    expect(() => kid(cloud(1, 1), cloud(2, 5))).toThrow(/at least two/);
  });
});

describe("spread", () => {
  it("is the mean distance of pairs", () => {
    expect(
      meanDistance(
        [
          [0, 0],
          [3, 4],
          [0, 0],
        ].map((v) => Float32Array.from(v)),
      ),
    ).toBeCloseTo(10 / 3, 10);
    expect(() => meanDistance(cloud(1, 1))).toThrow(/at least two/);
  });
  it("compares distributions of any total", () => {
    expect(totalVariation([1, 1], [5, 5])).toBe(0);
    expect(totalVariation([3, 0], [0, 7])).toBe(1);
    expect(totalVariation([3, 1], [1, 1])).toBeCloseTo(0.25, 12);
  });
});

it("a table has one width per column", () => {
  const lines = markdownTable(
    ["what", "n"],
    [
      ["a cat", "1"],
      ["b", "1000"],
    ],
  ).split("\n");
  expect(lines).toEqual(["| what  |    n |", "|-------|-----:|", "| a cat |    1 |", "| b     | 1000 |"]);
});
