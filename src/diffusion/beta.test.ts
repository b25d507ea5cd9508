// Quantiles of the beta distribution: closed forms, symmetry, and order.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { betaQuantile } from "./beta.ts";

const part = fc.double({ min: 0, max: 1, noNaN: true });
const inner = fc.double({ min: 1e-3, max: 1 - 1e-3, noNaN: true });
const shape = fc.double({ min: 0.3, max: 6, noNaN: true });

describe("betaQuantile", () => {
  test.each([
    ["Beta(1, 1), which is even", 1, 1, (p: number) => p],
    ["Beta(½, ½), the arcsine law", 0.5, 0.5, (p: number) => Math.sin((Math.PI * p) / 2) ** 2],
    ["Beta(3, 1)", 3, 1, (p: number) => Math.cbrt(p)],
    ["Beta(1, 4)", 1, 4, (p: number) => 1 - (1 - p) ** 0.25],
  ] as const)("%s", (_, a, b, closed) => {
    fc.assert(
      fc.property(part, (p) => {
        expect(betaQuantile(p, a, b)).toBeCloseTo(closed(p), 12);
      }),
    );
  });

  test("Beta(2, 2): 3x² − 2x³ = p", () => {
    fc.assert(
      fc.property(part, (p) => {
        const x = betaQuantile(p, 2, 2);
        expect(3 * x ** 2 - 2 * x ** 3).toBeCloseTo(p, 12);
      }),
    );
  });

  test("what is below p in Beta(a, b) is above 1 − p in Beta(b, a), and more is below more", () => {
    fc.assert(
      fc.property(inner, inner, shape, shape, (p, q, a, b) => {
        expect(betaQuantile(p, a, b)).toBeCloseTo(1 - betaQuantile(1 - p, b, a), 9);
        const [low, high] = p < q ? [p, q] : [q, p];
        expect(betaQuantile(low, a, b)).toBeLessThanOrEqual(betaQuantile(high, a, b) + 1e-12);
      }),
    );
  });

  test("ends at the ends, and a half is in the middle when the halves are alike", () => {
    expect([betaQuantile(0, 0.6, 0.6), betaQuantile(1, 0.6, 0.6)]).toEqual([0, 1]);
    expect(betaQuantile(0.5, 0.6, 0.6)).toBeCloseTo(0.5, 14);
  });

  test("refuses what is no part and no shape", () => {
    expect(() => betaQuantile(1.1, 1, 1)).toThrow("beta: part 1.1; expected 0 to 1");
    expect(() => betaQuantile(0.5, 0, 1)).toThrow("expected both above 0");
  });
});
