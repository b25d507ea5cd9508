// Samplers: measured order of convergence, exactness on analytic data, and identities between them.
import { describe, expect, test, vi } from "vitest";
import { compareKDiffusion } from "../../test/parity/diffusion.ts";
import { cpuGenerator, type Noise } from "../tensor/random.ts";
import { combine, full, map, rows, scale, type Tensor, tensor, zeros } from "../tensor/tensor.ts";
import { type Denoise, denoiser, predictions } from "./denoise.ts";
import { flowTable, vpTable } from "./noise-table.ts";
import { type SamplerName, samplers } from "./registry.ts";
import { finish, type SamplerOptions, type Step } from "./samplers.ts";
import { conventions, exponential, karras, leading, trailing } from "./schedules.ts";
import { type Sigmas, sigmasOf } from "./sigmas.ts";

const table = vpTable();
const noise = (): Noise => cpuGenerator(0).randn;
const names = Object.keys(samplers) as SamplerName[];

/** A walk of a sampler to its end. */
const walked = (
  name: SamplerName,
  denoise: Denoise,
  x: Tensor,
  sigmas: Sigmas,
  options: Partial<SamplerOptions> = {},
) => finish(samplers[name].sample(denoise, x, sigmas, { noise: noise(), ...options }));

/** Data N(0.2, 0.5²): the ideal denoiser, and the exact solution of its probability-flow ODE. */
const mean = 0.2;
const deviation = 0.5;
const ideal: Denoise = (x, sigma) =>
  map(x, (v) => mean + (deviation ** 2 / (deviation ** 2 + sigma ** 2)) * (v - mean));
const exact = (x: number, from: number, to: number): number =>
  mean + (x - mean) * Math.sqrt((deviation ** 2 + to ** 2) / (deviation ** 2 + from ** 2));
/** What a perfectly distilled network would say of the same data: where the ODE ends. */
const distilled: Denoise = (x, sigma) => map(x, (v) => exact(v, sigma, 0));

/** Something a network might say: bent, and different at each time. */
const bent = denoiser(
  (x, t) => map(x, (v) => Math.sin(1.5 * v) + (0.1 * t * v) / 1000),
  predictions.epsilon,
  table.time,
);
const largest = (a: Tensor, b: Tensor): number => Math.max(...a.data.map((v, i) => Math.abs(v - b.data[i])));
const spreadOf = ({ data }: Tensor) => {
  const average = data.reduce((a, b) => a + b) / data.length;
  return { average, spread: Math.sqrt(data.reduce((a, b) => a + (b - average) ** 2, 0) / data.length) };
};

test("k-diffusion's walks", async () => {
  const walks = (await compareKDiffusion()).filter((c) => c.what !== "sigmas");
  expect(walks).toHaveLength(22);
  for (const { name, what, errors } of walks) expect(Math.max(...errors), `${name} ${what}`).toBeLessThan(4e-6);
});

test("UniPC's variants, as diffusers 0.42.1 walks them (solver_order 3, final_sigmas_type sigma_min)", async () => {
  const sigmas = leading(table, 10, { convention: conventions.dpm, final: "sigma_min" });
  const network = (x: Tensor, t: number) => scale(x, t / (t + 1));
  const denoise = denoiser(network, predictions.epsilon, sigmas.time);
  const start = scale(tensor([4 / 768, 28 / 768], [2]), sigmas.start);
  for (const [name, first, seventh] of [
    ["unipc3", 0.0026246036868542433, 0.018372219055891037],
    ["unipc_bh1", 0.002635394688695669, 0.01844775676727295],
  ] as const) {
    const { data } = scale(await walked(name, denoise, start, sigmas), sigmas.end);
    expect(Math.abs(data[0] / first - 1)).toBeLessThan(3e-6);
    expect(Math.abs(data[1] / seventh - 1)).toBeLessThan(3e-6);
  }
});

