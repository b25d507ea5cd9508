// The op suite: tiny graphs for every op, run by each runtime against the reference and by the gradients against differences.
import type { OpName, Padding } from "../src/graph/ops.ts";
import type { Declared, Params } from "../src/graph/params.ts";
import { parameters } from "../src/graph/params.ts";
import { type Graph, graph, type Spec } from "../src/graph/trace.ts";
import {
  attention,
  concat,
  constant,
  convolve,
  draw,
  gelu,
  input,
  quickGelu,
  silu,
  type Value,
} from "../src/graph/value.ts";
import { ints, type Shape, type Tensor, tensor } from "../src/tensor/tensor.ts";
import { formula, formulaInput, formulaParam } from "./formula.ts";

/** One tiny graph. */
export interface Case {
  readonly name: string;
  readonly inputs: Readonly<Record<string, Spec>>;
  readonly draw: (x: Readonly<Record<string, Value>>, p: Params) => Value;
  /** Turns the inputs' values, of unit variance within ±√3, into ones that the op wants. */
  readonly domain?: (value: number) => number;
  /** The values of i32 inputs. */
  readonly ids?: Readonly<Record<string, readonly number[]>>;
}

/** A case as a graph, with everything it needs to run. */
export interface Drawn {
  readonly graph: Graph;
  readonly output: Value;
  readonly symbols: Readonly<Record<string, Value>>;
  readonly declared: ReadonlyMap<string, Declared>;
  readonly inputs: Record<string, Tensor | Tensor<"i32">>;
  readonly params: Record<string, Tensor>;
}

/** Draw a case and make its inputs and parameters; the output is called `y`. */
export function drawn({ name, inputs, draw: model, domain, ids }: Case): Drawn {
  const specs = Object.entries(inputs).map(([key, spec]) =>
    "shape" in spec ? { key, ...spec } : { key, shape: spec, dtype: "f32" as const },
  );
  const symbols = Object.fromEntries(specs.map(({ key, shape, dtype }) => [key, input(key, shape, dtype)]));
  const { root, declared } = parameters();
  const output = model(symbols, root);
  const values = specs.map(({ key, shape, dtype }): [string, Tensor | Tensor<"i32">] => {
    if (dtype === "i32") return [key, ints(ids?.[key] ?? [], shape)];
    const plain = formulaInput(`${name}:${key}`, shape);
    return [key, domain ? tensor(plain.data.map(domain), shape) : plain];
  });
  return {
    graph: graph(symbols, { y: output }),
    output,
    symbols,
    declared,
    inputs: Object.fromEntries(values),
    params: Object.fromEntries([...declared].map(([key, { shape }]) => [key, formulaParam(key, shape)])),
  };
}

const positive = (v: number): number => 0.3 + Math.abs(v);
const tiny = (v: number): number => 1e-3 * v;
const wide = (v: number): number => 20 * v;
const zeros = (shape: Shape): Float32Array => new Float32Array(shape.reduce((n, d) => n * d, 1));

const shapes: readonly Shape[] = [[7], [2, 3, 5], [2, 1, 3, 4]];

/** A function of one value, on several shapes. */
const elementwise = (f: (x: Value) => Value, domain?: (v: number) => number): Case[] =>
  shapes.map((shape) => ({
    name: `[${shape}]`,
    inputs: { x: shape },
    draw: ({ x }) => f(x),
    ...(domain && { domain }),
  }));

/** A function of two values, on shapes that broadcast in every way. */
const pairwise = (f: (a: Value, b: Value) => Value, domain?: (v: number) => number): Case[] =>
  (
    [
      [
        [2, 3],
        [2, 3],
      ],
      [[2, 3, 4], [4]],
      [[4], [2, 3, 4]],
      [
        [2, 1, 4],
        [3, 1],
      ],
      [
        [1, 3, 1, 1],
        [2, 3, 4, 5],
      ],
      [[2, 3], []],
      [
        [2, 5, 1],
        [2, 1, 3],
      ],
    ] as const
  ).map(([a, b]) => ({
    name: `[${a}] with [${b}]`,
    inputs: { a, b },
    draw: (x) => f(x.a, x.b),
    ...(domain && { domain }),
  }));

