// emit: a graph as an ONNX file, in the dialect that ONNX Runtime's CPU, WebAssembly and WebGPU providers all run fast.
import type { OpName, Ops } from "../graph/ops.ts";
import type { Graph } from "../graph/trace.ts";
import { is, type Value } from "../graph/value.ts";
import { type AnyTensor, type DType, type Tensor, tensor } from "../tensor/tensor.ts";
import { conv2dInput, conv2dWeight } from "./emit-conv.ts";
import { type Attribute, type External, external, graphInput, graphOutput, initializer, model, node } from "./model.ts";
import type { Field } from "./protobuf.ts";

/** How a parameter reaches the session: as an input of every run, embedded, or mapped from a file. */
export type Source =
  | { readonly kind: "input" }
  | { readonly kind: "tensor"; readonly tensor: AnyTensor }
  | { readonly kind: "file"; readonly dtype: DType; readonly at: External };

/** What emission rules write with. Each method returns the name of what it made. */
export interface Emitter {
  node(
    op: string,
    inputs: readonly string[],
    attributes?: Readonly<Record<string, Attribute>>,
    domain?: string,
  ): string;
  /** A node with several results. */
  nodes(
    op: string,
    inputs: readonly string[],
    results: number,
    attributes: Readonly<Record<string, Attribute>>,
  ): string[];
  constant(t: Tensor | Tensor<"i32">): string;
  scalar(value: number): string;
  /** int64 constants, as ONNX wants shapes, axes and bounds. */
  ints(values: readonly number[]): string;
  reshape(x: string, shape: readonly number[]): string;
  /** Zeros around x of this shape; so many before and after each of its axes. */
  pad(x: string, shape: readonly number[], before: readonly number[], after: readonly number[]): string;
  /** Rows of a table; of a narrow one only the rows that are taken are widened. */
  gather(table: string, ids: string): string;
  /** The value of `make()`, made once for each key. */
  once<T>(key: string, make: () => T): T;
}

type Spell<K extends OpName> = (e: Emitter, attrs: Ops[K], names: readonly string[], v: Value) => string;

const MS = "com.microsoft";
const plain =
  (op: string): Spell<OpName> =>
  (e, _, names) =>
    e.node(op, names);

function standardized(e: Emitter, x: string, width: number, eps: number): readonly string[] {
  return e.once(`standardize ${x} ${eps}`, () => {
    const ones = e.constant(tensor(new Float32Array(width).fill(1), [width]));
    return e.nodes("LayerNormalization", [x, ones], 3, { axis: -1, epsilon: { float: eps } });
  });
}

/** Axes in ascending order, cut where one is missing: 0, 2, 3 are [0] and [2, 3]. */
const neighbours = (axes: readonly number[]): number[][] =>
  [...axes]
    .sort((a, b) => a - b)
    .reduce<number[][]>((runs, axis) => {
      const last = runs.at(-1);
      if (last?.at(-1) === axis - 1) last.push(axis);
      else runs.push([axis]);
      return runs;
    }, []);

