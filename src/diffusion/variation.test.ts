// Variation: the ends of the arc, its length, and what A1111's formula makes of a picture that is not square.
import { expect, test } from "vitest";
import { cpuGenerator } from "../tensor/random.ts";
import { type Tensor, tensor } from "../tensor/tensor.ts";
import { slerp } from "./variation.ts";

const noise = (seed: number): Tensor => cpuGenerator(seed).randn([1, 4, 16, 8]);
const [a, b] = [noise(1), noise(2)];
const length = ({ data }: Tensor): number => Math.hypot(...data);

test("begins and ends at the two noises", () => {
  for (const [weight, end] of [
    [0, a],
    [1, b],
  ] as const)
    for (const [i, v] of slerp(a, b, weight).data.entries()) expect(v).toBeCloseTo(end.data[i], 6);
});

test("is as long as they are in the middle, where a line would be shorter by a third", () => {
  expect(length(slerp(a, b, 0.5)) / length(a)).toBeGreaterThan(0.95);
  expect(length(slerp(a, b, 0.5)) / length(a)).toBeLessThan(1.05);
});

test("turns each column of each channel by itself", () => {
  // Three columns of two: (1,0) → (0,1), (0,2) → (2,0) and (3,0) → (0,3).
  const from = tensor([1, 0, 3, 0, 2, 0], [1, 1, 2, 3]);
  const to = tensor([0, 2, 0, 1, 0, 3], [1, 1, 2, 3]);
  const half = Math.SQRT1_2;
  for (const [i, v] of [half, 2 * half, 3 * half, half, 2 * half, 3 * half].entries())
    expect(slerp(from, to, 0.5).data[i]).toBeCloseTo(v, 6);
  const third = slerp(from, to, 1 / 3).data;
  expect(third[0]).toBeCloseTo(Math.cos(Math.PI / 6), 6);
  expect(third[3]).toBeCloseTo(Math.sin(Math.PI / 6), 6);
});

test("is the line between noises that are all but the same, and a noise with itself", () => {
  const near = tensor(
    a.data.map((v) => v * 1.1),
    a.shape,
  );
  for (const [i, v] of slerp(a, near, 0.5).data.entries()) expect(v).toBeCloseTo(1.05 * a.data[i], 5);
  expect(slerp(a, a, 0.3).data.every((v, i) => Math.abs(v - a.data[i]) < 1e-6)).toBe(true);
});
