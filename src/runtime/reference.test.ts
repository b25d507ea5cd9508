// The reference runtime against closed forms and identities that do not use it.
import { describe, expect, it } from "vitest";
import { formula } from "../../test/formula.ts";
import { cases, drawn } from "../../test/ops.ts";
import type { OpName, Padding } from "../graph/ops.ts";
import { type Spec, trace } from "../graph/trace.ts";
import { attention, concat, convolve, draw, gelu, quickGelu, silu, type Value } from "../graph/value.ts";
import { ints, type Shape, size, tensor } from "../tensor/tensor.ts";
import { fromTensors } from "../weights/weights.ts";
import { type Array64, erf, evaluate, referenceRuntime } from "./reference.ts";

const random = (name: string, shape: Shape): Array64 => ({ shape, data: formula(name, size(shape)) });
const array = (data: readonly number[], shape: Shape = [data.length]): Array64 => ({
  shape,
  data: Float64Array.from(data),
});
const dot = (a: Array64, b: Array64): number => a.data.reduce((s, v, i) => s + v * b.data[i], 0);

/** Draw, evaluate, and return the one result. */
function run(inputs: Readonly<Record<string, Array64>>, model: (x: Record<string, Value>) => Value): Array64 {
  const specs: Record<string, Spec> = Object.fromEntries(Object.entries(inputs).map(([k, v]) => [k, v.shape]));
  return evaluate(
    trace(specs, (_, x) => ({ y: model(x) })),
    inputs,
  ).y;
}
const values = (x: readonly number[], f: (x: Value) => Value): number[] => [
  ...run({ x: array(x) }, ({ x }) => f(x)).data,
];

function close(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance = 1e-14): void {
  expect(actual.length).toBe(expected.length);
  for (let i = 0; i < expected.length; i++)
    expect(Math.abs(actual[i] - expected[i]), `element ${i}: ${actual[i]} is not ${expected[i]}`).toBeLessThanOrEqual(
      tolerance * Math.max(1, Math.abs(expected[i])),
    );
}

describe("every case of the op suite", () => {
  for (const op of Object.keys(cases) as OpName[])
    it.each(cases[op].map((c) => [c.name, c] as const))(`${op}: %s`, (_, c) => {
      const { graph, inputs, params, output } = drawn(c);
      expect(graph.nodes.some((v) => v.op === op)).toBe(true);
      const { y } = evaluate(graph, inputs, params);
      expect(y.shape).toEqual(output.shape);
      expect(y.data.length).toBe(size(output.shape));
      expect(y.data.every(Number.isFinite)).toBe(true);
    });
});

