// The contrastive loss against its formula and its gradient against differences; batches, whose positives are what reads alike.
import { describe, expect, it } from "vitest";
import { formula, formulaParam } from "../../test/formula.ts";
import { type ClipSpec, clipImageEmbedsGraph, clipTextEmbedsGraph } from "../models/clip.ts";
import { specs } from "../models/specs.ts";
import { evaluate, referenceRuntime } from "../runtime/reference.ts";
import type { AnyTensor, Tensor } from "../tensor/tensor.ts";
import { WORD_END, wordTokenizer } from "../text/words.ts";
import { type CaptionedSet, contrastiveBatch, contrastiveLoss } from "./contrastive.ts";
import { withGradients } from "./learner.ts";
import { random } from "./random.ts";
import { begin, train } from "./train.ts";

const layers = { hidden: 8, heads: 2, layers: 1, intermediate: 16, activation: "quick_gelu", eps: 1e-5 } as const;
const tiny: ClipSpec = {
  text: { ...layers, vocabulary: 16, positions: 8, projection: 6 },
  vision: { ...layers, image: 8, patch: 4, projection: 6, stem: [8] },
};
const tokenizer = wordTokenizer({ words: ["red", "green", "blue", "a", "left", "right"], length: 8 });
const COLOURS = ["red", "green", "blue"];

/** Picture i is of colour i mod 3 in its left half, black in its right; each colour has a long and a short caption. */
const set: CaptionedSet = {
  count: 30,
  picture(i) {
    const picture = new Float32Array(3 * 64).fill(-1);
    for (let p = 0; p < 64; p++) if (p % 8 < 4) picture[(i % 3) * 64 + p] = 1;
    return picture;
  },
  caption: (i, { next }) => (next() < 0.5 ? `a ${COLOURS[i % 3]} left` : COLOURS[i % 3]),
};
const batchOf = (batch: number, seed = 1) => contrastiveBatch(tiny, set, tokenizer, batch, random(seed));
const formulaState = (graph: { readonly params: ReadonlyMap<string, { readonly shape: readonly number[] }> }) =>
  Object.fromEntries([...graph.params].map(([name, { shape }]) => [name, formulaParam(name, shape)]));

describe("contrastiveLoss", () => {
  it("is the mean of both cross-entropies between cosines, sharpened", () => {
    const graph = contrastiveLoss(tiny, 5);
    const batch = batchOf(5);
    const params: Record<string, Tensor> = formulaState(graph);
    params.logit_scale.data[0] = 2;
    const { text_embeds } = evaluate(clipTextEmbedsGraph(tiny, 5), { ids: batch.ids, rows: batch.rows }, params);
    const { image_embeds } = evaluate(clipImageEmbedsGraph(tiny, 5), { pixels: batch.pixels }, params);
    const vectors = [image_embeds, text_embeds].map(({ data }) =>
      Array.from({ length: 5 }, (_, i) => {
        const row = [...data.subarray(6 * i, 6 * i + 6)];
        return row.map((x) => x / Math.hypot(...row));
      }),
    );
    const positives = (batch.positives as Tensor).data;
    let expected = 0;
    for (const [from, to] of [vectors, [...vectors].reverse()])
      for (const [i, a] of from.entries()) {
        const logits = to.map((b) => Math.exp(2) * a.reduce((sum, x, k) => sum + x * b[k], 0));
        const total = logits.reduce((sum, x) => sum + Math.exp(x), 0);
        logits.forEach((x, j) => {
          expected -= (positives[5 * i + j] * (x - Math.log(total))) / 10;
        });
      }
    const { loss, scale } = evaluate(graph, batch, params);
    expect(loss.data[0]).toBeCloseTo(expected, 9);
    expect(scale.data[0]).toBeCloseTo(Math.exp(2), 12);
  });

  it("sharpens by 1/0.07 at first, as CLIP did (logit_scale_init_value 2.6592), and by 100 at most", () => {
    const graph = contrastiveLoss(tiny, 2);
    const { params } = begin(graph);
    expect(params.logit_scale.data[0]).toBeCloseTo(2.6592, 3);
    params.logit_scale.data[0] = 9;
    expect(evaluate(graph, batchOf(2), params).scale.data[0]).toBeCloseTo(100, 9);
  });

  it("has the gradient that differences have, in every parameter", () => {
    const graph = contrastiveLoss(tiny, 4);
    const batch = batchOf(4);
    const params = formulaState(graph);
    params.logit_scale.data[0] = 1.3;
    const double = Object.fromEntries(
      Object.entries(params).map(([name, t]) => [name, { shape: t.shape, data: Float64Array.from(t.data) }]),
    );
    const gradient = evaluate(withGradients(graph), batch, double);
    for (const [name, t] of Object.entries(double)) {
      const along = formula(`along ${name}`, t.data.length);
      const at = (h: number): number =>
        evaluate(graph, batch, { ...double, [name]: { ...t, data: t.data.map((x, i) => x + h * along[i]) } }).loss
          .data[0];
      const h = 2e-4;
      const numeric = (8 * (at(h) - at(-h)) - (at(2 * h) - at(-2 * h))) / (12 * h);
      const exact = gradient[`d ${name}`].data.reduce((sum, g, i) => sum + g * along[i], 0);
      expect(Math.abs(exact - numeric), name).toBeLessThan(1e-6 * Math.abs(numeric) + 1e-9);
    }
    expect(Object.keys(double)).toEqual(expect.arrayContaining(["text_projection.weight", "visual_projection.weight"]));
  });

  it("begins at a guess and learns which caption is whose", { timeout: 60_000 }, async () => {
    await using runtime = referenceRuntime();
    const loss = contrastiveLoss(tiny, 6);
    const state = begin(loss, { seed: 3 });
    const losses: number[] = [];
    const options = {
      steps: 60,
      schedule: () => 0.02,
      batch: (step: number) => batchOf(6, step),
    };
    for await (const step of train(runtime, loss, state, options)) losses.push(step.loss);
    const mean = (part: number[]): number => part.reduce((a, b) => a + b) / part.length;
    expect(Math.abs(losses[0] - Math.log(6))).toBeLessThan(1.25);
    expect(mean(losses.slice(-5))).toBeLessThan(0.75 * losses[0]);
  });
});

