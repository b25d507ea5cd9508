// Matrix products, convolutions and attention of the reference runtime: one plain product in double precision under them all.
import type { Ops, Padding } from "../graph/ops.ts";
import type { Shape } from "../tensor/tensor.ts";

/** Numbers of the reference runtime: row-major double precision; ids are exact in it. */
export interface Array64 {
  readonly shape: Shape;
  readonly data: Float64Array;
}

/** out [m,n] += a [m,k] · b [k,n]; four terms of the sum at a time, which is all the tuning there is. */
function accumulate(out: Float64Array, a: Float64Array, b: Float64Array, m: number, k: number, n: number): void {
  for (let i = 0; i < m; i++) {
    const row = out.subarray(i * n, (i + 1) * n);
    let p = 0;
    for (; p + 3 < k; p += 4) {
      const [a0, a1, a2, a3] = [a[i * k + p], a[i * k + p + 1], a[i * k + p + 2], a[i * k + p + 3]];
      const [b0, b1, b2, b3] = [p * n, (p + 1) * n, (p + 2) * n, (p + 3) * n];
      for (let j = 0; j < n; j++) row[j] += a0 * b[b0 + j] + a1 * b[b1 + j] + a2 * b[b2 + j] + a3 * b[b3 + j];
    }
    for (; p < k; p++) {
      const factor = a[i * k + p];
      for (let j = 0; j < n; j++) row[j] += factor * b[p * n + j];
    }
  }
}

/** A matrix [rows,columns] turned over. */
function transposed(x: Float64Array, rows: number, columns: number): Float64Array {
  const out = new Float64Array(x.length);
  for (let r = 0; r < rows; r++) for (let c = 0; c < columns; c++) out[c * rows + r] = x[r * columns + c];
  return out;
}

/** a·b over the last two axes, of each pair of matrices in the stacks; one b may serve the whole stack. */
export function matmul({ transA, transB }: Ops["matmul"], shape: Shape, a: Array64, b: Array64): Float64Array {
  const [m, n] = shape.slice(-2);
  const k = a.shape.at(transA ? -2 : -1)!;
  const out = new Float64Array(shape.reduce((p, d) => p * d, 1));
  const shared = b.shape.length === 2 && shape.length > 2;
  for (let i = 0; i * m * n < out.length; i++) {
    const left = a.data.subarray(i * m * k, (i + 1) * m * k);
    const right = shared ? b.data : b.data.subarray(i * k * n, (i + 1) * k * n);
    accumulate(
      out.subarray(i * m * n, (i + 1) * m * n),
      transA ? transposed(left, k, m) : left,
      transB ? transposed(right, n, k) : right,
      m,
      k,
      n,
    );
  }
  return out;
}

interface Window {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  readonly kernel: readonly [number, number];
  readonly stride: number;
  readonly padding: Padding;
  readonly outHeight: number;
  readonly outWidth: number;
}

/** Calls `visit` with each pair (index in the unfolded matrix [c·k·l, h'·w'], index in the picture [c,h,w]) inside the picture. */
function unfold(w: Window, visit: (column: number, pixel: number) => void): void {
  const [top, left] = w.padding;
  let column = 0;
  for (let c = 0; c < w.channels; c++)
    for (let ky = 0; ky < w.kernel[0]; ky++)
      for (let kx = 0; kx < w.kernel[1]; kx++)
        for (let oy = 0; oy < w.outHeight; oy++)
          for (let ox = 0; ox < w.outWidth; ox++, column++) {
            const y = oy * w.stride + ky - top;
            const x = ox * w.stride + kx - left;
            if (y >= 0 && y < w.height && x >= 0 && x < w.width) visit(column, (c * w.height + y) * w.width + x);
          }
}

/** The picture's windows as columns. */
function columns(w: Window, picture: Float64Array): Float64Array {
  const out = new Float64Array(w.channels * w.kernel[0] * w.kernel[1] * w.outHeight * w.outWidth);
  unfold(w, (column, pixel) => {
    out[column] = picture[pixel];
  });
  return out;
}

function window(attrs: { stride: number; padding: Padding }, picture: Shape, kernel: Shape, out: Shape): Window {
  const [, channels, height, width] = picture;
  const [outHeight, outWidth] = out.slice(-2);
  return { ...attrs, channels, height, width, kernel: [kernel[2], kernel[3]], outHeight, outWidth };
}

