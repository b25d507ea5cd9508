// Names of samplers and schedules in every spelling, and the hint for a wrong one.
import { describe, expect, test } from "vitest";
import {
  type SamplerEntry,
  type SamplerName,
  type ScheduleEntry,
  type ScheduleName,
  samplerNamed,
  samplers,
  scheduleNamed,
  schedules,
  walkNamed,
} from "./registry.ts";

/** What the world's programs call our samplers: A1111, ComfyUI, stable-diffusion.cpp, diffusers, InvokeAI (interop sheet, §3). */
const spellings: Readonly<Record<SamplerName, string>> = {
  euler: "Euler, EULER, k_euler, euler, EulerDiscreteScheduler, sample_euler",
  euler_a: "Euler a, k_euler_a, k_euler_ancestral, euler_ancestral, euler_a, EulerAncestralDiscreteScheduler",
  heun: "Heun, k_heun, heun, HeunDiscreteScheduler, sample_heun",
  lms: "LMS, k_lms, lms, LMSDiscreteScheduler",
  dpm2: "DPM2, k_dpm_2, dpm_2, dpm2, kdpm_2, KDPM2DiscreteScheduler",
  dpm2_a: "DPM2 a, k_dpm_2_a, dpm_2_ancestral, kdpm_2_a, KDPM2AncestralDiscreteScheduler",
  dpmpp2m: "DPM++ 2M, k_dpmpp_2m, dpmpp_2m, dpm++2m, dpm++2M, DPMSolverMultistepScheduler, sample_dpmpp_2m",
  dpmpp2m_sde: "DPM++ 2M SDE, k_dpmpp_2m_sde, dpmpp_2m_sde, dpmpp_2m_sde_gpu, dpm++2m_sde, dpm++2m_sde_bt",
  dpmpp2m_sde_heun: "DPM++ 2M SDE Heun, k_dpmpp_2m_sde_heun, dpmpp_2m_sde_heun, dpmpp_2m_sde_heun_gpu",
  dpmpp3m: "dpmpp_3m",
  dpmpp3m_sde: "DPM++ 3M SDE, k_dpmpp_3m_sde, dpmpp_3m_sde, dpmpp_3m_sde_gpu",
  dpmpp2s: "dpmpp_2s, DPMSolverSinglestepScheduler",
  dpmpp2s_a: "DPM++ 2S a, k_dpmpp_2s_a, dpmpp_2s_ancestral, dpm++2s_a",
  dpmpp_sde: "DPM++ SDE, k_dpmpp_sde, dpmpp_sde, dpmpp_sde_gpu, DPMSolverSDEScheduler",
  ddim: "DDIM, ddim, DDIMScheduler",
  ddpm: "DDPM, ddpm, DDPMScheduler",
  plms: "PLMS, plms, pndm, PNDMScheduler",
  unipc: "UniPC, unipc, uni_pc, UniPCMultistepScheduler",
  unipc3: "uni_pc_bh2",
  unipc_bh1: "UniPC bh1, uni_pc_bh1",
  lcm: "LCM, lcm, LCMScheduler",
  tcd: "tcd, TCDScheduler",
};
const scheduleSpellings: Readonly<Record<ScheduleName, string>> = {
  karras: "karras, Karras",
  exponential: "exponential, Exponential, polyexponential, Polyexponential",
  linspace: "uniform, Uniform, normal, Normal, discrete",
  leading: "ddim, DDIM, ddim_uniform",
  trailing: "trailing",
  sgm_uniform: "sgm_uniform, SGM Uniform, SGMUniform",
  simple: "simple, Simple",
  beta: "beta, Beta",
  kl_optimal: "kl_optimal, KL Optimal",
  lcm: "lcm",
  ays: "align_your_steps, Align Your Steps, ays",
  ays_xl: "ays_xl",
};
const each = <K extends string>(table: Readonly<Record<K, string>>): (readonly [string, K])[] =>
  (Object.keys(table) as K[]).flatMap((key) => table[key].split(", ").map((spelling) => [spelling, key] as const));

test.each(each(spellings))("sampler %s is %s", (spelling, name) => {
  expect(samplerNamed(spelling)).toBe(samplers[name]);
  expect(walkNamed(spelling)).toEqual({ sampler: name });
});

test.each(each(scheduleSpellings))("schedule %s is %s", (spelling, name) => {
  expect(scheduleNamed(spelling)).toBe(schedules[name]);
});

test.each([
  ["DPM++ 2M Karras", "dpmpp2m", "karras"],
  ["DPM++ 2M SDE Heun Karras", "dpmpp2m_sde_heun", "karras"],
  ["DPM++ 2M SDE Exponential", "dpmpp2m_sde", "exponential"],
  ["DPM++ 2S a Karras", "dpmpp2s_a", "karras"],
  ["DPM2 a Karras", "dpm2_a", "karras"],
  ["k_dpmpp_2m_ka", "dpmpp2m", "karras"],
  ["LMS Karras", "lms", "karras"],
  ["dpmpp_2m_sde_k", "dpmpp2m_sde", "karras"],
  ["kdpm_2_a_k", "dpm2_a", "karras"],
  ["unipc_k", "unipc", "karras"],
  ["ddim_trailing", "ddim", "trailing"],
  ["Euler SGM Uniform", "euler", "sgm_uniform"],
  ["LCM LCM", "lcm", "lcm"],
] as const)("%s is %s over %s", (name, sampler, schedule) => {
  expect(walkNamed(name)).toEqual({ sampler, schedule });
});

describe("a misspelling", () => {
  test("is answered with the nearest name", () => {
    expect(() => samplerNamed("dpm++2x")).toThrow('sampler "dpm++2x" is unknown. Did you mean "dpmpp2m"?');
    expect(() => samplerNamed("eular")).toThrow('sampler "eular" is unknown. Did you mean "euler"?');
    expect(() => walkNamed("DPM++ 2M Karas")).toThrow('sampler "DPM++ 2M Karas" is unknown.');
    expect(() => scheduleNamed("kerras")).toThrow('schedule "kerras" is unknown. Did you mean "karras"?');
  });

  test("that resembles nothing is answered with the list", () => {
    expect(() => samplerNamed("banana")).toThrow(
      `sampler "banana" is unknown. Known: ${Object.keys(samplers).join(", ")}.`,
    );
    expect(() => samplerNamed("")).toThrow("Known: euler, euler_a, heun, ");
    expect(() => walkNamed("Karras")).toThrow('sampler "Karras" is unknown');
  });
});

test("no spelling stands for two things", () => {
  const all = (entry: SamplerEntry | ScheduleEntry) => [entry.title, ...entry.aliases];
  for (const [key, entry] of Object.entries(samplers))
    for (const spelling of [key, ...all(entry)]) expect(samplerNamed(spelling)).toBe(entry);
  for (const [key, entry] of Object.entries(schedules))
    for (const spelling of [key, ...all(entry)]) expect(scheduleNamed(spelling)).toBe(entry);
});
