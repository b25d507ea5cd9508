// Parity of src/diffusion and src/tensor/random with diffusers, torch and k-diffusion: every golden of theirs, run and compared.
import { readFileSync } from "node:fs";
import { consistency, type Denoise, denoiser, predictions } from "../../src/diffusion/denoise.ts";
import { type NoiseTable, vpTable, zeroTerminalSnr } from "../../src/diffusion/noise-table.ts";
import { samplers, schedules } from "../../src/diffusion/registry.ts";
import { finish } from "../../src/diffusion/samplers.ts";
import { conventions, type Schedule, type ScheduleOptions } from "../../src/diffusion/schedules.ts";
import { type Sigmas, sigmasOf } from "../../src/diffusion/sigmas.ts";
import { cpuGenerator, cudaGenerator, type Random } from "../../src/tensor/random.ts";
import { map, scale, size, type Tensor, tensor } from "../../src/tensor/tensor.ts";

/** One section of the goldens: how many numbers were compared and the worst error, relative to the golden's own size. */
export interface ParityRow {
  readonly section: string;
  readonly checked: number;
  readonly worst: number;
  readonly tolerance: number;
}

/** One comparison: a golden's name, what of it, and the relative error of each number. */
export interface Comparison {
  readonly name: string;
  readonly what: string;
  readonly errors: readonly number[];
}

interface SchedulerGolden {
  readonly timesteps: readonly number[];
  readonly unet_calls: number;
  readonly init_noise_sigma: number;
  readonly abs_sum: number;
  readonly abs_mean: number;
  readonly first8: readonly number[];
  readonly sigmas?: readonly number[];
}

interface RngGolden {
  readonly first4: readonly number[];
  readonly last4: readonly number[];
  readonly sum?: number;
  readonly sumsq?: number;
  readonly next_randn3?: readonly number[];
  readonly next_randn20_first4?: readonly number[];
}

interface Goldens {
  readonly alphas_cumprod: Readonly<Record<string, { readonly alphas_cumprod: number; readonly sigma: number }>>;
  readonly rng: Readonly<Record<string, RngGolden>>;
  readonly schedulers: Readonly<Record<string, SchedulerGolden>>;
  readonly k_diffusion: Readonly<Record<string, { readonly abs_sum: number; readonly first8: readonly number[] }>>;
}

const goldens = JSON.parse(readFileSync(new URL("../golden/numerics-golden.json", import.meta.url), "utf8")) as Goldens;

/**
 * The relative tolerance of each section: what torch's float32 costs, with less than a factor of two to spare.
 *
 * One scheduler run sets that section's: from σ = 4096 (zero SNR), x₀ is a small difference of large float32 numbers, and the
 * golden itself is uneven by 1e-5. `diffusion.test.ts` holds every other run to 4e-6.
 */
export const tolerances = { alphas_cumprod: 3e-6, rng: 5e-7, schedulers: 1.5e-5, k_diffusion: 4e-6 } as const;

/** The numbers that `npm run parity` prints for this part of the code. */
export async function diffusionParity(): Promise<ParityRow[]> {
  const sections = {
    alphas_cumprod: compareAlphas(),
    rng: compareRandom(),
    schedulers: await compareSchedulers(),
    k_diffusion: await compareKDiffusion(),
  };
  return (Object.keys(sections) as (keyof typeof sections)[]).map((section) => {
    const errors = sections[section].flatMap((c) => c.errors);
    return { section, checked: errors.length, worst: Math.max(...errors), tolerance: tolerances[section] };
  });
}

export function compareAlphas(): Comparison[] {
  const table = vpTable();
  return Object.entries(goldens.alphas_cumprod).map(([t, golden]) => ({
    name: `t=${t}`,
    what: "alphas_cumprod and sigma",
    errors: [
      ...each([table.alphasCumprod[Number(t)]], [golden.alphas_cumprod]),
      ...each([table.sigmas[Number(t)], table.sigma(Number(t))], [golden.sigma, golden.sigma]),
    ],
  }));
}