describe("order of convergence, measured on Gaussian data", () => {
  const error = async (name: SamplerName, steps: number): Promise<number> => {
    const { levels } = exponential(table, steps, { range: [10, 0.1] });
    const sigmas = sigmasOf(levels.slice(0, -1), table.time);
    const x = await walked(name, ideal, tensor([10], [1]), sigmas, { eta: 0 });
    return Math.abs(x.data[0] - exact(10, 10, 0.1));
  };

  // Those that remember begin at order 1, which leaves order 2 in the limit; LMS pays little for it where slopes are even.
  test.each([
    ["euler", 1],
    ["euler_a", 1],
    ["ddim", 1],
    ["tcd", 1],
    ["heun", 2],
    ["dpm2", 2],
    ["dpm2_a", 2],
    ["dpmpp2m", 2],
    ["dpmpp2m_sde", 2],
    ["dpmpp2m_sde_heun", 2],
    ["dpmpp3m", 2],
    ["dpmpp3m_sde", 2],
    ["dpmpp2s", 2],
    ["dpmpp2s_a", 2],
    ["dpmpp_sde", 2],
    ["plms", 2],
    ["unipc", 2],
    ["unipc3", 2],
    ["unipc_bh1", 2],
    ["lms", 3.6],
  ] as const)("%s, without fresh noise: %d", async (name, expected) => {
    const order = Math.log2((await error(name, 40)) / (await error(name, 80)));
    expect(Math.abs(order - expected)).toBeLessThan(0.25);
  });

  test("each that looks further back errs less", async () => {
    expect(await error("dpmpp2m", 80)).toBeLessThan((await error("euler", 80)) / 50);
    expect(await error("dpmpp3m", 80)).toBeLessThan((await error("dpmpp2m", 80)) / 2);
    expect(await error("lms", 80)).toBeLessThan((await error("plms", 80)) / 4);
  });
});

describe("once under way, exact where what it integrates is a polynomial", () => {
  /** The states of a walk of 16 steps over given levels, with no noise in the noise. */
  async function states(
    name: SamplerName,
    denoise: Denoise,
    levels: readonly number[],
    eta: number,
  ): Promise<number[]> {
    const seen: number[] = [];
    const walk = samplers[name].sample(denoise, tensor([3], [1]), sigmasOf(levels, table.time), { noise: zeros, eta });
    await finish(walk, ({ x }: Step) => seen.push(x.data[0]));
    return seen;
  }

  const [a, b, c] = [0.3, -0.4, 0.2];
  test.each([
    ["dpmpp2m_sde_heun", 1, 0],
    ["dpmpp2m_sde_heun", 1, 1],
    ["dpmpp3m", 1, 0],
    ["dpmpp3m_sde", 1, 0],
    ["dpmpp3m_sde", 1, 1],
    ["unipc3", 2, 0],
  ] as const)("%s: D of degree %d in ln σ, at η = %d", async (name, degree, eta) => {
    const levels = Array.from({ length: 17 }, (_, i) => 8 * 0.72 ** (i + 0.3 * Math.sin(i)));
    const curve = degree === 2 ? c : 0;
    const seen = await states(
      name,
      (x, s) => full(x.shape, a - b * Math.log(s) + curve * Math.log(s) ** 2),
      levels,
      eta,
    );
    const k = 1 + eta; // x₁ = e^(−kh)·x₀ + ∫ k·e^(k(l − l₁))·D(l) dl over l = −ln σ
    const integral = (l: number) => a + b * (l - 1 / k) + curve * (l * l - (2 * l) / k + 2 / k ** 2);
    for (let i = 3; i < 14; i++) {
      const kept = (levels[i + 1] / levels[i]) ** k;
      const next = kept * seen[i] + integral(-Math.log(levels[i + 1])) - kept * integral(-Math.log(levels[i]));
      expect(Math.abs(seen[i + 1] - next), `step ${i}`).toBeLessThan(2e-6);
    }
  });

  test.each([
    ["lms", (i: number) => 8 * 0.72 ** i],
    ["plms", (i: number) => 8 - 0.45 * i],
  ] as const)("%s: slopes of degree 3 in σ", async (name, level) => {
    const levels = Array.from({ length: 17 }, (_, i) => level(i));
    const seen = await states(
      name,
      (x, s) => combine([1, x], [-s, full(x.shape, a + b * s + (c * s ** 3) / 9)]),
      levels,
      0,
    );
    const integral = (s: number) => a * s + (b * s ** 2) / 2 + (c * s ** 4) / 36;
    for (let i = 3; i < 15; i++)
      expect(Math.abs(seen[i + 1] - seen[i] - integral(levels[i + 1]) + integral(levels[i])), `step ${i}`).toBeLessThan(
        2e-5,
      );
  });
});

