// Schedules: which levels each picks, and that all of them fall.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compareKDiffusion } from "../../test/parity/diffusion.ts";
import { flowTable, vpTable } from "./noise-table.ts";
import { type ScheduleName, schedules } from "./registry.ts";
import { atTimes, beta, conventions, karras, klOptimal, lcmTimes, leading, linspace, trailing } from "./schedules.ts";
import { sigmasOf } from "./sigmas.ts";

const table = vpTable();
const names = Object.keys(schedules) as ScheduleName[];

describe.each(names)("%s", (name) => {
  const { schedule } = schedules[name];

  test("levels fall strictly to zero, times with them, in every convention and from every table", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 200 }),
        fc.constantFrom(...Object.values(conventions)),
        fc.constantFrom(table, flowTable()),
        (steps, convention, from) => {
          const { levels, times, start, time } = schedule(from, steps, { convention });
          expect(levels).toHaveLength(steps + 1);
          expect(levels[steps]).toBe(0);
          expect(levels.every((level, i) => i === 0 || level < levels[i - 1])).toBe(true);
          expect(times.every((t, i) => t <= (i === 0 ? 999 : times[i - 1]) && t >= -0.5)).toBe(true);
          expect(levels.slice(0, -1).map(time)).toEqual(times);
          expect(start).toBeGreaterThanOrEqual(levels[0]);
          expect(start).toBeLessThanOrEqual(Math.sqrt(levels[0] ** 2 + 1));
        },
      ),
      { numRuns: 60 },
    );
  });

  test.each([0, -1, 2.5, 1001, Number.NaN])("%d steps are refused", (steps) => {
    expect(() => schedule(table, steps)).toThrow(/expected a whole number from 1 to 1000/);
  });
});

test("k-diffusion's spacings", async () => {
  const spacings = (await compareKDiffusion()).filter((c) => c.what === "sigmas");
  expect(spacings).toHaveLength(6);
  for (const { name, errors } of spacings) expect(Math.max(...errors), name).toBeLessThan(4e-6);
});

test("20 steps, times as diffusers has them", () => {
  const { ddim, euler, dpm } = conventions;
  const times = (t: readonly number[]) => [t[0], t[1], t[19]];
  expect(times(leading(table, 20, { convention: ddim }).times)).toEqual([951, 901, 1]);
  expect(times(leading(table, 20, { convention: ddim, offset: 0 }).times)).toEqual([950, 900, 0]);
  expect(times(leading(table, 20, { convention: dpm }).times)).toEqual([941, 894, 48]);
  expect(times(linspace(table, 20, { convention: dpm }).times)).toEqual([999, 949, 50]);
  expect(linspace(table, 20, { convention: euler }).times[1]).toBeCloseTo(946.421, 3);
  expect(times(trailing(table, 20, { convention: ddim }).times)).toEqual([999, 949, 49]);
  expect(leading(table, 50).times[0]).toBe(981);
});

test("halves are rounded to even, as Python does: trailing with 16 steps passes 937.5 and 812.5", () => {
  expect(trailing(table, 16).times.slice(0, 5)).toEqual([999, 937, 874, 811, 749]);
});

test("whole times of karras are rounded, those of exponential and beta cut off (family C of diffusers)", () => {
  const { times } = karras(table, 20, { convention: conventions.dpm });
  expect([times[0], times[1], times[2], times[18], times[19]]).toEqual([999, 962, 921, 2, 0]);
  const { levels, times: cut } = schedules.exponential.schedule(table, 20, { convention: conventions.dpm });
  expect(cut).toEqual(levels.slice(0, -1).map((level) => Math.floor(table.time(level) + 1e-9)));
  const spread = beta(table, 20, { convention: conventions.dpm });
  expect(spread.times).toEqual(spread.levels.slice(0, -1).map((level) => Math.floor(table.time(level) + 1e-9)));
});

test("ComfyUI's ddim_uniform is leading: entries 1, 1 + ⌊T/n⌋, … of the table", () => {
  const { levels } = schedules.leading.schedule(table, 20);
  expect(levels).toEqual([...Array.from({ length: 20 }, (_, i) => table.sigmas[1 + (19 - i) * 50]), 0]);
});

