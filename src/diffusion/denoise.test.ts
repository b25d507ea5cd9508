// Predictions: what each kind of network says leads back to the same clean x.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { cpuGenerator } from "../tensor/random.ts";
import { combine, map, scale, type Tensor, tensor } from "../tensor/tensor.ts";
import { consistency, type Denoise, denoiser, type PredictionName, predictions } from "./denoise.ts";
import { networkInput, networkTarget } from "./forward.ts";
import { flowTable, vpTable } from "./noise-table.ts";
import { euler, finish } from "./samplers.ts";
import { trailing } from "./schedules.ts";

const largest = (a: Tensor, b: Tensor): number => Math.max(...a.data.map((v, i) => Math.abs(v - b.data[i])));

const names = Object.keys(predictions) as PredictionName[];
const table = vpTable();

/** Data N(mean, deviation²): the ideal denoiser in closed form. */
const gaussian =
  (mean: number, deviation: number): Denoise =>
  (x, sigma) => {
    const kept = deviation ** 2 / (deviation ** 2 + sigma ** 2);
    return map(x, (v) => mean + kept * (v - mean));
  };

describe.each(names)("%s", (name) => {
  const prediction = predictions[name];

  test("a network that answers its training target gives back the clean sample", async () => {
    const clean = cpuGenerator(1).randn([2, 4, 4]);
    const noise = cpuGenerator(2).randn([2, 4, 4]);
    for (const sigma of [0.03, 0.5, 1, 7, 14.6]) {
      const seen: Tensor[] = [];
      const answer = (x: Tensor) => {
        seen.push(x);
        return networkTarget(prediction, clean, noise, sigma);
      };
      const denoised = await denoiser(answer, prediction, table.time)(combine([1, clean], [sigma, noise]), sigma);
      expect(largest(denoised, clean)).toBeLessThan(5e-6);
      expect(largest(seen[0], networkInput(prediction, clean, noise, sigma))).toBeLessThan(1e-6);
    }
  });

  test("skip·x + out·F is exact in x and F, whatever they are", () => {
    fc.assert(
      fc.asyncProperty(
        fc.double({ min: 0.01, max: 100, noNaN: true }),
        fc.float({ min: -3, max: 3, noNaN: true }),
        async (sigma, f) => {
          const x = tensor([0.5, -2], [2]);
          const answer = (input: Tensor) => map(input, () => f);
          const denoised = await denoiser(answer, prediction, table.time)(x, sigma);
          const expected = map(x, (v) => prediction.skip(sigma) * v + prediction.out(sigma) * f);
          expect(largest(denoised, expected)).toBeLessThan(1e-3);
        },
      ),
      { numRuns: 30 },
    );
  });

  test("a network that answers NaN is an error, not a black picture", async () => {
    const broken = denoiser((x) => map(x, (v, i) => (i === 1 ? Number.NaN : v)), prediction, table.time);
    await expect((async () => broken(tensor([1, 2], [2]), 1))()).rejects.toThrow(/at time .* holds NaN/);
  });
});

test("the ideal ε, v and x₀ of Gaussian data are its ideal denoiser", async () => {
  const [mean, deviation] = [0.3, 0.5];
  const x = cpuGenerator(8).randn([64]);
  for (const t of [50, 400, 900]) {
    const [a, b] = [Math.sqrt(table.alphasCumprod[t]), Math.sqrt(1 - table.alphasCumprod[t])];
    // Derived at the network's scale, z = a·x₀ + b·ε, without σ: E[x₀|z] by regression, ε and v by their definitions.
    const clean = (z: number) => mean + ((a * deviation ** 2) / (a ** 2 * deviation ** 2 + b ** 2)) * (z - a * mean);
    const noise = (z: number) => (z - a * clean(z)) / b;
    const answers = { epsilon: noise, v: (z: number) => a * noise(z) - b * clean(z), sample: clean };
    const noisy = scale(x, 1 / a);
    const expected = await gaussian(mean, deviation)(noisy, table.sigmas[t]);
    for (const [name, answer] of Object.entries(answers)) {
      const network = (z: Tensor) => map(z, answer);
      const denoise = denoiser(network, predictions[name as PredictionName], table.time);
      expect(largest(await denoise(noisy, table.sigmas[t]), expected), `${name} at ${t}`).toBeLessThan(1e-5);
    }
  }
});

