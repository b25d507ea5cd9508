// The U-Net beyond its goldens: sizes of every kind, and the inputs it takes.
import { expect, test } from "vitest";
import { formulaInput } from "../../test/formula.ts";
import { formulaWeights, relativeRms } from "../../test/goldens.ts";
import { flops } from "../graph/flops.ts";
import { trace } from "../graph/trace.ts";
import { evaluate } from "../runtime/reference.ts";
import { size, stack, type Tensor, tensor } from "../tensor/tensor.ts";
import { readAll } from "../weights/weights.ts";
import { upsample } from "./blocks.ts";
import { specs } from "./specs.ts";
import { unetAdded, unetTime } from "./time.ts";
import { type UnetSpec, unetGraph } from "./unet.ts";

const { addition: _, ...plain } = specs.small.unet;
const tiny: UnetSpec = {
  ...plain,
  inChannels: 4,
  outChannels: 4,
  levels: [
    { channels: 8, heads: 2, down: [1], up: [1, 1] },
    { channels: 16, heads: 2, down: [0], up: [0, 0] },
    { channels: 16, heads: 4, down: [1], up: [1, 1] },
  ],
  contextChannels: 6,
  norm: { groups: 4, eps: 1e-5 },
};

async function run(spec: UnetSpec, sample: Tensor, context: Tensor, timestep: number): Promise<Float64Array> {
  const [batch, , height, width] = sample.shape;
  const graph = unetGraph(spec, { batch, height, width, tokens: context.shape[1] });
  const time = unetTime(spec, new Array<number>(batch).fill(timestep));
  return evaluate(graph, { sample, context, time }, await readAll(formulaWeights(graph))).sample.data;
}

test.each([
  [8, 8],
  [16, 8],
  [13, 10],
  [7, 5],
  [1, 1],
])("gives back a picture of the size it got: %i×%i", (height, width) => {
  const graph = unetGraph(tiny, { batch: 2, height, width, tokens: 3 });
  expect(graph.outputs.sample.shape).toEqual([2, 4, height, width]);
});

test("upsampling to a skip's size repeats rows as diffusers' nearest resize does", () => {
  const shape = [1, 1, 2, 2];
  const graph = trace({ x: shape }, (p, { x }) => ({ y: upsample(p.at("up"), x, 3, 4) }));
  const identity = tensor([0, 0, 0, 0, 1, 0, 0, 0, 0], [1, 1, 3, 3]);
  const params = { "up.conv.weight": identity, "up.conv.bias": tensor([0], [1]) };
  const { y } = evaluate(graph, { x: tensor([1, 2, 3, 4], shape) }, params);
  expect([...y.data]).toEqual([1, 1, 2, 2, 1, 1, 2, 2, 3, 3, 4, 4]);
});

test("a batch is its pictures one by one", async () => {
  const sample = formulaInput("sample", [2, 4, 5, 6]);
  const context = formulaInput("context", [2, 3, 6]);
  const half = (x: Tensor, b: number): Tensor => {
    const width = size(x.shape) / 2;
    return tensor(x.data.slice(b * width, (b + 1) * width), [1, ...x.shape.slice(1)]);
  };
  const both = await run(tiny, sample, context, 300);
  const singles = [
    await run(tiny, half(sample, 0), half(context, 0), 300),
    await run(tiny, half(sample, 1), half(context, 1), 300),
  ];
  expect(
    relativeRms(
      both,
      singles.flatMap((s) => [...s]),
    ),
  ).toBeLessThan(1e-12);
});

test.each([
  ["with", { ...tiny, addition: { timeChannels: 0, channels: 5 } }],
  ["without", tiny],
])("one sample under two contexts is the sample under each, and less work: %s added text", async (_, spec) => {
  const sizes = { batch: 2, height: 5, width: 6, tokens: 3 };
  const shared = unetGraph(spec, { ...sizes, samples: 1 });
  const apart = unetGraph(spec, sizes);
  const params = await readAll(formulaWeights(apart));
  const sample = formulaInput("sample", [1, 4, 5, 6]);
  const both = {
    context: formulaInput("context", [2, 3, 6]),
    ...(spec.addition && { added: unetAdded(spec, formulaInput("pooled", [2, 5]), [[], []]) }),
  };
  const one = evaluate(shared, { sample, time: unetTime(spec, [300]), ...both }, params).sample;
  const two = evaluate(apart, { sample: stack([sample, sample]), time: unetTime(spec, [300, 300]), ...both }, params);
  expect(one.shape).toEqual([2, 4, 5, 6]);
  expect(relativeRms(one.data, two.sample.data)).toBeLessThan(1e-12);
  expect(flops(shared)).toBeLessThan(flops(apart));
  expect(() => unetGraph(spec, { ...sizes, samples: 3 })).toThrow("3 samples under 2 contexts");
});

