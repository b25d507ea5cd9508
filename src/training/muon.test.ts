// Muon: what its iteration makes of singular values, and a step against its definition.
import { describe, expect, it } from "vitest";
import { trace } from "../graph/trace.ts";
import { linear } from "../nn/layers.ts";
import { referenceRuntime } from "../runtime/reference.ts";
import { tensor } from "../tensor/tensor.ts";
import { isHidden, muon, orthogonalGraph } from "./muon.ts";
import { random } from "./random.ts";
import { begin, train } from "./train.ts";

type Matrix = readonly (readonly number[])[];
const times = (a: Matrix, b: Matrix): number[][] =>
  a.map((row) => b[0].map((_, j) => row.reduce((sum, v, k) => sum + v * b[k][j], 0)));
const turned = (a: Matrix): number[][] => a[0].map((_, j) => a.map((row) => row[j]));
const plus = (a: Matrix, b: Matrix, [p, q]: readonly [number, number]): number[][] =>
  a.map((row, i) => row.map((v, j) => p * v + q * b[i][j]));
const rowsOf = (data: ArrayLike<number>, rows: number): number[][] =>
  Array.from({ length: rows }, (_, i) =>
    Array.from(data).slice((i * data.length) / rows, ((i + 1) * data.length) / rows),
  );

/** The iteration as it is defined, one product after another. */
function byDefinition(x: Matrix): number[][] {
  const length = Math.hypot(...x.flat());
  let y = x.map((row) => row.map((v) => v / length));
  for (let round = 0; round < 5; round++) {
    const a = times(y, turned(y));
    y = plus(y, times(plus(a, times(a, a), [-4.775, 2.0315]), y), [3.4445, 1]);
  }
  return y;
}

describe("orthogonalGraph", () => {
  const { normal } = random(3, "muon");
  const x = Array.from({ length: 6 }, () => Array.from({ length: 15 }, normal));
  const run = async (m: Matrix): Promise<number[][]> => {
    await using program = await referenceRuntime().compile(orthogonalGraph(m.length, m[0].length));
    const { orthogonal } = await program.run({ x: tensor(m.flat(), [m.length, m[0].length]) });
    return rowsOf(orthogonal.data, m.length);
  };
  const near = (a: Matrix, b: Matrix): void => {
    for (const [i, row] of a.entries()) for (const [j, v] of row.entries()) expect(v).toBeCloseTo(b[i][j], 4);
  };

  it("is the iteration as it is defined, for matrices that are wide, high or square", async () => {
    near(await run(x), byDefinition(x));
    near(await run(turned(x)), turned(byDefinition(x)));
    const square = x.map((row) => row.slice(0, 6));
    near(await run(square), byDefinition(square));
  });
  it("leaves singular vectors, and singular values of about 1", async () => {
    const diagonal = [8, 4, 2, 1].map((v, i) => Array.from({ length: 7 }, (_, j) => (i === j ? v : 0)));
    for (const [i, row] of (await run(diagonal)).entries())
      for (const [j, v] of row.entries())
        if (i === j) expect(Math.abs(v - 0.95)).toBeLessThan(0.3);
        else expect(v).toBeCloseTo(0, 6);
  });
  it("makes nothing of nothing", async () => {
    expect((await run([[0, 0]]))[0]).toEqual([0, 0]);
  });
});

describe("muon", () => {
  it("moves a matrix by its momentum made orthogonal, as long as AdamW would, and lets it decay", async () => {
    await using steps = muon(referenceRuntime());
    const [g1, g2] = [
      [3, -1, 0.5, 2, 0, 1],
      [1, 1, -2, 0.5, 1, 0],
    ];
    const p = [1, 2, 3, 4, 5, 6];
    const params = { w: tensor(p, [2, 3, 1, 1]) };
    const first = { w: tensor(new Float32Array(6), [2, 3, 1, 1]) };
    const m = new Array<number>(6).fill(0);
    const wanted = [...p];
    for (const g of [g1, g2]) {
      await steps.step(params, { w: tensor(g, [2, 3, 1, 1]) }, first, { rate: 0.1, scale: 0.5, weightDecay: 0.2 });
      const ahead = g.map((v, i) => {
        m[i] = 0.95 * m[i] + 0.05 * 0.5 * v;
        return 0.05 * 0.5 * v + 0.95 * m[i];
      });
      for (const [i, o] of byDefinition(rowsOf(ahead, 2)).flat().entries())
        wanted[i] = wanted[i] * (1 - 0.1 * 0.2) - 0.1 * 0.2 * Math.sqrt(3) * o;
    }
    for (const [i, v] of wanted.entries()) expect(params.w.data[i]).toBeCloseTo(v, 4);
    for (const [i, v] of m.entries()) expect(first.w.data[i]).toBeCloseTo(v, 6);
  });
});

it("Muon is for what lies between features, and for nothing else", () => {
  const [matrix, kernel] = [
    [8, 8],
    [8, 8, 3, 3],
  ];
  for (const [name, shape] of [
    ["unet.mid_block.resnets.0.conv1.weight", kernel],
    ["unet.down_blocks.1.attentions.0.transformer_blocks.0.attn2.to_k.weight", matrix],
    ["text_encoder.text_model.encoder.layers.0.mlp.fc1.weight", matrix],
  ] as const)
    expect(isHidden(name, shape), name).toBe(true);
  for (const [name, shape] of [
    ["unet.conv_in.weight", kernel],
    ["unet.conv_out.weight", kernel],
    ["unet.time_embedding.linear_1.weight", matrix],
    ["unet.mid_block.resnets.0.norm1.weight", [8]],
    ["unet.mid_block.resnets.0.conv1.bias", [8]],
    ["text_encoder.text_model.embeddings.token_embedding.weight", matrix],
  ] as const)
    expect(isHidden(name, shape), name).toBe(false);
});

it("train lets Muon learn what is its own, and AdamW the rest", async () => {
  const loss = trace({ x: [8, 3] }, (p, { x }) => ({
    loss: linear(p.at("hidden"), x, 3).sub(x.mul(2)).square().mean(),
  }));
  const state = begin(loss, { seed: 2 });
  const { fillNormal } = random(4, "x");
  const x = tensor(fillNormal(new Float32Array(24)), [8, 3]);
  const losses: number[] = [];
  const options = {
    steps: 60,
    schedule: (step: number) => 0.5 * (1 - step / 61),
    weightDecay: 0,
    batch: () => ({ x }),
  };
  for await (const step of train(referenceRuntime(), loss, state, { ...options, isMuons: isHidden }))
    losses.push(step.loss);
  expect(losses.at(-1)!).toBeLessThan(1e-2 * losses[0]);
  expect(state.moments.second["hidden.weight"].data.every((v) => v === 0)).toBe(true); // AdamW never saw it
  expect(state.moments.second["hidden.bias"].data.some((v) => v > 0)).toBe(true);
});
