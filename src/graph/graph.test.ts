// Drawing graphs: shapes are checked while they are drawn, mistakes name the layers, rearranging goes by named axes.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { evaluate } from "../runtime/reference.ts";
import { ints, tensor } from "../tensor/tensor.ts";
import { listing } from "./print.ts";
import { rearrange } from "./rearrange.ts";
import { trace } from "./trace.ts";
import { concat, convolve, input } from "./value.ts";

const zeros = (shape: readonly number[]) => new Float32Array(shape.reduce((a, b) => a * b, 1));

describe("shapes", () => {
  it("name the layers of both operands where they do not fit", () => {
    const draw = () =>
      trace({ x: [2, 4, 9, 8] }, (p, { x }) => {
        const conv = (name: string, stride: number) =>
          convolve(
            x,
            p.at("down_blocks.0").at(name).get("weight", [5, 4, 3, 3], zeros),
            undefined,
            stride,
            [1, 1, 1, 1],
          );
        return { y: concat(1, conv("a", 2), conv("b", 1)) };
      });
    expect(draw).toThrow(
      "concat: axis 2: 5 and 9 differ\n  [2,5,5,4] from down_blocks.0.a\n  [2,5,9,8] from down_blocks.0.b",
    );
  });

  it("name the input where there is no layer yet", () => {
    expect(() => input("x", [2, 3]).add(input("y", [2, 4]))).toThrow(
      "add: axis -1: 3 and 4 do not broadcast\n  [2,3] from input x\n  [2,4] from input y",
    );
  });

  it("refuse what no op could mean", () => {
    const x = input("x", [2, 6, 4]);
    expect(() => x.reshape([5, 5])).toThrow(/reshape: cannot become \[5,5\]/);
    expect(() => x.transpose([0, 0, 1])).toThrow(/transpose: \(0,0,1\)/);
    expect(() => x.slice(1, 4, 9)).toThrow(/slice: 4…9 of axis 1/);
    expect(() => x.matmul(input("y", [2, 5, 4]))).toThrow(/inner axes 4 and 5 differ/);
    expect(() => input("t", [4, 2]).gather(input("ids", [3]))).toThrow(/ids must be i32/);
  });

  it("broadcast as NumPy does", () => {
    const pairs: [number[], number[], number[]][] = [
      [[2, 3], [3], [2, 3]],
      [
        [2, 1, 4],
        [3, 1],
        [2, 3, 4],
      ],
      [[], [5], [5]],
    ];
    for (const [a, b, wanted] of pairs) expect(input("a", a).mul(input("b", b)).shape).toEqual(wanted);
  });

  it("keep the dtype of ids through a reshape, and the type of weights apart", () => {
    expect(input("ids", [6], "i32").reshape([2, 3]).dtype).toBe("i32");
  });
});

describe("parameters", () => {
  it("are one value for one name, and one shape", () => {
    const graph = trace({ x: [3] }, (p, { x }) => {
      const w = p.at("a").at(0).get("w", [3], zeros);
      expect(p.at("a.0").get("w", [3], zeros)).toBe(w);
      expect(() => p.at("a.0").get("w", [4], zeros)).toThrow("params: a.0.w is [3] in one place and [4] in another");
      return { y: x.mul(w).add(w) };
    });
    expect([...graph.params.keys()]).toEqual(["a.0.w"]);
  });

  it("are listed in the order they were declared, if they are used", () => {
    const graph = trace({ x: [3] }, (p, { x }) => {
      const [z, a, unused] = ["z", "a", "unused"].map((name) => p.get(name, [3], zeros));
      expect(unused.shape).toEqual([3]);
      return { y: a.mul(x).add(z) };
    });
    expect([...graph.params.keys()]).toEqual(["z", "a"]);
  });
});

