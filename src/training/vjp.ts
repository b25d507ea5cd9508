// vjp: how each op pushes a gradient back to its operands, and `gradients`, which walks a graph with these rules.
// The rules draw ops of the same table, so whatever runs a model can train it.
import type { OpName, Ops } from "../graph/ops.ts";
import { ordered } from "../graph/trace.ts";
import { constant, draw, type Value } from "../graph/value.ts";
import { full, tensor } from "../tensor/tensor.ts";

/** From the gradient `g` of the result to those of the operands; `undefined` where none flows (ids, for one). */
type Rule<K extends OpName> = (
  g: Value,
  attrs: Ops[K],
  inputs: readonly Value[],
  result: Value,
) => readonly (Value | undefined)[];

/** Undo broadcasting: add up what was copied. */
function summedTo(g: Value, shape: readonly number[]): Value {
  const lead = g.shape.length - shape.length;
  const axes = [...g.shape.keys()].filter((i) => i < lead || (shape[i - lead] === 1 && g.shape[i] !== 1));
  const added = g.sum(axes);
  return added.shape.length === shape.length ? added : added.reshape(shape);
}

const each =
  (slope: (x: Value, result: Value) => Value): Rule<OpName> =>
  (g, _, [x], result) => [g.mul(slope(x, result))];

const none: Rule<OpName> = () => [];

/** [b,n,c] → [b·heads, n, c/heads], and back. */
function heads(x: Value, count: number): Value {
  const [b, n, c] = x.shape;
  return x
    .reshape([b, n, count, c / count])
    .transpose([0, 2, 1, 3])
    .reshape([b * count, n, c / count]);
}
function joined(x: Value, count: number): Value {
  const [bh, n, d] = x.shape;
  return x
    .reshape([bh / count, count, n, d])
    .transpose([0, 2, 1, 3])
    .reshape([bh / count, n, count * d]);
}

/** Added to the scores of a causal attention: −∞ (nearly) where a query would look ahead. */
const lookAhead = (n: number, m: number): Value =>
  constant(
    tensor(
      Float32Array.from({ length: n * m }, (_, i) => (i % m > Math.floor(i / m) ? -1e9 : 0)),
      [n, m],
    ),
  );

/** y = (x−mean)·r over the last axis: dx = r·(g − mean(g) − y·mean(g·y)). */
function standardizeBack(g: Value, y: Value, r: Value): Value {
  return g
    .sub(g.mean([-1]))
    .sub(y.mul(g.mul(y).mean([-1])))
    .mul(r);
}

/** A matrix that copies element ⌊i·from/to⌋ of one axis to element i. */
function nearest(from: number, to: number): Value {
  const copy = full([to, from], 0);
  for (let i = 0; i < to; i++) copy.data[i * from + Math.floor((i * from) / to)] = 1;
  return constant(copy);
}

