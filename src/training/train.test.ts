// The training loop on a problem with a known answer: it converges, clips, resumes exactly, and stops at nonsense.
import { describe, expect, it } from "vitest";
import { type Graph, trace } from "../graph/trace.ts";
import { linear } from "../nn/layers.ts";
import { referenceRuntime } from "../runtime/reference.ts";
import { tensor } from "../tensor/tensor.ts";
import { withGradients } from "./learner.ts";
import { begin, initialise, type TrainingState, type TrainOptions, type TrainStep, train } from "./train.ts";

/** y = x·w + b, squared error; the truth is w = (2, −3), b = 0.5. */
const loss: Graph<"x" | "y", "loss" | "bias"> = trace<"x" | "y", "loss" | "bias">(
  { x: [8, 2], y: [8, 1] },
  (p, { x, y }) => {
    const fill = (shape: readonly number[], { normal }: { normal: () => number }) =>
      Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, normal);
    const bias = p.at("line").get("bias", [1], fill);
    const error = x
      .matmul(p.at("line").get("weight", [2, 1], fill))
      .add(bias)
      .sub(y);
    return { loss: error.square().mean(), bias: bias.reshape([]) };
  },
);

const options: TrainOptions<"x" | "y"> = {
  steps: 40,
  schedule: () => 0.2,
  weightDecay: 0,
  seed: 3,
  batch: (_, random) => {
    const x = random.fillNormal(new Float32Array(16));
    const y = Float32Array.from({ length: 8 }, (_, i) => 2 * x[2 * i] - 3 * x[2 * i + 1] + 0.5);
    return { x: tensor(x, [8, 2]), y: tensor(y, [8, 1]) };
  },
};

async function trained(state: TrainingState, changes: Partial<TrainOptions<"x" | "y">> = {}): Promise<TrainStep[]> {
  const steps: TrainStep[] = [];
  for await (const step of train(referenceRuntime(), loss, state, { ...options, ...changes })) steps.push(step);
  return steps;
}

describe("withGradients", () => {
  it("adds one output per parameter and keeps the rest", () => {
    expect(Object.keys(withGradients(loss).outputs)).toEqual(["loss", "bias", "d line.bias", "d line.weight"]);
  });
  it("lets the parameters of a place descend a loss of their own", async () => {
    const opposed = trace({ x: [1, 2] }, (p, { x }) => {
      const y = linear(p.at("line"), x, 1).sub(linear(p.at("rival"), x, 1));
      return { loss: y.sum().reshape([]), "loss rival": y.mul(5).sum().reshape([]) };
    });
    await using program = await referenceRuntime().compile(withGradients(opposed));
    const found = await program.run({ x: tensor([2, 3], [1, 2]) }, initialise(opposed));
    expect([...found["d line.weight"].data]).toEqual([2, 3]);
    expect([...found["d rival.weight"].data]).toEqual([-10, -15]);
  });
});

describe("begin", () => {
  it("draws the same weights for the same seed and name, others for another seed", () => {
    expect(initialise(loss, 1)).toEqual(initialise(loss, 1));
    expect(initialise(loss, 2)).not.toEqual(initialise(loss, 1));
    const { "line.weight": weight, "line.bias": bias } = initialise(loss, 1);
    expect(weight.data[0]).not.toBe(bias.data[0]);
  });
  it("takes given weights by name and starts the average from them", () => {
    const { params, average, step } = begin(loss, { from: { "line.bias": tensor([7], [1]), other: tensor([1], [1]) } });
    expect(params["line.bias"].data[0]).toBe(7);
    expect(average).toEqual(params);
    expect(average["line.bias"].data).not.toBe(params["line.bias"].data);
    expect(step).toBe(0);
    expect(Object.keys(params)).toEqual(["line.bias", "line.weight"]);
  });
});

describe("train", () => {
  it("finds the line that made the data", async () => {
    const state = begin(loss, { seed: 1 });
    const steps = await trained(state, { steps: 150, schedule: (step) => 0.2 * (1 - (step - 1) / 150) });
    expect(state.params["line.weight"].data[0]).toBeCloseTo(2, 2);
    expect(state.params["line.weight"].data[1]).toBeCloseTo(-3, 2);
    expect(state.params["line.bias"].data[0]).toBeCloseTo(0.5, 2);
    expect(steps.at(-1)!.loss).toBeLessThan(1e-3 * steps[0].loss);
    expect(steps[0].rate).toBe(0.2);
    expect(steps.map(({ step }) => step)).toEqual(Array.from({ length: 150 }, (_, i) => i + 1));
  });
  it("reports the loss and metrics of the weights before each step", async () => {
    const state = begin(loss, { seed: 1 });
    const before = state.params["line.bias"].data[0];
    const [first] = await trained(state, { steps: 1 });
    expect(first.metrics.bias).toBe(before);
    expect(first.metrics.loss).toBe(first.loss);
    expect(state.params["line.bias"].data[0]).not.toBe(before);
  });
  it("goes on as if it had never stopped", async () => {
    const [whole, parts] = [begin(loss, { seed: 1 }), begin(loss, { seed: 1 })];
    await trained(whole, { steps: 12 });
    await trained(parts, { steps: 5 });
    expect(parts.step).toBe(5);
    await trained(parts, { steps: 12 });
    expect(parts).toEqual(whole);
  });
  it("gives each step its own numbers, the same in every run of a seed", async () => {
    const draws = async (seed: number): Promise<number[]> => {
      const seen: number[] = [];
      const batch: typeof options.batch = (step, random) => {
        seen.push(random.next());
        return options.batch(step, random);
      };
      await trained(begin(loss), { steps: 4, seed, batch });
      return seen;
    };
    const seen = await draws(3);
    expect(new Set(seen).size).toBe(4);
    expect(await draws(3)).toEqual(seen);
    expect(await draws(4)).not.toEqual(seen);
  });
  it("shortens long gradients to `clip` and leaves short ones", async () => {
    const first = async (clip: number): Promise<TrainingState & { norm: number }> => {
      const state = begin(loss, { seed: 1 });
      const [{ norm }] = await trained(state, { steps: 1, clip });
      return { ...state, norm };
    };
    const length = ({ moments: { first: m } }: TrainingState): number =>
      Math.hypot(...m["line.weight"].data, ...m["line.bias"].data) / (1 - 0.9);
    const [free, clipped] = [await first(1e9), await first(0.25)];
    expect(free.norm).toBeGreaterThan(1);
    expect(clipped.norm).toBe(free.norm);
    expect(length(free)).toBeCloseTo(free.norm, 4);
    expect(length(clipped)).toBeCloseTo(0.25, 5);
    expect(length(await first(free.norm * 2))).toBeCloseTo(free.norm, 4);
  });
  it("keeps a moving average behind the weights", async () => {
    const state = begin(loss, { seed: 1 });
    const start = state.params["line.bias"].data[0];
    await trained(state, { steps: 1 });
    const now = state.params["line.bias"].data[0];
    expect(state.average["line.bias"].data[0]).toBeCloseTo(start + (1 - 2 / 11) * (now - start), 5);
  });
  it("stops at a loss that is no number, before it touches the weights", async () => {
    const state = begin(loss, { seed: 1 });
    const before = structuredClone(state);
    const bad = { x: tensor(new Float32Array(16).fill(Number.NaN), [8, 2]), y: tensor(new Float32Array(8), [8, 1]) };
    await expect(trained(state, { batch: () => bad })).rejects.toThrow(/train: the loss is NaN at step 1; lower the/);
    expect(state).toEqual(before);
  });
});
