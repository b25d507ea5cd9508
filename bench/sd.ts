// SD: checkpoints of random weights in true shapes, drawn with. Seconds of a U-Net call, a guided step, a decode, beside bare
// ONNX Runtime sessions over the same graphs and beside peers; and the memory of a whole drawing, seen from outside.
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import * as ort from "onnxruntime-node";
import type { Graph } from "../src/graph/trace.ts";
import type { Value } from "../src/graph/value.ts";
import { unetGraph } from "../src/models/unet.ts";
import { vaeDecoderGraph } from "../src/models/vae.ts";
import { emit, type Source } from "../src/onnx/emit.ts";
import { engine } from "../src/pipelines/engine.ts";
import { openModel } from "../src/pipelines/load.ts";
import type { Model } from "../src/pipelines/model.ts";
import { drawingNeeds, settings, walk } from "../src/pipelines/text-to-image.ts";
import { ortNode } from "../src/runtime/ort-node.ts";
import { cpuGenerator } from "../src/tensor/random.ts";
import type { Tensor } from "../src/tensor/tensor.ts";
import type { Weights } from "../src/weights/weights.ts";
import { type Family, families, randomCheckpoint } from "./checkpoints.ts";
import { inTurn, record, type Time } from "./measure.ts";

export interface SdOptions {
  readonly folder: string;
  readonly family: Family;
  /** Pixels along both sides. */
  readonly side: number;
  readonly seconds: number;
  readonly keep: boolean;
  /** Whether the model is opened as `--fast` does. */
  readonly fast?: boolean;
}

/** What a row calls what was drawn with. */
export const nameOf = ({ family, side, fast }: SdOptions): string =>
  `${families[family].name} fp16, ${side} px${fast ? ", fast" : ""}`;

const [ours, bare] = [0, 1];
const seconds = ({ seconds: wall, cpu }: Time): string => `${wall.toFixed(2)} s (${cpu.toFixed(1)} cpu)`;
const ratio = (a: Time, b: Time): string =>
  `ratio ${(a.seconds / b.seconds).toFixed(2)} (cpu ${(a.cpu / b.cpu).toFixed(2)})`;

/** A session with ONNX Runtime's own defaults over the graph that we run, its weights in float32 and repacked. */
async function bareSession(graph: Graph<string, string>, weights: Weights, inputs: Readonly<Record<string, Tensor>>) {
  const source = (name: string): Source => {
    const { dtype, file } = weights.info(name)!;
    const { path, offset, length } = file!;
    return { kind: "file", dtype, at: { location: path.slice(1), offset, length } };
  };
  const session = await ort.InferenceSession.create(emit(graph, source), {
    extra: { session: { model_external_initializers_file_folder_path: "/" } },
  });
  const feeds = Object.fromEntries(
    Object.entries(inputs).map(([name, { data, shape }]) => [name, new ort.Tensor("float32", data, shape)]),
  );
  return { run: () => session.run(feeds), release: () => session.release() };
}

const example = (graph: Graph<string, string>): Record<string, Tensor> => {
  const { randn } = cpuGenerator(2);
  return Object.fromEntries(Object.entries<Value>(graph.inputs).map(([name, { shape }]) => [name, randn(shape)]));
};

/** Speed of the parts of a drawing. */
export async function benchSdSpeed(options: SdOptions): Promise<void> {
  const { folder, family, side, seconds: length, keep, fast = false } = options;
  const path = await randomCheckpoint(folder, family);
  const started = performance.now();
  const model = await openModel(path, { fast });
  const opened = (performance.now() - started) / 1000;
  const name = nameOf(options);
  const small = side / 8;
  await using runtime = await ortNode();
  await using running = engine(model, runtime);

  const loading = performance.now();
  const context = await running.context("a red boat");
  const text = (performance.now() - loading) / 1000;
  const nothing = await running.context("");
  const sigmas = walk(model, settings(model, { seed: 1, width: side, height: side }));
  const { randn } = cpuGenerator(1);
  const x = randn([1, 4, small, small]);
  const sigma = sigmas.start;
  const [asked, without] = [running.denoise(context, sigmas), running.denoise(nothing, sigmas)];
  const compiling = performance.now();
  await asked(x, sigma);
  const first = (performance.now() - compiling) / 1000;
  const compile = await timeToCompile(model, small);
  record(
    `${name}: load`,
    `open ${opened.toFixed(2)} s, U-Net ready ${compile.toFixed(2)} s; first text ${text.toFixed(2)} s, first U-Net call ${first.toFixed(2)} s, loading included`,
    keep,
  );

  const one = unetGraph(model.specs.unet, { batch: 1, height: small, width: small, tokens: 77 });
  const session = await bareSession(one, model.weights.unet, example(one));
  // One after the other: a call alone and a guided step are two programs, of which large models keep one at a time.
  const [call, plain] = await inTurn([async () => asked(x, sigma), session.run], length);
  const guided = () => Promise.all([asked(x, sigma), without(x, sigma)]);
  const [step, again] = await inTurn([guided, session.run], length);
  await session.release();
  const twice = { seconds: 2 * again.seconds, cpu: 2 * again.cpu };
  record(`${name}: U-Net call`, `${seconds(call)}, bare session ${seconds(plain)}, ${ratio(call, plain)}`, keep);
  record(
    `${name}: guided step`,
    `${seconds(step)}, two calls of a bare session ${seconds(twice)}, ${ratio(step, twice)}`,
    keep,
  );

  const decoder = vaeDecoderGraph(model.specs.vae, 1, small, small);
  const bareDecoder = await bareSession(decoder, model.weights.vae, example(decoder));
  const decodes = await inTurn([async () => running.decode(x), bareDecoder.run], length);
  await bareDecoder.release();
  record(
    `${name}: decode`,
    `${seconds(decodes[ours])}, bare session ${seconds(decodes[bare])}, ${ratio(decodes[ours], decodes[bare])}`,
    keep,
  );
}

