// The denoiser's batches: what the network is trained on is what the samplers will show it.
import { describe, expect, it } from "vitest";
import { predictions } from "../diffusion/denoise.ts";
import { networkInput, networkTarget } from "../diffusion/forward.ts";
import { flowTable } from "../diffusion/noise-table.ts";
import { specs } from "../models/specs.ts";
import { unetTime } from "../models/time.ts";
import { type AnyTensor, rows, type Tensor, tensor } from "../tensor/tensor.ts";
import { WORD_END, wordTokenizer } from "../text/words.ts";
import { type DenoiserSpecs, denoiserBatch, denoiserLoss, type LatentSet } from "./denoiser.ts";
import { random } from "./random.ts";

const small: DenoiserSpecs = { unet: specs.small.unet, text: specs.small.text };
const tokenizer = wordTokenizer({ words: ["a", "cat", "moon"], length: small.text.positions });
const area = small.unet.inChannels * 4 * 4;
/** Pictures whose latents are all 0, all 1, all 2 …: what was added to them can be told from their batch. */
const set: LatentSet = {
  count: 3,
  latents: (i) => new Float32Array(area).fill(i),
  caption: (i) => ["a cat", "a moon", "cat"][i],
};
const draw = (batch: number, options = {}) =>
  denoiserBatch(small, set, tokenizer, batch, 4, random(5), { mean: 0, std: 1, dropout: 0.1, ...options });

const row = (batch: AnyTensor, b: number): Float32Array => rows(batch as Tensor, b).data;

describe("denoiserBatch", () => {
  it("shows (1−s)·x₀ + s·ε at the time that the flow's noise table has for it, and asks for ε − x₀", () => {
    const { sample, target, time } = draw(6);
    const table = flowTable();
    for (let b = 0; b < 6; b++) {
      // target − sample/s = −x₀/s, so both s and x₀ follow from any two clean values; here x₀ is a whole number.
      const [x, v] = [row(sample, b), row(target, b)];
      const found = [0, 1, 2].flatMap((clean) => {
        const s = (x[0] - clean) / v[0];
        return Math.abs(x[1] - clean - s * v[1]) < 1e-4 && s > 0 && s < 1 ? [{ clean, s }] : [];
      });
      expect(found).toHaveLength(1);
      const [{ clean, s }] = found;
      const sigma = s / (1 - s);
      const noise = tensor(
        v.map((d) => d + clean),
        [1, area],
      );
      const start = tensor(new Float32Array(area).fill(clean), [1, area]);
      networkInput(predictions.flow, start, noise, sigma).data.forEach((e, i) => {
        expect(x[i]).toBeCloseTo(e, 4);
      });
      networkTarget(predictions.flow, start, noise, sigma).data.forEach((e, i) => {
        expect(v[i]).toBeCloseTo(e, 4);
      });
      const expected = unetTime(small.unet, [table.time(sigma)]).data;
      const given = row(time, b);
      expected.forEach((e, i) => {
        expect(given[i]).toBeCloseTo(e, 1);
      });
    }
  });
  it("leaves the caption out as often as it is told", () => {
    const empty = tokenizer.encode("").ids.data.join();
    const share = (dropout: number): number => {
      const { ids } = draw(400, { dropout });
      const width = small.text.positions;
      return Array.from({ length: 400 }, (_, b) => ids.data.slice(b * width, (b + 1) * width).join()).filter(
        (row) => row === empty,
      ).length;
    };
    expect(share(0)).toBe(0);
    expect(share(1)).toBe(400);
    expect(share(0.25)).toBeGreaterThan(70);
    expect(share(0.25)).toBeLessThan(130);
  });
  it("points at the end of each text", () => {
    const { ids, end } = draw(5);
    for (let b = 0; b < 5; b++) {
      const marks = [...row(end, b)];
      expect(marks.reduce((a, m) => a + m, 0)).toBe(1);
      expect(ids.data[b * small.text.positions + marks.indexOf(1)]).toBe(WORD_END);
    }
  });
  it("fits the loss graph, whose parameters carry the names of both networks", () => {
    const graph = denoiserLoss(small, 2, 4);
    for (const [name, t] of Object.entries(draw(2))) expect(t.shape).toEqual(graph.inputs[name as "sample"].shape);
    const names = [...graph.params.keys()];
    expect(names.every((name) => /^(unet|text_encoder)\./.test(name))).toBe(true);
    expect(names.some((name) => name.startsWith("text_encoder."))).toBe(true);
  });
});
