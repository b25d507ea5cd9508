// What samplers are made of: weights of known values, and steps split in two.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ancestral, steps, weights } from "./steps.ts";

const distinct = fc
  .uniqueArray(fc.integer({ min: -12, max: 12 }), { minLength: 1, maxLength: 4 })
  .map((nodes) => nodes.map((node) => node / 4));

describe("weights", () => {
  test("integrate every polynomial through as many nodes as it has coefficients", () => {
    const coefficients = fc.array(fc.integer({ min: -5, max: 5 }), { minLength: 4, maxLength: 4 });
    fc.assert(
      fc.property(distinct, coefficients, (nodes, all) => {
        const c = all.slice(0, nodes.length);
        const value = (r: number) => c.reduce((sum, k, j) => sum + k * r ** j, 0);
        const w = weights(nodes, [1, 1 / 2, 1 / 3, 1 / 4]);
        const found = nodes.reduce((sum, node, k) => sum + w[k] * value(node), 0);
        expect(found).toBeCloseTo(
          c.reduce((sum, k, j) => sum + k / (j + 1), 0),
          8,
        );
      }),
    );
  });

  test("of evenly spaced nodes are those of Adams and Bashforth", () => {
    const table = [[1], [3 / 2, -1 / 2], [23 / 12, -16 / 12, 5 / 12], [55 / 24, -59 / 24, 37 / 24, -9 / 24]];
    for (const expected of table)
      weights([0, -1, -2, -3].slice(0, expected.length), [1, 1 / 2, 1 / 3, 1 / 4]).forEach((w, k) => {
        expect(w).toBeCloseTo(expected[k], 12);
      });
  });
});

test("a step split in two: the squares of its parts sum to the square of the whole, whatever η", () => {
  const level = fc.double({ min: 1e-3, max: 4096, noNaN: true });
  fc.assert(
    fc.property(
      level,
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (sigma, part, eta) => {
        const next = sigma * part;
        const { down, up } = ancestral(sigma, next, eta);
        expect(Math.hypot(down, up)).toBeCloseTo(next, 6);
        expect(up).toBeLessThanOrEqual(next);
      },
    ),
  );
});

test("a walk has one step less than levels", () => {
  const sigmas = { levels: [3, 1, 0], times: [9, 4], start: 3, end: 1, time: () => 0 };
  expect([...steps(sigmas)]).toEqual([
    { index: 0, steps: 2, sigma: 3, next: 1 },
    { index: 1, steps: 2, sigma: 1, next: 0 },
  ]);
});