/** How each op is spelt in ONNX. */
export const spell: { readonly [K in Exclude<OpName, "input" | "param">]: Spell<K> } = {
  constant: (e, { tensor }) => e.constant(tensor),
  add: plain("Add"),
  sub: plain("Sub"),
  mul: plain("Mul"),
  div: plain("Div"),
  affine: (e, { scale, shift }, [x]) => {
    const scaled = scale === 1 ? x : e.node("Mul", [x, e.scalar(scale)]);
    return shift === 0 && scale !== 1 ? scaled : e.node("Add", [scaled, e.scalar(shift)]);
  },
  exp: plain("Exp"),
  log: plain("Log"),
  sqrt: plain("Sqrt"),
  abs: plain("Abs"),
  sign: plain("Sign"),
  relu: plain("Relu"),
  sigmoid: plain("Sigmoid"),
  tanh: plain("Tanh"),
  erf: plain("Erf"),
  silu: (e, _, names) => e.node("QuickGelu", names, { alpha: { float: 1 } }, MS),
  gelu: plain("Gelu"),
  quickGelu: (e, _, names) => e.node("QuickGelu", names, { alpha: { float: 1.702 } }, MS),
  clip: (e, { min, max }, [x]) => e.node("Clip", [x, e.scalar(min), e.scalar(max)]),

  matmul: (e, { transA, transB }, names, v) => {
    const [a, b] = v.inputs;
    if (a.shape.length === 2) return e.node("Gemm", names, { transA: Number(transA), transB: Number(transB) });
    if (!transA && !transB) return e.node("MatMul", names);
    if (b.shape.length > 2) return e.node("FusedMatMul", names, { transA: Number(transA), transB: Number(transB) }, MS);
    const flat = e.reshape(names[0], [-1, a.shape.at(-1)!]);
    return e.reshape(e.node("Gemm", [flat, names[1]], { transB: Number(transB) }), v.shape);
  },
  conv2d: (e, { stride, padding }, names, v) =>
    e.node("Conv", names, { kernel_shape: v.inputs[1].shape.slice(2), strides: [stride, stride], pads: padding }),
  conv2dInput,
  conv2dWeight,
  attention: (e, { heads, causal }, names) =>
    e.node("MultiHeadAttention", names, { num_heads: heads, ...(causal ? { unidirectional: 1 } : {}) }, MS),
  softmax: (e, _, names) => e.node("Softmax", names, { axis: -1 }),
  logSoftmax: (e, _, names) => e.node("LogSoftmax", names, { axis: -1 }),
  groupNorm: (e, { groups, eps }, [x, weight, bias], v) => {
    const ones = e.constant(tensor(new Float32Array(groups).fill(1), [groups]));
    const none = e.constant(tensor(new Float32Array(groups), [groups]));
    const grouped = e.reshape(x, [v.shape[0], groups, -1]);
    const normal = e.node("InstanceNormalization", [grouped, ones, none], { epsilon: { float: eps } });
    const perChannel = [v.shape[1], ...v.shape.slice(2).map(() => 1)];
    const scaled = e.node("Mul", [e.reshape(normal, v.shape), e.reshape(weight, perChannel)]);
    return e.node("Add", [scaled, e.reshape(bias, perChannel)]);
  },
  layerNorm: (e, { eps }, names) => e.node("LayerNormalization", names, { axis: -1, epsilon: { float: eps } }),
  standardize: (e, { eps }, [x], v) => standardized(e, x, v.shape.at(-1)!, eps)[0],
  rstd: (e, { eps }, [x], v) => standardized(e, x, v.inputs[0].shape.at(-1)!, eps)[2],

  reshape: (e, { shape }, [x]) => e.reshape(x, shape),
  transpose: (e, { perm }, names) => e.node("Transpose", names, { perm }),
  broadcast: (e, { shape }, [x]) => e.node("Expand", [x, e.ints(shape)]),
  // Neighbouring axes at a time, the last first: the kernels for those are the fast ones, everywhere.
  sum: (e, { axes }, [x]) =>
    neighbours(axes).reduceRight((sum, run) => e.node("ReduceSum", [sum, e.ints(run)], { keepdims: 1 }), x),
  concat: (e, { axis }, names) => e.node("Concat", names, { axis }),
  slice: (e, { axis, start, end }, [x]) => e.node("Slice", [x, e.ints([start]), e.ints([end]), e.ints([axis])]),
  pad: (e, { axis, before, after }, [x], { inputs: [{ shape }] }) => {
    const at = (size: number): number[] => shape.map((_, i) => (i === axis ? size : 0));
    return e.pad(x, shape, at(before), at(after));
  },
  resize: (e, { height, width }, [x], v) =>
    e.node("Resize", [x, "", "", e.ints([v.shape[0], v.shape[1], height, width])], {
      mode: "nearest",
      coordinate_transformation_mode: "asymmetric",
      nearest_mode: "floor",
    }),
  gather: (e, _, [table, ids]) => e.gather(table, ids),
  scatterAdd: (e, { rows }, [ids, values], v) => {
    const width = v.shape[1];
    const index = e.reshape(e.node("Cast", [ids], { to: 7 }), [-1, 1]);
    const empty = e.node("ConstantOfShape", [e.ints([rows, width])]);
    return e.node("ScatterND", [empty, index, e.reshape(values, [-1, width])], { reduction: "add" });
  },
};

/**
 * The ONNX file of a graph. Shapes are static and every constant is folded already, since sessions run without folding.
 * Only the first axis of what a run is given, and of what is reshaped, is left open: values whose shapes ONNX Runtime cannot
 * compare it frees after their last use, where it would keep each for the next value of that shape.
 * Casts of narrow weights come first in the list of nodes, which makes ONNX Runtime run each just before its use.
 */