test("pooled text reaches every pixel, and is the whole addition where there are no time ids", async () => {
  const spec: UnetSpec = { ...tiny, addition: { timeChannels: 0, channels: 5 } };
  const graph = unetGraph(spec, { batch: 1, height: 4, width: 4, tokens: 3 });
  const params = await readAll(formulaWeights(graph));
  const inputs = {
    sample: formulaInput("sample", [1, 4, 4, 4]),
    context: formulaInput("context", [1, 3, 6]),
    time: unetTime(spec, [300]),
  };
  const draw = (pooled: Tensor) => {
    const added = unetAdded(spec, pooled, [[]]);
    expect(added).toEqual(pooled);
    return evaluate(graph, { ...inputs, added } as typeof inputs, params).sample.data;
  };
  const [a, b] = [draw(formulaInput("pooled", [1, 5])), draw(formulaInput("image", [1, 5]))];
  expect(a.every((v, i) => v !== b[i])).toBe(true);
});

test("an input skip adds the sample, each channel by a gain that its time alone decides", async () => {
  const spec: UnetSpec = { ...tiny, inputSkip: true };
  const sizes = { batch: 2, height: 4, width: 4, tokens: 3 };
  const [graph, without] = [unetGraph(spec, sizes), unetGraph({ ...tiny, inputSkip: false }, sizes)];
  const params = await readAll(formulaWeights(graph));
  const context = formulaInput("context", [2, 3, 6]);
  const skipped = (sample: Tensor, times: readonly number[]): number[] => {
    const inputs = { sample, context, time: unetTime(spec, times) };
    const bare = evaluate(without, inputs, params).sample.data;
    return [...evaluate(graph, inputs, params).sample.data].map((v, i) => v - bare[i]);
  };
  const sample = formulaInput("sample", [2, 4, 4, 4]);
  const gains = skipped(sample, [300, 900]).map((v, i) => v / sample.data[i]);
  const others = skipped(formulaInput("other", [2, 4, 4, 4]), [300, 900]);
  const other = formulaInput("other", [2, 4, 4, 4]).data;
  for (let plane = 0; plane < 8; plane++)
    for (let i = 16 * plane; i < 16 * (plane + 1); i++) {
      expect(gains[i]).toBeCloseTo(gains[16 * plane], 6);
      expect(others[i]).toBeCloseTo(gains[16 * plane] * other[i], 6);
    }
  const first = (plane: number): number => gains[16 * plane];
  expect(Math.abs(first(0) - first(4)), "times differ").toBeGreaterThan(1e-3);
  expect(Math.abs(first(0) - first(1)), "channels differ").toBeGreaterThan(1e-3);
  const { attrs, shape } = graph.params.get("input_skip.weight")!;
  expect(attrs.init(shape, { normal: () => 1, uniform: () => 1 }).every((v) => v === 0)).toBe(true);
});

test("a U-Net with fresh transformers says what it says without them", async () => {
  const bare: UnetSpec = { ...tiny, levels: tiny.levels.map((level) => ({ ...level, down: level.down.map(() => 0) })) };
  const sizes = { batch: 1, height: 4, width: 4, tokens: 3 };
  const [graph, without] = [unetGraph(tiny, sizes), unetGraph(bare, sizes)];
  const added = [...graph.params.keys()].filter((name) => !without.params.has(name));
  expect(added.some((name) => name.includes("attentions"))).toBe(true);
  const params = (await readAll(formulaWeights(graph))) as Record<string, Tensor>;
  const inputs = {
    sample: formulaInput("sample", [1, 4, 4, 4]),
    context: formulaInput("context", [1, 3, 6]),
    time: unetTime(tiny, [300]),
  };
  const expected = evaluate(without, inputs, params).sample.data;
  expect(evaluate(graph, inputs, params).sample.data).not.toEqual(expected);
  for (const name of added) {
    const { attrs, shape } = graph.params.get(name)!;
    params[name] = tensor(attrs.init(shape, { normal: () => 0.3, uniform: () => 0.2 }), shape);
  }
  for (const [i, v] of evaluate(graph, inputs, params).sample.data.entries()) expect(v).toBeCloseTo(expected[i], 6);
});

test("time, fractions of it, and context all matter", async () => {
  const sample = formulaInput("sample", [1, 4, 4, 4]);
  const context = formulaInput("context", [1, 3, 6]);
  const base = await run(tiny, sample, context, 300);
  expect(relativeRms(await run(tiny, sample, context, 300.5), base)).toBeGreaterThan(1e-4);
  expect(relativeRms(await run(tiny, sample, formulaInput("other", [1, 3, 6]), 300), base)).toBeGreaterThan(1e-3);
});

test("the shipped U-Net takes 8×8 and 16×16 latents and ends in zeros when fresh", () => {
  for (const side of [8, 16]) {
    const graph = unetGraph(specs.small.unet, { batch: 1, height: side, width: side, tokens: 24 });
    expect(graph.outputs.sample.shape).toEqual([1, specs.small.unet.outChannels, side, side]);
    const random = { normal: () => 1, uniform: () => 1 };
    for (const name of ["conv_out.weight", "conv_out.bias", "mid_block.resnets.1.conv2.weight"]) {
      const { attrs, shape } = graph.params.get(name)!;
      expect(
        attrs.init(shape, random).every((v) => v === 0),
        name,
      ).toBe(true);
    }
  }
});

test("levels that the norm's groups do not divide are refused", () => {
  const graph = () =>
    unetGraph(
      { ...specs.small.unet, levels: [{ channels: 48, heads: 4, down: [1], up: [1, 1] }] },
      { batch: 1, height: 8, width: 8, tokens: 4 },
    );
  expect(graph).toThrow(/48 channels do not split into 32 groups/);
});
