// Noise tables: constants of the schedules, times and levels as each other's inverse, zero terminal SNR.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compareAlphas } from "../../test/parity/diffusion.ts";
import { type BetaSchedule, flowTable, vpTable, zeroTerminalSnr } from "./noise-table.ts";

test.each(compareAlphas().map((c) => [c.name, c.errors] as const))("Stable Diffusion's table at %s", (_, errors) => {
  expect(Math.max(...errors)).toBeLessThan(3e-6);
});

const schedules: BetaSchedule[] = ["scaled_linear", "linear", "squaredcos_cap_v2"];
const tables = [
  ...schedules.map((schedule) => [schedule, vpTable({ schedule })] as const),
  ["zero terminal SNR", zeroTerminalSnr(vpTable())] as const,
  ["flow", flowTable()] as const,
];

describe.each(tables)("%s", (_, table) => {
  test("noise rises with time", () => {
    for (let t = 1; t < table.timesteps; t++) expect(table.sigma(t)).toBeGreaterThan(table.sigma(t - 1));
  });

  test("time undoes sigma, between whole times too", () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: table.timesteps - 1, noNaN: true }), (t) => {
        expect(table.time(table.sigma(t))).toBeCloseTo(t, 6);
      }),
    );
  });

  test("both interpolations meet at whole times", () => {
    for (const t of [0, 1, 499, 998, 999]) expect(table.sigma(t, "linear")).toBe(table.sigma(t, "log"));
  });

  test("times beyond the ends count as the ends", () => {
    expect(table.sigma(-5)).toBe(table.sigma(0));
    expect(table.sigma(5000)).toBe(table.sigma(999));
  });
});

test("levels beyond a variance-preserving table get the times of its ends", () => {
  expect(vpTable().time(100)).toBe(999);
  expect(vpTable().time(1e-4)).toBe(0);
});

test("linear β: the anchors that diffusers' own tests print (σ₀ 0.0100, σ₉₉₉ 157.407)", () => {
  const { sigmas } = vpTable({ schedule: "linear" });
  expect(sigmas[0]).toBeCloseTo(0.01000133, 7);
  expect(sigmas[999]).toBeCloseTo(157.40726, 3);
});

test("cosine β is capped at 0.999 and follows its closed form elsewhere", () => {
  const { alphasCumprod } = vpTable({ schedule: "squaredcos_cap_v2" });
  const closed = (t: number) => Math.cos(((t / 1000 + 0.008) / 1.008) * (Math.PI / 2)) ** 2;
  for (const t of [0, 10, 500, 900]) expect(alphasCumprod[t]).toBeCloseTo(closed(t + 1) / closed(0), 6);
  expect(alphasCumprod[999] / alphasCumprod[998]).toBeCloseTo(0.001, 6);
});

test("zero terminal SNR keeps the first level and ends at ᾱ = 2⁻²⁴", () => {
  const { alphasCumprod, sigmas } = zeroTerminalSnr(vpTable());
  expect(alphasCumprod[0]).toBeCloseTo(vpTable().alphasCumprod[0], 6);
  expect(alphasCumprod[999]).toBe(2 ** -24);
  expect(sigmas[999]).toBeCloseTo(4095.99988, 3);
});

test("flow: σ = s/(1−s) at the middle of each of T bins", () => {
  const table = flowTable(4);
  expect([0, 1, 2, 3].map((t) => table.sigma(t))).toEqual([1 / 7, 3 / 5, 5 / 3, 7]);
});

test("a table of one time is refused", () => expect(() => vpTable({ timesteps: 1 })).toThrow("1 timesteps"));
