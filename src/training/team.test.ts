// A team of two on half the batch each learns what one engine learns on the whole.
import { describe, expect, it } from "vitest";
import { trace } from "../graph/trace.ts";
import { conv2d, linear } from "../nn/layers.ts";
import { ortNode } from "../runtime/ort-node.ts";
import { ints, tensor } from "../tensor/tensor.ts";
import { dealt, team } from "./team.ts";
import { begin, type TrainingState, type TrainOptions, type TrainStep, train } from "./train.ts";

type In = "x" | "ids";

const loss = (batch: number, height = 6) =>
  trace<In, "loss" | "mean">({ x: [batch, 2, height, 5], ids: { shape: [batch], dtype: "i32" } }, (p, { x, ids }) => {
    const h = conv2d(p.at("conv"), x, 3).mean([2, 3]).reshape([batch, 3]);
    const rows = p.get("table", [4, 3], (shape, { normal }) =>
      Float32Array.from({ length: shape[0] * shape[1] }, normal),
    );
    const out = linear(p.at("out"), h.add(rows.gather(ids)), 1);
    return { loss: out.square().mean(), mean: out.mean() };
  });

const options: TrainOptions<In> = {
  steps: 6,
  schedule: () => 0.05,
  clip: 0.5,
  averageDecay: 0.7,
  batch: (step, { fillNormal }) => ({
    x: tensor(fillNormal(new Float32Array(4 * 60)), [4, 2, 6, 5]),
    ids: ints([0, 3, step % 4, 1], [4]),
  }),
};

async function steps(of: AsyncGenerator<TrainStep>): Promise<TrainStep[]> {
  const seen: TrainStep[] = [];
  for await (const step of of) seen.push(step);
  return seen;
}

const numbers = ({ params, average, moments: { first, second } }: TrainingState): number[] =>
  [params, average, first, second].flatMap((part) => Object.values(part).flatMap(({ data }) => [...data]));

