import { describe, expect, it } from "vitest";
import { cpuGenerator } from "../tensor/random.ts";
import { scale, stack, type Tensor, tensor } from "../tensor/tensor.ts";
import { together } from "./together.ts";

const { randn } = cpuGenerator(1);

/** A network that says its sample times the context, and notes what it was asked. */
function counted() {
  const runs: number[][] = [];
  const ask = together<number>(
    async (sample, _, contexts) => {
      runs.push([...contexts]);
      if (contexts.includes(13)) throw new Error("unlucky");
      return stack(contexts.map((k) => scale(sample, k)));
    },
    (a, b) => Math.sign(a) === Math.sign(b),
  );
  return { ask, runs };
}

describe("together", () => {
  it("makes one run of calls for the same sample and time, and gives each its own rows", async () => {
    const { ask, runs } = counted();
    const x = randn([1, 2, 3]);
    const copy = tensor(x.data.slice(), x.shape);
    const all = await Promise.all([ask(x, 5, 2), ask(copy, 5, 3)]);
    expect(runs).toEqual([[2, 3]]);
    expect(all.map(({ data }) => [...data])).toEqual([2, 3].map((k) => [...scale(x, k).data]));
    expect(all.map(({ shape }) => shape)).toEqual([x.shape, x.shape]);
  });

  it("keeps apart what differs: another sample, another time, another kind of context, another turn", async () => {
    const { ask, runs } = counted();
    const [x, y] = [randn([1, 4]), randn([1, 4])];
    await Promise.all([ask(x, 5, 2), ask(y, 5, 3), ask(x, 6, 4), ask(x, 5, -1), ask(x, 5, 7)]);
    expect(runs).toEqual([[2, 7], [3], [4], [-1]]);
    await ask(x, 5, 2);
    expect(runs).toHaveLength(5);
  });

  it("tells everybody of a run that failed, and nobody else", async () => {
    const { ask } = counted();
    const [x, y] = [randn([1, 4]), randn([1, 4])];
    const told = await Promise.allSettled([ask(x, 5, 13), ask(x, 5, 2), ask(y, 5, 2)]);
    expect(told.map(({ status }) => status)).toEqual(["rejected", "rejected", "fulfilled"]);
  });

  it("leaves batches as they are", async () => {
    const ask = together<Tensor>(
      async (sample, _, contexts) => {
        expect(contexts).toHaveLength(1);
        return sample;
      },
      () => true,
    );
    const batch = randn([3, 2]);
    const all = await Promise.all([ask(batch, 1, batch), ask(batch, 1, batch)]);
    expect(all.map(({ data }) => data)).toEqual([batch.data, batch.data]);
  });
});
