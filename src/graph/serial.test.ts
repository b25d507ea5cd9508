// A graph that crossed a border is the graph that was drawn.
import { describe, expect, it } from "vitest";
import { cases, drawn } from "../../test/ops.ts";
import { evaluate } from "../runtime/reference.ts";
import type { OpName } from "./ops.ts";
import { listing } from "./print.ts";
import { deserialize, serialize } from "./serial.ts";
import { trace } from "./trace.ts";

describe("serialize and deserialize", () => {
  for (const op of Object.keys(cases) as OpName[])
    it(`keep every ${op}`, () => {
      for (const c of cases[op]) {
        const { graph, inputs, params } = drawn(c);
        const copy = deserialize(structuredClone(serialize(graph)));
        expect(listing(copy)).toBe(listing(graph));
        expect(evaluate(copy, inputs, params)).toEqual(evaluate(graph, inputs, params));
      }
    });
  it("keep the parameters in order of declaration, and inputs that nothing reads", () => {
    const ones = (): Float32Array => Float32Array.of(1, 1);
    const g = trace({ x: [2], idle: [3] }, (p, { x }) => {
      const [first, second] = [p.get("first", [2], ones), p.get("second", [2], ones)];
      return { b: second.mul(x), a: first.add(x) };
    });
    const copy = deserialize(serialize(g));
    expect([...copy.params.keys()]).toEqual(["first", "second"]);
    expect(Object.keys(copy.inputs)).toEqual(["x", "idle"]);
    expect(Object.keys(copy.outputs)).toEqual(["b", "a"]);
  });
  it("leave initialisers behind, and say so", () => {
    const g = trace({}, (p) => ({ y: p.get("w", [1], () => Float32Array.of(1)) }));
    const w = deserialize(serialize(g)).params.get("w")!;
    expect(() => w.attrs.init([1], { normal: () => 0, uniform: () => 0 })).toThrow("no initialisers");
  });
});
