// Principal components: eigenvectors that are eigenvectors, and a linear path that projects onto them.
import { describe, expect, it } from "vitest";
import { vaeSpec } from "../models/config.ts";
import { configs } from "../models/specs.ts";
import { vaeDecoderGraph, vaeEncoderGraph } from "../models/vae.ts";
import { referenceRuntime } from "../runtime/reference.ts";
import { tensor } from "../tensor/tensor.ts";
import { fromTensors } from "../weights/weights.ts";
import { eigen, linearPath, principalComponents } from "./patches.ts";
import { random } from "./random.ts";
import { initialise } from "./train.ts";

const { normal, fillNormal } = random(1, "patches");

describe("eigen", () => {
  const n = 9;
  const root = Array.from({ length: n }, () => Float64Array.from({ length: n }, normal));
  const matrix = root.map((row, i) => row.map((_, j) => root.reduce((sum, r) => sum + r[i] * r[j], 0)));
  const { values, vectors } = eigen(matrix);

  it("finds vectors that the matrix only scales", () => {
    for (const [k, v] of vectors.entries())
      for (let i = 0; i < n; i++)
        expect(matrix[i].reduce((sum, m, j) => sum + m * v[j], 0)).toBeCloseTo(values[k] * v[i], 8);
  });

  it("finds them orthonormal, with the trace as the sum of the values", () => {
    for (const [a, v] of vectors.entries())
      for (const [b, w] of vectors.entries())
        expect(v.reduce((sum, x, i) => sum + x * w[i], 0)).toBeCloseTo(Number(a === b), 10);
    expect(values.reduce((a, b) => a + b)).toBeCloseTo(
      matrix.reduce((sum, row, i) => sum + row[i], 0),
      8,
    );
  });
});

describe("the linear path", async () => {
  const side = 32;
  const pictures = Array.from({ length: 24 }, () => {
    // Pictures with two ways to differ, in each square: a slope and a colour.
    const data = new Float32Array(3 * side * side);
    for (let y = 0; y < side; y += 8)
      for (let x = 0; x < side; x += 8) {
        const [slope, colour] = [normal(), 0.3 * normal()];
        for (let c = 0; c < 3; c++)
          for (let dy = 0; dy < 8; dy++)
            for (let dx = 0; dx < 8; dx++)
              data[(c * side + y + dy) * side + x + dx] = 0.2 + slope * (dx - 3.5) * 0.1 + colour * (c - 1);
      }
    return data;
  });
  const components = await principalComponents((i) => pictures[i], pictures.length, side, 8);

  it("orders components by how much pictures differ along them", () => {
    const { deviations } = components;
    expect([...deviations].sort((a, b) => b - a)).toEqual(deviations);
    expect(deviations[1]).toBeGreaterThan(1);
    expect(deviations[2]).toBeLessThan(1e-3);
  });

  it("brings pictures there and back through the autoencoder, which starts as this path alone", async () => {
    const spec = vaeSpec({ ...configs.small.vae, lapped: false, latent_channels: 2, block_out_channels: [16, 16, 16] });
    const path = linearPath(components, 2, 8);
    const runtime = referenceRuntime();
    await using encoder = await runtime.compile(vaeEncoderGraph(spec, 1, side, side), fromTensors(path));
    const decoderGraph = vaeDecoderGraph(spec, 1, side / 8, side / 8);
    await using decoder = await runtime.compile(decoderGraph, fromTensors({ ...initialise(decoderGraph), ...path }));
    const { mean } = await encoder.run({ picture: tensor(pictures[3], [1, 3, side, side]) });
    const { picture } = await decoder.run({ latents: mean });
    for (const [i, value] of picture.data.entries()) expect(value).toBeCloseTo(pictures[3][i], 4);
  });

  it("loses what lies outside the components it keeps", async () => {
    const spec = vaeSpec({ ...configs.small.vae, lapped: false, latent_channels: 2 });
    const runtime = referenceRuntime();
    const path = linearPath(components, 2, 8);
    await using encoder = await runtime.compile(vaeEncoderGraph(spec, 1, side, side), fromTensors(path));
    const noise = fillNormal(new Float32Array(3 * side * side)).map((x, i) => pictures[0][i] + 0.1 * x);
    const [clean, noisy] = await Promise.all(
      [pictures[0], noise].map((data) => encoder.run({ picture: tensor(data, [1, 3, side, side]) })),
    );
    const change = noisy.mean.data.map((x, i) => x - clean.mean.data[i]);
    const rms = Math.hypot(...change) / Math.sqrt(change.length);
    expect(rms).toBeGreaterThan(0.05);
    expect(rms).toBeLessThan(0.2);
  });
});
