// What is asked of a generator, and how its answers are counted.
import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { tensor } from "../tensor/tensor.ts";
import { wordTokenizer } from "../text/words.ts";
import {
  byValue,
  examNow,
  meanPsnr,
  otherScenes,
  painted,
  questions,
  readExam,
  result,
  SPLITS,
  writeExam,
} from "./evaluate.ts";
import { ATTRIBUTES, type Attribute, answersOf, type Verdict } from "./judge.ts";
import { SHEET } from "./prompts.ts";
import { describe as describeScene, heldOut, SUBJECTS } from "./scenes/index.ts";
import { shippedVocabulary } from "./vocabulary.ts";

const tokenizer = wordTokenizer(shippedVocabulary());

describe("questions", () => {
  it("are the same every time, and the first of many are the first of few", () => {
    for (const split of SPLITS) expect(questions(split, 30).slice(0, 10)).toEqual(questions(split, 10));
  });
  it("ask for what their captions describe, in combinations of the right kind", () => {
    for (const split of ["seen", "held-out"] as const)
      for (const { scene, want, prompt } of questions(split, 60)) {
        expect(heldOut(scene!)).toBe(split === "held-out");
        const { captions } = describeScene(scene!.seed, {}, { heldOut: split === "seen" ? "avoid" : "only" });
        expect(prompt).toBe(captions.long);
        const { style, time, color } = scene!.attributes;
        expect(want.style).toEqual([style]);
        expect(want.subject).toContain(scene!.subject);
        expect(want.time).toEqual(time && [time]);
        expect(want.color?.[0]).toBe(color);
      }
  });
  it("reach every subject with a bare noun, and ask nothing without words", () => {
    const short = questions("short", 2 * SUBJECTS.length);
    expect(new Set(short.map(({ want }) => want.subject?.[0])).size).toBe(SUBJECTS.length);
    expect(short[SUBJECTS.length].prompt).not.toBe(short[0].prompt);
    for (const { prompt, want } of questions("unguided", 5)) expect([prompt, want]).toEqual([undefined, {}]);
  });
  it("are all in the shipped vocabulary", () => {
    const prompts = SPLITS.flatMap((split) => questions(split, 200)).flatMap(({ prompt }) => prompt ?? []);
    for (const prompt of prompts) {
      const { unknown, dropped } = tokenizer.encode(prompt);
      expect([prompt, unknown, dropped]).toEqual([prompt, [], 0]);
    }
  });
  it("use seeds of their own", () => {
    const seeds = [...questions("seen", 500), ...questions("held-out", 500)].map(({ scene }) => scene!.seed);
    seeds.push(...otherScenes(500).map(({ seed }) => seed));
    expect(new Set(seeds).size).toBe(1500);
    expect(Math.min(...seeds)).toBeGreaterThanOrEqual(20_000_000);
  });
});

describe("an exam", () => {
  it("is the same after it was kept, and says when it is too short", () => {
    const exam = examNow(12);
    const again = readExam(writeExam(exam), 12);
    expect(again.short).toEqual(exam.short);
    for (const split of ["seen", "held-out"] as const) {
      expect(again[split].map(({ prompt, want, seed }) => [prompt, want, seed])).toEqual(
        exam[split].map(({ prompt, want, seed }) => [prompt, want, seed]),
      );
      const scenes = (from: typeof exam) => from[split].slice(0, 3).map(({ scene }) => scene!);
      expect(painted(scenes(again), 32).data).toEqual(painted(scenes(exam), 32).data);
    }
    expect(() => readExam(writeExam(exam), 13)).toThrow(/has 12 questions .* ask fewer with --count 12/);
  });
  it("of the shipped model is in the shipped model's words", async () => {
    const beside = (name: string) => readFile(new URL(`../../models/default/${name}`, import.meta.url), "utf8");
    const { encode } = wordTokenizer(JSON.parse(await beside("tokenizer/vocabulary.json")));
    const { seen, short, "held-out": heldOutOnes } = readExam(await beside("questions.tsv"), 200);
    for (const { prompt = "" } of [...seen, ...short, ...heldOutOnes])
      expect([prompt, encode(prompt).unknown, encode(prompt).dropped]).toEqual([prompt, [], 0]);
    expect(heldOutOnes.every(({ scene }) => heldOut(scene!))).toBe(true);
  });
});

describe("the sheet", () => {
  it("has a hundred different prompts in the model's own words", () => {
    expect(new Set(SHEET).size).toBe(100);
    for (const prompt of SHEET) {
      const { unknown, dropped, pieces } = tokenizer.encode(prompt);
      expect([prompt, unknown, dropped]).toEqual([prompt, [], 0]);
      expect(pieces.length).toBeGreaterThan(1);
    }
  });
});

describe("result", () => {
  const asked = questions("seen", 40);
  const right = asked.map(({ scene }): Verdict => {
    const again = describeScene(scene!.seed, {}, { heldOut: "avoid" });
    return { ...answersOf(again), features: new Float32Array(1) };
  });
  it("is full for the truth, and counts only what was asked", () => {
    const { pictures, right: shares, together } = result(asked, right);
    expect([pictures, together]).toEqual([40, { right: 40, of: 40 }]);
    for (const { name } of ATTRIBUTES) expect(shares[name].right).toBe(shares[name].of);
    expect(shares.time.of).toBe(asked.filter(({ want }) => want.time !== undefined).length);
    expect(shares.time.of).toBeLessThan(40);
  });
  it("loses one for one wrong answer", () => {
    const spoilt = (name: Attribute): Verdict[] =>
      right.map((v, i) => (i === 3 ? { ...v, [name]: ["another", "one"] } : v));
    const { right: shares, together } = result(asked, spoilt("subject"));
    expect(shares.subject).toEqual({ right: 39, of: 40 });
    expect(shares.style).toEqual({ right: 40, of: 40 });
    expect(together).toEqual({ right: 39, of: 40 });
  });
  it("falls apart by value", () => {
    const shares = Object.values(byValue("subject", asked, right));
    const subjects = asked.reduce((sum, { want }) => sum + want.subject!.length, 0);
    expect(subjects).toBeGreaterThan(40);
    expect(shares.reduce((sum, { of }) => sum + of, 0)).toBe(subjects);
    expect(shares.reduce((sum, { right }) => sum + right, 0)).toBe(subjects);
    expect(byValue("time", questions("short", 10), right)).toEqual({});
  });
});

it("PSNR is the mean over pictures, of clamped ones", () => {
  const originals = tensor([1, -1, 0, 0], [2, 1, 1, 2]);
  const drawn = tensor([1.5, -0.8, 0.2, 0.2], [2, 1, 1, 2]);
  // Errors 0.04/2 and 0.04 of a range of 2: 23.01 dB and 20 dB.
  expect(meanPsnr(drawn, originals)).toBeCloseTo((10 * Math.log10(200) + 20) / 2, 4);
});