describe("team", () => {
  it("learns what one engine learns, weights, average and moments", async () => {
    const [one, two] = [begin(loss(4), { seed: 2 }), begin(loss(2), { seed: 2 })];
    await using runtime = await ortNode({ threads: 1 });
    const wanted = await steps(train(runtime, loss(4), one, options));
    const got = await steps(train(team(2), loss(2), two, options));
    expect(got).toHaveLength(6);
    for (const [i, { metrics, norm }] of wanted.entries()) {
      expect(got[i].metrics.loss).toBeCloseTo(metrics.loss, 5);
      expect(got[i].metrics.mean).toBeCloseTo(metrics.mean, 5);
      expect(got[i].norm).toBeCloseTo(norm, 5);
    }
    expect(Object.keys(two.params)).toEqual(Object.keys(one.params));
    const learnt = numbers(two);
    for (const [i, v] of numbers(one).entries()) expect(learnt[i]).toBeCloseTo(v, 4);
    expect(numbers(begin(loss(4), { seed: 2 }))).not.toEqual(numbers(one));
  });

  it("learns what one engine learns with Muon too, each matrix on one of its threads", async () => {
    const isMuons = (name: string): boolean => name.endsWith(".weight");
    const [one, two] = [begin(loss(4), { seed: 2 }), begin(loss(2), { seed: 2 })];
    await using runtime = await ortNode({ threads: 1 });
    await steps(train(runtime, loss(4), one, { ...options, isMuons }));
    await steps(train(team(2), loss(2), two, { ...options, isMuons }));
    const learnt = numbers(two);
    for (const [i, v] of numbers(one).entries()) expect(learnt[i]).toBeCloseTo(v, 3);
    const plain = begin(loss(4), { seed: 2 });
    await steps(train(runtime, loss(4), plain, options));
    expect(Math.max(...numbers(plain).map((v, i) => Math.abs(v - numbers(one)[i])))).toBeGreaterThan(0.01);
  });

  it("deals matrices so that no thread has much more to do than another", () => {
    const places = Object.fromEntries(
      [96, 224, 224, 96, 448, 96].map((rows, i) => [
        `${i}`,
        { offset: 0, shape: [rows, 9 * rows], dtype: "f32" as const },
      ]),
    );
    expect(dealt({ buffer: new SharedArrayBuffer(0), places }, Object.keys(places), 2)).toEqual([
      ["4"],
      ["1", "2", "0", "3", "5"],
    ]);
    expect(dealt({ buffer: new SharedArrayBuffer(0), places }, [], 2)).toEqual([[], []]);
  });

  it("learns from two losses in turn what one engine learns from them", async () => {
    const both = (batch: number) => [loss(batch), loss(batch, 3)];
    const turn = (step: number): number => (step % 3 === 0 ? 1 : 0);
    const inTurn: TrainOptions<In> = {
      ...options,
      turn,
      batch: (step, { fillNormal }) => {
        const height = turn(step) === 0 ? 6 : 3;
        return {
          x: tensor(fillNormal(new Float32Array(40 * height)), [4, 2, height, 5]),
          ids: ints([0, 3, 2, 1], [4]),
        };
      },
    };
    const [one, two] = [begin(loss(4), { seed: 2 }), begin(loss(2), { seed: 2 })];
    await using runtime = await ortNode({ threads: 1 });
    const wanted = await steps(train(runtime, both(4), one, inTurn));
    const got = await steps(train(team(2), both(2), two, inTurn));
    for (const [i, { metrics, norm }] of wanted.entries()) {
      expect(got[i].metrics.loss).toBeCloseTo(metrics.loss, 5);
      expect(got[i].norm).toBeCloseTo(norm, 5);
    }
    const learnt = numbers(two);
    for (const [i, v] of numbers(one).entries()) expect(learnt[i]).toBeCloseTo(v, 4);
  });

  it("learns the same in several rounds", async () => {
    const [one, rounds] = [begin(loss(4), { seed: 2 }), begin(loss(1), { seed: 2 })];
    const wanted = await steps(train(team(1), loss(4), one, options));
    const got = await steps(train(team(2, { rounds: 2 }), loss(1), rounds, options));
    for (const [i, { metrics, norm }] of wanted.entries()) {
      expect(got[i].metrics.loss).toBeCloseTo(metrics.loss, 5);
      expect(got[i].norm).toBeCloseTo(norm, 5);
    }
    const learnt = numbers(rounds);
    for (const [i, v] of numbers(one).entries()) expect(learnt[i]).toBeCloseTo(v, 4);
  });

  it("learns the same when most of its threads have no engine", async () => {
    const [one, many] = [begin(loss(2), { seed: 2 }), begin(loss(2), { seed: 2 })];
    await steps(train(team(2), loss(2), one, options));
    await steps(train(team(5, { engines: 2 }), loss(2), many, options));
    const learnt = numbers(many);
    for (const [i, v] of numbers(one).entries()) expect(learnt[i]).toBeCloseTo(v, 5);
  });

  it("says what is wrong with a device, and leaves no thread behind", async ({ skip }) => {
    const runtime = await ortNode({ device: "cuda" });
    const here = await runtime.compile(loss(1)).catch(() => undefined);
    if (here) skip("there is a CUDA device here");
    const training = steps(train(team(2, { device: "cuda" }), loss(2), begin(loss(2)), options));
    await expect(training).rejects.toThrow(/cuda cannot be used here .*or take the device cpu/);
  });

  it("goes on with a state that a team has trained", async () => {
    const [whole, parts] = [begin(loss(2), { seed: 3 }), begin(loss(2), { seed: 3 })];
    await steps(train(team(2), loss(2), whole, options));
    await steps(train(team(2), loss(2), parts, { ...options, steps: 2 }));
    await steps(train(team(2), loss(2), parts, options));
    expect(parts.step).toBe(6);
    expect(numbers(parts)).toEqual(numbers(whole));
  });

  it("leaves the state as it was when the loss is no number", async () => {
    const state = begin(loss(2), { seed: 2 });
    const before = numbers(state);
    const batch: typeof options.batch = () => ({
      x: tensor(new Float32Array(4 * 60).fill(Number.NaN), [4, 2, 6, 5]),
      ids: ints([0, 1, 2, 3], [4]),
    });
    await expect(steps(train(team(2), loss(2), state, { ...options, batch }))).rejects.toThrow(/the loss is NaN/);
    expect(numbers(state)).toEqual(before);
  });

  it("refuses a batch that does not split", async () => {
    const batch: typeof options.batch = (step, random) => ({
      ...(options.batch(step, random) as Record<In, ReturnType<typeof tensor>>),
      ids: ints([0, 1, 2], [3]),
    });
    await expect(steps(train(team(2), loss(2), begin(loss(2)), { ...options, batch }))).rejects.toThrow(
      /ids \[3\] does not split into 2 parts of \[2\]/,
    );
  });
});
