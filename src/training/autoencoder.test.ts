// What is measured of latents: statistics per channel, and the matrix that turns latents into colours.
import { describe, expect, it } from "vitest";
import { vaeSpec } from "../models/config.ts";
import { configs } from "../models/specs.ts";
import { referenceRuntime } from "../runtime/reference.ts";
import { tensor } from "../tensor/tensor.ts";
import { channelStatistics, decoderLoss, previewMatrix, psnr } from "./autoencoder.ts";
import { random } from "./random.ts";
import { initialise } from "./train.ts";

const { normal, fillNormal } = random(4, "autoencoder");

it("psnr is in dB of a range of two", () => {
  expect(psnr(4)).toBe(0);
  expect(psnr(0.04)).toBeCloseTo(20, 12);
});

it("channelStatistics tells channels apart", () => {
  const latents = new Float32Array(3 * 2 * 4);
  latents.forEach((_, i) => {
    latents[i] = Math.floor(i / 4) % 2 === 0 ? 5 : i % 2 === 0 ? 1 : -1;
  });
  expect(channelStatistics(latents, 2, 4)).toEqual({ mean: [5, 0], std: [0, 1] });
});

it("previewMatrix finds the matrix and bias that made the colours", () => {
  const [n, channels, area] = [10, 4, 6];
  const factors = Array.from({ length: 3 }, () => Array.from({ length: channels }, normal));
  const bias = [0.1, -0.2, 0.3];
  const latents = fillNormal(new Float32Array(n * channels * area));
  const colours = new Float32Array(n * 3 * area);
  for (let p = 0; p < n; p++)
    for (let rgb = 0; rgb < 3; rgb++)
      for (let i = 0; i < area; i++)
        colours[(p * 3 + rgb) * area + i] = factors[rgb].reduce(
          (sum, f, c) => sum + f * latents[(p * channels + c) * area + i],
          bias[rgb],
        );
  const found = previewMatrix(latents, colours, channels, area);
  for (let rgb = 0; rgb < 3; rgb++) {
    expect(found.bias[rgb]).toBeCloseTo(bias[rgb], 5);
    for (let c = 0; c < channels; c++) expect(found.factors[rgb][c]).toBeCloseTo(factors[rgb][c], 5);
  }
});

describe("decoderLoss", () => {
  const spec = vaeSpec({ ...configs.small.vae, latent_channels: 3, block_out_channels: [16, 16, 16] });
  const graph = decoderLoss(spec, 1, 16, { edges: 0.5 });

  it("is nothing for a picture that the decoder draws, and counts edges beside pixels", async () => {
    const params = initialise(graph);
    await using program = await referenceRuntime().compile(graph);
    const latents = tensor(new Float32Array(3 * 4), [1, 3, 2, 2]);
    // No latents and no biases: the decoder draws what its linear path's bias says.
    params["decoder.linear_path.bias"].data.fill(0.25);
    const picture = (f: (i: number) => number) =>
      tensor(
        Float32Array.from({ length: 3 * 256 }, (_, i) => f(i)),
        [1, 3, 16, 16],
      );
    const same = await program.run({ latents, picture: picture(() => 0.25) }, params);
    expect(same.loss.data[0]).toBeCloseTo(0, 6);
    const brighter = await program.run({ latents, picture: picture(() => 0.75) }, params);
    expect(brighter.loss.data[0]).toBeCloseTo(0.5, 5);
    expect(brighter.error.data[0]).toBeCloseTo(0.25, 5);
    const striped = await program.run({ latents, picture: picture((i) => (i % 2 === 0 ? 0.75 : -0.25)) }, params);
    // Neighbours in a row differ by 1; those above each other, and two apart, do not: a quarter of four terms of weight ½.
    expect(striped.loss.data[0]).toBeCloseTo(0.5 + 0.5 / 4, 5);
  });
});