describe("elementwise", () => {
  const x = [-3, -1, -0.5, 0, 0.25, 1, 2];
  it("has erf to double precision", () => {
    // Abramowitz & Stegun and mpmath, 17 digits.
    const known: [number, number][] = [
      [0, 0],
      [1e-8, 1.1283791670955126e-8],
      [0.1, 0.1124629160182849],
      [0.5, 0.5204998778130465],
      [1, 0.8427007929497149],
      [1.5, 0.9661051464753108],
      [2, 0.9953222650189527],
      [2.5, 0.999593047982555],
      [3, 0.9999779095030014],
      [6, 1],
    ];
    for (const [x, y] of known) {
      expect(Math.abs(erf(x) - y)).toBeLessThanOrEqual(4e-16);
      expect(erf(-x)).toBe(-erf(x));
    }
    // Either side of the seam between series and continued fraction, the slope is 2/√π·e⁻⁴.
    expect((erf(2 + 1e-7) - erf(2 - 1e-7)) / 2e-7).toBeCloseTo((2 / Math.sqrt(Math.PI)) * Math.exp(-4), 7);
  });
  it("has the exact gelu, in its far tail too", () => {
    close(values([1, -1, 0, 3], gelu), [0.8413447460685429, -0.15865525393145707, 0, 2.99595030590511], 1e-15);
    expect(values([-10], gelu)[0]).toBeCloseTo(-7.61985302416047e-23, 33); // −10·Φ(−10)
    expect(values([-10], gelu)[0] / -7.61985302416047e-23).toBeCloseTo(1, 9);
  });
  it("follows definitions", () => {
    close(
      values(x, (v) => v.sigmoid()),
      x.map((v) => (1 + Math.tanh(v / 2)) / 2),
    );
    close(
      values(x, silu),
      x.map((v) => (v * (1 + Math.tanh(v / 2))) / 2),
    );
    close(
      values(x, quickGelu),
      x.map((v) => v / (1 + Math.exp(-1.702 * v))),
    );
    close(
      values(x, (v) => v.affine(2, -1)),
      x.map((v) => 2 * v - 1),
    );
    close(
      values(x, (v) => v.exp().log()),
      x,
    );
    close(
      values(x, (v) => v.abs().mul(v.sign())),
      x,
    );
    close(
      values(x, (v) => v.relu().sub(v.neg().relu())),
      x,
    );
    close(
      values(x, (v) => v.square().sqrt()),
      x.map(Math.abs),
    );
    close(
      values(x, (v) => v.clip(-1, 0.5)),
      [-1, -1, -0.5, 0, 0.25, 0.5, 0.5],
    );
    close(
      values(x, (v) => v.tanh()),
      x.map((v) => (Math.exp(v) - Math.exp(-v)) / (Math.exp(v) + Math.exp(-v))),
    );
    expect(values([-2, 0, 2], (v) => v.sign())).toEqual([-1, 0, 1]);
    expect(values([-800, 800], (v) => v.sigmoid())).toEqual([0, 1]);
  });
  it("broadcasts as NumPy does", () => {
    const a = array([1, 2], [2, 1]);
    const b = array([10, 20, 30]);
    close(run({ a, b }, (x) => x.a.add(x.b)).data, [11, 21, 31, 12, 22, 32]);
    close(run({ a, b }, (x) => x.a.sub(x.b)).data, [-9, -19, -29, -8, -18, -28]);
    close(run({ a, b }, (x) => x.b.mul(x.a)).data, [10, 20, 30, 20, 40, 60]);
    close(run({ a, b }, (x) => x.b.div(x.a)).data, [10, 20, 30, 5, 10, 15]);
  });
});

describe("matmul", () => {
  it("is the sum over the inner axis, however its operands lie", () => {
    const [m, k, n] = [3, 5, 2];
    const a = random("a", [2, m, k]);
    const b = random("b", [2, k, n]);
    const expected = Array.from({ length: 2 * m * n }, (_, i) => {
      const [s, r, c] = [Math.floor(i / m / n), Math.floor(i / n) % m, i % n];
      return Array.from({ length: k }, (_, p) => a.data[(s * m + r) * k + p] * b.data[(s * k + p) * n + c]).reduce(
        (x, y) => x + y,
      );
    });
    const turn = (v: Value): Value => v.transpose([0, 2, 1]);
    close(run({ a, b }, (x) => x.a.matmul(x.b)).data, expected);
    close(run({ a, b }, (x) => turn(x.a).matmul(x.b, { transA: true })).data, expected);
    close(run({ a, b }, (x) => x.a.matmul(turn(x.b), { transB: true })).data, expected);
    close(run({ a, b }, (x) => turn(x.a).matmul(turn(x.b), { transA: true, transB: true })).data, expected);
    const one = { shape: [k, n], data: b.data.slice(0, k * n) };
    close(run({ a, one }, (x) => x.a.matmul(x.one)).data.slice(0, m * n), expected.slice(0, m * n));
  });
});

