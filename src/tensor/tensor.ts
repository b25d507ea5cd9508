// Tensors: numbers on the host, a shape and a dtype. Everything above passes these around; nothing here knows a runtime.

/** The storage each dtype has in JavaScript. f16 and bf16 are raw bit patterns (see `dtype.ts` to widen them). */
export interface DTypes {
  f64: Float64Array;
  f32: Float32Array;
  f16: Uint16Array;
  bf16: Uint16Array;
  i64: BigInt64Array;
  i32: Int32Array;
  u8: Uint8Array;
}
export type DType = keyof DTypes;
export type Shape = readonly number[];

/** A dense row-major array of numbers. `data.length` is the product of `shape`. */
export interface Tensor<D extends DType = "f32"> {
  readonly dtype: D;
  readonly shape: Shape;
  readonly data: DTypes[D];
}

/** Any tensor, whatever its dtype. */
export type AnyTensor = { [D in DType]: Tensor<D> }[DType];

/** How many elements a shape holds; `[]` is a scalar and holds one. */
export const size = (shape: Shape): number => shape.reduce((n, d) => n * d, 1);

export const sameShape = (a: Shape, b: Shape): boolean => a.length === b.length && a.every((d, i) => d === b[i]);

export const showShape = (shape: Shape): string => `[${shape.join(",")}]`;

/**
 * A float32 tensor over `data` (not copied when it already is a Float32Array).
 * @throws RangeError when the element count does not fit the shape.
 */
export function tensor(data: Float32Array | readonly number[], shape: Shape): Tensor {
  const array = data instanceof Float32Array ? data : Float32Array.from(data);
  return checked({ dtype: "f32", shape, data: array });
}

/** An int32 tensor, as token ids are. */
export function ints(data: Int32Array | readonly number[], shape: Shape): Tensor<"i32"> {
  return checked({ dtype: "i32", shape, data: data instanceof Int32Array ? data : Int32Array.from(data) });
}

export const zeros = (shape: Shape): Tensor => tensor(new Float32Array(size(shape)), shape);

export const full = (shape: Shape, value: number): Tensor => tensor(new Float32Array(size(shape)).fill(value), shape);

function checked<T extends AnyTensor>(t: T): T {
  if (t.data.length !== size(t.shape))
    throw new RangeError(`tensor: ${showShape(t.shape)} holds ${size(t.shape)} values, ${t.data.length} were given`);
  return t;
}

/** f applied to each element. */
export function map(x: Tensor, f: (value: number, index: number) => number): Tensor {
  const out = new Float32Array(x.data.length);
  for (let i = 0; i < out.length; i++) out[i] = f(x.data[i], i);
  return tensor(out, x.shape);
}

/** f applied to each pair of elements of two tensors of one shape. */
export function zip(a: Tensor, b: Tensor, f: (a: number, b: number) => number): Tensor {
  if (!sameShape(a.shape, b.shape))
    throw new RangeError(`tensor: shapes ${showShape(a.shape)} and ${showShape(b.shape)} differ`);
  const out = new Float32Array(a.data.length);
  for (let i = 0; i < out.length; i++) out[i] = f(a.data[i], b.data[i]);
  return tensor(out, a.shape);
}

/** k·x. */
export const scale = (x: Tensor, k: number): Tensor => map(x, (v) => k * v);

/** Σ kᵢ·xᵢ: any number of tensors of one shape, each with its factor; accumulated in double precision. */
export function combine(...terms: readonly (readonly [k: number, x: Tensor])[]): Tensor {
  const [first] = terms;
  if (!first) throw new RangeError("combine: needs at least one term");
  for (const [, x] of terms)
    if (!sameShape(x.shape, first[1].shape))
      throw new RangeError(`tensor: shapes ${showShape(first[1].shape)} and ${showShape(x.shape)} differ`);
  const out = new Float32Array(first[1].data.length);
  for (let i = 0; i < out.length; i++) {
    let sum = 0;
    for (const [k, x] of terms) sum += k * x.data[i];
    out[i] = sum;
  }
  return tensor(out, first[1].shape);
}

/** Rows of several tensors, one after another along axis 0. */
export function stack(parts: readonly Tensor[]): Tensor {
  const [first] = parts;
  if (!first) throw new RangeError("stack: needs at least one tensor");
  const rest = first.shape.slice(1);
  for (const p of parts)
    if (!sameShape(p.shape.slice(1), rest))
      throw new RangeError(`stack: shapes ${showShape(first.shape)} and ${showShape(p.shape)} differ beyond axis 0`);
  const out = new Float32Array(parts.reduce((n, p) => n + p.data.length, 0));
  let at = 0;
  for (const p of parts) {
    out.set(p.data, at);
    at += p.data.length;
  }
  return tensor(out, [parts.reduce((n, p) => n + p.shape[0], 0), ...rest]);
}

/** Rows `from` to `to` (exclusive) along axis 0, without a copy. */
export function rows(x: Tensor, from: number, to = from + 1): Tensor {
  const width = size(x.shape.slice(1));
  return tensor(x.data.subarray(from * width, to * width), [to - from, ...x.shape.slice(1)]);
}
