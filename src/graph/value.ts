// Value: a tensor that will exist. Methods draw one op each; nothing is computed here.
import { type Shape, type Tensor, tensor } from "../tensor/tensor.ts";
import { infer, type OpName, type Ops, type Padding, type ValueInfo, type ValueType } from "./ops.ts";

let serial = 0;

/** One result in a graph: the op that makes it, its operands, its shape and dtype. Immutable. */
export class Value<K extends OpName = OpName> {
  readonly id: number = serial++;
  readonly op: K;
  readonly attrs: Ops[K];
  readonly inputs: readonly Value[];
  readonly shape: Shape;
  readonly dtype: ValueType;

  constructor(op: K, attrs: Ops[K], inputs: readonly Value[], info: ValueInfo) {
    this.op = op;
    this.attrs = attrs;
    this.inputs = inputs;
    this.shape = info.shape;
    this.dtype = info.dtype ?? "f32";
  }

  /** Where this value comes from, for people: the nearest layer that owns a parameter, or the input's name. */
  get layer(): string {
    for (let level: readonly Value[] = [this], hops = 0; level.length > 0 && hops < 16; hops++) {
      for (const v of level) {
        if (is(v, "param")) return v.attrs.name.replace(/\.[^.]*$/, "");
        if (is(v, "input")) return `input ${v.attrs.name}`;
      }
      level = level.flatMap((v) => [...v.inputs].sort((a, b) => Number(b.op === "param") - Number(a.op === "param")));
    }
    return `a ${this.op}`;
  }

  add(other: Operand): Value {
    return typeof other === "number" ? this.affine(1, other) : draw("add", {}, this, other);
  }
  sub(other: Operand): Value {
    return typeof other === "number" ? this.affine(1, -other) : draw("sub", {}, this, other);
  }
  mul(other: Operand): Value {
    return typeof other === "number" ? this.affine(other, 0) : draw("mul", {}, this, other);
  }
  div(other: Operand): Value {
    return typeof other === "number" ? this.affine(1 / other, 0) : draw("div", {}, this, other);
  }
  /** scale·x + shift. */
  affine(scale: number, shift: number): Value {
    return draw("affine", { scale, shift }, this);
  }
  neg(): Value {
    return this.affine(-1, 0);
  }
  square(): Value {
    return draw("mul", {}, this, this);
  }
  exp(): Value {
    return draw("exp", {}, this);
  }
  log(): Value {
    return draw("log", {}, this);
  }
  sqrt(): Value {
    return draw("sqrt", {}, this);
  }
  abs(): Value {
    return draw("abs", {}, this);
  }
  sign(): Value {
    return draw("sign", {}, this);
  }
  relu(): Value {
    return draw("relu", {}, this);
  }
  sigmoid(): Value {
    return draw("sigmoid", {}, this);
  }
  tanh(): Value {
    return draw("tanh", {}, this);
  }
  erf(): Value {
    return draw("erf", {}, this);
  }
  clip(min: number, max: number): Value {
    return draw("clip", { min, max }, this);
  }
  softmax(): Value {
    return draw("softmax", {}, this);
  }
  logSoftmax(): Value {
    return draw("logSoftmax", {}, this);
  }
  standardize(eps: number): Value {
    return draw("standardize", { eps }, this);
  }
  rstd(eps: number): Value {
    return draw("rstd", { eps }, this);
  }

