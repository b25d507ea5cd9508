// Every gradient rule against central differences in double precision, over the op suite.
import { describe, expect, it } from "vitest";
import { formula } from "../../test/formula.ts";
import { cases, drawn } from "../../test/ops.ts";
import type { OpName } from "../graph/ops.ts";
import { graph } from "../graph/trace.ts";
import { constant, input, type Value } from "../graph/value.ts";
import { type Array64, evaluate } from "../runtime/reference.ts";
import { size, tensor } from "../tensor/tensor.ts";
import { gradients } from "./vjp.ts";

/** Σ wᵢ·yᵢ with fixed, uneven weights: a loss that sees every element of the output apart. */
function lossOf(y: Value): Value {
  const weights = constant(tensor(Float32Array.from(formula("loss", size(y.shape))), y.shape));
  return y.mul(weights).sum().reshape([]);
}

/** dL/dx by the five-point rule, exact to O(h⁴); h follows the scale of x. */
function differences(loss: (x: Float64Array) => number, x: Float64Array): Float64Array {
  const h = 5e-4 * x.reduce((m, v) => Math.max(m, Math.abs(v)), 0);
  const at = (i: number, step: number): number => {
    const moved = x.slice();
    moved[i] += step;
    return loss(moved);
  };
  return x.map((_, i) => (8 * (at(i, h) - at(i, -h)) - (at(i, 2 * h) - at(i, -2 * h))) / (12 * h));
}

const norm = (x: Float64Array): number => Math.hypot(...x);

describe("gradients agree with central differences", () => {
  for (const op of Object.keys(cases) as OpName[])
    it.each(cases[op].map((c) => [c.name, c] as const))(`${op}: %s`, (_, c) => {
      const { output, symbols, declared, inputs, params } = drawn(c);
      const all: Record<string, Value> = { ...symbols };
      for (const [name, { value }] of declared) all[name] = value;
      const free = Object.entries(all).filter(([, v]) => v.dtype === "f32");
      const loss = lossOf(output);
      const found = gradients(
        loss,
        free.map(([, v]) => v),
      );
      expect(found.map((g) => g.shape)).toEqual(free.map(([, v]) => v.shape));

      const double = ([name, t]: [string, { shape: readonly number[]; data: ArrayLike<number> }]): [
        string,
        Array64,
      ] => [name, { shape: t.shape, data: Float64Array.from(t.data) }];
      const given = Object.fromEntries([...Object.entries(inputs), ...Object.entries(params)].map(double));
      const forward = graph(symbols, { loss });
      const backward = graph(symbols, Object.fromEntries(free.map(([name], i) => [name, found[i]])));
      const exact = evaluate(backward, given, given);
      for (const [name] of free) {
        const numeric = differences((data) => {
          const moved = { ...given, [name]: { ...given[name], data } };
          return evaluate(forward, moved, moved).loss.data[0];
        }, given[name].data);
        const error = exact[name].data.map((v, i) => v - numeric[i]);
        expect(norm(error), `gradient in ${name}`).toBeLessThanOrEqual(1e-6 * norm(numeric) + 1e-11);
      }
    });
});

describe("gradients", () => {
  it("add up over every path to a value", () => {
    const x = input("x", [2]);
    const y = x.mul(x).add(x.exp()).add(x); // x² + eˣ + x
    const [g] = gradients(y.sum().reshape([]), [x]);
    const { d } = evaluate(graph({ x }, { d: g }), { x: tensor([0, 1], [2]) });
    expect(d.data[0]).toBeCloseTo(2, 14);
    expect(d.data[1]).toBeCloseTo(3 + Math.E, 14);
  });
  it("are zero in a value that the loss does not see", () => {
    const [x, z] = [input("x", [2]), input("z", [3])];
    const [g] = gradients(x.sum().reshape([]), [z]);
    expect([...evaluate(graph({ x, z }, { g }), { x: tensor([1, 2], [2]), z: tensor([1, 2, 3], [3]) }).g.data]).toEqual(
      [0, 0, 0],
    );
  });
  it("can be taken twice", () => {
    const x = input("x", [3]);
    const [first] = gradients(x.tanh().sum().reshape([]), [x]);
    const [second] = gradients(first.sum().reshape([]), [x]);
    const values = [-0.7, 0.1, 1.3];
    const { s } = evaluate(graph({ x }, { s: second }), { x: { shape: [3], data: Float64Array.from(values) } });
    values.forEach((v, i) => {
      expect(s.data[i]).toBeCloseTo(-2 * Math.tanh(v) * (1 - Math.tanh(v) ** 2), 12); // tanh″ = −2·tanh·(1 − tanh²)
    });
  });
});