export function compareRandom(): Comparison[] {
  const dtypes = { float16: "f16", bfloat16: "bf16", float64: "f64" } as const;
  return Object.entries(goldens.rng).flatMap(([name, golden]) => {
    const all = (what: string, actual: ArrayLike<number>, expected: readonly number[]) => ({
      name,
      what,
      errors: together(Array.from(actual), expected),
    });
    if (name.startsWith("philox")) {
      const calls = golden as unknown as Readonly<Record<string, readonly number[]>>;
      return Object.entries(calls).map(([call, expected]) => {
        const [, seed, skipped] = /^seed(\d+) call(\d+)/.exec(call) ?? [];
        const generator = cudaGenerator(BigInt(seed));
        for (let i = 0; i < Number(skipped); i++) generator.randn([expected.length]);
        return all(call, generator.randn([expected.length]).data, expected);
      });
    }
    if (name.startsWith("rand "))
      return [all("rand", cpuGenerator(42).rand([4]).data, golden as unknown as readonly number[])];
    const [, seed, shape, dtype] = /seed=(\d+) (?:n=)?(\S+) ?(\w+)?$/.exec(name) ?? [];
    const count = size(shape.split(",").map((d) => Number(d.replace(/\D/g, ""))));
    const generator: Random = cpuGenerator(BigInt(seed), dtype ? dtypes[dtype as keyof typeof dtypes] : "f32");
    const drawn = generator.normals(count);
    const total = (f: (v: number) => number) => drawn.reduce((sum, v) => sum + f(v), 0);
    const sizes = total(Math.abs);
    const comparisons = [all("first", drawn.slice(0, 4), golden.first4), all("last", drawn.slice(-4), golden.last4)];
    if (golden.sum !== undefined)
      comparisons.push({ name, what: "sum", errors: [Math.abs(total((v) => v) - golden.sum) / sizes] });
    if (golden.sumsq !== undefined) comparisons.push(all("squares", [total((v) => v * v)], [golden.sumsq]));
    if (golden.next_randn3) comparisons.push(all("next 3", generator.normals(3), golden.next_randn3));
    if (golden.next_randn20_first4)
      comparisons.push(all("next 20", generator.normals(20).slice(0, 4), golden.next_randn20_first4));
    return comparisons;
  });
}

/** A diffusers scheduler as four choices of ours. */
interface Plan {
  readonly sampler: keyof typeof samplers;
  readonly prediction: keyof typeof predictions;
  readonly sigmas: Sigmas;
  readonly eta?: number;
}

/** The names of all scheduler goldens. */
export const schedulerRuns = (): string[] => Object.keys(goldens.schedulers);

const ours: Readonly<Record<string, keyof typeof samplers>> = {
  DDIM: "ddim",
  DDPM: "ddpm",
  "PNDM(PLMS)": "plms",
  PNDM: "plms",
  Euler: "euler",
  EulerA: "euler_a",
  LMS: "lms",
  Heun: "heun",
  DPM2: "dpm2",
  DPM2a: "dpm2_a",
  "DPM++2M": "dpmpp2m",
  "DPM++2M SDE": "dpmpp2m_sde",
  "DPM++2S single": "dpmpp2s",
  "DPM++3M": "dpmpp3m",
  "UniPC bh2 o2": "unipc",
  "UniPC bh2 o3": "unipc3",
  LCM: "lcm",
  TCD: "tcd",
};
const theirs: Readonly<Record<string, Schedule>> = {
  lead: schedules.leading.schedule,
  leading: schedules.leading.schedule,
  trailing: schedules.trailing.schedule,
  linspace: schedules.linspace.schedule,
  single: schedules.linspace.schedule,
  karras: schedules.karras.schedule,
  exp: schedules.exponential.schedule,
  AYS: schedules.ays.schedule,
};

