// Parity of diffusion and random numbers with diffusers, torch and k-diffusion: every golden within its tolerance.
import { describe, expect, test } from "vitest";
import { compareKDiffusion, compareSchedulers, diffusionParity, kDiffusionRuns, schedulerRuns } from "./diffusion.ts";

test("every section stays within its tolerance", async () => {
  const rows = await diffusionParity();
  expect(rows.map((row) => row.section)).toEqual(["alphas_cumprod", "rng", "schedulers", "k_diffusion"]);
  for (const row of rows) {
    expect(row.checked, row.section).toBeGreaterThan(30);
    expect(row.worst, row.section).toBeLessThanOrEqual(row.tolerance);
  }
});

describe("diffusers schedulers", () => {
  test("there are as many as were recorded", () => expect(schedulerRuns()).toHaveLength(79));

  test.each(schedulerRuns())("%s", async (name) => {
    // From σ = 4096 torch's own float32 is uneven by 1e-5 (see `tolerances`).
    const tolerance = name === "Euler trailing zsnr v 10" ? 1.5e-5 : 4e-6;
    for (const { what, errors } of await compareSchedulers([name]))
      expect(Math.max(0, ...errors), what).toBeLessThanOrEqual(tolerance);
  });
});

test("every golden of k-diffusion is run", async () => {
  const run = new Set((await compareKDiffusion()).map(({ name }) => name));
  expect([...run].sort()).toEqual(kDiffusionRuns().sort());
});