interface Conv {
  readonly name: string;
  readonly x: Shape;
  readonly w: Shape;
  readonly stride: number;
  readonly padding: Padding;
}
const convs: readonly Conv[] = [
  { name: "3×3, batch 2, not square", x: [2, 3, 5, 7], w: [4, 3, 3, 3], stride: 1, padding: [1, 1, 1, 1] },
  { name: "1×1", x: [2, 3, 4, 5], w: [2, 3, 1, 1], stride: 1, padding: [0, 0, 0, 0] },
  { name: "3×3 without padding", x: [1, 2, 5, 4], w: [3, 2, 3, 3], stride: 1, padding: [0, 0, 0, 0] },
  { name: "3×3 stride 2, odd size", x: [2, 2, 7, 5], w: [3, 2, 3, 3], stride: 2, padding: [1, 1, 1, 1] },
  {
    name: "3×3 stride 2, even size: a padded column unused",
    x: [1, 2, 6, 8],
    w: [3, 2, 3, 3],
    stride: 2,
    padding: [1, 1, 1, 1],
  },
  {
    name: "3×3 stride 2, padded right and below as a VAE does",
    x: [2, 2, 8, 6],
    w: [2, 2, 3, 3],
    stride: 2,
    padding: [0, 0, 1, 1],
  },
  { name: "padding different on every side", x: [1, 2, 4, 5], w: [2, 2, 3, 3], stride: 1, padding: [2, 0, 1, 3] },
  { name: "4×4 patches", x: [2, 3, 8, 12], w: [5, 3, 4, 4], stride: 4, padding: [0, 0, 0, 0] },
  { name: "4×4 patches, pixels left over", x: [1, 2, 9, 11], w: [3, 2, 4, 4], stride: 4, padding: [0, 0, 0, 0] },
  { name: "a kernel that is not square", x: [1, 2, 5, 6], w: [2, 2, 1, 3], stride: 1, padding: [0, 1, 0, 1] },
  { name: "1×1 stride 2", x: [1, 2, 5, 6], w: [3, 2, 1, 1], stride: 2, padding: [0, 0, 0, 0] },
];
/** The shape of the gradient that reaches a convolution's output. */
const outShape = ({ x, w, stride, padding }: Conv): Shape =>
  convolve(input("x", x), input("w", w), undefined, stride, padding).shape;

const ones = (shape: Shape): Float32Array => zeros(shape).fill(1);
const random = (shape: Shape): Float32Array => Float32Array.from(formula("random", zeros(shape).length));

