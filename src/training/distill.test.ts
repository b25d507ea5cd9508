// Distillation: walks are the pipeline's, a batch says what leads to the end of a stretch, and the student comes near its teacher.
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { predictions } from "../diffusion/denoise.ts";
import { guided } from "../diffusion/guidance.ts";
import { flowTable } from "../diffusion/noise-table.ts";
import { eulerAncestral, finish, type Step } from "../diffusion/samplers.ts";
import { type Graph, trace } from "../graph/trace.ts";
import { clipTextSpec, unetSpec } from "../models/config.ts";
import { configs, specs as known } from "../models/specs.ts";
import { unetTime } from "../models/time.ts";
import { withLora } from "../nn/lora.ts";
import { engine } from "../pipelines/engine.ts";
import type { Model } from "../pipelines/model.ts";
import { settings, walk } from "../pipelines/text-to-image.ts";
import { ortNode } from "../runtime/ort-node.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { widen } from "../tensor/dtype.ts";
import { ints, type Shape, scale, tensor } from "../tensor/tensor.ts";
import { wordTokenizer } from "../text/words.ts";
import { fromTensors, under } from "../weights/weights.ts";
import { cosine, type Tensors } from "./adamw.ts";
import { type DenoiserIn, denoiserInputs, denoiserLoss, readTexts, velocity } from "./denoiser.ts";
import { distillBatch, distillLoss, handedOn } from "./distill.ts";
import { drawPaths, guidedVelocity, type Paths, stretches, type Teacher, timeAt } from "./paths.ts";
import { random } from "./random.ts";
import { begin, initialise, train } from "./train.ts";

const { unet, text_encoder } = configs.small;
const narrow = { cross_attention_dim: 16, projection_class_embeddings_input_dim: 16, attention_head_dim: 2 };
const flat = { block_out_channels: [32], down_block_types: ["DownBlock2D"], up_block_types: ["UpBlock2D"] };
const specs = {
  unet: unetSpec({ ...unet, ...narrow, ...flat, in_channels: 4, out_channels: 4, sample_size: 2 }),
  text: clipTextSpec({
    ...text_encoder,
    ...{ hidden_size: 16, num_attention_heads: 2, num_hidden_layers: 1, intermediate_size: 32 },
    ...{ vocab_size: 16, max_position_embeddings: 6 },
  }),
};
const tokenizer = wordTokenizer({ words: ["red", "blue", "cat", "sea"], length: 6 });
const CAPTIONS = ["red cat", "blue cat", "red sea", "sea"];
const side = 2;
const width = 4 * side * side;

/** Weights of a network whose branches all say something: fresh ones end in zeros. */
const weights = initialise(denoiserLoss(specs, 1, side), 1);
for (const [name, t] of Object.entries(weights)) {
  if (/(conv2|net\.2|conv_out)\.weight$/.test(name)) {
    const { normal } = random(9, name);
    for (let i = 0; i < t.data.length; i++) t.data[i] = (2 * normal()) / Math.sqrt(t.data.length / t.shape[0]);
  }
  if (name.includes("_embedding.weight")) for (let i = 0; i < t.data.length; i++) t.data[i] *= 50;
}

const teacher: Teacher = {
  ...{ specs, weights, tokenizer, side, id: "this", seed: 1 },
  ...{ guidance: 3, teacherSteps: 16, studentSteps: 4 },
  caption: ({ below }) => CAPTIONS[below(4)],
};

let runtime: Runtime;
let folder: string;
let paths: Paths;
beforeAll(async () => {
  runtime = await ortNode({ threads: 1 });
  folder = await mkdtemp(join(tmpdir(), "dreamgrain-distill-"));
  [paths] = (await drawPaths(runtime, teacher, { folder, count: 32, batch: 20 }))!;
});
afterAll(async () => {
  await rm(folder, { recursive: true });
  await runtime[Symbol.asyncDispose]();
});

/** Where path n was at the beginning of a stretch (2·stop) or at its end (2·stop + 1). */
const state = (of: Paths, n: number, at: number): Float32Array =>
  widen({ ...of.states, data: of.states.data.subarray((8 * n + at) * width, (8 * n + at + 1) * width) }).data;

/** How far one set of numbers is from another, in root mean square. */
const apart = (a: Float32Array, b: Float32Array): number =>
  Math.sqrt(a.reduce((sum, v, i) => sum + (v - b[i]) ** 2, 0) / a.length);

