// The judge: its size, its loss, how pictures are varied and which pictures it learns from.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { flops } from "../graph/flops.ts";
import { referenceRuntime } from "../runtime/reference.ts";
import { size, type Tensor, tensor } from "../tensor/tensor.ts";
import { fromTensors } from "../weights/weights.ts";
import { augmented, blurred, shifted } from "./augment.ts";
import {
  ATTRIBUTES,
  type Attribute,
  answersOf,
  type JudgeSpec,
  judge128,
  judgeGraph,
  judgeLoss,
  mirrored,
  openJudge,
  says,
} from "./judge.ts";
import { handedOn, trainJudge, writeJudge, writeJudgeCard } from "./judge-recipe.ts";
import { type JudgeSet, judgeScene } from "./judge-set.ts";
import { random } from "./random.ts";
import { heldOut, STYLES, SUBJECTS, type Subject } from "./scenes/index.ts";
import type { ColorName } from "./scenes/palette.ts";
import type { Plan } from "./scenes/subjects.ts";
import { begin, initialise, train } from "./train.ts";

const small: JudgeSpec = { side: 8, widths: [8, 8], layers: [0, 1], pooled: [0, 1], groups: 4 };

/** Pictures of two kinds: dark ones are the first answer to everything, bright ones the second. */
function twoKinds(count: number, side: number) {
  const pictures = new Float32Array(count * 3 * side * side);
  const { uniform } = random(5);
  for (let i = 0; i < pictures.length; i++)
    pictures[i] = 0.3 * uniform() + (Math.floor(i / (3 * side * side)) % 2 === 0 ? -0.5 : 0.5);
  const oneHot = ATTRIBUTES.map(({ name, values }) => {
    const rows = new Float32Array(count * values.length);
    for (let b = 0; b < count; b++) rows[b * values.length + (b % 2)] = 1;
    return [name, tensor(rows, [count, values.length])] as const;
  });
  return {
    picture: tensor(pictures, [count, 3, side, side]),
    answers: Object.fromEntries(oneHot) as Record<Attribute, Tensor>,
  };
}

describe("judge", () => {
  it("answers every attribute, is small and quick", () => {
    const graph = judgeGraph(judge128, 2);
    for (const { name, values } of ATTRIBUTES) expect(graph.outputs[name].shape).toEqual([2, values.length]);
    expect(graph.outputs.features.shape).toEqual([2, 32 + 64 + 128 + 192 + 256]);
    const weights = [...graph.params.values()].reduce((sum, p) => sum + size(p.shape), 0);
    expect(2 * weights).toBeLessThan(4_000_000);
    expect(flops(graph) / 2).toBeLessThan(0.3e9);
  });

  it("starts at the loss of a guess and learns two kinds apart", async () => {
    await using runtime = referenceRuntime();
    const loss = judgeLoss(small, 4);
    const state = begin(loss, { seed: 2 });
    const { picture, answers } = twoKinds(4, small.side);
    const losses: number[] = [];
    const options = { steps: 15, schedule: () => 0.05, batch: () => ({ picture, ...answers }), averageDecay: 0.5 };
    for await (const step of train(runtime, loss, state, options)) losses.push(step.loss);
    const guess = ATTRIBUTES.reduce((sum, { values }) => sum + Math.log(values.length), 0);
    expect(Math.abs(losses[0] - guess)).toBeLessThan(0.25 * guess);
    expect(losses[14]).toBeLessThan(0.5);

    const three = tensor(picture.data.slice(0, 3 * 3 * small.side ** 2), [3, 3, small.side, small.side]);
    await using judged = await openJudge(runtime, small, fromTensors(state.params), { batch: 2 });
    const verdicts = await judged(three);
    for (const { name, values } of ATTRIBUTES)
      expect(verdicts.map((v) => v[name])).toEqual([0, 1, 0].map((first) => [values[first], values[1 - first]]));
    expect(verdicts[0].features).not.toEqual(verdicts[1].features);

    const side = 2 * small.side;
    const larger = resizeEach(three, side);
    const [again] = await judged(larger);
    for (const [i, v] of again.features.entries()) expect(v).toBeCloseTo(verdicts[0].features[i], 5);
    await expect(judged(tensor(new Float32Array(3 * 25), [1, 3, 5, 5]))).rejects.toThrow(
      /squares of \d+ pixels or a multiple/,
    );
  });

  it("has a loss that is the cross-entropy", async () => {
    await using runtime = referenceRuntime();
    const graph = judgeGraph(small, 2);
    const weights = initialise(graph, 9);
    const { picture, answers } = twoKinds(2, small.side);
    await using logits = await runtime.compile(graph, fromTensors(weights));
    await using loss = await runtime.compile(judgeLoss(small, 2), fromTensors(weights));
    const said = await logits.run({ picture });
    const cost = await loss.run({ picture, ...answers });
    let all = 0;
    for (const { name, values } of ATTRIBUTES) {
      let sum = 0;
      for (const b of [0, 1]) {
        const row = said[name].data.slice(b * values.length, (b + 1) * values.length);
        sum += Math.log(row.reduce((s, v) => s + Math.exp(v), 0)) - row[b];
      }
      expect(cost[name].data[0]).toBeCloseTo(sum / 2, 4);
      all += sum / 2;
    }
    expect(cost.loss.data[0]).toBeCloseTo(all, 4);
  });
});

