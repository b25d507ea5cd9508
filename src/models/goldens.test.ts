// Every golden of the networks, on the reference runtime and on ONNX Runtime.
import { afterAll, expect, test } from "vitest";
import { golden, modelCases } from "../../test/goldens.ts";
import { compareModel, compareSinusoids } from "../../test/parity/models.ts";
import { ortNode } from "../runtime/ort-node.ts";
import { size } from "../tensor/tensor.ts";

const engine = await ortNode({ threads: 1 });
afterAll(() => engine[Symbol.asyncDispose]());

test.each(modelCases().map((c) => [c.name, c] as const))("%s", async (_, c) => {
  for (const { section, worst, tolerance } of await compareModel(c, engine))
    expect(worst, section).toBeLessThanOrEqual(tolerance);
});

test("sinusoids of timesteps, fractions among them", () => {
  const { checked, worst, tolerance } = compareSinusoids();
  expect(checked).toBe(120);
  expect(worst).toBeLessThanOrEqual(tolerance);
});

test("the tiny U-Nets and the tiny autoencoder have as many parameters as diffusers'", () => {
  const count = (...names: string[]): number => {
    const all = new Map(modelCases().flatMap((c) => (names.includes(c.name) ? [...c.graph.params] : [])));
    return [...all.values()].reduce((n, v) => n + size(v.shape), 0);
  };
  const { unet_sd1_tiny, unet_sd2_tiny, unet_sdxl_tiny, vae_tiny } = golden.models;
  expect(count("unet_sd1_tiny")).toBe(unet_sd1_tiny.nparams);
  expect(count("unet_sd2_tiny")).toBe(unet_sd2_tiny.nparams);
  expect(count("unet_sdxl_tiny")).toBe(unet_sdxl_tiny.nparams);
  expect(count("vae_tiny encoder", "vae_tiny decoder")).toBe(vae_tiny.nparams);
});