describe("drawPaths", () => {
  it("walks as Euler ancestral does in the pipeline, stretch by stretch", async () => {
    const model = {
      ...{ name: "tiny", hash: "", task: "text-to-image", zeroNegative: false, table: flowTable(), final: "zero" },
      ...{ prediction: predictions.flow, specs: { unet: specs.unet, vae: known.small.vae } },
      weights: { unet: under(fromTensors(weights), "unet."), vae: fromTensors({}) },
      texts: [
        {
          ...{ spec: specs.text, tokenizer, tokens: "last_hidden_state", pooled: "pooled" },
          weights: under(fromTensors(weights), "text_encoder."),
        },
      ],
      defaults: { width: 16, height: 16, steps: 4, guidance: 3, sampler: "euler_a", schedule: "trailing", shift: 1 },
    } as const satisfies Model;
    await using running = engine(model, runtime);
    const sigmas = walk(model, settings(model, { seed: 0 }));
    const alike = { ...teacher, teacherSteps: 4 };
    const [walked] = (await drawPaths(runtime, alike, { folder: join(folder, "alike"), count: 32, batch: 20 }))!;
    for (const n of [0, 25]) {
      const dice = random(1, `path ${n}`);
      const fresh = (): Float32Array => dice.fillNormal(new Float32Array(width));
      const start = tensor(fresh(), [1, 4, side, side]);
      const [asked, nothing] = [await running.context(teacher.caption(dice)), await running.context("")];
      const denoise = guided(running.denoise(asked, sigmas), running.denoise(nothing, sigmas), { scale: 3 });
      const seen: Step[] = [];
      const noise = (shape: Shape) => tensor(fresh(), shape);
      const drawn = eulerAncestral(denoise, scale(start, sigmas.start), sigmas, {
        noise,
        prediction: model.prediction,
      });
      const x = await finish(drawn, (step) => void seen.push(step));
      for (const [stop, step] of seen.entries())
        expect(apart(state(walked, n, 2 * stop), scale(step.x, 1 / (1 + step.sigma)).data)).toBeLessThan(2e-3);
      expect(apart(state(walked, n, 7), x.data)).toBeLessThan(2e-3);
    }
  });
  it("keeps whole files, and walks anew for other weights", async () => {
    const told: number[][] = [];
    const options = { folder, count: 32, batch: 20, onWalked: (...counts: number[]) => void told.push(counts) };
    expect((await drawPaths(runtime, teacher, options))![0].states).toEqual(paths.states);
    expect(told).toEqual([]);
    const other = join(folder, "other");
    await drawPaths(runtime, { ...teacher, teacherSteps: 4 }, { ...options, folder: other });
    await drawPaths(runtime, { ...teacher, teacherSteps: 4, id: "that" }, { ...options, folder: other });
    expect(told).toEqual([
      [32, 32],
      [32, 32],
    ]);
  });
  it("stops when it is told to, and leaves no part of a file", async () => {
    const empty = join(folder, "empty");
    const signal = AbortSignal.abort();
    expect(await drawPaths(runtime, teacher, { folder: empty, count: 32, signal })).toBeUndefined();
    expect(await readdir(empty)).toEqual([]);
  });
  it("refuses a teacher that does not stop where the student does", async () => {
    await expect(drawPaths(runtime, { ...teacher, teacherSteps: 18 }, { folder, count: 32 })).rejects.toThrow(
      /18 steps of the teacher are no multiple of the student's 4/,
    );
  });
});

describe("distillBatch", () => {
  it("shows where a stretch began, and the velocity that leads straight to its end", () => {
    const way = stretches(4);
    expect(way.map(({ from }) => Math.round(1e4 * from))).toEqual([9995, 7495, 4995, 2495]);
    for (const { from, to, next, up } of way) {
      expect(to).toBeLessThanOrEqual(next);
      expect(next).toBeLessThan(from);
      // Noise of deviation to/(1−to), and fresh noise, are together that of the next level.
      expect(Math.hypot(to / (1 - to), up)).toBeCloseTo(next / (1 - next), 6);
    }
    const batch = distillBatch(specs, [paths], way, 40, random(3));
    const rowsOf = (name: keyof typeof batch, b: number): number[] => {
      const { data, shape } = batch[name];
      return [...(data as Float32Array).subarray((b * data.length) / shape[0], ((b + 1) * data.length) / shape[0])];
    };
    const seen = new Set<number>();
    for (let b = 0; b < 40; b++) {
      const sample = rowsOf("sample", b);
      const found = Array.from({ length: 32 * 4 }, (_, i) => [Math.floor(i / 4), i % 4] as const).filter(
        ([n, stop]) => apart(state(paths, n, 2 * stop), Float32Array.from(sample)) === 0,
      );
      expect(found).toHaveLength(1);
      const [[n, stop]] = found;
      seen.add(stop);
      const end = state(paths, n, 2 * stop + 1);
      const target = rowsOf("target", b);
      for (const [i, x] of sample.entries())
        expect(x + (way[stop].to - way[stop].from) * target[i]).toBeCloseTo(end[i], 5);
      expect(rowsOf("time", b)).toEqual([...unetTime(specs.unet, [timeAt(way[stop].from)]).data]);
      expect(rowsOf("ids", b)).toEqual([...paths.ids.data.subarray(6 * n, 6 * n + 6)]);
      expect(rowsOf("end", b)).toEqual([...paths.end.data.subarray(6 * n, 6 * n + 6)]);
    }
    expect(seen.size).toBe(4);
  });
});

