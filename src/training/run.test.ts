// A run on disk: stopped and taken up again, it ends where one that was never stopped ends, to the last bit.
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { trace } from "../graph/trace.ts";
import { referenceRuntime } from "../runtime/reference.ts";
import { tensor } from "../tensor/tensor.ts";
import { type Progress, progressLine, run } from "./run.ts";
import { loadState, saveState } from "./state.ts";
import { begin, type TrainingState, train } from "./train.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "dreamgrain-run-"));
});
afterEach(() => rm(folder, { recursive: true }));

const graph = trace({ x: [4] }, (p, { x }) => ({
  loss: p
    .get("w", [4], (_, { normal }) => Float32Array.from({ length: 4 }, normal))
    .sub(x)
    .square()
    .mean(),
}));

function carry(state: TrainingState, steps: number, signal?: AbortSignal, onProgress?: (p: Progress) => void) {
  return run({
    stage: "toy",
    folder,
    steps,
    batch: 4,
    state,
    sheetEvery: 10,
    sheet: async (s) => new TextEncoder().encode(`sheet of step ${s.step}`),
    ...(signal && { signal }),
    ...(onProgress && { onProgress }),
    train: () =>
      train(referenceRuntime(), graph, state, {
        steps,
        schedule: () => 0.01,
        batch: (_, { fillNormal }) => ({ x: tensor(fillNormal(new Float32Array(4)), [4]) }),
      }),
  });
}

it("goes on after a stop as if there had been none", async () => {
  const whole = begin(graph);
  expect(await carry(whole, 45)).toBe(true);
  await rm(folder, { recursive: true });

  const stopping = new AbortController();
  expect(await carry(begin(graph), 45, stopping.signal, ({ step }) => step === 17 && stopping.abort())).toBe(false);
  const seen: number[] = [];
  const again = begin(graph, { seed: 9 });
  expect(await carry(again, 45, undefined, ({ step }) => seen.push(step))).toBe(true);
  expect(seen[0]).toBe(18);
  expect(again).toEqual(whole);
});

it("keeps a log and sheets", async () => {
  await carry(begin(graph), 40);
  const lines = (await readFile(join(folder, "toy.jsonl"), "utf8"))
    .trim()
    .split("\n")
    .map((l) => JSON.parse(l));
  expect(lines.map((l) => l.step)).toEqual([20, 40]);
  expect(Object.keys(lines[0])).toEqual(
    expect.arrayContaining(["loss", "smooth", "norm", "rate", "picturesPerSecond"]),
  );
  const sheets = (await readdir(folder)).filter((name) => name.endsWith(".png"));
  expect(sheets.sort()).toEqual(["toy-000010.png", "toy-000020.png", "toy-000030.png", "toy-000040.png"]);
});

it("saves everything and refuses the state of another network", async () => {
  const state = begin(graph);
  state.step = 7;
  state.moments.first.w.data.fill(0.5);
  const path = join(folder, "state.safetensors");
  await saveState(path, state);
  const other = begin(graph, { seed: 3 });
  expect(await loadState(path, other)).toBe(true);
  expect(other).toEqual(state);
  expect(await loadState(join(folder, "none.safetensors"), other)).toBe(false);
  const wider = begin(trace({}, (p) => ({ loss: p.get("v", [5], (s) => new Float32Array(s[0])).mean() })));
  await expect(loadState(path, wider)).rejects.toThrow(/params\/v/);
});

it("tells the state of a run in one line", () => {
  const progress: Progress = {
    stage: "denoiser",
    step: 120,
    steps: 3600,
    loss: 1,
    smoothLoss: 0.71234,
    metrics: {},
    norm: 1,
    rate: 1e-3,
    seconds: 1,
    picturesPerSecond: 31.6,
    left: 3480,
  };
  expect(progressLine(progress)).toBe("denoiser 120/3600 · loss 0.7123 · 32 pictures/s · 58 min left");
  expect(progressLine({ ...progress, left: 7200 })).toMatch(/2\.0 h left$/);
  expect(progressLine({ ...progress, left: 42 })).toMatch(/42 s left$/);
});

it("refuses the state of a network of another shape", async () => {
  const path = join(folder, "toy.state.safetensors");
  const state = begin(graph);
  await saveState(path, state);
  const wider = { ...state, params: { w: tensor([1, 2, 3, 4, 5], [5]) } };
  await expect(loadState(path, wider)).rejects.toThrow(/holds params\/w \[4\], and this recipe wants \[5\]; train in/);
});