test("KL optimal is even in atan σ, as ComfyUI has it down to 0 and as A1111 has it down to the lowest level", () => {
  const [max, min] = table.range.map(Math.atan);
  const angles = (final: "zero" | "sigma_min") => klOptimal(table, 10, { final }).levels.map(Math.atan);
  angles("zero").forEach((angle, i) => {
    expect(angle).toBeCloseTo(i === 10 ? 0 : max + (i / 9) * (min - max), 12);
  });
  angles("sigma_min").forEach((angle, i) => {
    expect(angle).toBeCloseTo(max + (i / 10) * (min - max), 12);
  });
});

test("beta is the levels at even parts of Beta(0.6, 0.6), densest at both ends", () => {
  const { levels } = beta(table, 11, { range: [11, 1] });
  expect([levels[0], levels[10], levels[11]]).toEqual([11, 1, 0]);
  for (const i of [1, 2, 3, 4, 5]) expect(levels[i] + levels[10 - i]).toBeCloseTo(12, 9);
  // ∫₀ˣ t^−0.4·(1−t)^−0.4 dt by midpoints, over u = t^0.6, in which it is smooth below ½.
  const below = (x: number) => {
    const end = x ** 0.6;
    const points = Array.from({ length: 2000 }, (_, i) => (1 - ((end * (i + 0.5)) / 2000) ** (1 / 0.6)) ** -0.4);
    return (points.reduce((sum, y) => sum + y) * end) / 2000;
  };
  for (const i of [6, 7, 8, 9])
    expect(below((levels[i] - 1) / 10) / (2 * below(0.5)), `level ${i}`).toBeCloseTo(1 - i / 10, 6);
});

test("LCM walks through some of the fifty times that it was taught at", () => {
  expect(lcmTimes(table, 4).times).toEqual([999, 759, 499, 259]);
  expect(lcmTimes(table, 1).times).toEqual([999]);
  expect(lcmTimes(table, 50).times).toEqual(Array.from({ length: 50 }, (_, i) => 999 - 20 * i));
});

test("`range` moves a curve's ends and `final` stops short of zero", () => {
  const { levels } = karras(table, 5, { range: [10, 0.1], final: "sigma_min" });
  expect(levels[0]).toBeCloseTo(10, 12);
  expect(levels[4]).toBeCloseTo(0.1, 12);
  expect(levels[5]).toBe(table.sigma(0));
});

test("a shift multiplies every level, and asks the network at the times of the shifted ones", () => {
  const flow = flowTable();
  const plain = trailing(flow, 8);
  const shifted = trailing(flow, 8, { shift: 3 });
  expect(shifted.levels).toEqual(plain.levels.map((level) => 3 * level));
  // SD 3 writes the same as s' = 3s/(1 + 2s).
  plain.times.forEach((time, i) => {
    const s = (time + 0.5) / 1000;
    expect((shifted.times[i] + 0.5) / 1000).toBeCloseTo((3 * s) / (1 + 2 * s), 9);
  });
});

test("a walk through given times uses them as they are", () => {
  const { levels, times } = atTimes(table, [900, 500.5, 20], { convention: conventions.euler });
  expect(times).toEqual([900, 500.5, 20]);
  expect(levels[1]).toBeCloseTo((table.sigmas[500] + table.sigmas[501]) / 2, 12);
});

test("levels that do not fall, are negative or not finite are refused", () => {
  expect(() => sigmasOf([1], table.time)).toThrow("at least two");
  expect(() => sigmasOf([2, 2, 0], table.time)).toThrow("level 1 (2) is not below level 0 (2)");
  expect(() => sigmasOf([2, -1], table.time)).toThrow("level 1 is -1");
  expect(() => sigmasOf([Number.POSITIVE_INFINITY, 0], table.time)).toThrow("level 0 is Infinity");
  expect(() => leading(table, 20, { offset: 0, final: "sigma_min" })).toThrow("is not below");
});