/** Each pixel of pictures as a square of pixels. */
function resizeEach({ data, shape: [n, c, h] }: Tensor, side: number): Tensor {
  const out = new Float32Array(n * c * side * side);
  for (let i = 0; i < out.length; i++) {
    const [plane, y, x] = [Math.floor(i / side / side), Math.floor(i / side) % side, i % side];
    out[i] = data[(plane * h + Math.floor((y * h) / side)) * h + Math.floor((x * h) / side)];
  }
  return tensor(out, [n, c, side, side]);
}

describe("the judge's pictures", () => {
  it("are of every subject and style, held-out combinations no more often than by chance; examinations are what they say", () => {
    const scenes = Array.from({ length: 4 * SUBJECTS.length * STYLES.length }, (_, i) => judgeScene("train", i));
    expect(new Set(scenes.map((s) => s.subject)).size).toBe(SUBJECTS.length);
    expect(new Set(scenes.filter((_, i) => i % 4 === 2).map((s) => `${s.subject} ${s.attributes.style}`)).size).toBe(
      SUBJECTS.length * STYLES.length,
    );
    const held = scenes.filter(heldOut).length;
    expect(held).toBeGreaterThan(10);
    expect(held).toBeLessThan(0.1 * scenes.length);
    for (let i = 0; i < 100; i++) {
      expect(heldOut(judgeScene("seen", i))).toBe(false);
      expect(heldOut(judgeScene("held-out", i))).toBe(true);
      expect(judgeScene("train", i).seed).toBeGreaterThan(1e6);
    }
  });
  it("have an answer to everything, none where nothing can be seen", () => {
    for (let i = 0; i < 300; i++) {
      const scene = judgeScene("train", i);
      const truth = answersOf(scene);
      const { color = "none", style, time = "none" } = scene.attributes;
      expect(truth.subject).toContain(scene.subject);
      expect(truth).toMatchObject({ style: [style], time: [time] });
      expect(truth.color).toContain(color);
      for (const { name, values } of ATTRIBUTES)
        for (const answer of truth[name]) expect([name, values]).toEqual([name, expect.arrayContaining([answer])]);
      const two = (scene.plan.details.relation ?? "none") !== "none";
      expect(truth.relation.includes("none")).toBe(!two);
      if (!two) for (const { name } of ATTRIBUTES) expect(truth[name]).toHaveLength(1);
    }
  });
  it("have the same answers whichever of two things is named first", () => {
    const scene = (subject: Subject, color: ColorName, details: Plan["details"]) =>
      answersOf({ subject, attributes: { style: "plain", time: "day", color }, plan: { details, color } });
    const turned = [
      ["left of", "right of"],
      ["in front of", "behind"],
      ["next to", "next to"],
    ];
    for (const [relation, other] of turned) {
      const dog = scene("dog", "brown", { thing: "dog", relation, other: "horse", shade: "white" });
      const horse = scene("horse", "white", { thing: "horse", relation: other, other: "dog", shade: "brown" });
      expect(dog.relation).toEqual(relation === "next to" ? ["left of", "right of"] : [relation]);
      expect(horse.relation).toEqual(dog.relation);
      expect([...horse.subject].sort()).toEqual([...dog.subject].sort());
      expect([...horse.color].sort()).toEqual([...dog.color].sort());
    }
    expect(scene("tree", "green", { relation: "left of", other: "pine", shade: "green" })).toMatchObject({
      ...{ subject: ["tree"], color: ["green"], relation: ["left of", "right of"] },
    });
    expect(["left of", "right of", "above", "none"].map(mirrored)).toEqual(["right of", "left of", "above", "none"]);
  });
  it("are right when the likeliest answers are all that is true, in any order", () => {
    expect(says(["cat", "dog"], ["cat"])).toBe(true);
    expect(says(["dog", "cat"], ["cat"])).toBe(false);
    expect(says(["dog", "cat"], ["cat", "dog"])).toBe(true);
    expect(says(["dog", "cat"], ["cat", "horse"])).toBe(false);
  });
});

