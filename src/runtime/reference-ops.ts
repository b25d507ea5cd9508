// What every op means, in double precision: slow, obvious, and the oracle that other runtimes are tested against.
import type { OpName, Ops } from "../graph/ops.ts";
import { type Shape, size } from "../tensor/tensor.ts";
import { type Array64, attention, conv2d, conv2dInput, conv2dWeight, matmul } from "./reference-linear.ts";

/** The ops that compute; inputs and parameters are given. */
export type Computed = Exclude<OpName, "input" | "param">;
type Meaning<K extends OpName> = (attrs: Ops[K], shape: Shape, ...inputs: Array64[]) => Float64Array;

/** How far apart neighbours along each axis lie in memory. */
function strides(shape: Shape): number[] {
  const out = new Array<number>(shape.length).fill(1);
  for (let i = shape.length - 2; i >= 0; i--) out[i] = out[i + 1] * shape[i + 1];
  return out;
}

/** The strides that repeat an array of shape `from` over `shape`: 0 along each axis that it lacks or has only one of. */
function repeating(from: Shape, shape: Shape): number[] {
  const own = strides(from);
  const missing = shape.length - from.length;
  return shape.map((_, i) => (i < missing || from[i - missing] === 1 ? 0 : own[i - missing]));
}

/** For each element of `shape` in order, where `steps` along the axes lead from `start`. */
function places(shape: Shape, steps: readonly number[], start = 0): Int32Array {
  const out = new Int32Array(size(shape));
  const index = shape.map(() => 0);
  let place = start;
  for (let i = 0; i < out.length; i++) {
    out[i] = place;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      place += steps[axis];
      if (++index[axis] < shape[axis]) break;
      place -= steps[axis] * shape[axis];
      index[axis] = 0;
    }
  }
  return out;
}

function take(x: Array64, from: Int32Array): Float64Array {
  const out = new Float64Array(from.length);
  for (let i = 0; i < out.length; i++) out[i] = x.data[from[i]];
  return out;
}

const each =
  (f: (x: number) => number) =>
  (_: object, __: Shape, x: Array64): Float64Array =>
    x.data.map(f);

const pairs =
  (f: (a: number, b: number) => number) =>
  (_: object, shape: Shape, a: Array64, b: Array64): Float64Array => {
    const left = places(shape, repeating(a.shape, shape));
    const right = places(shape, repeating(b.shape, shape));
    const out = new Float64Array(left.length);
    for (let i = 0; i < out.length; i++) out[i] = f(a.data[left[i]], b.data[right[i]]);
    return out;
  };

/** erfc(x) for x ≥ 2 by its continued fraction (Abramowitz & Stegun 7.1.14), from the tail up. */
function erfcTail(x: number): number {
  let tail = x;
  for (let k = 120; k > 0; k--) tail = x + k / 2 / tail;
  return Math.exp(-x * x) / (Math.sqrt(Math.PI) * tail);
}

/** The error function, to about 2e-16: e^(−x²)·Σ 2ⁿx^(2n+1)/(2n+1)!! near 0 (A&S 7.1.6), a continued fraction further out. */
export function erf(x: number): number {
  if (Math.abs(x) >= 2) return Math.sign(x) * (1 - erfcTail(Math.abs(x)));
  let term = x;
  let sum = x;
  for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n++) sum += term *= (2 * x * x) / (2 * n + 1);
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}

/** Φ(x), the share of a standard normal below x; keeps its relative accuracy far below 0. */
function normalCdf(x: number): number {
  const z = x / Math.SQRT2;
  return z <= -2 ? erfcTail(-z) / 2 : (1 + erf(z)) / 2;
}

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

/** f on every row of `width` numbers: it reads the row and writes the result of the same size. */
function rowwise(x: Float64Array, width: number, f: (row: Float64Array, out: Float64Array) => void): Float64Array {
  const out = new Float64Array(x.length);
  for (let i = 0; i < x.length; i += width) f(x.subarray(i, i + width), out.subarray(i, i + width));
  return out;
}

const lastAxis = (x: Array64): number => x.shape.at(-1) ?? 1;

/** Mean and (biased) variance, in two passes. */
function moments(row: Float64Array): { mean: number; variance: number } {
  const mean = row.reduce((s, v) => s + v, 0) / row.length;
  return { mean, variance: row.reduce((s, v) => s + (v - mean) ** 2, 0) / row.length };
}

function standardized(x: Float64Array, width: number, eps: number): Float64Array {
  return rowwise(x, width, (row, out) => {
    const { mean, variance } = moments(row);
    row.forEach((v, i) => {
      out[i] = (v - mean) / Math.sqrt(variance + eps);
    });
  });
}

/** log Σ exp(x), without overflow. */
function logSumExp(row: Float64Array): number {
  const max = row.reduce((m, v) => Math.max(m, v), Number.NEGATIVE_INFINITY);
  return max + Math.log(row.reduce((s, v) => s + Math.exp(v - max), 0));
}

