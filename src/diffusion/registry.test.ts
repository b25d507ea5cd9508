// Names of samplers and schedules in every spelling, and the hint for a wrong one.
import { describe, expect, test } from "vitest";
import { type SamplerEntry, type ScheduleEntry, samplerNamed, samplers, scheduleNamed, schedules } from "./registry.ts";

test.each([
  ["dpm++2m", "dpmpp2m"],
  ["dpmpp_2m", "dpmpp2m"],
  ["DPM++ 2M", "dpmpp2m"],
  ["DPMSolverMultistepScheduler", "dpmpp2m"],
  ["euler_a", "euler_a"],
  ["Euler a", "euler_a"],
  ["k_euler_ancestral", "euler_a"],
  ["EULER", "euler"],
  ["ddim", "ddim"],
  ["DDPMScheduler", "ddpm"],
  ["sample_heun", "heun"],
] as const)("sampler %s is %s", (spelling, name) => expect(samplerNamed(spelling)).toBe(samplers[name]));

test.each([
  ["Karras", "karras"],
  ["SGM Uniform", "sgm_uniform"],
  ["normal", "linspace"],
  ["Align Your Steps", "ays"],
] as const)("schedule %s is %s", (spelling, name) => expect(scheduleNamed(spelling)).toBe(schedules[name]));

describe("a misspelling", () => {
  test("is answered with the nearest name", () => {
    expect(() => samplerNamed("dpm++2x")).toThrow('sampler "dpm++2x" is unknown. Did you mean "dpmpp2m"?');
    expect(() => samplerNamed("eular")).toThrow('sampler "eular" is unknown. Did you mean "euler"?');
    expect(() => scheduleNamed("kerras")).toThrow('schedule "kerras" is unknown. Did you mean "karras"?');
  });

  test("that resembles nothing is answered with the list", () => {
    expect(() => samplerNamed("banana")).toThrow(
      'sampler "banana" is unknown. Known: euler, euler_a, heun, dpmpp2m, ddim, ddpm.',
    );
    expect(() => samplerNamed("")).toThrow("Known: ");
  });
});

test("no spelling stands for two things", () => {
  const spellings = (entry: SamplerEntry | ScheduleEntry) => [entry.title, ...entry.aliases];
  for (const [key, entry] of Object.entries(samplers))
    for (const spelling of [key, ...spellings(entry)]) expect(samplerNamed(spelling)).toBe(entry);
  for (const [key, entry] of Object.entries(schedules))
    for (const spelling of [key, ...spellings(entry)]) expect(scheduleNamed(spelling)).toBe(entry);
});
