// Vectors as points: properties of cosines and of principal components.
import { describe, expect, it } from "vitest";
import { centred, cosine, principal } from "./vectors.ts";

const of = (...numbers: number[]): Float32Array => Float32Array.from(numbers);

describe("cosine", () => {
  it("knows directions, not lengths", () => {
    expect(cosine(of(1, 2), of(3, 6))).toBeCloseTo(1, 6);
    expect(cosine(of(1, 2), of(-1, -2))).toBeCloseTo(-1, 6);
    expect(cosine(of(1, 0), of(0, 5))).toBe(0);
    expect(cosine(of(0, 0), of(1, 1))).toBe(0);
  });
});

describe("principal", () => {
  /** Points in a plane of a space of five dimensions, wide along one line and narrow across it. */
  const along = [1, 2, 0, -1, 0.5];
  const across = [0, 0.5, 3, 1, 0]; // at right angles to `along`: 0 + 1 + 0 − 1 + 0
  const places = [
    [-4, 0.5],
    [-1, -0.8],
    [0.5, 1],
    [2, -0.9],
    [2.5, 0.2],
  ] as const;
  const points = places.map(([a, b]) => Float32Array.from(along, (x, i) => 7 + a * x + b * (across[i] ?? 0)));

  it("keeps distances of points that lie in a plane", () => {
    const flat = principal(points);
    for (const [i, p] of points.entries())
      for (const [j, q] of points.entries()) {
        const far = Math.hypot(...p.map((x, k) => x - (q[k] ?? 0)));
        const [a = [], b = []] = [flat[i], flat[j]];
        expect(Math.hypot(...a.map((x, k) => x - (b[k] ?? 0)))).toBeCloseTo(far, 4);
      }
  });
  it("begins with the direction in which they differ most", () => {
    const spread = [0, 1].map((k) => principal(points).reduce((sum, row) => sum + (row[k] ?? 0) ** 2, 0));
    expect(spread[0]).toBeGreaterThan(3 * (spread[1] ?? 0));
  });
  it("puts equal vectors on one spot, and nothing anywhere", () => {
    expect(principal([of(1, 2), of(1, 2)])).toEqual([
      [0, 0],
      [0, 0],
    ]);
    expect(principal([])).toEqual([]);
    expect(centred([of(1, 5), of(3, 1)])).toEqual([of(-1, 2), of(1, -2)]);
  });
});
