// patches: the linear path of an autoencoder, found rather than trained: the principal components of squares of pixels.
import { tensor } from "../tensor/tensor.ts";
import type { Tensors } from "./adamw.ts";

/** The principal components of squares of pixels. */
export interface Components {
  readonly mean: Float64Array;
  /** Orthonormal rows, the greatest deviation first. */
  readonly basis: readonly Float64Array[];
  /** Standard deviation along each. */
  readonly deviations: readonly number[];
}

/**
 * Principal components of all squares of `factor`² pixels of pictures. Pearson 1901.
 * @param picture picture i in −1…1, planar [3,side,side]
 */
export async function principalComponents(
  picture: (i: number) => Float32Array | Promise<Float32Array>,
  count: number,
  side: number,
  factor: number,
): Promise<Components> {
  const width = 3 * factor * factor;
  const across = side / factor;
  const mean = new Float64Array(width);
  const products = Array.from({ length: width }, () => new Float64Array(width));
  const square = new Float64Array(width);
  const n = count * across * across;
  for (let i = 0; i < count; i++) {
    const pixels = await picture(i);
    for (let y = 0; y < side; y += factor)
      for (let x = 0; x < side; x += factor) {
        let at = 0;
        for (let c = 0; c < 3; c++)
          for (let dy = 0; dy < factor; dy++)
            for (let dx = 0; dx < factor; dx++) square[at++] = pixels[(c * side + y + dy) * side + x + dx];
        for (let a = 0; a < width; a++) {
          mean[a] += square[a] / n;
          const row = products[a];
          const value = square[a] / n;
          for (let b = a; b < width; b++) row[b] += value * square[b];
        }
      }
  }
  const covariance = products.map((row, a) =>
    row.map((_, b) => (a <= b ? products[a][b] : products[b][a]) - mean[a] * mean[b]),
  );
  const { values, vectors } = eigen(covariance);
  const order = [...values.keys()].sort((a, b) => values[b] - values[a]);
  return {
    mean,
    basis: order.map((i) => vectors[i]),
    deviations: order.map((i) => Math.sqrt(Math.max(0, values[i]))),
  };
}

/** Eigenvalues and vectors (rows) of a symmetric matrix, by cyclic Jacobi rotations. Golub & Van Loan 2013, §8.5. */
export function eigen(matrix: readonly Float64Array[]): { values: number[]; vectors: Float64Array[] } {
  const n = matrix.length;
  const a = matrix.map((row) => row.slice());
  const vectors = a.map((_, i) => Float64Array.from({ length: n }, (_, j) => Number(i === j)));
  const rotate = (p: Float64Array, q: Float64Array, cos: number, sin: number): void => {
    for (let k = 0; k < n; k++) {
      const [x, y] = [p[k], q[k]];
      p[k] = cos * x - sin * y;
      q[k] = sin * x + cos * y;
    }
  };
  const total = a.reduce((sum, row) => sum + row.reduce((s, v) => s + v * v, 0), 0);
  for (let sweep = 0; sweep < 30; sweep++) {
    let off = 0;
    for (let p = 0; p < n; p++) for (let q = p + 1; q < n; q++) off += a[p][q] ** 2;
    if (off <= 1e-22 * total) break;
    for (let p = 0; p < n; p++)
      for (let q = p + 1; q < n; q++) {
        if (a[p][q] === 0) continue;
        const theta = (a[q][q] - a[p][p]) / (2 * a[p][q]);
        const tan = Math.sign(theta || 1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1));
        const cos = 1 / Math.sqrt(tan * tan + 1);
        const sin = tan * cos;
        rotate(a[p], a[q], cos, sin);
        for (let k = 0; k < n; k++) {
          const [x, y] = [a[k][p], a[k][q]];
          a[k][p] = cos * x - sin * y;
          a[k][q] = sin * x + cos * y;
        }
        rotate(vectors[p], vectors[q], cos, sin);
      }
  }
  return { values: a.map((row, i) => row[i]), vectors };
}

/** The parameters of an autoencoder's linear path: onto the first components, and back. */
export function linearPath({ mean, basis }: Components, channels: number, factor: number): Tensors {
  const width = mean.length;
  const kept = basis.slice(0, channels);
  const onto = new Float32Array(channels * width);
  const back = new Float32Array(width * channels);
  for (const [c, row] of kept.entries())
    for (let i = 0; i < width; i++) {
      onto[c * width + i] = row[i];
      back[i * channels + c] = row[i];
    }
  const shift = kept.map((row) => -row.reduce((sum, v, i) => sum + v * mean[i], 0));
  return {
    "encoder.linear_path.weight": tensor(onto, [channels, 3, factor, factor]),
    "encoder.linear_path.bias": tensor(shift, [channels]),
    "decoder.linear_path.weight": tensor(back, [width, channels, 1, 1]),
    "decoder.linear_path.bias": tensor(Float32Array.from(mean), [width]),
  };
}