describe("a network distilled for consistency", () => {
  test("is itself at high noise, and gives back x at the network's scale at time 0", () => {
    for (const prediction of Object.values(predictions)) {
      const distilled = consistency(prediction, table.time);
      for (const sigma of [0.3, 14]) {
        expect(distilled.skip(sigma)).toBeCloseTo(prediction.skip(sigma), 6);
        expect(distilled.out(sigma)).toBeCloseTo(prediction.out(sigma), 4);
      }
      expect([distilled.skip(table.sigma(0)), distilled.out(table.sigma(0))]).toEqual(
        [prediction.in(table.sigma(0)), -0].map((v) => expect.closeTo(v, 12)),
      );
    }
  });

  test("weighs x₀ by 10·t/√((10·t)² + ¼) and x by ¼/((10·t)² + ¼), as diffusers' LCMScheduler does", () => {
    const at = (t: number) => consistency(predictions.epsilon, () => t);
    const [x, f, sigma] = [1.3, 0.4, 0.8];
    for (const t of [0.02, 0.05, 1]) {
      const denoised = at(t).skip(sigma) * x + at(t).out(sigma) * f;
      const scaled = (10 * t) ** 2 + 0.25;
      const expected = ((10 * t) / Math.sqrt(scaled)) * (x - sigma * f) + (0.25 / scaled) * (x / Math.hypot(1, sigma));
      expect(denoised).toBeCloseTo(expected, 12);
    }
  });
});

test("the network is asked at the walk's time, on input of its own scale", async () => {
  const asked: number[] = [];
  const network = (x: Tensor, time: number) => {
    asked.push(time, x.data[0]);
    return x;
  };
  await denoiser(network, predictions.epsilon, () => 321)(tensor([10], [1]), 3);
  expect(asked[0]).toBe(321);
  expect(asked[1]).toBeCloseTo(10 / Math.sqrt(10), 6);
});

describe("rectified flow", () => {
  const mean = 0.3;
  const deviation = 0.5;
  /** E[ε − x₀ | x_s] for data N(mean, deviation²) on the path (1−s)·x₀ + s·ε, derived without σ. */
  const ideal = (x: Tensor, s: number): Tensor => {
    const kept = ((1 - s) * deviation ** 2) / ((1 - s) ** 2 * deviation ** 2 + s ** 2);
    return map(x, (v) => (v - (mean + kept * (v - (1 - s) * mean))) / s);
  };
  const table = flowTable();
  const network = (x: Tensor, time: number) => ideal(x, (time + 0.5) / 1000);

  test("the ideal velocity is the ideal denoiser", async () => {
    const x = cpuGenerator(3).randn([64]);
    const denoise = denoiser(network, predictions.flow, table.time);
    for (const sigma of [0.01, 0.4, 1, 5, 100]) {
      const noisy = scale(x, Math.sqrt(sigma ** 2 + 1));
      expect(largest(await denoise(noisy, sigma), await gaussian(mean, deviation)(noisy, sigma))).toBeLessThan(2e-5);
    }
  });

  test("a step of `euler` in σ is a straight step of the flow in s", async () => {
    const sigmas = trailing(table, 12);
    const s = [...sigmas.levels.map((sigma) => sigma / (1 + sigma))];
    let path = cpuGenerator(4).randn([64]);
    const x = await finish(
      euler(denoiser(network, predictions.flow, table.time), scale(path, 1 + sigmas.levels[0]), sigmas),
    );
    for (let i = 0; i + 1 < s.length; i++) path = combine([1, path], [s[i + 1] - s[i], ideal(path, s[i])]);
    expect(largest(x, path)).toBeLessThan(5e-6);
  });
});
