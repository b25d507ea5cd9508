// Layers and their initialisers: what is declared, under which names, and how it starts.
import { describe, expect, it } from "vitest";
import { GraphError } from "../graph/ops.ts";
import { type Params, parameters } from "../graph/params.ts";
import { trace } from "../graph/trace.ts";
import { input, type Value } from "../graph/value.ts";
import { resnet, transformer2d } from "../models/blocks.ts";
import { evaluate } from "../runtime/reference.ts";
import { type Shape, size, type Tensor, tensor } from "../tensor/tensor.ts";
import { clipProjections, diffusersProjections, multiHeadAttention } from "./attention.ts";
import { fanIn, normal, ones, uniform, zeros } from "./init.ts";
import { conv2d, embedding, groupNorm, layerNorm, linear } from "./layers.ts";

/** A small generator, good enough to see means and bounds by. */
function source(seed = 1) {
  let state = seed;
  const uniform = (): number => ((state = Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 31 - 1;
  const normal = (): number => Array.from({ length: 12 }, uniform).reduce((a, b) => a + b) / 2;
  return { uniform, normal };
}

const ramp = (shape: Shape): Tensor =>
  tensor(
    Float32Array.from({ length: size(shape) }, (_, i) => Math.sin(i)),
    shape,
  );

/** Draw a function of one picture or sequence, fill its parameters freshly, and run it. */
function fresh(shape: Shape, model: (p: Params, x: Value) => Value): { x: Tensor; y: Float64Array } {
  const graph = trace({ x: shape }, (p, { x }) => ({ y: model(p, x) }));
  const random = source();
  const params = [...graph.params].map(([name, v]) => [name, tensor(v.attrs.init(v.shape, random), v.shape)] as const);
  const x = ramp(shape);
  return { x, y: evaluate(graph, { x }, Object.fromEntries(params)).y.data };
}

describe("initialisers", () => {
  const shape = [8, 4, 3, 3];
  it("fill with what they are called", () => {
    expect(new Set(zeros(shape, source()))).toEqual(new Set([0]));
    expect(new Set(ones(shape, source()))).toEqual(new Set([1]));
    expect(zeros(shape, source()).length).toBe(288);
  });
  it("keep to their bounds and deviations", () => {
    const wide = [100, 100];
    const inside = uniform(0.25)(wide, source());
    expect(Math.max(...inside.map(Math.abs))).toBeLessThanOrEqual(0.25);
    expect(Math.max(...inside)).toBeGreaterThan(0.24);
    expect(Math.min(...inside)).toBeLessThan(-0.24);
    expect(fanIn(16)(wide, source())).toEqual(inside);
    const spread = normal(0.02)(wide, source()).reduce((n, v) => n + v * v, 0) / 1e4;
    expect(Math.sqrt(spread)).toBeCloseTo(0.02, 3);
  });
});

describe("layers", () => {
  const declaredBy = (model: (p: Params) => void): Record<string, Shape> => {
    const { root, declared } = parameters();
    model(root);
    return Object.fromEntries([...declared.values()].map((d) => [d.name, d.shape]));
  };
  const picture = input("x", [2, 32, 5, 7]);
  const sequence = input("x", [2, 5, 32]);

  it("declare torch's shapes under torch's names", () => {
    expect(declaredBy((p) => conv2d(p.at("c"), picture, 6))).toEqual({ "c.weight": [6, 32, 3, 3], "c.bias": [6] });
    expect(declaredBy((p) => conv2d(p.at("c"), picture, 6, { kernel: 1, bias: false }))).toEqual({
      "c.weight": [6, 32, 1, 1],
    });
    expect(declaredBy((p) => linear(p.at("l"), sequence, 6))).toEqual({ "l.weight": [6, 32], "l.bias": [6] });
    expect(declaredBy((p) => linear(p.at("l"), sequence, 6, { bias: false }))).toEqual({ "l.weight": [6, 32] });
    expect(declaredBy((p) => groupNorm(p, picture))).toEqual({ weight: [32], bias: [32] });
    expect(declaredBy((p) => layerNorm(p, sequence))).toEqual({ weight: [32], bias: [32] });
    expect(declaredBy((p) => embedding(p, input("ids", [2, 5], "i32"), 100, 8))).toEqual({ weight: [100, 8] });
  });

  it("normalise with torch's epsilon and Stable Diffusion's groups unless told", () => {
    const { root: p } = parameters();
    expect(groupNorm(p.at("group"), picture).attrs).toEqual({ groups: 32, eps: 1e-5 });
    expect(layerNorm(p.at("layer"), sequence).attrs).toEqual({ eps: 1e-5 });
  });

  it("name attention's projections as the checkpoint does", () => {
    const context = input("context", [2, 9, 24]);
    const options = { heads: 4, projections: diffusersProjections, bias: false };
    expect(declaredBy((p) => multiHeadAttention(p, sequence, context, options))).toEqual({
      "to_q.weight": [32, 32],
      "to_k.weight": [32, 24],
      "to_v.weight": [32, 24],
      "to_out.0.weight": [32, 32],
      "to_out.0.bias": [32],
    });
    const clip = { heads: 4, projections: clipProjections, bias: true };
    expect(Object.keys(declaredBy((p) => multiHeadAttention(p, sequence, sequence, clip)))).toEqual(
      ["q_proj", "k_proj", "v_proj", "out_proj"].flatMap((n) => [`${n}.weight`, `${n}.bias`]),
    );
  });

  it("keep the size at stride 1 and halve it at stride 2", () => {
    const { root: p } = parameters();
    expect(conv2d(p.at("a"), picture, 6).shape).toEqual([2, 6, 5, 7]);
    expect(conv2d(p.at("b"), picture, 6, { kernel: 1 }).shape).toEqual([2, 6, 5, 7]);
    expect(conv2d(p.at("c"), picture, 6, { stride: 2 }).shape).toEqual([2, 6, 3, 4]);
    expect(conv2d(p.at("d"), picture, 6, { stride: 2, padding: [0, 0, 1, 1] }).shape).toEqual([2, 6, 2, 3]);
  });

  it("apply linear to the last axis, whatever stands before it", () => {
    const { y } = fresh([2, 3, 4], (p, x) =>
      linear(p.at("l"), x, 5).sub(linear(p.at("l"), x.reshape([6, 4]), 5).reshape([2, 3, 5])),
    );
    expect(new Set(y)).toEqual(new Set([0]));
  });

  it("name the layers where shapes do not fit", () => {
    const { root: p } = parameters();
    const a = conv2d(p.at("up.0.conv"), picture, 6);
    const b = conv2d(p.at("down.2.conv"), picture, 6, { stride: 2 });
    expect(() => a.add(b)).toThrow(GraphError);
    expect(() => a.add(b)).toThrow(/up\.0\.conv[\s\S]*down\.2\.conv/);
    expect(() => groupNorm(p.at("norm"), a)).toThrow(/6 channels do not split into 32 groups/);
  });
});

describe("a fresh residual branch is the identity", () => {
  it("in a resnet", () => {
    const { x, y } = fresh([1, 32, 3, 5], (p, x) => resnet(p, x, 32, { groups: 8 }));
    expect([...y]).toEqual([...x.data]);
  });
  it("in every layer of a transformer, so that its projections meet", () => {
    const options = { layers: 2, heads: 2, projection: "linear", groups: 8 } as const;
    const { y } = fresh([1, 32, 3, 5], (p, x) => {
      const whole = transformer2d(p, x, x.reshape([1, 15, 32]), options);
      return whole.sub(transformer2d(p, x, x.reshape([1, 15, 32]), { ...options, layers: 0 }));
    });
    expect(Math.max(...y.map(Math.abs))).toBeLessThan(1e-12);
  });
});