describe("trace", () => {
  it("puts every value after its operands, however deep", () => {
    const graph = trace({ x: [1] }, (_, { x }) => {
      let y = x;
      for (let i = 0; i < 20_000; i++) y = y.add(x);
      return { y };
    });
    const seen = new Set<unknown>();
    for (const v of graph.nodes) {
      for (const i of v.inputs) expect(seen.has(i)).toBe(true);
      seen.add(v);
    }
    expect(graph.nodes).toHaveLength(20_001);
  });

  it("can be read", () => {
    const graph = trace({ x: [1, 2, 4, 4], ids: { shape: [3], dtype: "i32" } }, (p, { x, ids }) => ({
      y: convolve(x, p.at("conv").get("weight", [3, 2, 1, 1], zeros), undefined, 1, [0, 0, 0, 0]).mul(2),
      z: p.get("table", [5, 2], zeros).gather(ids),
    }));
    expect(listing(graph)).toBe(`inputs  x [1,2,4,4], ids [3]
weights 2 tensors, 16 parameters
%2 = conv2d(x, conv.weight) stride=1 padding=0,0,0,0 : [1,3,4,4]
%3 = affine(%2) scale=2 shift=0 : [1,3,4,4]
%6 = gather(table, ids) : [3,2]
outputs y = %3 [1,3,4,4], z = %6 [3,2]`);
  });
});

describe("rearrange", () => {
  const run = (pattern: string, shape: readonly number[], sizes: Record<string, number> = {}) => {
    const graph = trace({ x: shape }, (_, { x }) => ({ y: rearrange(x, pattern, sizes) }));
    const data = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => i);
    return evaluate(graph, { x: tensor(data, shape) }).y;
  };

  it("splits, moves and joins axes by name", () => {
    const { shape, data } = run("b c (h p) (w q) -> b (c p q) h w", [1, 2, 4, 6], { p: 2, q: 3 });
    expect(shape).toEqual([1, 12, 2, 2]);
    // Channel (c=1, p=1, q=2) at (h=1, w=0) is pixel (y=3, x=2) of channel 1.
    expect(data[(1 * 6 + 1 * 3 + 2) * 4 + 2]).toBe(24 + 3 * 6 + 2);
  });

  it("undoes itself", () => {
    fc.assert(
      fc.property(fc.tuple(...[2, 3, 2, 2].map((m) => fc.integer({ min: 1, max: m + 1 }))), ([b, c, p, q]) => {
        const shape = [b, c, 2 * p, 3 * q];
        const graph = trace({ x: shape }, (_, { x }) => {
          const there = rearrange(x, "b c (h p) (w q) -> (p b) (h w) (q c)", { p, q });
          return { y: rearrange(there, "(p b) (h w) (q c) -> b c (h p) (w q)", { p, q, h: 2, w: 3 }) };
        });
        const data = Float32Array.from({ length: b * c * 6 * p * q }, (_, i) => i);
        expect([...evaluate(graph, { x: tensor(data, shape) }).y.data]).toEqual([...data]);
      }),
      { numRuns: 25 },
    );
  });

  it("says what it cannot do", () => {
    const x = input("x", [2, 6]);
    expect(() => rearrange(x, "a b -> a c")).toThrow(/do not name the same axes/);
    expect(() => rearrange(x, "a b c -> c b a")).toThrow(/wants 3 axes\n {2}\[2,6\] from input x/);
    expect(() => rearrange(x, "a (b c) -> a b c")).toThrow(/axis 1 of "a \(b c\) -> a b c" does not fit 6/);
    expect(() => rearrange(x, "a (b c) -> a b c", { c: 4 })).toThrow(/does not fit 6/);
    expect(() => rearrange(x, "a b")).toThrow(/wants one "->"/);
    expect(() => rearrange(x, "a [b] -> a b")).toThrow(/cannot read/);
  });
});

it("gathers by ids on the reference runtime", () => {
  const graph = trace({ ids: { shape: [2, 2], dtype: "i32" } }, (p, { ids }) => ({
    y: p.get("t", [3, 2], zeros).gather(ids),
  }));
  const table = tensor([0, 1, 10, 11, 20, 21], [3, 2]);
  expect([...evaluate(graph, { ids: ints([2, 0, 0, 1], [2, 2]) }, { t: table }).y.data]).toEqual([
    20, 21, 0, 1, 0, 1, 10, 11,
  ]);
});
