// The op table: every operation a graph may hold, its attributes, and how shapes flow through it.
// Four more tables have exactly these rows: onnx/emit (spelling), runtime/reference (meaning), training/vjp (gradient).
import { type Shape, sameShape, showShape, size, type Tensor } from "../tensor/tensor.ts";
import type { Init } from "./params.ts";
import type { Value } from "./value.ts";

/** The dtypes a value in a graph can have; weights may be stored narrower, they are widened at the door. */
export type ValueType = "f32" | "i32";

/** Zero padding of a picture: rows above, columns left, rows below, columns right. */
export type Padding = readonly [top: number, left: number, bottom: number, right: number];

type None = Record<never, never>;

/** Attributes of each op, by name. Pictures are [batch, channel, height, width], sequences [batch, token, channel]. */
export interface Ops {
  input: { readonly name: string; readonly shape: Shape; readonly dtype: ValueType };
  param: { readonly name: string; readonly shape: Shape; readonly init: Init };
  constant: { readonly tensor: Tensor | Tensor<"i32"> };

  /** Elementwise, with NumPy broadcasting. */
  add: None;
  sub: None;
  mul: None;
  div: None;
  /** scale·x + shift. */
  affine: { readonly scale: number; readonly shift: number };
  exp: None;
  log: None;
  sqrt: None;
  abs: None;
  /** −1, 0 or 1. */
  sign: None;
  relu: None;
  sigmoid: None;
  tanh: None;
  erf: None;
  /** x·σ(x). */
  silu: None;
  /** x·Φ(x), the exact (erf) form. */
  gelu: None;
  /** x·σ(1.702x), as in OpenAI's CLIP. */
  quickGelu: None;
  clip: { readonly min: number; readonly max: number };

  /** a·b over the last two axes; leading axes are equal, or b has none. `transA`/`transB` swap the operand's last two axes. */
  matmul: { readonly transA: boolean; readonly transB: boolean };
  /** x [b,i,h,w], weight [o,i,k,l], optional bias [o]. */
  conv2d: { readonly stride: number; readonly padding: Padding };
  /** The gradient of conv2d in its input: g [b,o,h',w'], weight [o,i,k,l] → [b,i,h,w]. */
  conv2dInput: { readonly stride: number; readonly padding: Padding; readonly height: number; readonly width: number };
  /** The gradient of conv2d in its weight: x [b,i,h,w], g [b,o,h',w'] → [o,i,k,l]. */
  conv2dWeight: { readonly stride: number; readonly padding: Padding; readonly kernel: readonly [number, number] };
  /** softmax(q·kᵀ/√d)·v per head; q [b,n,c], k and v [b,m,c]; `causal` hides later tokens. Vaswani et al. 2017. */
  attention: { readonly heads: number; readonly causal: boolean };
  softmax: None;
  logSoftmax: None;
  /** x [b,c,…], weight and bias [c]; statistics over each of `groups` runs of channels. Wu & He 2018. */
  groupNorm: { readonly groups: number; readonly eps: number };
  /** Over the last axis; weight and bias have its size. Ba et al. 2016. */
  layerNorm: { readonly eps: number };
  /** (x − mean)/√(var + eps) over the last axis. */
  standardize: { readonly eps: number };
  /** 1/√(var + eps) over the last axis, which stays as 1. */
  rstd: { readonly eps: number };

  reshape: { readonly shape: Shape };
  transpose: { readonly perm: readonly number[] };
  broadcast: { readonly shape: Shape };
  /** Sum over `axes`, which stay as 1. */
  sum: { readonly axes: readonly number[] };
  concat: { readonly axis: number };
  /** Elements start…end−1 of one axis. */
  slice: { readonly axis: number; readonly start: number; readonly end: number };
  /** Zeros around one axis. */
  pad: { readonly axis: number; readonly before: number; readonly after: number };
  /** Nearest-neighbour resize of a picture: output row y shows input row ⌊y·h/height⌋. */
  resize: { readonly height: number; readonly width: number };
  /** Rows of a table [v,d] by ids […] → […,d]. */
  gather: None;
  /** The gradient of gather: ids […], rows […,d] → [v,d], rows of one id added up. */
  scatterAdd: { readonly rows: number };
}
/** The name of an op. */
export type OpName = keyof Ops;

