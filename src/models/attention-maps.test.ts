// Attention maps: they are what the network attends by, and change nothing of what it says.
import { expect, it } from "vitest";
import { graph } from "../graph/trace.ts";
import { attention, constant, is } from "../graph/value.ts";
import { evaluate } from "../runtime/reference.ts";
import { cpuGenerator } from "../tensor/random.ts";
import { tensor } from "../tensor/tensor.ts";
import { attentionOf, withAttention } from "./attention-maps.ts";
import { type UnetSpec, unetGraph } from "./unet.ts";

const WORDS = 5;
const WIDTH = 8;
const spec: UnetSpec = {
  inChannels: 2,
  outChannels: 2,
  levels: [
    { channels: 2 * WIDTH, heads: 2, down: [1], up: [0, 1] },
    { channels: 4 * WIDTH, heads: 4, down: [0], up: [0, 0] },
  ],
  middle: 1,
  contextChannels: 6,
  projection: "linear",
  norm: { groups: 4, eps: 1e-5 },
  time: { flipSinToCos: true, freqShift: 0 },
  inputSkip: false,
  sampleSize: 4,
};

/** Values that attention hands on as its own weights: in each head a word's is 1 in a channel of its own. */
const telling = (heads: number) =>
  constant(
    tensor(
      Float32Array.from({ length: WORDS * heads * WIDTH }, (_, i) =>
        Number(i % WIDTH === Math.floor(i / (heads * WIDTH))),
      ),
      [1, WORDS, heads * WIDTH],
    ),
  );

it("says what each attention to the words weighs them by, averaged over its heads", () => {
  const plain = unetGraph(spec, { batch: 1, height: 4, width: 6, tokens: WORDS });
  const told = withAttention(plain);
  const random = cpuGenerator(3);
  const { sample, time, context } = told.inputs;
  const inputs = {
    sample: random.randn(sample.shape),
    time: random.randn(time.shape),
    context: random.randn(context.shape),
  };
  const params = Object.fromEntries([...told.params].map(([name, v]) => [name, random.randn(v.shape)]));
  const attentions = plain.nodes.filter((v) => is(v, "attention"));
  const crossing = attentions.filter(({ inputs: [, k] }) => k.shape[1] === WORDS);
  expect([attentions.length, crossing.length]).toEqual([6, 3]);
  const probes = crossing.map((v, i) => {
    const heads = v.inputs[0].shape[2] / WIDTH;
    return [`probe ${i}`, attention(v.inputs[0], v.inputs[1], telling(heads), heads)] as const;
  });
  const said = evaluate(graph(told.inputs, { ...told.outputs, ...Object.fromEntries(probes) }), inputs, params);
  expect(said.sample).toEqual(evaluate(plain, inputs, params).sample);

  const floats = Object.fromEntries(
    Object.entries(said).map(([name, { data, shape }]) => [name, tensor(Float32Array.from(data), shape)]),
  );
  const maps = [...attentionOf(floats)];
  expect(maps.map(([layer, { shape }]) => `${layer} ${shape}`)).toEqual([
    "down_blocks.0.attentions.0.transformer_blocks.0 1,24,5",
    "mid_block.attentions.0.transformer_blocks.0 1,6,5",
    "up_blocks.1.attentions.1.transformer_blocks.0 1,24,5",
  ]);
  for (const [i, [, map]] of maps.entries()) {
    const { data, shape } = floats[`probe ${i}`];
    const heads = shape[2] / WIDTH;
    for (const [at, weight] of map.data.entries()) {
      const [place, word] = [Math.floor(at / WORDS), at % WORDS];
      let sum = 0;
      for (let head = 0; head < heads; head++) sum += data[(place * heads + head) * WIDTH + word];
      expect(weight).toBeCloseTo(sum / heads, 5);
    }
  }
});