  /** a·b over the last two axes. */
  matmul(other: Value, { transA = false, transB = false } = {}): Value {
    return draw("matmul", { transA, transB }, this, other);
  }
  /** One entry of `shape` may be −1: whatever is left. */
  reshape(shape: Shape): Value {
    const known = shape.reduce((n, d) => (d < 0 ? n : n * d), 1);
    const total = this.shape.reduce((n, d) => n * d, 1);
    return draw("reshape", { shape: shape.map((d) => (d < 0 ? total / known : d)) }, this);
  }
  transpose(perm: readonly number[]): Value {
    return draw("transpose", { perm }, this);
  }
  broadcast(shape: Shape): Value {
    return draw("broadcast", { shape }, this);
  }
  /** Sum over axes (all of them unless told), which stay as 1. */
  sum(axes: readonly number[] = [...this.shape.keys()]): Value {
    return axes.length === 0 ? this : draw("sum", { axes: axes.map((a) => (a < 0 ? a + this.shape.length : a)) }, this);
  }
  /** Mean over axes (all of them unless told), which stay as 1. */
  mean(axes: readonly number[] = [...this.shape.keys()]): Value {
    const count = axes.reduce((n, a) => n * this.shape.at(a)!, 1);
    return this.sum(axes).affine(1 / count, 0);
  }
  /** Elements start…end−1 of one axis. */
  slice(axis: number, start: number, end: number): Value {
    return draw("slice", { axis: axis < 0 ? axis + this.shape.length : axis, start, end }, this);
  }
  /** `parts` equal pieces of one axis. */
  split(axis: number, parts: number): Value[] {
    const width = this.shape.at(axis)! / parts;
    return Array.from({ length: parts }, (_, i) => this.slice(axis, i * width, (i + 1) * width));
  }
  pad(axis: number, before: number, after: number): Value {
    return draw("pad", { axis, before, after }, this);
  }
  /** Nearest-neighbour resize of a picture [b,c,h,w]. */
  resize(height: number, width: number): Value {
    return draw("resize", { height, width }, this);
  }
  /** Rows of this table [v,d] by ids. */
  gather(ids: Value): Value {
    return draw("gather", {}, this, ids);
  }

  toString(): string {
    return `${this.op}[${this.shape}]`;
  }
}

/** What arithmetic takes beside a value. */
export type Operand = Value | number;

/** Whether a value was made by the given op; narrows its attributes. */
export const is = <K extends OpName>(v: Value, op: K): v is Value<K> & Value => (v.op as OpName) === op;

/**
 * Draw one op: check its operands, infer its shape.
 * @throws GraphError that names the layers the operands come from.
 */
export function draw<K extends OpName>(op: K, attrs: Ops[K], ...inputs: Value[]): Value {
  const result = infer[op](attrs, ...inputs);
  const info: ValueInfo = "shape" in result ? result : { shape: result };
  return new Value(op, attrs, inputs, info) as unknown as Value;
}

/** What a graph is fed under a name, f32 or i32. */
export const input = (name: string, shape: Shape, dtype: ValueType = "f32"): Value =>
  draw("input", { name, shape, dtype });

/** A tensor that is known already. */
export const constant = (t: Tensor | Tensor<"i32">): Value => draw("constant", { tensor: t });

/** One number, of shape []. */
export const scalar = (value: number): Value => constant(tensor([value], []));

/** Values one behind the other along an axis; the other axes must be equal. */
export const concat = (axis: number, ...parts: Value[]): Value =>
  parts.length === 1 ? parts[0] : draw("concat", { axis: axis < 0 ? axis + parts[0].shape.length : axis }, ...parts);

/** x·σ(x). Elfwing et al. 2017. */
export const silu = (x: Value): Value => draw("silu", {}, x);
/** x·Φ(x), exact by erf. Hendrycks & Gimpel 2016. */
export const gelu = (x: Value): Value => draw("gelu", {}, x);
/** x·σ(1.702x), as OpenAI's CLIP has it. */
export const quickGelu = (x: Value): Value => draw("quickGelu", {}, x);

/** Scaled dot-product attention; q [b,n,c], k and v [b,m,c]. */
export const attention = (q: Value, k: Value, v: Value, heads: number, causal = false): Value =>
  draw("attention", { heads, causal }, q, k, v);

/** Convolution of a picture [b,i,h,w] with a weight [o,i,k,l]. */
export function convolve(x: Value, weight: Value, bias: Value | undefined, stride: number, padding: Padding): Value {
  return draw("conv2d", { stride, padding }, x, weight, ...(bias ? [bias] : []));
}