/** What a shape rule says of a result; f32 unless told. */
export interface ValueInfo {
  readonly shape: Shape;
  readonly dtype?: ValueType;
}
type Infer<K extends OpName> = (attrs: Ops[K], ...inputs: Value[]) => Shape | ValueInfo;

/** Output height or width of a convolution. */
export const convSize = (n: number, kernel: number, stride: number, before: number, after: number): number =>
  Math.floor((n + before + after - kernel) / stride) + 1;

/** A shape mistake, told with the layers the operands come from. */
export class GraphError extends Error {
  override readonly name = "GraphError";
}

function fail(op: OpName, problem: string, operands: readonly Value[]): never {
  const lines = operands.map((v) => `\n  ${showShape(v.shape)} from ${v.layer}`);
  throw new GraphError(`${op}: ${problem}${lines.join("")}`);
}

function rank(op: OpName, n: number, ...values: Value[]): void {
  for (const v of values)
    if (v.shape.length !== n) fail(op, `wants ${n} axes, one operand has ${v.shape.length}`, values);
}

function expect(op: OpName, condition: boolean, problem: string, operands: readonly Value[]): void {
  if (!condition) fail(op, problem, operands);
}

const same = (_: object, x: Value): Shape => x.shape;

function broadcastShape(op: OpName, a: Value, b: Value): Shape {
  const n = Math.max(a.shape.length, b.shape.length);
  const out: number[] = [];
  for (let i = 0; i < n; i++) {
    const p = a.shape[a.shape.length - n + i] ?? 1;
    const q = b.shape[b.shape.length - n + i] ?? 1;
    if (p !== q && p !== 1 && q !== 1) fail(op, `axis ${i - n}: ${p} and ${q} do not broadcast`, [a, b]);
    out.push(p === 1 ? q : p);
  }
  return out;
}

const binary =
  (op: OpName) =>
  (_: None, a: Value, b: Value): Shape =>
    broadcastShape(op, a, b);

function matmulShape({ transA, transB }: Ops["matmul"], a: Value, b: Value): Shape {
  expect("matmul", a.shape.length >= 2 && b.shape.length >= 2, "wants matrices", [a, b]);
  const [m, k] = transA ? a.shape.slice(-2).reverse() : a.shape.slice(-2);
  const [l, n] = transB ? b.shape.slice(-2).reverse() : b.shape.slice(-2);
  expect("matmul", k === l, `inner axes ${k} and ${l} differ`, [a, b]);
  const lead = a.shape.slice(0, -2);
  expect("matmul", b.shape.length === 2 || sameShape(lead, b.shape.slice(0, -2)), "leading axes differ", [a, b]);
  expect("matmul", b.shape.length > 2 || !transA || lead.length === 0, "a transposed stack times one matrix", [a, b]);
  return [...lead, m, n];
}

function conv2dShape({ stride, padding: [top, left, bottom, right] }: Ops["conv2d"], ...inputs: Value[]): Shape {
  const [x, w, bias] = inputs;
  rank("conv2d", 4, x, w);
  expect("conv2d", x.shape[1] === w.shape[1], `${x.shape[1]} channels meet a weight for ${w.shape[1]}`, [x, w]);
  if (bias) expect("conv2d", sameShape(bias.shape, [w.shape[0]]), "the bias does not fit the weight", [w, bias]);
  const height = convSize(x.shape[2], w.shape[2], stride, top, bottom);
  const width = convSize(x.shape[3], w.shape[3], stride, left, right);
  expect("conv2d", height > 0 && width > 0, "the kernel is larger than the picture", [x, w]);
  return [x.shape[0], w.shape[0], height, width];
}

function normShape(op: OpName, channels: number, ...inputs: Value[]): Shape {
  const [x, weight, bias] = inputs;
  for (const v of [weight, bias])
    expect(op, sameShape(v.shape, [channels]), `${channels} channels meet ${showShape(v.shape)}`, [x, v]);
  return x.shape;
}