/** How each op pushes back a gradient. */
export const vjp: { readonly [K in OpName]: Rule<K> } = {
  input: none,
  param: none,
  constant: none,
  add: (g, _, [a, b]) => [summedTo(g, a.shape), summedTo(g, b.shape)],
  sub: (g, _, [a, b]) => [summedTo(g, a.shape), summedTo(g, b.shape).neg()],
  mul: (g, _, [a, b]) => [summedTo(g.mul(b), a.shape), summedTo(g.mul(a), b.shape)],
  div: (g, _, [a, b], y) => [summedTo(g.div(b), a.shape), summedTo(g.mul(y).div(b), b.shape).neg()],
  affine: (g, { scale }) => [g.mul(scale)],
  exp: each((_, y) => y),
  log: (g, _, [x]) => [g.div(x)],
  sqrt: (g, _, __, y) => [g.div(y).mul(0.5)],
  abs: each((x) => x.sign()),
  sign: () => [undefined],
  relu: each((x) => x.sign().relu()),
  sigmoid: each((_, y) => y.mul(y.affine(-1, 1))),
  tanh: each((_, y) => y.square().affine(-1, 1)),
  erf: each((x) =>
    x
      .square()
      .neg()
      .exp()
      .mul(2 / Math.sqrt(Math.PI)),
  ),
  silu: each((x, y) => swishSlope(x, y, 1)),
  gelu: each((x) => {
    const density = x
      .square()
      .mul(-0.5)
      .exp()
      .mul(1 / Math.sqrt(2 * Math.PI));
    return x.mul(Math.SQRT1_2).erf().affine(0.5, 0.5).add(x.mul(density));
  }),
  quickGelu: each((x, y) => swishSlope(x, y, 1.702)),
  clip: (g, { min, max }, [x]) => [g.mul(x.affine(1, -min).sign().relu()).mul(x.affine(-1, max).sign().relu())],

  matmul: (g, { transA, transB }, [a, b]) => {
    const da = transA ? b.matmul(g, { transA: transB, transB: true }) : g.matmul(b, { transB: !transB });
    if (b.shape.length === 2 && a.shape.length > 2) {
      const [x, dy] = [a, g].map((v) => v.reshape([-1, v.shape.at(-1)!]));
      return [da, transB ? dy.matmul(x, { transA: true }) : x.matmul(dy, { transA: true })];
    }
    return [da, transB ? g.matmul(a, { transA: true, transB: transA }) : a.matmul(g, { transA: !transA })];
  },
  conv2d: (g, { stride, padding }, [x, w, bias]) => {
    const [, , height, width] = x.shape;
    return [
      draw("conv2dInput", { stride, padding, height, width }, g, w),
      draw("conv2dWeight", { stride, padding, kernel: [w.shape[2], w.shape[3]] }, x, g),
      ...(bias ? [g.sum([0, 2, 3]).reshape(bias.shape)] : []),
    ];
  },
  conv2dInput: (g, { stride, padding }, [dy, w]) => [
    draw("conv2d", { stride, padding }, g, w),
    draw("conv2dWeight", { stride, padding, kernel: [w.shape[2], w.shape[3]] }, g, dy),
  ],
  conv2dWeight: (g, { stride, padding }, [x, dy]) => {
    const [, , height, width] = x.shape;
    return [draw("conv2dInput", { stride, padding, height, width }, dy, g), draw("conv2d", { stride, padding }, x, g)];
  },
  attention: (g, attrs, inputs) => {
    const [q, k, v] = inputs.map((x) => heads(x, attrs.heads));
    const scale = 1 / Math.sqrt(q.shape[2]);
    const scores = q.matmul(k, { transB: true }).mul(scale);
    const p = (attrs.causal ? scores.add(lookAhead(q.shape[1], k.shape[1])) : scores).softmax();
    const out = heads(g, attrs.heads);
    const dp = out.matmul(v, { transB: true });
    const ds = softmaxBack(dp, p).mul(scale);
    const grads = [ds.matmul(k), ds.matmul(q, { transA: true }), p.matmul(out, { transA: true })];
    return grads.map((x) => joined(x, attrs.heads));
  },
  softmax: (g, _, __, y) => [softmaxBack(g, y)],
  logSoftmax: (g, _, __, y) => [g.sub(y.exp().mul(g.sum([-1])))],
  groupNorm: (g, { groups, eps }, [x, weight, bias]) => {
    const grouped = (v: Value): Value => v.reshape([x.shape[0], groups, -1]);
    const perChannel = weight.reshape([x.shape[1], ...x.shape.slice(2).map(() => 1)]);
    const others = [...x.shape.keys()].filter((i) => i !== 1);
    const y = grouped(x).standardize(eps);
    const dy = grouped(g.mul(perChannel));
    return [
      standardizeBack(dy, y, grouped(x).rstd(eps)).reshape(x.shape),
      g.mul(y.reshape(x.shape)).sum(others).reshape(weight.shape),
      g.sum(others).reshape(bias.shape),
    ];
  },
  layerNorm: (g, { eps }, [x, weight, bias]) => {
    const y = x.standardize(eps);
    const rows = [...x.shape.keys()].slice(0, -1);
    return [
      standardizeBack(g.mul(weight), y, x.rstd(eps)),
      g.mul(y).sum(rows).reshape(weight.shape),
      g.sum(rows).reshape(bias.shape),
    ];
  },
  standardize: (g, { eps }, [x], y) => [standardizeBack(g, y, x.rstd(eps))],
  // r = (v+eps)^−½: dr/dx = −r³·(x−mean)/n, and (x−mean)·r is the standardised x.
  rstd: (g, { eps }, [x], r) => [
    g
      .mul(r.square())
      .mul(x.standardize(eps))
      .mul(-1 / x.shape.at(-1)!),
  ],

  reshape: (g, _, [x]) => [g.reshape(x.shape)],
  transpose: (g, { perm }) => [g.transpose(perm.map((_, i) => perm.indexOf(i)))],
  broadcast: (g, _, [x]) => [summedTo(g, x.shape)],
  sum: (g, _, [x]) => [g.broadcast(x.shape)],
  concat: (g, { axis }, parts) => {
    let at = 0;
    return parts.map((p) => g.slice(axis, at, (at += p.shape[axis])));
  },
  slice: (g, { axis, start, end }, [x]) => [g.pad(axis, start, x.shape[axis] - end)],
  pad: (g, { axis, before }, [x]) => [g.slice(axis, before, before + x.shape[axis])],
  resize: (g, { height, width }, [x]) => {
    const [b, c, h, w] = x.shape;
    if (height % h === 0 && width % w === 0)
      return [
        g
          .reshape([b, c, h, height / h, w, width / w])
          .sum([3, 5])
          .reshape(x.shape),
      ];
    const alongWidth = g
      .reshape([b * c * height, width])
      .matmul(nearest(w, width))
      .reshape([b * c, height, w]);
    const turned = alongWidth
      .transpose([0, 2, 1])
      .reshape([b * c * w, height])
      .matmul(nearest(h, height));
    return [
      turned
        .reshape([b * c, w, h])
        .transpose([0, 2, 1])
        .reshape(x.shape),
    ];
  },
  gather: (g, _, [table, ids]) => [draw("scatterAdd", { rows: table.shape[0] }, ids, g), undefined],
  scatterAdd: (g, _, [ids]) => [undefined, g.gather(ids)],
};

