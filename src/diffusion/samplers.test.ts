// Samplers: measured order of convergence, exactness on analytic data, and identities between them.
import { describe, expect, test, vi } from "vitest";
import { compareKDiffusion } from "../../test/parity/diffusion.ts";
import { cpuGenerator } from "../tensor/random.ts";
import { map, rows, scale, type Tensor, tensor } from "../tensor/tensor.ts";
import { type Denoise, denoiser, predictions } from "./denoise.ts";
import { vpTable } from "./noise-table.ts";
import { type SamplerName, samplers } from "./registry.ts";
import { ddim, ddpm, dpmpp2m, euler, eulerAncestral, finish, heun, type Sampler } from "./samplers.ts";
import { conventions, exponential, karras, leading, trailing } from "./schedules.ts";
import { sigmasOf } from "./sigmas.ts";

const table = vpTable();
const noise = () => cpuGenerator(0).randn;
const names = Object.keys(samplers) as SamplerName[];

/** Data N(0.2, 0.5²): the ideal denoiser, and the exact solution of its probability-flow ODE. */
const mean = 0.2;
const deviation = 0.5;
const ideal: Denoise = (x, sigma) =>
  map(x, (v) => mean + (deviation ** 2 / (deviation ** 2 + sigma ** 2)) * (v - mean));
const exact = (x: number, from: number, to: number): number =>
  mean + (x - mean) * Math.sqrt((deviation ** 2 + to ** 2) / (deviation ** 2 + from ** 2));

/** Something a network might say: bent, and different at each time. */
const bent = denoiser(
  (x, t) => map(x, (v) => Math.sin(1.5 * v) + (0.1 * t * v) / 1000),
  predictions.epsilon,
  table.time,
);
const largest = (a: Tensor, b: Tensor): number => Math.max(...a.data.map((v, i) => Math.abs(v - b.data[i])));

test("k-diffusion's walks", async () => {
  const walks = (await compareKDiffusion()).filter((c) => c.what !== "sigmas");
  expect(walks).toHaveLength(8);
  for (const { name, what, errors } of walks) expect(Math.max(...errors), `${name} ${what}`).toBeLessThan(4e-6);
});

describe("order of convergence, measured on Gaussian data", () => {
  /** log₂ of how much the error shrinks when the steps are doubled, from 40 to 80. */
  async function order(sampler: Sampler): Promise<number> {
    const error = async (steps: number) => {
      const { levels } = exponential(table, steps, { range: [10, 0.1] });
      const sigmas = sigmasOf(levels.slice(0, -1), table.time);
      const x = await finish(sampler(ideal, tensor([10], [1]), sigmas, { noise: noise() }));
      return Math.abs(x.data[0] - exact(10, 10, 0.1));
    };
    return Math.log2((await error(40)) / (await error(80)));
  }

  test.each([
    ["euler", euler, 1],
    ["ddim", ddim, 1],
    ["heun", heun, 2],
    ["dpmpp2m", dpmpp2m, 2],
  ] as const)("%s", async (_, sampler, expected) => {
    expect(Math.abs((await order(sampler)) - expected)).toBeLessThan(0.2);
  });
});