export function emit(graph: Graph, source: (name: string) => Source): Uint8Array {
  /** Of each narrow parameter, by the name of its wide copy: how it is stored, and the cast. */
  const casts = new Map<string, { readonly stored: string; readonly cast: Field }>();
  const used = new Set<string>();
  const body: Field[] = [];
  const constants: Field[] = [];
  const inputs: Field[] = [];
  const memo = new Map<string, unknown>();
  let count = 0;

  const once = <T>(key: string, make: () => T): T => {
    if (!memo.has(key)) memo.set(key, make());
    return memo.get(key) as T;
  };
  const stored = (prefix: string, dtype: DType, shape: readonly number[], data: ArrayBufferView): string => {
    const name = `${prefix}${count++}`;
    constants.push(initializer(name, dtype, shape, data));
    return name;
  };
  const e: Emitter = {
    once,
    node: (op, names, attributes, domain) => {
      const out = `v${count++}`;
      for (const name of names) used.add(name);
      body.push(node(op, names, [out], attributes, domain));
      return out;
    },
    nodes: (op, names, results, attributes) => {
      const outs = Array.from({ length: results }, () => `v${count++}`);
      for (const name of names) used.add(name);
      body.push(node(op, names, outs, attributes));
      return outs;
    },
    constant: (t) => {
      const first = t.data[0];
      const uniform = t.data.every((x) => x === first);
      const make = (): string => stored("c", t.dtype, t.shape, t.data);
      return uniform ? once(`${t.dtype} ${t.shape} ${first}`, make) : make();
    },
    scalar: (value) => e.constant(tensor([value], [])),
    ints: (values) =>
      once(`ints ${values}`, () => stored("i", "i64", [values.length], BigInt64Array.from(values, BigInt))),
    reshape: (x, shape) => {
      const open = shape.length > 0 && !shape.includes(-1);
      return e.node("Reshape", [x, e.ints(open ? [-1, ...shape.slice(1)] : shape)]);
    },
    // Joined to zeros: ONNX Runtime's Pad is slow on CUDA, and misread where pictures are moved to NHWC (CUDA, WebGPU).
    pad: (x, shape, before, after) => {
      const size = [...shape];
      return shape.reduce((sofar, _, axis) => {
        const zeros = (width: number): string[] => {
          if (width === 0) return [];
          const edge = size.map((n, i) => (i === axis ? width : n));
          return [once(`zeros ${edge}`, () => e.node("ConstantOfShape", [e.ints(edge)]))];
        };
        const parts = [...zeros(before[axis]), sofar, ...zeros(after[axis])];
        size[axis] += before[axis] + after[axis];
        return parts.length === 1 ? sofar : e.node("Concat", parts, { axis });
      }, x);
    },
    gather: (table, ids) => {
      const narrow = casts.get(table);
      const rows = e.node("Gather", [narrow?.stored ?? table, ids], { axis: 0 });
      return narrow ? e.node("Cast", [rows], { to: 1 }) : rows;
    },
  };

  const parameter = (name: string, shape: readonly number[]): string => {
    const from = source(name);
    if (from.kind === "input") inputs.push(graphInput(name, "f32", shape));
    else if (from.kind === "tensor") constants.push(initializer(name, from.tensor.dtype, shape, from.tensor.data));
    else constants.push(external(name, from.dtype, shape, from.at));
    const dtype = from.kind === "input" ? "f32" : from.kind === "tensor" ? from.tensor.dtype : from.dtype;
    if (dtype === "f32") return name;
    const wide = `${name}:f32`;
    casts.set(wide, { stored: name, cast: node("Cast", [name], [wide], { to: 1 }) });
    return wide;
  };

  for (const [name, v] of Object.entries<Value>(graph.inputs)) inputs.push(graphInput(name, v.dtype, v.shape, "open"));
  const names = new Map<Value, string>();
  for (const v of graph.nodes) {
    if (is(v, "input")) names.set(v, v.attrs.name);
    else if (is(v, "param")) names.set(v, parameter(v.attrs.name, v.shape));
    else {
      const operands = v.inputs.map((i) => names.get(i)!);
      const rule = spell[v.op as keyof typeof spell] as Spell<OpName>;
      names.set(v, rule(e, v.attrs, operands, v));
    }
  }
  const outputs = Object.entries<Value>(graph.outputs).map(([name, v]) => {
    used.add(names.get(v)!);
    body.push(node("Identity", [names.get(v)!], [`out:${name}`]));
    return graphOutput(`out:${name}`, v.dtype, v.shape);
  });
  const widening = [...casts].flatMap(([wide, { cast }]) => (used.has(wide) ? [cast] : []));
  return model([...widening, ...body, ...constants, ...inputs, ...outputs]);
}