/** Convolution by its definition, seven loops. */
function naive(
  x: Array64,
  w: Array64,
  stride: number,
  [top, left]: Padding,
  [batch, , height, width]: Shape,
): number[] {
  const [, channels, h, wide] = x.shape;
  const [outs, , kh, kw] = w.shape;
  const y: number[] = [];
  for (let b = 0; b < batch; b++)
    for (let o = 0; o < outs; o++)
      for (let r = 0; r < height; r++)
        for (let s = 0; s < width; s++) {
          let sum = 0;
          for (let c = 0; c < channels; c++)
            for (let k = 0; k < kh; k++)
              for (let l = 0; l < kw; l++) {
                const [row, column] = [r * stride + k - top, s * stride + l - left];
                if (row < 0 || column < 0 || row >= h || column >= wide) continue;
                sum +=
                  x.data[((b * channels + c) * h + row) * wide + column] *
                  w.data[((o * channels + c) * kh + k) * kw + l];
              }
          y.push(sum);
        }
  return y;
}

describe("convolution", () => {
  const pads: readonly Padding[] = [
    [1, 1, 1, 1],
    [0, 0, 1, 1],
    [2, 0, 1, 3],
  ];
  for (const stride of [1, 2, 3])
    for (const padding of pads)
      it(`stride ${stride}, padding ${padding}: by its definition, and its adjoints`, () => {
        const x = random("x", [2, 3, 6, 7]);
        const w = random("w", [4, 3, 3, 2]);
        const y = run({ x, w }, (v) => convolve(v.x, v.w, undefined, stride, padding));
        close(y.data, naive(x, w, stride, padding, y.shape));
        const g = random("g", y.shape);
        const gx = run({ g, w }, (v) => draw("conv2dInput", { stride, padding, height: 6, width: 7 }, v.g, v.w));
        const gw = run({ x, g }, (v) => draw("conv2dWeight", { stride, padding, kernel: [3, 2] }, v.x, v.g));
        expect(gx.shape).toEqual(x.shape);
        expect(gw.shape).toEqual(w.shape);
        close([dot(x, gx), dot(w, gw)], [dot(y, g), dot(y, g)], 1e-13);
      });
  it("adds the bias of each channel", () => {
    const x = random("x", [2, 1, 2, 3]);
    const w = array([0, 0], [2, 1, 1, 1]);
    const b = array([5, -7]);
    const y = run({ x, w, b }, (v) => convolve(v.x, v.w, v.b, 1, [0, 0, 0, 0]));
    expect([...y.data]).toEqual([5, 5, 5, 5, 5, 5, -7, -7, -7, -7, -7, -7, 5, 5, 5, 5, 5, 5, -7, -7, -7, -7, -7, -7]);
  });
});

describe("attention", () => {
  const [q, k, v] = [random("q", [2, 4, 6]), random("k", [2, 5, 6]), random("v", [2, 5, 6])];
  it("is softmax(q·kᵀ/√d)·v, head by head", () => {
    const composed = (x: Record<string, Value>): Value => {
      const heads = [0, 1, 2].map((h) => {
        const [a, b, c] = [x.q, x.k, x.v].map((t) => t.slice(2, 2 * h, 2 * h + 2));
        return a
          .matmul(b, { transB: true })
          .mul(1 / Math.sqrt(2))
          .softmax()
          .matmul(c);
      });
      return concat(2, ...heads);
    };
    close(run({ q, k, v }, (x) => attention(x.q, x.k, x.v, 3)).data, run({ q, k, v }, composed).data);
  });
  it("shows the first token only itself when causal, and the last one everything", () => {
    const same = { q: random("q", [1, 5, 6]), k: random("k", [1, 5, 6]), v: random("v", [1, 5, 6]) };
    const causal = run(same, (x) => attention(x.q, x.k, x.v, 2, true)).data;
    const free = run(same, (x) => attention(x.q, x.k, x.v, 2)).data;
    close(causal.slice(0, 6), same.v.data.slice(0, 6));
    close(causal.slice(24), free.slice(24));
    expect(causal[6]).not.toBeCloseTo(free[6], 3);
  });
});