function planOf(name: string): Plan {
  const linear = (timesteps: number): NoiseTable =>
    vpTable({ schedule: "linear", start: 0.0001, end: 0.02, timesteps });
  const { ddim, euler, dpm } = conventions;
  if (name === "pub_ddim_linear10")
    return plan("ddim", schedules.leading.schedule, linear(1000), 10, { convention: ddim, offset: 0 });
  if (name === "pub_euler_linear10")
    return plan("euler", schedules.linspace.schedule, linear(1100), 10, { convention: euler });
  if (name === "pub_dpm++2m_linear10")
    return plan("dpmpp2m", schedules.linspace.schedule, linear(1000), 10, { convention: dpm, final: "sigma_min" });
  const words = name.split(" ");
  const sampler = ours[words.slice(0, 3).join(" ")] ?? ours[words.slice(0, 2).join(" ")] ?? ours[words[0]];
  if (sampler === undefined) throw new Error(`parity: there is no plan for the golden "${name}"`);
  const steps = Number(words.find((word) => /^\d+$/.test(word)));
  const table = words.includes("zsnr")
    ? zeroTerminalSnr(vpTable(), sampler === "ddim" ? 2 ** -80 : undefined)
    : vpTable();
  const stopsShort = ["ddim", "plms", "tcd"].includes(sampler) && !words.includes("zsnr");
  const options: ScheduleOptions = {
    convention: samplers[sampler].convention,
    final: stopsShort ? "sigma_min" : "zero",
  };
  return {
    ...plan(sampler, scheduleOf(sampler, words), table, steps, options),
    prediction: words.includes("v") ? "v" : "epsilon",
    ...(words.includes("eta1") ? { eta: 1 } : {}),
  };
}

function scheduleOf(sampler: Plan["sampler"], words: readonly string[]): Schedule {
  if (sampler === "lcm" || sampler === "tcd") return schedules.lcm.schedule;
  if (words.includes("SDXL")) return schedules.ays_xl.schedule;
  return theirs[words.find((word) => word in theirs) ?? "lead"];
}

const plan = (
  sampler: Plan["sampler"],
  schedule: Schedule,
  table: NoiseTable,
  steps: number,
  options: ScheduleOptions,
): Plan => ({ sampler, prediction: "epsilon", sigmas: schedule(table, steps, options) });

/** The names of all k-diffusion goldens: walks and spacings. */
export const kDiffusionRuns = (): string[] => Object.keys(goldens.k_diffusion).filter((name) => name !== "_setup");

export const compareSchedulers = async (names: readonly string[] = schedulerRuns()): Promise<Comparison[]> =>
  (await Promise.all(names.map(compareScheduler))).flat();

/** Numerics sheet §14.1: a ramp for a sample, x·t/(t+1) for a network, noise from the CPU generator with seed 0. */
async function compareScheduler(name: string): Promise<Comparison[]> {
  const golden = goldens.schedulers[name];
  const { sampler, prediction: named, sigmas, eta } = planOf(name);
  const said = predictions[named];
  const prediction = sampler === "lcm" ? consistency(said, sigmas.time) : said;
  const entry = samplers[sampler];
  const times: number[] = [];
  const network = (x: Tensor, t: number) => {
    times.push(t);
    return scale(x, t / (t + 1));
  };
  const noise = cpuGenerator(0).randn;
  const x = await finish(
    entry.sample(denoiser(network, prediction, sigmas.time), scale(ramp(), sigmas.start), sigmas, {
      noise,
      prediction,
      ...(eta === undefined ? {} : { eta }),
    }),
  );
  const last = scale(x, sigmas.end);
  const sum = last.data.reduce((total, v) => total + Math.abs(v), 0);
  const levels = golden.sigmas?.filter((level, i, all) => level !== all[i - 1]);
  return [
    { name, what: "timesteps", errors: together(times, golden.timesteps) },
    { name, what: "calls", errors: each([times.length], [golden.unet_calls]) },
    {
      name,
      what: "start",
      errors: each([sigmas.start * entry.convention.end(sigmas.levels[0])], [golden.init_noise_sigma]),
    },
    { name, what: "sigmas", errors: levels ? each(sigmas.levels, levels) : [] },
    { name, what: "sum", errors: each([sum, sum / last.data.length], [golden.abs_sum, golden.abs_mean]) },
    { name, what: "first 8", errors: together(Array.from(last.data.subarray(0, 8)), golden.first8) },
  ];
}