describe("a student", () => {
  /** Where all paths were at the beginning or the end of a stretch. */
  const every = (at: number): Float32Array =>
    Float32Array.from(Array.from({ length: 32 }, (_, n) => [...state(paths, n, at)]).flat());

  /** How far one step leads from where the teacher's four of a stretch end, over all stretches. */
  async function astray(graph: Graph<DenoiserIn, "velocity">, weights: Tensors): Promise<number> {
    const texts = graph.inputs.ids.shape[0];
    const nothing = readTexts(tokenizer, new Array<string>(texts - 32).fill(""), 6);
    await using walker = await runtime.compile(graph, fromTensors(weights));
    const far: number[] = [];
    for (const [stop, { from, to }] of stretches(4).entries()) {
      const x = every(2 * stop);
      const { velocity } = await walker.run({
        sample: tensor(x, [32, 4, side, side]),
        time: unetTime(specs.unet, new Array<number>(32).fill(timeAt(from))),
        ids: ints([...paths.ids.data, ...nothing.ids.data], [texts, 6]),
        end: tensor([...paths.end.data, ...nothing.end.data], [texts, 1, 6]),
      });
      for (let i = 0; i < x.length; i++) x[i] += (to - from) * velocity.data[i];
      far.push(apart(x, every(2 * stop + 1)));
    }
    return Math.hypot(...far) / 2;
  }
  /** What pipelines make of a denoiser, unguided, with factors. */
  const unguided = (factors: Tensors) =>
    trace<DenoiserIn, "velocity">(denoiserInputs(specs, 32, side), (p, given) => {
      const params = { unet: withLora(p.at("unet"), fromTensors(factors)), text: p.at("text_encoder") };
      return { velocity: velocity(specs, params, given) };
    });

  it("begins as its teacher unguided, and in four steps comes nearer to the teacher's sixteen than the teacher in four", async () => {
    const loss = distillLoss(specs, weights, 16, 16, side);
    const student = begin(loss, { seed: 1 });
    const fresh = await astray(unguided(student.params), { ...weights, ...student.params });
    expect(fresh).toBeCloseTo(await astray(unguided({}), weights), 5);
    const learning = train(runtime, loss, student, {
      ...{ steps: 120, schedule: cosine(2e-3, 120, { warmup: 10 }), averageDecay: 0.95, seed: 1 },
      batch: (_, dice) => distillBatch(specs, [paths], stretches(4), 16, dice),
    });
    for await (const _ of learning);
    const hurried = await astray(guidedVelocity(specs, 32, side, 3), weights);
    const taught = await astray(unguided(student.average), { ...weights, ...student.average });
    expect(hurried).toBeGreaterThan(0.1);
    expect(taught).toBeLessThan(0.5 * hurried);
  });
  it("goes on from another's factors, if they are of its shape; those that were not there add nothing yet", () => {
    const loss = distillLoss(specs, weights, 16, 16, side);
    const { params } = begin(loss, { seed: 7 });
    expect(handedOn(params, loss)).toEqual({ from: params });
    expect(begin(loss, { seed: 1, ...handedOn(params, loss) }).params).toEqual(params);
    const [name] = Object.keys(params);
    expect(handedOn(params, distillLoss(specs, weights, 8, 16, side))).toEqual({ from: {}, other: name });
    const skip = "unet.input_skip.lora_B.weight";
    const { [skip]: _, ...rest } = params;
    expect(handedOn(rest, loss)).toEqual({ from: rest });
    expect(begin(loss, { seed: 1, from: rest }).params[skip].data.every((v) => v === 0)).toBe(true);
    expect(handedOn({ ...params, "unet.nowhere.lora_A.weight": params[name] }, loss).other).toMatch(/nowhere/);
    expect(handedOn(undefined, loss)).toEqual({ from: {} });
  });
});
