// The autoencoder beyond its goldens: the clamp of the log-variance, patches, sizes.
import { expect, test } from "vitest";
import { formulaInput, formulaParam } from "../../test/formula.ts";
import { formulaWeights } from "../../test/goldens.ts";
import { trace } from "../graph/trace.ts";
import { evaluate } from "../runtime/reference.ts";
import { type Tensor, tensor } from "../tensor/tensor.ts";
import { readAll } from "../weights/weights.ts";
import { specs } from "./specs.ts";
import { patchify, unpatchify, type VaeSpec, vaeDecoderGraph, vaeEncoderGraph, vaeFactor } from "./vae.ts";

const tiny: VaeSpec = { ...specs.sd15.vae, blockOutChannels: [8, 8], groups: 4, layersPerBlock: 1, latentChannels: 2 };

test("log-variance is clamped to −30…20, mean is not", async () => {
  const graph = vaeEncoderGraph(tiny, 1, 4, 6);
  const weights = (await readAll(formulaWeights(graph))) as Record<string, Tensor>;
  weights["quant_conv.bias"] = tensor([-100, 100, -100, 100], [4]);
  const { mean, logvar } = evaluate(graph, { picture: formulaInput("picture", [1, 3, 4, 6]) }, weights);
  expect(logvar.shape).toEqual([1, 2, 2, 3]);
  expect([...logvar.data]).toEqual([...new Array(6).fill(-30), ...new Array(6).fill(20)]);
  expect(Math.min(...mean.data)).toBeLessThan(-90);
  expect(Math.max(...mean.data)).toBeGreaterThan(90);
});

test("patches are torch's pixel_unshuffle, and come back", () => {
  const graph = trace({ x: [1, 2, 2, 4] }, (_, { x }) => ({
    small: patchify(x, 2),
    back: unpatchify(patchify(x, 2), 2),
  }));
  const x = tensor([...new Array(16).keys()], [1, 2, 2, 4]);
  const { small, back } = evaluate(graph, { x });
  expect(small.shape).toEqual([1, 8, 1, 2]);
  expect([...small.data]).toEqual([0, 2, 1, 3, 4, 6, 5, 7, 8, 10, 9, 11, 12, 14, 13, 15]);
  expect([...back.data]).toEqual([...x.data]);
});

test.each([
  ["sd15", specs.sd15.vae, 4],
  ["sdxl", specs.sdxl.vae, 4],
  ["small", specs.small.vae, specs.small.vae.latentChannels],
] as const)("%s shrinks pictures eightfold, of any shape", (_, spec, channels) => {
  expect(vaeFactor(spec)).toBe(8);
  const { mean, logvar } = vaeEncoderGraph(spec, 2, 64, 32).outputs;
  expect(mean.shape).toEqual([2, channels, 8, 4]);
  expect(logvar.shape).toEqual([2, channels, 8, 4]);
  expect(vaeDecoderGraph(spec, 2, 8, 4).outputs.picture.shape).toEqual([2, 3, 64, 32]);
});

test("the middle attends only where the spec says so, and quant convolutions are optional", () => {
  const names = (spec: VaeSpec): string[] => [...vaeEncoderGraph(spec, 1, 64, 64).params.keys()];
  expect(names(specs.sd15.vae)).toContain("encoder.mid_block.attentions.0.to_q.weight");
  expect(names(specs.sd15.vae)).toContain("quant_conv.weight");
  expect(names(specs.small.vae).filter((n) => /attentions|quant/.test(n))).toEqual([]);
});

test("formula weights are those of numerics.md", () => {
  const [a, b, c] = formulaParam("conv_in.weight", [32, 4, 3, 3]).data;
  expect([a, b, c].map((v) => v.toFixed(8))).toEqual(["-0.04299863", "-0.12481742", "-0.13301834"]);
});
