// flops: counted by hand on graphs of one op.
import { expect, test } from "vitest";
import { flops } from "./flops.ts";
import type { Spec } from "./trace.ts";
import { trace } from "./trace.ts";
import { attention, convolve, draw, type Value } from "./value.ts";

const count = (inputs: Readonly<Record<string, Spec>>, model: (v: Readonly<Record<string, Value>>) => Value): number =>
  flops(trace(inputs, (_, values) => ({ y: model(values) })));

test("two operations for each product and sum", () => {
  const pad = [1, 1, 1, 1] as const;
  const [x, w, g] = [
    [2, 3, 8, 6],
    [5, 3, 3, 3],
    [2, 5, 4, 3],
  ] as const;
  const conv = 2 * (2 * 5 * 4 * 3) * (3 * 3 * 3);
  expect(count({ x, w }, (v) => convolve(v.x, v.w, undefined, 2, pad))).toBe(conv);
  const attrs = { stride: 2, padding: pad };
  expect(count({ g, w }, (v) => draw("conv2dInput", { ...attrs, height: 8, width: 6 }, v.g, v.w))).toBe(conv);
  expect(count({ x, g }, (v) => draw("conv2dWeight", { ...attrs, kernel: [3, 3] }, v.x, v.g))).toBe(conv);
  expect(count({ a: [7, 4, 5], b: [6, 5] }, (v) => v.a.matmul(v.b, { transB: true }))).toBe(2 * 7 * 4 * 5 * 6);
  expect(count({ a: [5, 4], b: [5, 6] }, (v) => v.a.matmul(v.b, { transA: true }))).toBe(2 * 4 * 5 * 6);
  expect(count({ q: [2, 7, 8], k: [2, 3, 8] }, (v) => attention(v.q, v.k, v.k, 2))).toBe(2 * (2 * 2 * 7 * 3 * 8));
});

test("everything else is free", () => {
  expect(count({ x: [2, 3] }, (v) => v.x.add(1).exp().sum())).toBe(0);
});
