// autoencoder: the loss that trains a decoder, and what is measured of latents.
import { type Graph, trace } from "../graph/trace.ts";
import type { Value } from "../graph/value.ts";
import { type VaeSpec, vaeDecode, vaeFactor } from "../models/vae.ts";

/** How much neighbours at a distance along one axis differ otherwise than they should. */
const edgeLoss = (difference: Value, axis: number, distance: number): Value =>
  difference
    .slice(axis, distance, difference.shape[axis])
    .sub(difference.slice(axis, 0, difference.shape[axis] - distance))
    .abs()
    .mean();

/** The loss of a decoder alone: pictures [b,3,side,side] against what it makes of given latents. */
export function decoderLoss(
  spec: VaeSpec,
  batch: number,
  side: number,
  { edges }: { readonly edges: number },
): Graph<"picture" | "latents", "loss" | "error"> {
  const small = side / vaeFactor(spec);
  const inputs = { picture: [batch, spec.channels, side, side], latents: [batch, spec.latentChannels, small, small] };
  return trace<"picture" | "latents", "loss" | "error">(inputs, (p, { picture, latents }) => {
    const { likeness, error } = reconstruction(vaeDecode(p, spec, latents), picture, edges);
    return { loss: likeness, error };
  });
}

/** L1 of the pixels and of their differences at one and two pixels' distance; and the mean squared error. */
export function reconstruction(drawn: Value, picture: Value, edges: number): { likeness: Value; error: Value } {
  const difference = drawn.sub(picture);
  const outline = [2, 3]
    .flatMap((axis) => [1, 2].map((distance) => edgeLoss(difference, axis, distance)))
    .reduce((a, b) => a.add(b));
  return {
    likeness: difference
      .abs()
      .mean()
      .add(outline.mul(edges / 4)),
    error: difference.square().mean(),
  };
}

/** Peak signal-to-noise ratio in dB of a mean squared error between pictures in −1…1. */
export const psnr = (meanSquaredError: number): number => 10 * Math.log10(4 / meanSquaredError);

/** Mean and standard deviation of each latent channel; latents of [n,c,h,w]. */
export function channelStatistics(
  latents: Float32Array,
  channels: number,
  area: number,
): { mean: number[]; std: number[] } {
  const count = latents.length / channels;
  const sum = new Float64Array(channels);
  const squares = new Float64Array(channels);
  for (let i = 0; i < latents.length; i++) {
    const c = Math.floor(i / area) % channels;
    sum[c] += latents[i];
    squares[c] += latents[i] ** 2;
  }
  const mean = [...sum].map((s) => s / count);
  return { mean, std: [...squares].map((s, c) => Math.sqrt(s / count - mean[c] ** 2)) };
}

/**
 * The matrix that best turns latent pixels into the mean colour of the pixels they span, by least squares.
 * @param latents [n,c,h,w] normalised; colours [n,3,h,w] in −1…1
 */
export function previewMatrix(
  latents: Float32Array,
  colours: Float32Array,
  channels: number,
  area: number,
): { factors: number[][]; bias: number[] } {
  const n = latents.length / (channels * area);
  const width = channels + 1;
  const normal = Array.from({ length: width }, () => new Float64Array(width));
  const right = Array.from({ length: 3 }, () => new Float64Array(width));
  const row = new Float64Array(width).fill(1);
  for (let picture = 0; picture < n; picture++)
    for (let i = 0; i < area; i++) {
      for (let c = 0; c < channels; c++) row[c] = latents[(picture * channels + c) * area + i];
      for (let a = 0; a < width; a++) for (let b = 0; b < width; b++) normal[a][b] += row[a] * row[b];
      for (let rgb = 0; rgb < 3; rgb++)
        for (let a = 0; a < width; a++) right[rgb][a] += row[a] * colours[(picture * 3 + rgb) * area + i];
    }
  const solved = right.map((r) => solve(normal, r));
  return { factors: solved.map((r) => r.slice(0, channels)), bias: solved.map((r) => r[channels]) };
}

/** The solution of a symmetric positive system, by Gaussian elimination with pivots. */
function solve(matrix: readonly Float64Array[], right: Float64Array): number[] {
  const n = right.length;
  const rows = matrix.map((r, i) => [...r, right[i]]);
  for (let i = 0; i < n; i++) {
    const pivot = rows.slice(i).reduce((best, r, k) => (Math.abs(r[i]) > Math.abs(rows[best][i]) ? i + k : best), i);
    [rows[i], rows[pivot]] = [rows[pivot], rows[i]];
    for (let k = 0; k < n; k++)
      if (k !== i) {
        const f = rows[k][i] / rows[i][i];
        for (let j = i; j <= n; j++) rows[k][j] -= f * rows[i][j];
      }
  }
  return rows.map((r, i) => r[n] / r[i]);
}