/** arange(768)/768 laid out as [3,8,8,4] and permuted to [4,3,8,8]. */
const ramp = (): Tensor =>
  tensor(
    Float32Array.from({ length: 768 }, (_, i) => ((i % 192) * 4 + Math.floor(i / 192)) / 768),
    [4, 3, 8, 8],
  );

export async function compareKDiffusion(): Promise<Comparison[]> {
  const all = goldens.k_diffusion as unknown as Readonly<Record<string, readonly number[]>>;
  const table = vpTable();
  const { linspace, sgm_uniform, simple, exponential, karras, ays } = schedules;
  const spacings = [
    ["sigmas", karras.schedule(table, 10)],
    ["exponential sigmas 10", exponential.schedule(table, 10)],
    ["uniform(k-diffusion get_sigmas) 10", linspace.schedule(table, 10)],
    ["sgm_uniform 10", sgm_uniform.schedule(table, 10)],
    ["simple 10", simple.schedule(table, 10)],
    ["ays sd15 n=20 (loglinear) ", ays.schedule(table, 20)],
  ] as const;
  const comparisons: Comparison[] = spacings.map(([name, { levels }]) => ({
    name,
    what: "sigmas",
    errors: each(levels, all[name]),
  }));
  const denoise: Denoise = (x, s) =>
    map(x, (v) => (0.25 / (0.25 + s * s)) * v + (0.05 * Math.sin(3 * v) * s) / (1 + s));
  const sigmas = sigmasOf(all.sigmas, table.time);
  const walks: Readonly<Record<string, keyof typeof samplers>> = {
    ...{ euler: "euler", heun: "heun", dpm_2: "dpm2", lms4: "lms", dpmpp_2m: "dpmpp2m" },
    ...{ euler_ancestral: "euler_a", dpm_2_ancestral: "dpm2_a", dpmpp_2s_ancestral: "dpmpp2s_a" },
    ...{ dpmpp_sde: "dpmpp_sde", dpmpp_2m_sde: "dpmpp2m_sde", dpmpp_3m_sde: "dpmpp3m_sde" },
  };
  for (const [name, sampler] of Object.entries(walks)) {
    const x = scale(cpuGenerator(1).randn([1, 4, 8, 8]), sigmas.start);
    const noise = cpuGenerator(2).randn;
    const last = await finish(samplers[sampler].sample(denoise, x, sigmas, { noise }));
    const golden = goldens.k_diffusion[name];
    const sum = last.data.reduce((total, v) => total + Math.abs(v), 0);
    comparisons.push({ name, what: "sum", errors: each([sum], [golden.abs_sum]) });
    comparisons.push({ name, what: "first 8", errors: together(Array.from(last.data.subarray(0, 8)), golden.first8) });
  }
  return comparisons;
}

/** |a − b| ⁄ |b| of each pair (absolute below 1e-3 of one); infinite for what is missing. */
function each(actual: readonly number[], expected: readonly number[]): number[] {
  return expected.map((value, i) =>
    actual.length === expected.length
      ? Math.abs(actual[i] - value) / Math.max(Math.abs(value), 1e-3)
      : Number.POSITIVE_INFINITY,
  );
}

/** |a − b| of each pair, over the largest |b|. */
function together(actual: readonly number[], expected: readonly number[]): number[] {
  const largest = Math.max(...expected.map(Math.abs));
  return expected.map((value, i) =>
    actual.length === expected.length ? Math.abs(actual[i] - value) / largest : Number.POSITIVE_INFINITY,
  );
}