/** y[b,o,r,s] = bias[o] + Σ x[b,i,r·stride+k−top,s·stride+l−left]·weight[o,i,k,l], zeros outside the picture. */
export function conv2d(attrs: Ops["conv2d"], shape: Shape, ...[x, weight, bias]: Array64[]): Float64Array {
  const w = window(attrs, x.shape, weight.shape, shape);
  const [batch, channels] = shape;
  const area = w.outHeight * w.outWidth;
  const out = new Float64Array(batch * channels * area);
  if (bias) for (let i = 0; i < out.length; i++) out[i] = bias.data[Math.floor(i / area) % channels];
  const picture = x.data.length / batch;
  for (let b = 0; b < batch; b++) {
    const unfolded = columns(w, x.data.subarray(b * picture, (b + 1) * picture));
    const result = out.subarray(b * channels * area, (b + 1) * channels * area);
    accumulate(result, weight.data, unfolded, channels, unfolded.length / area, area);
  }
  return out;
}

/** The adjoint of conv2d in x: every output hands its gradient back to the pixels it saw. */
export function conv2dInput(attrs: Ops["conv2dInput"], shape: Shape, g: Array64, weight: Array64): Float64Array {
  const w = window(attrs, shape, weight.shape, g.shape);
  const [batch, channels] = g.shape;
  const area = w.outHeight * w.outWidth;
  const taps = weight.data.length / channels;
  const turned = transposed(weight.data, channels, taps);
  const out = new Float64Array(shape.reduce((p, d) => p * d, 1));
  const picture = out.length / batch;
  for (let b = 0; b < batch; b++) {
    const unfolded = new Float64Array(taps * area);
    accumulate(unfolded, turned, g.data.subarray(b * channels * area, (b + 1) * channels * area), taps, channels, area);
    unfold(w, (column, pixel) => {
      out[b * picture + pixel] += unfolded[column];
    });
  }
  return out;
}

/** The adjoint of conv2d in its weight. */
export function conv2dWeight(attrs: Ops["conv2dWeight"], shape: Shape, x: Array64, g: Array64): Float64Array {
  const w = window(attrs, x.shape, shape, g.shape);
  const [batch, channels] = g.shape;
  const area = w.outHeight * w.outWidth;
  const out = new Float64Array(shape.reduce((p, d) => p * d, 1));
  const taps = out.length / channels;
  const picture = x.data.length / batch;
  for (let b = 0; b < batch; b++) {
    const unfolded = columns(w, x.data.subarray(b * picture, (b + 1) * picture));
    const gradient = g.data.subarray(b * channels * area, (b + 1) * channels * area);
    accumulate(out, gradient, transposed(unfolded, taps, area), channels, area, taps);
  }
  return out;
}

/** softmax(q·kᵀ/√d)·v, head by head: channels h·d … (h+1)·d − 1 belong to head h. */
export function attention(attrs: Ops["attention"], shape: Shape, q: Array64, k: Array64, v: Array64): Float64Array {
  const [batch, queries, channels] = shape;
  const keys = k.shape[1];
  const d = channels / attrs.heads;
  const out = new Float64Array(q.data.length);
  const weights = new Float64Array(keys);
  for (let b = 0; b < batch; b++)
    for (let h = 0; h < attrs.heads; h++)
      for (let i = 0; i < queries; i++) {
        const query = (b * queries + i) * channels + h * d;
        const seen = attrs.causal ? Math.min(i + 1, keys) : keys;
        let max = Number.NEGATIVE_INFINITY;
        for (let j = 0; j < seen; j++) {
          const key = (b * keys + j) * channels + h * d;
          let dot = 0;
          for (let c = 0; c < d; c++) dot += q.data[query + c] * k.data[key + c];
          weights[j] = dot / Math.sqrt(d);
          max = Math.max(max, weights[j]);
        }
        let total = 0;
        for (let j = 0; j < seen; j++) total += weights[j] = Math.exp(weights[j] - max);
        for (let j = 0; j < seen; j++) {
          const value = (b * keys + j) * channels + h * d;
          for (let c = 0; c < d; c++) out[query + c] += (weights[j] / total) * v.data[value + c];
        }
      }
  return out;
}