describe.each(names)("%s", (name) => {
  const { sample, calls, random } = samplers[name];

  test("lands on the data when there is only one picture", async () => {
    const only = tensor([1, -2, 0.5, 3], [4]);
    const sigmas = karras(table, 7);
    const x = await finish(
      sample(() => only, scale(cpuGenerator(1).randn([4]), sigmas.start), sigmas, { noise: noise() }),
    );
    expect(x).toEqual(only);
  });

  test("brings noise to the spread of Gaussian data", async () => {
    const sigmas = karras(table, 300);
    const start = scale(cpuGenerator(3).randn([4096]), sigmas.start);
    const { data } = await finish(sample(ideal, start, sigmas, { noise: noise() }));
    const average = data.reduce((a, b) => a + b) / data.length;
    const spread = Math.sqrt(data.reduce((a, b) => a + (b - average) ** 2, 0) / data.length);
    expect(Math.abs(average - mean)).toBeLessThan(0.03);
    expect(Math.abs(spread - deviation)).toBeLessThan(0.02);
  });

  test("a batch is its images one by one, when the noise is theirs", async () => {
    const sigmas = leading(table, 6);
    const zeros = (shape: readonly number[]) =>
      map(tensor(new Float32Array(shape.reduce((a, b) => a * b)), shape), () => 0.1);
    const batch = scale(cpuGenerator(4).randn([3, 4, 4]), sigmas.start);
    const all = await finish(sample(bent, batch, sigmas, { noise: zeros }));
    for (const i of [0, 1, 2]) {
      const one = await finish(sample(bent, rows(batch, i), sigmas, { noise: zeros }));
      expect(rows(all, i).data).toEqual(one.data);
    }
  });

  test("yields every step before taking it, and asks the denoiser as often as the registry says", async () => {
    const sigmas = trailing(table, 5);
    const denoise = vi.fn(bent);
    const drawn = vi.fn(noise());
    const start = scale(cpuGenerator(5).randn([16]), sigmas.start);
    const sampling = sample(denoise, start, sigmas, { noise: drawn });
    const first = await sampling.next();
    expect(first.value).toMatchObject({
      index: 0,
      steps: 5,
      sigma: sigmas.levels[0],
      next: sigmas.levels[1],
      x: start,
    });
    const seen = [0];
    await finish(sampling, (step) => seen.push(step.index));
    expect(seen).toEqual([0, 1, 2, 3, 4]);
    expect(denoise).toHaveBeenCalledTimes(calls === 2 ? 9 : 5);
    expect(drawn).toHaveBeenCalledTimes(random ? 4 : 0); // none on the way to σ = 0
  });

  test("leaving the loop cancels, and leaves nothing behind for the next walk", async () => {
    const sigmas = trailing(table, 5);
    const start = scale(cpuGenerator(6).randn([16]), sigmas.start);
    const denoise = vi.fn(bent);
    for await (const step of sample(denoise, start, sigmas, { noise: noise() })) if (step.index === 1) break;
    expect(denoise.mock.calls.length).toBeLessThanOrEqual(2 * calls);
    const walk = () => finish(sample(bent, start, sigmas, { noise: noise() }));
    expect(await walk()).toEqual(await walk());
  });
});

describe("identities (numerics sheet, §14.4)", () => {
  const sigmas = leading(table, 20, { convention: conventions.ddim });
  const start = scale(cpuGenerator(7).randn([256]), sigmas.start);

  test("DDIM at η = 0 is Euler", async () => {
    const a = await finish(ddim(bent, start, sigmas, { noise: noise() }));
    expect(largest(a, await finish(euler(bent, start, sigmas)))).toBeLessThan(3e-5);
  });

  test("DDPM is Euler ancestral is DDIM at η = 1, with the same noise", async () => {
    const a = await finish(ddpm(bent, start, sigmas, { noise: noise() }));
    expect(largest(a, await finish(eulerAncestral(bent, start, sigmas, { noise: noise() })))).toBeLessThan(3e-5);
    expect(largest(a, await finish(ddim(bent, start, sigmas, { noise: noise(), eta: 1 })))).toBeLessThan(3e-5);
    expect(largest(a, await finish(ddim(bent, start, sigmas, { noise: noise() })))).toBeGreaterThan(0.1);
  });

  test("Euler ancestral at η = 0 is Euler", async () => {
    const a = await finish(eulerAncestral(bent, start, sigmas, { noise: noise(), eta: 0 }));
    expect(largest(a, await finish(euler(bent, start, sigmas)))).toBeLessThan(3e-5);
  });

  test("stopping at σ₀ instead of 0 (set_alpha_to_one: false) can be told apart", async () => {
    const short = leading(table, 20, { convention: conventions.ddim, final: "sigma_min" });
    const a = await finish(euler(bent, start, sigmas));
    const difference = largest(a, await finish(euler(bent, start, short)));
    expect(difference).toBeGreaterThan(1e-3);
    expect(difference).toBeLessThan(0.1);
  });

  test("one step of any deterministic sampler is the denoised picture itself", async () => {
    const one = sigmasOf([10, 0], table.time);
    const denoised = await bent(start, 10);
    for (const sampler of [euler, heun, dpmpp2m]) expect(await finish(sampler(bent, start, one))).toEqual(denoised);
  });
});