describe.each(names)("%s", (name) => {
  const { sample, calls, random } = samplers[name];
  const extra = name === "plms" ? 1 : 0;

  test("when there is only one picture, x is that and noise of its level all the way, and lands on it", async () => {
    const only = 0.7;
    const sigmas = karras(table, 12);
    const start = combine([1, full([4096], only)], [sigmas.start, cpuGenerator(1).randn([4096])]);
    const walk = sample((x) => full(x.shape, only), start, sigmas, { noise: noise() });
    const last = await finish(walk, ({ x, sigma }) => {
      const { average, spread } = spreadOf(x);
      expect(Math.abs(average - only) / sigma).toBeLessThan(0.05);
      expect(Math.abs(spread / sigma - 1)).toBeLessThan(0.04);
    });
    expect(largest(last, full([4096], only))).toBeLessThan(1e-5);
  });

  test("brings noise to the spread of Gaussian data", async () => {
    const jumps = name === "lcm" || name === "tcd";
    const sigmas = karras(table, jumps ? 4 : 300);
    const start = scale(cpuGenerator(3).randn([4096]), sigmas.start);
    const options = name === "tcd" ? { eta: 1 } : {}; // below 1, what is left of x is not of the spread of its level
    const { average, spread } = spreadOf(await walked(name, jumps ? distilled : ideal, start, sigmas, options));
    expect(Math.abs(average - mean)).toBeLessThan(0.03);
    expect(Math.abs(spread - deviation)).toBeLessThan(jumps ? 0.03 : 0.02);
  });

  if (name !== "lcm" && name !== "tcd")
    test("does so through a rectified flow's levels, from σ = 1999", async () => {
      const sigmas = trailing(flowTable(), 50);
      const start = scale(cpuGenerator(9).randn([4096]), sigmas.start);
      const { average, spread } = spreadOf(await walked(name, ideal, start, sigmas, { prediction: predictions.flow }));
      expect(Math.abs(average - mean)).toBeLessThan(0.03);
      expect(Math.abs(spread - deviation)).toBeLessThan(0.04);
    });

  test("a batch is its images one by one, when the noise is theirs", async () => {
    const sigmas = leading(table, 6);
    const even: Noise = (shape) => full(shape, 0.1);
    const batch = scale(cpuGenerator(4).randn([3, 4, 4]), sigmas.start);
    const all = await walked(name, bent, batch, sigmas, { noise: even });
    for (const i of [0, 1, 2]) {
      const one = await walked(name, bent, rows(batch, i), sigmas, { noise: even });
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
    expect(denoise).toHaveBeenCalledTimes((calls === 2 ? 9 : 5) + extra);
    expect(drawn).toHaveBeenCalledTimes((random ? 4 : 0) * (name === "dpmpp_sde" ? 2 : 1)); // none on the way to σ = 0
  });

  test("leaving the loop cancels, and leaves nothing behind for the next walk", async () => {
    const sigmas = trailing(table, 5);
    const start = scale(cpuGenerator(6).randn([16]), sigmas.start);
    const denoise = vi.fn(bent);
    for await (const step of sample(denoise, start, sigmas, { noise: noise() })) if (step.index === 1) break;
    expect(denoise.mock.calls.length).toBeLessThanOrEqual(2 * calls + extra);
    expect(await walked(name, bent, start, sigmas)).toEqual(await walked(name, bent, start, sigmas));
  });

  test("one step is the denoised picture itself", async () => {
    const start = scale(cpuGenerator(8).randn([64]), 10);
    const last = await walked(name, bent, start, sigmasOf([10, 0], table.time));
    expect(largest(last, await bent(start, 10))).toBeLessThan(1e-5);
  });
});

describe("identities (numerics sheet, §14.4)", () => {
  const sigmas = leading(table, 20, { convention: conventions.ddim });
  const start = scale(cpuGenerator(7).randn([256]), sigmas.start);
  const walk = (name: SamplerName, options?: Partial<SamplerOptions>) => walked(name, bent, start, sigmas, options);

  test.each([
    ["ddim", 0, "euler"],
    ["euler_a", 0, "euler"],
    ["tcd", 0, "euler"],
    ["ddim", 1, "euler_a"],
    ["ddim", 1, "ddpm"],
    ["dpm2_a", 0, "dpm2"],
    ["dpmpp2m_sde", 0, "dpmpp2m"],
    ["dpmpp_sde", 0, "dpmpp2s_a"],
  ] as const)("%s at η = %d is %s, with the same noise", async (name, eta, other) => {
    const a = await walk(name, { eta });
    const b = await walk(other, other === "dpmpp2s_a" ? { eta: 0 } : {});
    expect(largest(a, b)).toBeLessThan(3e-5);
    expect(largest(a, await walk(name, { eta: 0.5 }))).toBeGreaterThan(0.1);
  });

  test.each([
    ["euler_a", 1],
    ["ddim", 0],
    ["dpm2_a", 1],
    ["dpmpp2s_a", 1],
    ["dpmpp_sde", 1],
    ["dpmpp2m_sde", 1],
    ["dpmpp2m_sde_heun", 1],
    ["dpmpp3m_sde", 1],
    ["tcd", 0.3],
  ] as const)("%s has η = %d unless told", async (name, eta) => {
    expect(await walk(name)).toEqual(await walk(name, { eta }));
  });

  test("TCD at γ = 1 jumps to the lowest time of all, a σ₀ short of where LCM does", async () => {
    const jump = (name: SamplerName, eta: number) => walked(name, distilled, start, sigmas, { eta });
    const difference = largest(await jump("tcd", 1), await jump("lcm", 1));
    expect(difference).toBeGreaterThan(1e-4);
    expect(difference).toBeLessThan(5 * table.sigma(0));
    expect(largest(await jump("tcd", 0.3), await jump("lcm", 1))).toBeGreaterThan(0.3);
  });

  test("a step of DPM++ 2M SDE that remembers nothing is DDPM's", async () => {
    const two = sigmasOf([10, 4], table.time);
    const a = await walked("dpmpp2m_sde", bent, start, two);
    expect(largest(a, await walked("ddpm", bent, start, two))).toBeLessThan(1e-5);
  });

  test("PLMS of the network's v is not PLMS of ε, but goes to the same place", async () => {
    const [epsilon, v] = await Promise.all(
      (["epsilon", "v"] as const).map((name) =>
        walked("plms", ideal, start, sigmas, { prediction: predictions[name] }),
      ),
    );
    expect(await walked("plms", ideal, start, sigmas)).toEqual(epsilon);
    expect(largest(epsilon, v)).toBeGreaterThan(1e-4);
    expect(largest(epsilon, v)).toBeLessThan(0.15);
  });

  test("stopping at σ₀ instead of 0 (set_alpha_to_one: false) can be told apart", async () => {
    const short = leading(table, 20, { convention: conventions.ddim, final: "sigma_min" });
    const difference = largest(await walk("euler"), await walked("euler", bent, start, short));
    expect(difference).toBeGreaterThan(1e-3);
    expect(difference).toBeLessThan(0.1);
  });
});