/** d(x·σ(ax))/dx = σ(ax) + a·y·(1−σ(ax)), with y = x·σ(ax). */
function swishSlope(x: Value, y: Value, a: number): Value {
  const s = x.mul(a).sigmoid();
  return s.add(y.mul(s.affine(-a, a)));
}

const softmaxBack = (g: Value, y: Value): Value => g.sub(g.mul(y).sum([-1])).mul(y);

/**
 * d loss / d wrt, drawn by reverse-mode differentiation (Griewank & Walther 2008, ch. 3).
 * @param loss a value of one element
 * @returns one value per entry of `wrt`, of its shape; zeros where the loss does not depend on it
 */
export function gradients(loss: Value, wrt: readonly Value[]): Value[] {
  const nodes = ordered([loss]);
  const wanted = new Set<Value>(wrt);
  const matters = new Set<Value>();
  for (const v of nodes) if (wanted.has(v) || v.inputs.some((i) => matters.has(i))) matters.add(v);

  const grads = new Map<Value, Value>([[loss, constant(full(loss.shape, 1))]]);
  for (const v of nodes.reverse()) {
    const g = grads.get(v);
    if (!g || v.inputs.length === 0) continue;
    const rule = vjp[v.op] as Rule<OpName>;
    for (const [i, d] of rule(g, v.attrs, v.inputs, v).entries()) {
      const operand = v.inputs[i];
      if (!d || !matters.has(operand)) continue;
      const sofar = grads.get(operand);
      grads.set(operand, sofar ? sofar.add(d) : d);
    }
  }
  return wrt.map((v) => grads.get(v) ?? constant(full(v.shape, 0)));
}