describe("augmentation", () => {
  const picture = Float32Array.from({ length: 3 * 8 * 8 }, (_, i) => Math.sin(i * 1.7));
  it("keeps the range and the size, and is not the picture", () => {
    const changed = augmented(picture, 8, random(1));
    expect(changed.length).toBe(picture.length);
    expect(changed.every((v) => v >= -1 && v <= 1)).toBe(true);
    expect(changed).not.toEqual(picture);
  });
  it("puts a picture on every place of a grid of four pixels as often, and so where it was painted too", () => {
    const dark = new Float32Array(3 * 16 * 16).fill(-0.9);
    for (let c = 0; c < 3; c++) dark[c * 256 + 8 * 16 + 8] = 0.9;
    const dice = random(6);
    const places = new Array<number>(16).fill(0);
    for (let n = 0; n < 1600; n++) {
      const { spot } = augmented(dark, 16, dice)
        .subarray(0, 256)
        .reduce((best, v, i) => (v > best.v ? { v, spot: i } : best), { v: -2, spot: 0 });
      places[4 * (Math.floor(spot / 16) % 4) + (spot % 4)]++;
    }
    expect(Math.min(...places)).toBeGreaterThan(60); // a hundred each; the place where it was had one in forty-nine
    expect(Math.max(...places)).toBeLessThan(150);
  });
  it("shifts along the right axes, repeats edges, and mirrors", () => {
    const moved = shifted(picture, 8, 2, -1, false);
    expect(moved[64 + 3 * 8 + 5]).toBe(picture[64 + 4 * 8 + 3]);
    expect(moved[0]).toBe(picture[8]);
    expect(moved[7 * 8 + 4]).toBe(picture[7 * 8 + 2]);
    expect(shifted(shifted(picture, 8, 0, 0, true), 8, 0, 0, true)).toEqual(picture);
    expect(shifted(picture, 8, 0, 0, true)[3]).toBe(picture[4]);
  });
  it("blurs to the mean of neighbours and leaves flat pictures flat", () => {
    const flat = new Float32Array(3 * 64).fill(0.25);
    for (const v of blurred(flat, 8, 1)) expect(v).toBeCloseTo(0.25, 6);
    const spot = new Float32Array(3 * 64);
    spot[3 * 8 + 3] = 1;
    const soft = blurred(spot, 8, 1);
    expect(soft[3 * 8 + 3]).toBeCloseTo(0.25, 6);
    expect(soft[3 * 8 + 4]).toBeCloseTo(0.125, 6);
    expect(soft[2 * 8 + 2]).toBeCloseTo(0.0625, 6);
    expect(blurred(picture, 8, 0)).toEqual(picture);
  });
});

it("a judge hands on its weights, in half precision, and how many steps they took in all", async () => {
  const folder = await mkdtemp(join(tmpdir(), "dreamgrain-judge-"));
  try {
    const learnt = initialise(judgeLoss(judge128, 1), 8);
    await writeJudge(folder, learnt);
    await writeJudgeCard(folder, { training: { steps: 7, before: 4, batch: 1, pictures: 1 }, examinations: {} });
    const { weights, steps } = await handedOn(folder);
    expect(steps).toBe(11);
    await using runtime = referenceRuntime();
    const none = { count: 0, side: 128 } as JudgeSet; // of no steps no picture is asked for
    const options = { steps: 0, batch: 1, rate: 1e-3, folder: join(folder, "run") };
    const further = await trainJudge(runtime, none, { ...options, from: weights });
    const fresh = await trainJudge(runtime, none, { ...options, folder: join(folder, "fresh") });
    for (const [name, { data }] of Object.entries(learnt)) {
      const worst = (of: Float32Array): number => data.reduce((most, v, i) => Math.max(most, Math.abs(v - of[i])), 0);
      expect(worst(further.weights[name].data), name).toBeLessThan(1e-3);
      if (name === "convs.0.weight") expect(worst(fresh.weights[name].data)).toBeGreaterThan(1e-2);
    }
  } finally {
    await rm(folder, { recursive: true });
  }
});
