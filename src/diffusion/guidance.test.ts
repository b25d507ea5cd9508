// Guidance: its formula, its interval, its rescaling, and when the second network is not asked.
import { describe, expect, test, vi } from "vitest";
import { cpuGenerator } from "../tensor/random.ts";
import { map, rows, stack, type Tensor } from "../tensor/tensor.ts";
import { type Denoise, denoiser, type PredictionName, predictions } from "./denoise.ts";
import { guided } from "./guidance.ts";

const withPrompt: Denoise = (x, sigma) => map(x, (v) => Math.tanh(v) / (1 + sigma));
const without: Denoise = (x, sigma) => map(x, (v) => (0.3 * v) / (1 + sigma ** 2));
const x = cpuGenerator(5).randn([2, 4, 8, 8]);

test("at scale 1 the denoiser without the prompt is never called", async () => {
  const never = vi.fn<Denoise>();
  const denoise = guided(withPrompt, never, { scale: 1, rescale: 0.7 });
  expect(await denoise(x, 2)).toEqual(await withPrompt(x, 2));
  expect(never).not.toHaveBeenCalled();
});

test("a negative prompt that equals the prompt changes nothing, to the bit", async () => {
  const denoise = guided(withPrompt, withPrompt, { scale: 7.3 });
  expect(await denoise(x, 2)).toEqual(await withPrompt(x, 2));
});

test("scale 0 is the denoiser without the prompt", async () => {
  const denoise = guided(withPrompt, without, { scale: 0 });
  expect(await denoise(x, 2)).toEqual(await without(x, 2));
});

test("outside the interval the prompt is followed plainly, in one call", async () => {
  const counted = vi.fn(without);
  const denoise = guided(withPrompt, counted, { scale: 5, interval: [0.5, 3] });
  for (const sigma of [0.49, 3.01]) expect(await denoise(x, sigma)).toEqual(await withPrompt(x, sigma));
  expect(counted).not.toHaveBeenCalled();
  const full = guided(withPrompt, without, { scale: 5 });
  for (const sigma of [0.5, 1, 3]) expect(await denoise(x, sigma)).toEqual(await full(x, sigma));
  expect(counted).toHaveBeenCalledTimes(3);
});

/** diffusers' formulas on the network's output, written out: cfg, then rescale_noise_cfg with torch's unbiased std. */
function reference(asked: Tensor, plain: Tensor, scale: number, rescale: number): Tensor {
  const std = (t: Tensor) => {
    const values = Array.from(t.data);
    const mean = values.reduce((a, b) => a + b) / values.length;
    return Math.sqrt(values.reduce((a, b) => a + (b - mean) ** 2, 0) / (values.length - 1));
  };
  const images = [0, 1].map((b) => {
    const [c, u] = [rows(asked, b), rows(plain, b)];
    const cfg = map(u, (v, i) => v + scale * (c.data[i] - v));
    const factor = std(c) / std(cfg);
    return map(cfg, (v) => rescale * v * factor + (1 - rescale) * v);
  });
  return stack(images);
}

describe.each(Object.keys(predictions) as PredictionName[])("on networks that say %s", (name) => {
  const prediction = predictions[name];
  const netWith = (input: Tensor) => map(input, (v, i) => Math.sin(2 * v) + (i < 256 ? 0.1 : 0.4));
  const netWithout = (input: Tensor) => map(input, (v) => 0.8 * v - 0.2 * v * v);

  test.each([0, 0.4, 1])("guidance equals diffusers' on the outputs, rescale %d", async (rescale) => {
    for (const sigma of [0.3, 1, 6]) {
      const time = () => 0;
      const denoise = guided(denoiser(netWith, prediction, time), denoiser(netWithout, prediction, time), {
        scale: 7.5,
        rescale,
        prediction,
      });
      const blended = (input: Tensor) => reference(netWith(input), netWithout(input), 7.5, rescale);
      const expected = await denoiser(blended, prediction, time)(x, sigma);
      const actual = await denoise(x, sigma);
      const size = Math.max(...expected.data.map(Math.abs));
      expect(Math.max(...actual.data.map((v, i) => Math.abs(v - expected.data[i]))) / size).toBeLessThan(2e-6);
    }
  });
});

test("a scale or rescale out of range is refused", () => {
  expect(() => guided(withPrompt, without, { scale: Number.NaN })).toThrow("scale NaN");
  expect(() => guided(withPrompt, without, { scale: 7, rescale: 1.5 })).toThrow("rescale 1.5; expected 0 to 1");
});
