// Counts: the networks of the world have as many tensors and parameters as their checkpoints.
import { expect, test } from "vitest";
import { flops } from "../graph/flops.ts";
import type { Graph } from "../graph/trace.ts";
import { size } from "../tensor/tensor.ts";
import { clipTextGraph } from "./clip-text.ts";
import { clipVisionGraph } from "./clip-vision.ts";
import { specs } from "./specs.ts";
import { unetGraph } from "./unet.ts";
import { vaeDecoderGraph, vaeEncoderGraph } from "./vae.ts";

/** Tensors and parameters of one or more graphs that share weights. */
function counts(...graphs: readonly Graph[]): readonly [tensors: number, parameters: number] {
  const all = new Map(graphs.flatMap((g) => [...g.params]));
  return [all.size, [...all.values()].reduce((n, v) => n + size(v.shape), 0)];
}

const at = (height: number, width = height, tokens = 77) => ({ batch: 1, height, width, tokens });

test.each([
  ["SD 1.5", specs.sd15.unet, 686, 859_520_964],
  ["SD 2.1", specs.sd21.unet, 686, 865_910_724],
  ["SDXL", specs.sdxl.unet, 1680, 2_567_463_684],
] as const)("U-Net of %s", (_, spec, tensors, parameters) => {
  expect(counts(unetGraph(spec, at(64)))).toEqual([tensors, parameters]);
});

test("autoencoder", () => {
  const { vae } = specs.sd15;
  expect(counts(vaeEncoderGraph(vae, 1, 64, 64), vaeDecoderGraph(vae, 1, 8, 8))).toEqual([248, 83_653_863]);
});

test.each([
  ["CLIP L", clipTextGraph(specs.sd15.text, 1, ["last_hidden_state"]), 196, 123_060_480],
  ["OpenCLIP H, 23 layers", clipTextGraph(specs.sd21.text, 1, ["last_hidden_state"]), 372, 340_387_840],
  ["OpenCLIP bigG", clipTextGraph(specs.sdxl.text2, 1, ["penultimate", "text_embeds"]), 517, 694_659_840],
] as const)("text encoder %s", (_, graph, tensors, parameters) => {
  expect(counts(graph)).toEqual([tensors, parameters]);
});

test.each([
  ["L", 392, 303_966_208],
  ["H", 520, 632_076_800],
  ["bigG", 776, 1_844_907_264],
] as const)("vision encoder %s", (name, tensors, parameters) => {
  expect(counts(clipVisionGraph(specs.vision[name], 1))).toEqual([tensors, parameters]);
});

test("the arithmetic of SD 1.5 at 512 px is what engine.md measured by: 803 and 2,515 GFLOP", () => {
  expect(flops(unetGraph(specs.sd15.unet, at(64))) / 1e9).toBeCloseTo(803.3, 1);
  expect(flops(vaeDecoderGraph(specs.sd15.vae, 1, 64, 64)) / 1e9).toBeCloseTo(2514.5, 1);
});

test("the small family fits its budget: 40 MB in half precision, 0.65 GFLOP a step at 8×8", () => {
  const { unet, vae, text } = specs.small;
  const graph = unetGraph(unet, at(8, 8, 24));
  expect(flops(graph)).toBeLessThan(0.65e9);
  const parameters = [graph, vaeEncoderGraph(vae, 1, 64, 64), vaeDecoderGraph(vae, 1, 8, 8)].map((g) => counts(g)[1]);
  const words = counts(clipTextGraph(text, 1, ["last_hidden_state"]))[1];
  expect(2 * (words + parameters.reduce((a, b) => a + b))).toBeLessThan(40e6);
});