describe("normalisation", () => {
  const rows = (y: Array64): number[][] => {
    const n = y.shape.at(-1)!;
    return Array.from({ length: y.data.length / n }, (_, i) => [...y.data.slice(i * n, (i + 1) * n)]);
  };
  const mean = (row: readonly number[]): number => row.reduce((s, v) => s + v, 0) / row.length;
  const x = random("x", [2, 6, 4]);
  it("softmax is positive, sums to 1 and does not mind a shift", () => {
    for (const row of rows(run({ x }, (v) => v.x.softmax()))) {
      expect(row.every((p) => p > 0)).toBe(true);
      expect(mean(row) * row.length).toBeCloseTo(1, 14);
    }
    close(run({ x }, (v) => v.x.affine(1, 900).softmax()).data, run({ x }, (v) => v.x.softmax()).data, 1e-12);
    close(run({ x }, (v) => v.x.logSoftmax().exp()).data, run({ x }, (v) => v.x.softmax()).data);
    close(
      values([0, Math.log(3)], (v) => v.softmax()),
      [0.25, 0.75],
    );
  });
  it("standardize has mean 0 and, without eps, variance 1", () => {
    for (const row of rows(run({ x }, (v) => v.x.standardize(0)))) {
      expect(mean(row)).toBeCloseTo(0, 14);
      expect(mean(row.map((v) => v * v))).toBeCloseTo(1, 13);
    }
    close(
      values([1, 3], (v) => v.standardize(3)),
      [-0.5, 0.5],
    ); // variance 1, plus eps 3
    close(
      values([1, 3], (v) => v.rstd(3)),
      [0.5],
    );
  });
  it("layerNorm is standardize, scaled and shifted", () => {
    const [w, b] = [random("w", [4]), random("b", [4])];
    close(
      run({ x, w, b }, (v) => draw("layerNorm", { eps: 1e-5 }, v.x, v.w, v.b)).data,
      run({ x, w, b }, (v) => v.x.standardize(1e-5).mul(v.w).add(v.b)).data,
    );
  });
  it("groupNorm is standardize over runs of channels, scaled and shifted by channel", () => {
    const [w, b] = [random("w", [6]), random("b", [6])];
    close(
      run({ x, w, b }, (v) => draw("groupNorm", { groups: 3, eps: 1e-5 }, v.x, v.w, v.b)).data,
      run({ x, w, b }, (v) =>
        v.x
          .reshape([2, 3, 8])
          .standardize(1e-5)
          .reshape([2, 6, 4])
          .mul(v.w.reshape([6, 1]))
          .add(v.b.reshape([6, 1])),
      ).data,
    );
  });
});

describe("shapes", () => {
  const x = array([1, 2, 3, 4, 5, 6], [2, 3]);
  it("turns, repeats, sums, joins, cuts and pads", () => {
    expect([...run({ x }, (v) => v.x.transpose([1, 0])).data]).toEqual([1, 4, 2, 5, 3, 6]);
    expect([...run({ x }, (v) => v.x.slice(1, 1, 2).broadcast([2, 2])).data]).toEqual([2, 2, 5, 5]);
    expect([...run({ x }, (v) => v.x.sum([0])).data]).toEqual([5, 7, 9]);
    expect([...run({ x }, (v) => v.x.sum([1])).data]).toEqual([6, 15]);
    expect([...run({ x }, (v) => v.x.mean()).data]).toEqual([3.5]);
    expect([...run({ x }, (v) => concat(1, v.x, v.x.slice(1, 0, 1))).data]).toEqual([1, 2, 3, 1, 4, 5, 6, 4]);
    expect([...run({ x }, (v) => concat(0, v.x.slice(0, 1, 2), v.x)).data]).toEqual([4, 5, 6, 1, 2, 3, 4, 5, 6]);
    expect([...run({ x }, (v) => v.x.pad(1, 1, 0)).data]).toEqual([0, 1, 2, 3, 0, 4, 5, 6]);
    expect([...run({ x }, (v) => v.x.reshape([3, 2])).data]).toEqual([1, 2, 3, 4, 5, 6]);
  });
  it("transposes back", () => {
    const t = random("t", [2, 3, 4, 5]);
    close(run({ t }, (v) => v.t.transpose([2, 0, 3, 1]).transpose([1, 3, 0, 2])).data, t.data);
  });
  it("sum is the adjoint of broadcast, slice of pad", () => {
    const [a, b] = [random("a", [1, 3, 1]), random("b", [2, 3, 4])];
    close(
      [
        dot(
          run({ a }, (v) => v.a.broadcast([2, 3, 4])),
          b,
        ),
      ],
      [
        dot(
          a,
          run({ b }, (v) => v.b.sum([0, 2])),
        ),
      ],
    );
    const [c, d] = [random("c", [2, 3]), random("d", [2, 6])];
    close(
      [
        dot(
          run({ c }, (v) => v.c.pad(1, 2, 1)),
          d,
        ),
      ],
      [
        dot(
          c,
          run({ d }, (v) => v.d.slice(1, 2, 5)),
        ),
      ],
    );
  });
  it("resizes to the nearest pixel at or before", () => {
    const p = array([1, 2, 3, 4, 5, 6], [1, 1, 2, 3]);
    expect([...run({ p }, (v) => v.p.resize(4, 6)).data]).toEqual([
      1, 1, 2, 2, 3, 3, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 4, 4, 5, 5, 6, 6,
    ]);
    expect([...run({ p }, (v) => v.p.resize(1, 2)).data]).toEqual([1, 2]);
    expect([...run({ p }, (v) => v.p.resize(3, 3)).data]).toEqual([1, 2, 3, 1, 2, 3, 4, 5, 6]);
  });
});

