// What training adds to a network's weights is what `withLora` adds to them later, under the names that PEFT gives it.
import { describe, expect, it } from "vitest";
import type { Params } from "../graph/params.ts";
import { trace } from "../graph/trace.ts";
import type { Value } from "../graph/value.ts";
import { conv2d, groupNorm, linear } from "../nn/layers.ts";
import { referenceRuntime } from "../runtime/reference.ts";
import { tensor } from "../tensor/tensor.ts";
import { withLora } from "../weights/lora.ts";
import { fromTensors } from "../weights/weights.ts";
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
  it("is what the file of its factors adds to the weights, and nothing at first", async () => {
    const factors = initialise(graph, 4);
    const runtime = referenceRuntime();
    await using trained = await runtime.compile(graph);
    const answer = async (weights: ReturnType<typeof fromTensors>) =>
      (await (await runtime.compile(plain, weights)).run({ x })).said.data;
    expect((await trained.run({ x }, factors)).said.data).toEqual(await answer(fromTensors(base)));
    for (const [name, { data }] of Object.entries(factors))
      if (name.includes("lora_B")) random(5, name).fillNormal(data);
    const { said } = await trained.run({ x }, factors);
    const merged = await answer(withLora(fromTensors(base), fromTensors(factors)));
    expect(said.data).not.toEqual(await answer(fromTensors(base)));
    for (const [i, v] of merged.entries()) expect(said.data[i]).toBeCloseTo(v, 4);
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