/** What share of a guided step each kind of operator takes. */
export async function benchSdProfile({ folder, family, side, keep }: SdOptions): Promise<void> {
  const model = await openModel(await randomCheckpoint(folder, family));
  const small = side / 8;
  const graph = unetGraph(model.specs.unet, { batch: 2, samples: 1, height: small, width: small, tokens: 77 });
  const traces = await mkdtemp(join(folder, "profile-"));
  {
    await using runtime = await ortNode({ profile: join(traces, "step") });
    await using program = await runtime.compile<string, string>(graph, model.weights.unet);
    await program.run(example(graph));
  }
  const [file] = await readdir(traces);
  const spent = new Map<string, number>();
  for (const event of JSON.parse(await readFile(join(traces, file), "utf8")) as ProfileEvent[])
    if (event.cat === "Node" && event.name.endsWith("_kernel_time")) {
      const op = event.args.op_name;
      spent.set(op, (spent.get(op) ?? 0) + event.dur);
    }
  await rm(traces, { recursive: true });
  const total = [...spent.values()].reduce((a, b) => a + b, 0);
  const shares = [...spent].sort(([, a], [, b]) => b - a).slice(0, 6);
  const rest = total - shares.reduce((sum, [, time]) => sum + time, 0);
  record(
    `${families[family].name} fp16, ${side} px: a guided step by operator`,
    [...shares, ["others", rest] as const]
      .map(([op, time]) => `${op} ${((100 * time) / total).toFixed(1)} %`)
      .join(", "),
    keep,
  );
}

/** What is read of ONNX Runtime's trace. */
interface ProfileEvent {
  readonly cat: string;
  readonly name: string;
  readonly dur: number;
  readonly args: { readonly op_name: string };
}

async function timeToCompile(model: Model, small: number): Promise<number> {
  const graph = unetGraph(model.specs.unet, { batch: 2, samples: 1, height: small, width: small, tokens: 77 });
  await using runtime = await ortNode();
  const started = performance.now();
  await using _ = await runtime.compile<string, string>(graph, model.weights.unet, {
    repack: model.choices?.fast ?? false,
  });
  return (performance.now() - started) / 1000;
}

/** Resident bytes of a process and its children: anonymous and of mapped files. */
function resident(pid: number): { readonly anonymous: number; readonly mapped: number } {
  let [anonymous, mapped] = [0, 0];
  const look = (id: number): void => {
    try {
      const status = readFileSync(`/proc/${id}/status`, "utf8");
      const bytes = (key: string): number => 1024 * Number(new RegExp(`${key}:\\s+(\\d+)`).exec(status)?.[1] ?? 0);
      anonymous += bytes("RssAnon");
      mapped += bytes("RssFile");
      const children = readFileSync(`/proc/${id}/task/${id}/children`, "utf8").trim();
      if (children !== "") for (const child of children.split(" ")) look(Number(child));
    } catch {
      // it has just ended
    }
  };
  look(pid);
  return { anonymous, mapped };
}

/** The whole command, as a person types it; its processes looked at twenty times a second. Linux only. */
export async function benchSdCommand(options: SdOptions & { readonly steps: number }): Promise<void> {
  const { folder, family, side, keep, fast = false, steps } = options;
  const path = await randomCheckpoint(folder, family);
  const model = await openModel(path, { fast });
  const chosen = settings(model, { prompt: "a red boat", seed: 7, width: side, height: side, steps });
  const estimate = drawingNeeds(model, chosen).most;
  const main = fileURLToPath(new URL("../apps/cli/dist/main.js", import.meta.url));
  const args = [main, "a red boat", "--model", path, "--steps", `${steps}`, "--size", `${side}x${side}`, "--seed", "7"];
  if (fast) args.push("--fast");
  const started = performance.now();
  let most = { anonymous: 0, mapped: 0 };
  await new Promise<void>((resolve, reject) => {
    const child = execFile(process.execPath, [...args, "-o", join(folder, `${family}-${side}.png`)], (error) => {
      clearInterval(watch);
      error ? reject(error) : resolve();
    });
    const watch = setInterval(() => {
      const now = resident(child.pid!);
      if (now.anonymous + now.mapped > most.anonymous + most.mapped) most = now;
    }, 50);
  });
  const took = (performance.now() - started) / 1000;
  const gb = (bytes: number): string => (bytes / 1e9).toFixed(2);
  record(
    `${nameOf(options)}: the command, ${steps} guided steps`,
    `${took.toFixed(0)} s, peak ${gb(most.anonymous + most.mapped)} GB resident (${gb(most.anonymous)} anonymous, ${gb(most.mapped)} mapped files); estimated ${gb(estimate)} GB`,
    keep,
  );
}
