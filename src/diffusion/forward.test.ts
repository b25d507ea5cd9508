// The forward process: scales, targets, and that a network which answers them is undone exactly.
import { expect, test } from "vitest";
import { cpuGenerator } from "../tensor/random.ts";
import { rows, stack, type Tensor } from "../tensor/tensor.ts";
import { predictions } from "./denoise.ts";
import { networkInput, networkTarget, noised } from "./forward.ts";
import { vpTable } from "./noise-table.ts";

const clean = cpuGenerator(1).randn([2, 3, 5]);
const noise = cpuGenerator(2).randn([2, 3, 5]);
const close = (actual: Tensor, expected: (c: number, n: number) => number): void =>
  expect(Math.max(...actual.data.map((v, i) => Math.abs(v - expected(clean.data[i], noise.data[i]))))).toBeLessThan(
    5e-6,
  );

test("the noisy sample in σ-space, at a network's scale, and along a flow", () => {
  const { alphasCumprod, sigmas } = vpTable();
  const alpha = alphasCumprod[500];
  close(noised(clean, noise, sigmas[500]), (c, n) => c + sigmas[500] * n);
  close(
    networkInput(predictions.epsilon, clean, noise, sigmas[500]),
    (c, n) => Math.sqrt(alpha) * c + Math.sqrt(1 - alpha) * n,
  );
  close(networkInput(predictions.flow, clean, noise, 0.25 / 0.75), (c, n) => 0.75 * c + 0.25 * n);
});

test("the training target of each prediction, by its definition", () => {
  const { alphasCumprod, sigmas } = vpTable();
  const alpha = alphasCumprod[700];
  const { epsilon, v, sample, flow } = predictions;
  close(networkTarget(epsilon, clean, noise, sigmas[700]), (_, n) => n);
  close(networkTarget(v, clean, noise, sigmas[700]), (c, n) => Math.sqrt(alpha) * n - Math.sqrt(1 - alpha) * c);
  close(networkTarget(sample, clean, noise, sigmas[700]), (c) => c);
  close(networkTarget(flow, clean, noise, 0.7), (c, n) => n - c);
});

test("one level per row is each row at its level", () => {
  const levels = [0.1, 9];
  for (const f of [networkInput, networkTarget]) {
    const apart = levels.map((level, i) => f(predictions.v, rows(clean, i), rows(noise, i), level));
    expect(f(predictions.v, clean, noise, levels)).toEqual(stack(apart));
  }
});

test("levels and shapes that do not fit are refused", () => {
  expect(() => noised(clean, noise, [1, 2, 3])).toThrow("3 levels for 2 rows");
  expect(() => noised(clean, noise, 0)).toThrow("level 0; expected a finite σ above 0");
  expect(() => noised(clean, noise, Number.POSITIVE_INFINITY)).toThrow("level Infinity");
  expect(() => noised(clean, rows(noise, 0), 1)).toThrow("[1,3,5] is not the sample's, [2,3,5]");
});