function concat(axis: number, shape: Shape, parts: readonly Array64[]): Float64Array {
  const out = new Float64Array(size(shape));
  const steps = strides(shape);
  let before = 0;
  for (const part of parts) {
    const to = places(part.shape, steps, before * steps[axis]);
    for (let i = 0; i < to.length; i++) out[to[i]] = part.data[i];
    before += part.shape[axis];
  }
  return out;
}

/** The meaning of each op: attributes, the shape of the result and the operands, to the result. */
export const meaning: { readonly [K in Computed]: Meaning<K> } = {
  constant: ({ tensor }) => Float64Array.from(tensor.data),
  add: pairs((a, b) => a + b),
  sub: pairs((a, b) => a - b),
  mul: pairs((a, b) => a * b),
  div: pairs((a, b) => a / b),
  affine: ({ scale, shift }, _, x) => x.data.map((v) => scale * v + shift),
  exp: each(Math.exp),
  log: each(Math.log),
  sqrt: each(Math.sqrt),
  abs: each(Math.abs),
  sign: each(Math.sign),
  relu: each((x) => Math.max(x, 0)),
  sigmoid: each(sigmoid),
  tanh: each(Math.tanh),
  erf: each(erf),
  silu: each((x) => x * sigmoid(x)),
  gelu: each((x) => x * normalCdf(x)),
  quickGelu: each((x) => x * sigmoid(1.702 * x)),
  clip: ({ min, max }, _, x) => x.data.map((v) => Math.min(Math.max(v, min), max)),
  matmul,
  conv2d,
  conv2dInput,
  conv2dWeight,
  attention,
  softmax: (_, __, x) =>
    rowwise(x.data, lastAxis(x), (row, out) => {
      const total = logSumExp(row);
      row.forEach((v, i) => {
        out[i] = Math.exp(v - total);
      });
    }),
  logSoftmax: (_, __, x) =>
    rowwise(x.data, lastAxis(x), (row, out) => {
      const total = logSumExp(row);
      row.forEach((v, i) => {
        out[i] = v - total;
      });
    }),
  groupNorm: ({ groups, eps }, [batch, channels], x, weight, bias) => {
    const area = x.data.length / batch / channels;
    return standardized(x.data, x.data.length / batch / groups, eps).map((v, i) => {
      const c = Math.floor(i / area) % channels;
      return v * weight.data[c] + bias.data[c];
    });
  },
  layerNorm: ({ eps }, _, x, weight, bias) => {
    const width = lastAxis(x);
    return standardized(x.data, width, eps).map((v, i) => v * weight.data[i % width] + bias.data[i % width]);
  },
  standardize: ({ eps }, _, x) => standardized(x.data, lastAxis(x), eps),
  rstd: ({ eps }, shape, x) => {
    const width = lastAxis(x);
    return new Float64Array(size(shape)).map(
      (_, i) => 1 / Math.sqrt(moments(x.data.subarray(i * width, (i + 1) * width)).variance + eps),
    );
  },
  reshape: (_, __, x) => x.data,
  transpose: ({ perm }, shape, x) => {
    const own = strides(x.shape);
    return take(
      x,
      places(
        shape,
        perm.map((axis) => own[axis]),
      ),
    );
  },
  broadcast: (_, shape, x) => take(x, places(shape, repeating(x.shape, shape))),
  sum: (_, shape, x) => {
    const out = new Float64Array(size(shape));
    const to = places(x.shape, repeating(shape, x.shape));
    for (let i = 0; i < to.length; i++) out[to[i]] += x.data[i];
    return out;
  },
  concat: ({ axis }, shape, ...parts) => concat(axis, shape, parts),
  slice: ({ axis, start }, shape, x) => {
    const own = strides(x.shape);
    return take(x, places(shape, own, start * own[axis]));
  },
  pad: ({ axis, before, after }, shape, x) => {
    const zeros = (width: number): Array64 => {
      const edge = shape.map((d, i) => (i === axis ? width : d));
      return { shape: edge, data: new Float64Array(size(edge)) };
    };
    return concat(axis, shape, [zeros(before), x, zeros(after)]);
  },
  resize: (_, [batch, channels, height, width], x) => {
    const [h, w] = x.shape.slice(-2);
    return new Float64Array(batch * channels * height * width).map((_, i) => {
      const row = Math.floor(((Math.floor(i / width) % height) * h) / height);
      const column = Math.floor(((i % width) * w) / width);
      return x.data[(Math.floor(i / width / height) * h + row) * w + column];
    });
  },
  gather: (_, shape, table, ids) => {
    const width = table.shape[1];
    const out = new Float64Array(size(shape));
    ids.data.forEach((id, i) => {
      if (!(id >= 0 && id < table.shape[0]))
        throw new RangeError(`gather: id ${id} is outside 0…${table.shape[0] - 1}`);
      out.set(table.data.subarray(id * width, (id + 1) * width), i * width);
    });
    return out;
  },
  scatterAdd: ({ rows }, [, width], ids, values) => {
    const out = new Float64Array(rows * width);
    ids.data.forEach((id, i) => {
      if (!(id >= 0 && id < rows)) throw new RangeError(`scatterAdd: id ${id} is outside 0…${rows - 1}`);
      for (let c = 0; c < width; c++) out[id * width + c] += values.data[i * width + c];
    });
    return out;
  },
};