/** The cases of every op. */
export const cases: { readonly [K in OpName]: readonly Case[] } = {
  input: [
    { name: "is the result", inputs: { x: [2, 3] }, draw: ({ x }) => x },
    { name: "one of two is used", inputs: { x: [2, 3], y: [4] }, draw: ({ y }) => y.affine(2, 1) },
  ],
  param: [
    { name: "times an input", inputs: { x: [2, 3] }, draw: ({ x }, p) => x.mul(p.get("gain.weight", [3], ones)) },
    {
      name: "used twice",
      inputs: { x: [2, 3] },
      draw: ({ x }, p) => {
        const w = p.at("layer").get("weight", [3, 3], random);
        return x.matmul(w).tanh().matmul(w, { transB: true });
      },
    },
    { name: "is the result", inputs: { x: [1] }, draw: (_, p) => p.get("table", [3, 2], random) },
  ],
  constant: [
    { name: "tensor", inputs: { x: [2, 3] }, draw: ({ x }) => x.mul(constant(tensor([1, -2, 0.1], [3]))) },
    { name: "scalar", inputs: { x: [2, 3] }, draw: ({ x }) => constant(tensor([0.3], [])).sub(x) },
    { name: "ids", inputs: { x: [4, 2] }, draw: ({ x }) => x.gather(constant(ints([3, 0, 0], [3]))) },
    { name: "is the result", inputs: { x: [1] }, draw: () => constant(tensor([1, 2, 3], [3])) },
  ],
  add: [...pairwise((a, b) => a.add(b)), { name: "itself", inputs: { x: [2, 3] }, draw: ({ x }) => x.add(x) }],
  sub: pairwise((a, b) => a.sub(b)),
  mul: [...pairwise((a, b) => a.mul(b)), { name: "itself", inputs: { x: [2, 3] }, draw: ({ x }) => x.square() }],
  div: pairwise((a, b) => a.div(b), positive),
  affine: [
    ...elementwise((x) => x.affine(-1.5, 0.25)),
    { name: "scale only", inputs: { x: [5] }, draw: ({ x }) => x.mul(3) },
    { name: "shift only", inputs: { x: [5] }, draw: ({ x }) => x.sub(3) },
  ],
  exp: elementwise((x) => x.exp()),
  log: elementwise((x) => x.log(), positive),
  sqrt: elementwise((x) => x.sqrt(), positive),
  abs: elementwise((x) => x.abs()),
  sign: elementwise((x) => x.sign()),
  relu: elementwise((x) => x.relu()),
  sigmoid: [
    ...elementwise((x) => x.sigmoid()),
    { name: "far out", inputs: { x: [9] }, draw: ({ x }) => x.sigmoid(), domain: wide },
  ],
  tanh: elementwise((x) => x.tanh()),
  erf: elementwise(
    (x) => x.erf(),
    (v) => 2 * v,
  ),
  silu: [...elementwise(silu), { name: "far out", inputs: { x: [9] }, draw: ({ x }) => silu(x), domain: wide }],
  gelu: [...elementwise(gelu), { name: "far out", inputs: { x: [9] }, draw: ({ x }) => gelu(x), domain: (v) => 4 * v }],
  quickGelu: elementwise(quickGelu),
  clip: elementwise((x) => x.clip(-0.5, 0.8)),

  matmul: [
    { name: "matrices", inputs: { a: [3, 4], b: [4, 5] }, draw: ({ a, b }) => a.matmul(b) },
    { name: "left transposed", inputs: { a: [4, 3], b: [4, 5] }, draw: ({ a, b }) => a.matmul(b, { transA: true }) },
    { name: "right transposed", inputs: { a: [3, 4], b: [5, 4] }, draw: ({ a, b }) => a.matmul(b, { transB: true }) },
    {
      name: "both transposed",
      inputs: { a: [4, 3], b: [5, 4] },
      draw: ({ a, b }) => a.matmul(b, { transA: true, transB: true }),
    },
    { name: "a stack times one matrix", inputs: { a: [2, 3, 4], b: [4, 5] }, draw: ({ a, b }) => a.matmul(b) },
    {
      name: "a stack times one transposed matrix",
      inputs: { a: [2, 3, 4], b: [5, 4] },
      draw: ({ a, b }) => a.matmul(b, { transB: true }),
    },
    {
      name: "a deep stack times one transposed matrix",
      inputs: { a: [2, 2, 3, 4], b: [5, 4] },
      draw: ({ a, b }) => a.matmul(b, { transB: true }),
    },
    { name: "two stacks", inputs: { a: [2, 3, 4], b: [2, 4, 5] }, draw: ({ a, b }) => a.matmul(b) },
    {
      name: "two stacks, left transposed",
      inputs: { a: [2, 4, 3], b: [2, 4, 5] },
      draw: ({ a, b }) => a.matmul(b, { transA: true }),
    },
    {
      name: "two deep stacks, right transposed",
      inputs: { a: [2, 3, 4, 2], b: [2, 3, 5, 2] },
      draw: ({ a, b }) => a.matmul(b, { transB: true }),
    },
    {
      name: "two stacks, both transposed",
      inputs: { a: [2, 4, 3], b: [2, 5, 4] },
      draw: ({ a, b }) => a.matmul(b, { transA: true, transB: true }),
    },
    { name: "one row", inputs: { a: [1, 4], b: [4, 1] }, draw: ({ a, b }) => a.matmul(b) },
  ],
  conv2d: convs.flatMap(({ name, x, w, stride, padding }): Case[] => [
    { name, inputs: { x, w }, draw: (v) => convolve(v.x, v.w, undefined, stride, padding) },
    {
      name: `${name}, with a bias`,
      inputs: { x, w, b: [w[0]] },
      draw: (v) => convolve(v.x, v.w, v.b, stride, padding),
    },
  ]),
  conv2dInput: convs.map((c) => ({
    name: c.name,
    inputs: { g: outShape(c), w: c.w },
    draw: ({ g, w }) =>
      draw("conv2dInput", { stride: c.stride, padding: c.padding, height: c.x[2], width: c.x[3] }, g, w),
  })),
  conv2dWeight: convs.map((c) => ({
    name: c.name,
    inputs: { x: c.x, g: outShape(c) },
    draw: ({ x, g }) => draw("conv2dWeight", { stride: c.stride, padding: c.padding, kernel: [c.w[2], c.w[3]] }, x, g),
  })),
  attention: [
    {
      name: "one head",
      inputs: { q: [1, 3, 4], k: [1, 3, 4], v: [1, 3, 4] },
      draw: ({ q, k, v }) => attention(q, k, v, 1),
    },
    {
      name: "two heads, batch 2",
      inputs: { q: [2, 5, 8], k: [2, 5, 8], v: [2, 5, 8] },
      draw: ({ q, k, v }) => attention(q, k, v, 2),
    },
    {
      name: "cross: fewer keys",
      inputs: { q: [2, 5, 8], k: [2, 3, 8], v: [2, 3, 8] },
      draw: ({ q, k, v }) => attention(q, k, v, 4),
    },
    {
      name: "cross: more keys",
      inputs: { q: [2, 2, 4], k: [2, 7, 4], v: [2, 7, 4] },
      draw: ({ q, k, v }) => attention(q, k, v, 2),
    },
    {
      name: "causal, batch 2",
      inputs: { q: [2, 5, 8], k: [2, 5, 8], v: [2, 5, 8] },
      draw: ({ q, k, v }) => attention(q, k, v, 2, true),
    },
    { name: "self", inputs: { x: [2, 4, 6] }, draw: ({ x }) => attention(x, x, x, 3) },
    {
      name: "one query",
      inputs: { q: [1, 1, 4], k: [1, 3, 4], v: [1, 3, 4] },
      draw: ({ q, k, v }) => attention(q, k, v, 2),
    },
    {
      name: "sharp",
      inputs: { q: [1, 3, 4], k: [1, 3, 4], v: [1, 3, 4] },
      draw: ({ q, k, v }) => attention(q, k, v, 1),
      domain: (v) => 4 * v,
    },
  ],
  softmax: [
    ...elementwise((x) => x.softmax()),
    { name: "sharp", inputs: { x: [3, 5] }, draw: ({ x }) => x.softmax(), domain: (v) => 8 * v },
  ],
  logSoftmax: [
    ...elementwise((x) => x.logSoftmax()),
    { name: "sharp", inputs: { x: [3, 5] }, draw: ({ x }) => x.logSoftmax(), domain: wide },
  ],
  groupNorm: [
    ...(
      [
        ["batch 2, not square", [2, 6, 3, 5], 3, 1e-5],
        ["one group", [2, 4, 3, 2], 1, 1e-6],
        ["a group for each channel", [1, 4, 3, 2], 4, 1e-5],
        ["a sequence", [2, 4, 7], 2, 1e-5],
        ["one pixel", [2, 6, 1, 1], 2, 1e-5],
      ] as const
    ).map(
      ([name, x, groups, eps]): Case => ({
        name,
        inputs: { x, weight: [x[1]], bias: [x[1]] },
        draw: (v) => draw("groupNorm", { groups, eps }, v.x, v.weight, v.bias),
      }),
    ),
    {
      name: "low variance",
      inputs: { x: [1, 4, 3, 3], weight: [4], bias: [4] },
      draw: (v) => draw("groupNorm", { groups: 2, eps: 1e-5 }, v.x, v.weight, v.bias),
      domain: tiny,
    },
  ],
  layerNorm: [
    {
      name: "sequence",
      inputs: { x: [2, 3, 8], w: [8], b: [8] },
      draw: ({ x, w, b }) => draw("layerNorm", { eps: 1e-5 }, x, w, b),
    },
    {
      name: "vector",
      inputs: { x: [5], w: [5], b: [5] },
      draw: ({ x, w, b }) => draw("layerNorm", { eps: 1e-6 }, x, w, b),
    },
    {
      name: "low variance",
      inputs: { x: [2, 6], w: [6], b: [6] },
      draw: ({ x, w, b }) => draw("layerNorm", { eps: 1e-5 }, x, w, b),
      domain: tiny,
    },
  ],
  standardize: [
    ...elementwise((x) => x.standardize(1e-5)),
    { name: "low variance", inputs: { x: [2, 6] }, draw: ({ x }) => x.standardize(1e-5), domain: tiny },
  ],
  rstd: [
    ...elementwise((x) => x.rstd(1e-5)),
    { name: "low variance", inputs: { x: [2, 6] }, draw: ({ x }) => x.rstd(1e-5), domain: tiny },
  ],

  reshape: [
    { name: "apart", inputs: { x: [2, 12] }, draw: ({ x }) => x.reshape([2, 3, 4]) },
    { name: "together", inputs: { x: [2, 3, 4] }, draw: ({ x }) => x.reshape([-1]) },
    { name: "to a scalar", inputs: { x: [1, 1] }, draw: ({ x }) => x.reshape([]) },
    {
      name: "of ids",
      inputs: { t: [3, 2], ids: { shape: [4], dtype: "i32" } },
      draw: ({ t, ids }) => t.gather(ids.reshape([2, 2])),
      ids: { ids: [2, 1, 0, 2] },
    },
  ],
  transpose: [
    { name: "matrix", inputs: { x: [2, 3] }, draw: ({ x }) => x.transpose([1, 0]) },
    { name: "picture to sequence", inputs: { x: [2, 3, 4, 5] }, draw: ({ x }) => x.transpose([0, 2, 3, 1]) },
    { name: "round", inputs: { x: [2, 3, 4] }, draw: ({ x }) => x.transpose([2, 0, 1]) },
    { name: "no change", inputs: { x: [2, 3] }, draw: ({ x }) => x.transpose([0, 1]) },
  ],
  broadcast: [
    { name: "two axes", inputs: { x: [1, 3, 1] }, draw: ({ x }) => x.broadcast([2, 3, 4]) },
    { name: "every axis", inputs: { x: [1, 1] }, draw: ({ x }) => x.broadcast([2, 3]) },
    { name: "none", inputs: { x: [2, 3] }, draw: ({ x }) => x.broadcast([2, 3]) },
  ],
  sum: [
    { name: "all", inputs: { x: [2, 3, 4] }, draw: ({ x }) => x.sum() },
    { name: "first", inputs: { x: [2, 3, 4] }, draw: ({ x }) => x.sum([0]) },
    { name: "last", inputs: { x: [2, 3, 4] }, draw: ({ x }) => x.sum([-1]) },
    { name: "outer two", inputs: { x: [2, 3, 4] }, draw: ({ x }) => x.sum([0, 2]) },
    { name: "mean over a picture", inputs: { x: [2, 3, 4, 5] }, draw: ({ x }) => x.mean([2, 3]) },
  ],
  concat: [
    { name: "channels", inputs: { a: [2, 3, 2], b: [2, 1, 2] }, draw: ({ a, b }) => concat(1, a, b) },
    {
      name: "last axis of three",
      inputs: { a: [2, 3], b: [2, 1], c: [2, 2] },
      draw: ({ a, b, c }) => concat(-1, a, b, c),
    },
    { name: "batch, one part twice", inputs: { a: [1, 3], b: [2, 3] }, draw: ({ a, b }) => concat(0, a, b, a) },
  ],
  slice: [
    { name: "first axis", inputs: { x: [4, 3] }, draw: ({ x }) => x.slice(0, 1, 3) },
    { name: "last axis", inputs: { x: [2, 3, 5] }, draw: ({ x }) => x.slice(-1, 2, 5) },
    { name: "channel", inputs: { x: [2, 4, 2, 3] }, draw: ({ x }) => x.slice(1, 0, 1) },
    {
      name: "halves swapped",
      inputs: { x: [2, 6] },
      draw: ({ x }) => {
        const [a, b] = x.split(1, 2);
        return b.mul(a.exp());
      },
    },
  ],
  pad: [
    { name: "first axis", inputs: { x: [2, 3] }, draw: ({ x }) => x.pad(0, 1, 0) },
    { name: "last axis", inputs: { x: [2, 3] }, draw: ({ x }) => x.pad(1, 2, 1) },
    { name: "height of a picture", inputs: { x: [2, 2, 3, 4] }, draw: ({ x }) => x.pad(2, 0, 3) },
  ],
  resize: [
    { name: "twice as large", inputs: { x: [2, 2, 3, 4] }, draw: ({ x }) => x.resize(6, 8) },
    { name: "odd", inputs: { x: [1, 2, 3, 4] }, draw: ({ x }) => x.resize(7, 9) },
    { name: "up to one more", inputs: { x: [1, 1, 2, 3] }, draw: ({ x }) => x.resize(3, 4) },
    { name: "smaller by half", inputs: { x: [1, 2, 4, 6] }, draw: ({ x }) => x.resize(2, 3) },
    { name: "smaller by a third", inputs: { x: [1, 1, 6, 9] }, draw: ({ x }) => x.resize(4, 6) },
  ],
  gather: [
    {
      name: "a batch of ids",
      inputs: { t: [5, 4], ids: { shape: [2, 3], dtype: "i32" } },
      draw: ({ t, ids }) => t.gather(ids),
      ids: { ids: [4, 0, 2, 2, 1, 0] },
    },
    {
      name: "a list of ids",
      inputs: { t: [3, 2], ids: { shape: [1], dtype: "i32" } },
      draw: ({ t, ids }) => t.gather(ids),
      ids: { ids: [1] },
    },
  ],
  scatterAdd: [
    {
      name: "ids that repeat",
      inputs: { ids: { shape: [2, 3], dtype: "i32" }, rows: [2, 3, 4] },
      draw: ({ ids, rows }) => draw("scatterAdd", { rows: 5 }, ids, rows),
      ids: { ids: [4, 0, 2, 2, 2, 0] },
    },
    {
      name: "a list",
      inputs: { ids: { shape: [2], dtype: "i32" }, rows: [2, 3] },
      draw: ({ ids, rows }) => draw("scatterAdd", { rows: 3 }, ids, rows),
      ids: { ids: [1, 0] },
    },
  ],
};