describe("gather and scatterAdd", () => {
  const table = random("table", [5, 3]);
  const ids = ints([4, 1, 1, 0], [2, 2]);
  const spec = { shape: [2, 2], dtype: "i32" } as const;
  const look = trace({ table: [5, 3], ids: spec }, (_, x) => ({ y: x.table.gather(x.ids) }));
  const put = trace({ ids: spec, rows: [2, 2, 3] }, (_, x) => ({ y: draw("scatterAdd", { rows: 5 }, x.ids, x.rows) }));
  it("reads rows", () => {
    const { y } = evaluate(look, { table, ids });
    close(
      y.data,
      [4, 1, 1, 0].flatMap((row) => [...table.data.slice(3 * row, 3 * row + 3)]),
    );
  });
  it("are adjoint", () => {
    const rows = random("rows", [2, 2, 3]);
    close([dot(evaluate(look, { table, ids }).y, rows)], [dot(table, evaluate(put, { ids, rows }).y)]);
  });
  it("refuse ids outside the table", () => {
    expect(() => evaluate(look, { table, ids: ints([0, 0, 5, 0], [2, 2]) })).toThrow("id 5 is outside 0…4");
  });
});

describe("as a runtime", () => {
  const model = trace({ x: [2] }, (p, { x }) => ({ y: x.mul(p.get("gain", [2], () => new Float32Array(2))), z: x }));
  const x = tensor([1, 2], [2]);
  it("takes parameters from weights once, or with each run", async () => {
    const runtime = referenceRuntime();
    const fixed = await runtime.compile(
      model,
      fromTensors({ gain: { dtype: "bf16", shape: [2], data: Uint16Array.of(0x4040, 0x3f00) } }),
    );
    expect(await fixed.run({ x })).toEqual({ y: tensor([3, 1], [2]), z: x });
    const open = await runtime.compile(model);
    expect((await open.run({ x }, { gain: tensor([-1, 1], [2]) })).y).toEqual(tensor([-1, 2], [2]));
  });
  it("says what is missing or misshapen", async () => {
    const runtime = referenceRuntime();
    await expect(runtime.compile(model, fromTensors({}))).rejects.toThrow("gain [2]");
    const program = await runtime.compile(model);
    await expect(program.run({ x })).rejects.toThrow("gain [2] is missing");
    await expect(program.run({ x: tensor([1], [1]) }, { gain: x })).rejects.toThrow(
      "input x is f32 [1]; the graph wants f32 [2]",
    );
  });
});
