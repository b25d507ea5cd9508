import { describe, expect, it } from "vitest";
import { tensor } from "../tensor/tensor.ts";
import { channelWeights } from "./stage-denoiser.ts";

describe("how much a channel counts", () => {
  const [pictures, side] = [5, 4];
  const deviations = [4, 1, 0.25];
  const data = Float32Array.from({ length: pictures * deviations.length * side * side }, (_, i) => {
    const deviation = deviations[Math.floor(i / (side * side)) % deviations.length];
    return 2 + (i % 2 === 0 ? deviation : -deviation); // the mean of 2 counts for nothing
  });
  const latents = tensor(data, [pictures, deviations.length, side, side]);

  it.each([0, 0.5, 1])("is its deviation to the power of 2 × %d, one in the mean", (emphasis) => {
    const weights = channelWeights(latents, emphasis);
    expect(weights.reduce((a, b) => a + b) / weights.length).toBeCloseTo(1, 6);
    for (const i of [0, 1]) expect(weights[i] / weights[i + 1]).toBeCloseTo(4 ** (2 * emphasis), 4);
  });
});
