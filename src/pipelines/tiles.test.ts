import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cpuGenerator } from "../tensor/random.ts";
import { type Tensor, tensor } from "../tensor/tensor.ts";
import { decodeTiled, tileStarts } from "./tiles.ts";

/** A decoder that looks at each latent alone: every pixel of a square is the sum of its channels. */
function alone(latents: Tensor, factor: number): Tensor {
  const [, channels, h, w] = latents.shape;
  const out = new Float32Array(h * factor * w * factor);
  for (let y = 0; y < h * factor; y++)
    for (let x = 0; x < w * factor; x++)
      for (let c = 0; c < channels; c++)
        out[y * w * factor + x] += latents.data[(c * h + Math.floor(y / factor)) * w + Math.floor(x / factor)];
  return tensor(out, [1, 1, h * factor, w * factor]);
}

describe("tiles", () => {
  it("cover every latent, inside the picture, each overlapping the one before", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 1, max: 128 }), (length, side) => {
        const starts = tileStarts(length, side);
        const wide = Math.min(side, length);
        expect(starts[0]).toBe(0);
        expect(starts.at(-1)! + wide).toBe(length);
        for (let i = 1; i < starts.length; i++) {
          expect(starts[i]).toBeGreaterThan(starts[i - 1]);
          expect(starts[i]).toBeLessThanOrEqual(starts[i - 1] + Math.max(1, Math.floor(side * 0.75)));
        }
      }),
    );
  });

  it("leave no seam: a decoder that looks at each latent alone gives the whole picture", async () => {
    const { randn } = cpuGenerator(3);
    const size = fc.integer({ min: 1, max: 24 });
    await fc.assert(
      fc.asyncProperty(size, size, fc.integer({ min: 4, max: 12 }), async (h, w, side) => {
        const latents = randn([1, 2, h, w]);
        const whole = alone(latents, 2);
        const sizes: number[] = [];
        const tiled = await decodeTiled(latents, side, 2, async (part) => {
          sizes.push(Math.max(...part.shape.slice(2)));
          return alone(part, 2);
        });
        expect(Math.max(...sizes)).toBeLessThanOrEqual(side);
        expect(tiled.shape).toEqual(whole.shape);
        for (const [i, value] of whole.data.entries()) expect(tiled.data[i]).toBeCloseTo(value, 5);
      }),
      { numRuns: 40 },
    );
  });

  it("fade: where two disagree, what lies between goes evenly from one to the other", async () => {
    let next = 0;
    const flat = async (part: Tensor): Promise<Tensor> => {
      const value = next++;
      return tensor(new Float32Array(part.shape[2] * part.shape[3]).fill(value), [1, 1, part.shape[2], part.shape[3]]);
    };
    const { data } = await decodeTiled(tensor(new Float32Array(14), [1, 1, 1, 14]), 8, 1, flat);
    for (let i = 1; i < data.length; i++) expect(data[i]).toBeGreaterThanOrEqual(data[i - 1]);
    expect([data[0], data[13]]).toEqual([0, 1]);
    expect(data[6]).toBeCloseTo(0.25);
    expect(data[7]).toBeCloseTo(0.75);
  });
});