describe("contrastiveBatch", () => {
  it("makes captions that read alike, and no others, captions of one another's pictures", () => {
    const { ids, positives } = batchOf(12);
    const reads = (b: number): string => (ids as AnyTensor).data.slice(8 * b, 8 * b + 8).join();
    const p = (positives as Tensor).data;
    for (let a = 0; a < 12; a++) {
      expect(p.subarray(12 * a, 12 * a + 12).reduce((x, y) => x + y)).toBeCloseTo(1, 6);
      for (let b = 0; b < 12; b++) {
        expect(p[12 * a + b] > 0).toBe(reads(a) === reads(b));
        expect(p[12 * a + b]).toBe(p[12 * b + a]);
      }
    }
    expect(p.filter((x) => x > 0).length).toBeGreaterThan(12);
  });
  it("points at the end of each text, and draws no picture twice", () => {
    const { ids, rows, pixels } = batchOf(30);
    for (const [b, row] of [...(rows as AnyTensor).data].entries()) {
      expect(Math.floor(Number(row) / 8)).toBe(b);
      expect((ids as AnyTensor).data[Number(row)]).toBe(WORD_END);
    }
    const colours = Array.from({ length: 30 }, (_, b) => {
      const sums = [0, 1, 2].map((c) =>
        (pixels as Tensor).data.subarray((3 * b + c) * 64, (3 * b + c + 1) * 64).reduce((x, y) => x + y),
      );
      return sums.indexOf(Math.max(...sums));
    });
    expect([0, 1, 2].map((c) => colours.filter((colour) => colour === c).length)).toEqual([10, 10, 10]);
    expect(() => batchOf(31)).toThrow(/a batch of 31 from 30/);
  });
  it("never mirrors a picture: captions say left and right", () => {
    // Each column is darker than the one before, so that the left half is the brighter one however a picture is shifted.
    const darker = Float32Array.from({ length: 3 * 64 }, (_, p) => 1 - (2 * (p % 8)) / 7);
    const { pixels } = contrastiveBatch(tiny, { ...set, picture: () => darker }, tokenizer, 30, random(4));
    const { data } = pixels as Tensor;
    const half = (b: number, right: boolean): number => {
      let sum = 0;
      for (let i = 0; i < 3 * 64; i++) if (i % 8 >= 4 === right) sum += data[b * 3 * 64 + i];
      return sum;
    };
    for (let b = 0; b < 30; b++) expect(half(b, false)).toBeGreaterThan(half(b, true));
  });
});

it("the model that ships is small: 1.5 million parameters at most, 3 MB in half precision", () => {
  const graph = contrastiveLoss(specs.distance, 2);
  const parameters = [...graph.params.values()].reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
  expect(parameters).toBeLessThanOrEqual(1.5e6);
  expect([...graph.params.keys()]).toContain("logit_scale");
});
