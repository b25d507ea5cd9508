// The optimiser's rules, each against its closed form.
import { describe, expect, it } from "vitest";
import { tensor } from "../tensor/tensor.ts";
import { adamw, cosine, moments, norm, type Tensors, updateAverage } from "./adamw.ts";

const one = (...values: number[]): Tensors => ({ w: tensor(values, [values.length]) });

describe("adamw", () => {
  it("first moves each number by the rate, whatever the size of its gradient", () => {
    const params = one(1, 2, 3);
    adamw(params, one(1e-3, -5, 0), moments(params), 1, 0.1, { weightDecay: 0 });
    const [a, b, c] = params.w.data;
    expect(a).toBeCloseTo(0.9, 5);
    expect(b).toBeCloseTo(2.1, 6);
    expect(c).toBe(3);
  });
  it("decays by rate × weightDecay, apart from the gradient", () => {
    const params = one(2);
    adamw(params, one(0), moments(params), 1, 0.1, { weightDecay: 0.5 });
    expect(params.w.data[0]).toBeCloseTo(2 * (1 - 0.1 * 0.5), 6);
    const usual = one(2);
    adamw(usual, one(0), moments(usual), 1, 0.1);
    expect(usual.w.data[0]).toBeCloseTo(2 * (1 - 0.1 * 0.01), 6);
  });
  it("follows algorithm 2 of Loshchilov & Hutter over several steps", () => {
    const gradients = [0.3, -0.7, 0.2, 1.1];
    const params = one(0.5);
    const state = moments(params);
    const [b1, b2, eps, decay, rate] = [0.9, 0.999, 1e-8, 0.01, 0.02];
    let [p, m, v] = [0.5, 0, 0];
    gradients.forEach((g, i) => {
      adamw(params, one(g), state, i + 1, rate);
      m = b1 * m + (1 - b1) * g;
      v = b2 * v + (1 - b2) * g * g;
      p -= rate * (m / (1 - b1 ** (i + 1)) / (Math.sqrt(v / (1 - b2 ** (i + 1))) + eps) + decay * p);
      expect(params.w.data[0]).toBeCloseTo(p, 6);
    });
  });
  it("adds eps after the root: a gradient of its size moves by half the rate", () => {
    const params = one(0);
    adamw(params, one(1e-8), moments(params), 1, 1, { weightDecay: 0 });
    expect(params.w.data[0]).toBeCloseTo(-0.5, 3);
  });
  it("scales gradients before both moments, as clipping asks for", () => {
    const [scaled, plain] = [one(1), one(1)];
    const [a, b] = [moments(scaled), moments(plain)];
    adamw(scaled, one(4), a, 1, 0.1, {}, 0.25);
    adamw(plain, one(1), b, 1, 0.1);
    expect(scaled.w.data).toEqual(plain.w.data);
    expect(a).toEqual(b);
    expect(a.first.w.data[0]).toBeCloseTo(0.1, 7);
    expect(a.second.w.data[0]).toBeCloseTo(0.001, 8);
  });
});

it("norm is Euclidean over all tensors together", () => {
  expect(norm({ a: tensor([2, 3], [2]), b: tensor([6], [1]) })).toBe(7);
});

describe("updateAverage", () => {
  it("begins short-sighted, (1+step)/(10+step), and ends at the decay", () => {
    const average = one(0);
    updateAverage(average, one(11), 1, 0.999);
    expect(average.w.data[0]).toBeCloseTo(11 * (1 - 2 / 11), 5);
    const late = one(1);
    updateAverage(late, one(0), 1e6, 0.9);
    expect(late.w.data[0]).toBeCloseTo(0.9, 6);
  });
});

describe("cosine", () => {
  const rate = cosine(1e-3, 1100, { warmup: 100, floor: 0.1 });
  it("rises linearly to the peak", () => {
    expect(rate(1)).toBeCloseTo(1e-5, 12);
    expect(rate(50)).toBeCloseTo(5e-4, 12);
    expect(rate(100)).toBe(1e-3);
  });
  it("falls along half a cosine to the floor and stays there", () => {
    expect(rate(600)).toBeCloseTo(0.55e-3, 12);
    expect(rate(350)).toBeCloseTo(1e-3 * (0.1 + 0.9 * 0.5 * (1 + Math.SQRT1_2)), 12);
    expect(rate(1100)).toBeCloseTo(1e-4, 12);
    expect(rate(5000)).toBeCloseTo(1e-4, 12);
  });
  it("has its usual floor at a fiftieth, after a hundred steps of warm-up", () => {
    expect(cosine(1, 1000)(1000)).toBeCloseTo(0.02, 12);
    expect(cosine(1, 1000)(100)).toBe(1);
    expect(cosine(1, 1000)(99)).toBeCloseTo(0.99, 12);
  });
});
