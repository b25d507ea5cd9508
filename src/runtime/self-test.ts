// self-test: whether a device computes what it should, asked before anything is drawn with it.
import { parameters } from "../graph/params.ts";
import { graph } from "../graph/trace.ts";
import { attention, convolve, draw, gelu, input, silu, type Value } from "../graph/value.ts";
import { toFloat } from "../tensor/dtype.ts";
import { cpuGenerator } from "../tensor/random.ts";
import { type AnyTensor, type Shape, scale } from "../tensor/tensor.ts";
import { fromTensors } from "../weights/weights.ts";
import { evaluate } from "./reference.ts";
import type { Runtime } from "./runtime.ts";

const [CHANNELS, SIDE, WORDS] = [64, 8, 13];

/** What a U-Net does, once each: convolution, group norm, attention to itself and to words, layer norm, products, resizing. */
function sample() {
  const { root: p } = parameters();
  const param = (name: string, shape: Shape): Value => p.get(name, shape, (shape) => cpuGenerator(1).randn(shape).data);
  const x = input("x", [2, CHANNELS, SIDE, SIDE]);
  const words = input("words", [2, WORDS, CHANNELS]);
  const same = [1, 1, 1, 1] as const;
  const ones = param("norm.weight", [CHANNELS]);
  const shift = param("norm.bias", [CHANNELS]);
  const normed = silu(draw("groupNorm", { groups: 32, eps: 1e-5 }, x, ones, shift));
  const seen = convolve(normed, param("conv.weight", [CHANNELS, CHANNELS, 3, 3]), shift, 1, same);
  const tokens = seen.reshape([2, CHANNELS, SIDE * SIDE]).transpose([0, 2, 1]);
  const flat = (v: Value): Value => v.reshape([-1, CHANNELS]);
  const own = attention(tokens, tokens, tokens, 4);
  const layered = draw("layerNorm", { eps: 1e-5 }, tokens.add(own), ones, shift);
  const query = flat(layered).matmul(param("query.weight", [CHANNELS, CHANNELS]), { transB: true });
  const told = attention(query.reshape(layered.shape), words, words, 8);
  const out = gelu(told)
    .transpose([0, 2, 1])
    .reshape(x.shape)
    .resize(2 * SIDE, 2 * SIDE);
  return graph({ x, words }, { out });
}

/** How far a value may be off: by float32 added up in another order, and by products of TF32, which keeps ten bits. */
export const TOLERANCES = { f32: 1e-3, tf32: 2e-2 } as const;

/** What is wrong with a runtime, if anything: a small network on it, beside the same by the reference. */
export async function selfTest(runtime: Runtime, tolerance: number = TOLERANCES.f32): Promise<string | undefined> {
  const drawn = sample();
  const random = cpuGenerator(7);
  const params: Record<string, AnyTensor> = {};
  for (const [name, { shape }] of drawn.params)
    params[name] = toFloat(scale(random.randn(shape), 1 / Math.sqrt(shape.slice(1).reduce((a, b) => a * b, 1))), "f16");
  const inputs = { x: random.randn(drawn.inputs.x.shape), words: random.randn(drawn.inputs.words.shape) };
  const wanted = evaluate(drawn, inputs, params).out.data;
  await using program = await runtime.compile(drawn, fromTensors(params));
  const { data } = (await program.run(inputs)).out;
  const worst = data.reduce((most, value, i) => Math.max(most, Math.abs(value - wanted[i])), 0); // NaN stays NaN
  return worst <= tolerance ? undefined : `it computes wrongly (off by ${worst.toPrecision(2)})`;
}