/** How shapes flow: from attributes and operands to the shape (and dtype, f32 unless told) of the result. */
export const infer: { readonly [K in OpName]: Infer<K> } = {
  input: ({ shape, dtype }) => ({ shape, dtype }),
  param: ({ shape }) => shape,
  constant: ({ tensor }) => ({ shape: tensor.shape, dtype: tensor.dtype }),
  add: binary("add"),
  sub: binary("sub"),
  mul: binary("mul"),
  div: binary("div"),
  affine: same,
  exp: same,
  log: same,
  sqrt: same,
  abs: same,
  sign: same,
  relu: same,
  sigmoid: same,
  tanh: same,
  erf: same,
  silu: same,
  gelu: same,
  quickGelu: same,
  clip: same,
  matmul: matmulShape,
  conv2d: conv2dShape,
  conv2dInput: ({ height, width }, g, w) => {
    rank("conv2dInput", 4, g, w);
    expect("conv2dInput", g.shape[1] === w.shape[0], "channels differ", [g, w]);
    return [g.shape[0], w.shape[1], height, width];
  },
  conv2dWeight: ({ kernel }, x, g) => {
    rank("conv2dWeight", 4, x, g);
    expect("conv2dWeight", x.shape[0] === g.shape[0], "batches differ", [x, g]);
    return [g.shape[1], x.shape[1], ...kernel];
  },
  attention: ({ heads }, q, k, v) => {
    rank("attention", 3, q, k, v);
    const [batch, , channels] = q.shape;
    expect("attention", sameShape(k.shape, v.shape), "keys and values differ", [k, v]);
    expect("attention", k.shape[0] === batch && k.shape[2] === channels, "queries and keys do not fit", [q, k]);
    expect("attention", channels % heads === 0, `${channels} channels do not split into ${heads} heads`, [q]);
    return q.shape;
  },
  softmax: same,
  logSoftmax: same,
  groupNorm: ({ groups }, ...inputs) => {
    const channels = inputs[0].shape[1];
    expect("groupNorm", channels % groups === 0, `${channels} channels do not split into ${groups} groups`, [
      inputs[0],
    ]);
    return normShape("groupNorm", channels, ...inputs);
  },
  layerNorm: (_, ...inputs) => normShape("layerNorm", inputs[0].shape.at(-1) ?? 0, ...inputs),
  standardize: same,
  rstd: (_, x) => [...x.shape.slice(0, -1), 1],
  reshape: ({ shape }, x) => {
    expect("reshape", size(shape) === size(x.shape), `cannot become ${showShape(shape)}`, [x]);
    return { shape, dtype: x.dtype };
  },
  transpose: ({ perm }, x) => {
    const sorted = [...perm].sort((a, b) => a - b);
    expect("transpose", sameShape(sorted, [...x.shape.keys()]), `(${perm}) is no order of its axes`, [x]);
    return perm.map((axis) => x.shape[axis]);
  },
  broadcast: ({ shape }, x) => {
    const fits = x.shape.length === shape.length && x.shape.every((d, i) => d === shape[i] || d === 1);
    expect("broadcast", fits, `cannot become ${showShape(shape)}`, [x]);
    return shape;
  },
  sum: ({ axes }, x) => x.shape.map((d, i) => (axes.includes(i) ? 1 : d)),
  concat: ({ axis }, ...parts) => {
    const [first] = parts;
    for (const p of parts)
      for (const [i, d] of first.shape.entries())
        if (i !== axis && p.shape[i] !== d) fail("concat", `axis ${i}: ${d} and ${p.shape[i]} differ`, [first, p]);
    return first.shape.map((d, i) => (i === axis ? parts.reduce((n, p) => n + p.shape[axis], 0) : d));
  },
  slice: ({ axis, start, end }, x) => {
    expect("slice", 0 <= start && start < end && end <= x.shape[axis], `${start}…${end} of axis ${axis}`, [x]);
    return x.shape.map((d, i) => (i === axis ? end - start : d));
  },
  pad: ({ axis, before, after }, x) => x.shape.map((d, i) => (i === axis ? d + before + after : d)),
  resize: ({ height, width }, x) => {
    rank("resize", 4, x);
    return [x.shape[0], x.shape[1], height, width];
  },
  gather: (_, table, ids) => {
    rank("gather", 2, table);
    expect("gather", ids.dtype === "i32", "ids must be i32", [ids]);
    return [...ids.shape, table.shape[1]];
  },
  scatterAdd: ({ rows }, ids, values) => {
    expect("scatterAdd", sameShape(ids.shape, values.shape.slice(0, -1)), "ids and rows differ", [ids, values]);
    return [rows, values.shape.at(-1) ?? 1];
  },
};
