// What training adds to a network's weights is what is added to them later: B·A, under the names that PEFT gives the factors.
import { describe, expect, it } from "vitest";
import type { Params } from "../graph/params.ts";
import { trace } from "../graph/trace.ts";
import type { Value } from "../graph/value.ts";
import { conv2d, groupNorm, linear } from "../nn/layers.ts";
import { withLora } from "../nn/lora.ts";
import { referenceRuntime } from "../runtime/reference.ts";
import { map, type Tensor, tensor } from "../tensor/tensor.ts";
import { fromTensors } from "../weights/weights.ts";
import type { Tensors } from "./adamw.ts";
import { adapted } from "./low-rank.ts";
import { random } from "./random.ts";
import { initialise } from "./train.ts";

/** A convolution, a norm and a linear layer that is used twice. */
function network(p: Params, x: Value): Value {
  const h = groupNorm(p.at("norm"), conv2d(p.at("conv"), x, 8), { groups: 2 })
    .mean([2, 3])
    .reshape([2, 8]);
  return linear(p.at("out"), linear(p.at("out"), h, 8), 8);
}
const inputs = { x: [2, 3, 4, 5] };
const plain = trace(inputs, (p, { x }) => ({ said: network(p.at("net"), x) }));
const base = initialise(plain, 1);
const learning = (rank: number) =>
  trace(inputs, (p, { x }) => ({ said: network(adapted(p.at("net"), base, rank), x) }));
const x = tensor(random(2).fillNormal(new Float32Array(120)), [2, 3, 4, 5]);

/** W + B·A. */
function sum(weight: Tensor, b: Tensor, a: Tensor): Tensor {
  const [, rank] = b.shape;
  const width = a.data.length / rank;
  return map(weight, (w, i) => {
    const [row, column] = [Math.floor(i / width), i % width];
    return Array.from({ length: rank }, (_, r) => b.data[row * rank + r] * a.data[r * width + column]).reduce(
      (x, y) => x + y,
      w,
    );
  });
}

describe("adapted", () => {
  const graph = learning(3);
  it("has the factors alone as parameters, named and shaped as PEFT has them", () => {
    expect([...graph.params].map(([name, { shape }]) => [name, shape])).toEqual([
      ["net.conv.lora_A.weight", [3, 3, 3, 3]],
      ["net.conv.lora_B.weight", [8, 3, 1, 1]],
      ["net.out.lora_A.weight", [3, 8]],
      ["net.out.lora_B.weight", [8, 3]],
    ]);
  });
  it("is W + B·A in training and in use, and W at first", async () => {
    const factors = initialise(graph, 4);
    const runtime = referenceRuntime();
    const answer = async (drawn: typeof plain, weights: Tensors) =>
      (await (await runtime.compile(drawn)).run({ x }, weights)).said.data;
    expect(await answer(graph, factors)).toEqual(await answer(plain, base));
    for (const [name, { data }] of Object.entries(factors))
      if (name.includes("lora_B")) random(5, name).fillNormal(data);
    const wanted = await answer(plain, {
      ...base,
      ...Object.fromEntries(
        ["net.conv", "net.out"].map((at) => [
          `${at}.weight`,
          sum(base[`${at}.weight`], factors[`${at}.lora_B.weight`], factors[`${at}.lora_A.weight`]),
        ]),
      ),
    });
    const used = trace(inputs, (p, { x }) => ({ said: network(withLora(p.at("net"), fromTensors(factors)), x) }));
    const [learnt, drawn] = [await answer(graph, factors), await answer(used, { ...base, ...factors })];
    expect(wanted).not.toEqual(await answer(plain, base));
    for (const [i, v] of wanted.entries()) {
      expect(learnt[i]).toBeCloseTo(v, 4);
      expect(drawn[i]).toBeCloseTo(v, 4);
    }
  });
  it("never has more rank than saves numbers", () => {
    const [a, b] = [...learning(64).params.values()];
    expect([a.shape[0], b.shape[1]]).toEqual([4, 4]);
    expect(learning(0).params.size).toBe(0);
  });
  it("says which weight it lacks, or has in another shape", () => {
    const { "net.conv.weight": weight, ...rest } = base;
    const draw = (weights: typeof base) => () =>
      trace(inputs, (p, { x }) => ({ y: network(adapted(p.at("net"), weights, 2), x) }));
    expect(draw(rest)).toThrow(/wants net.conv.weight \[8,3,3,3\]; its trained weights have none/);
    expect(draw({ ...rest, "net.conv.weight": tensor(weight.data, [8, 27, 1, 1]) })).toThrow(/have \[8,27,1,1\]/);
  });
});
