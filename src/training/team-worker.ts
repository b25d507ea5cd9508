// One worker of a team. ONNX Runtime takes no shared memory, so what it is fed is copied to arrays of its own, made once.
import { parentPort, workerData } from "node:worker_threads";
import { deserialize } from "../graph/serial.ts";
import { ortNode } from "../runtime/ort-node.ts";
import { type AnyTensor, ints, type Tensor, tensor } from "../tensor/tensor.ts";
import { adamw, norm, type Tensors, updateAverage } from "./adamw.ts";
import type { Update } from "./learner.ts";
import { type Muon, muon } from "./muon.ts";
import { type Answer, dealt, type Layout, type Task, view, type WorkerStart } from "./team.ts";

const { graphs, state, gradients, matrices, own, device, index, threads } = workerData as WorkerStart;

const copyOf = (layout: Layout): Record<string, AnyTensor> =>
  Object.fromEntries(
    Object.entries(layout.places).map(([name, { shape, dtype }]) => {
      const length = view(layout, name).length;
      return [name, dtype === "i32" ? ints(new Int32Array(length), shape) : tensor(new Float32Array(length), shape)];
    }),
  );

const set = (into: Float32Array, data: Float32Array): void => into.set(data);
function increase(into: Float32Array, data: Float32Array): void {
  for (let i = 0; i < into.length; i++) into[i] += data[i];
}

/** What computes this worker's gradients. */
async function engineOf(all: NonNullable<typeof own>) {
  const runtime = await ortNode({ device, threads: 1, spinning: false });
  const params = copyOf(state.params);
  const programs = await Promise.all(
    all.map(async ({ inputs, metrics }, i) => {
      const program = await runtime.compile(deserialize(graphs[i]));
      return { program, inputs, metrics, fed: copyOf(inputs[0]) };
    }),
  );
  return {
    async look(which: number): Promise<void> {
      const { program, inputs, metrics, fed } = programs[which];
      for (const [name, t] of Object.entries(params)) (t.data as Float32Array).set(view(state.params, name));
      for (const [round, given] of inputs.entries()) {
        for (const [name, t] of Object.entries(fed)) (t.data as Float32Array).set(view(given, name));
        const results: Record<string, Tensor> = await program.run(fed, params as Tensors);
        const keep = round === 0 ? set : increase;
        for (const name of Object.keys(state.params.places))
          keep(view(gradients[index], name) as Float32Array, results[`d ${name}`].data);
        for (const name of Object.keys(metrics.places)) keep(view(metrics, name) as Float32Array, results[name].data);
      }
    },
    async end(): Promise<void> {
      for (const { program } of programs) await program[Symbol.asyncDispose]();
    },
  };
}

/** This worker's share of the first `length` numbers, whatever tensors it cuts through. */
function share({ buffer }: Layout, length: number): Tensors {
  const from = (i: number): number => Math.floor((length * i) / threads);
  const part = new Float32Array(buffer, 0, length).subarray(from(index), from(index + 1));
  return { share: tensor(part, [part.length]) };
}

/** The matrices that this worker learns. */
const mine = dealt(state.params, matrices, threads)[index];
const some = (layout: Layout): Tensors =>
  Object.fromEntries(mine.map((name) => [name, tensor(view(layout, name) as Float32Array, layout.places[name].shape)]));

const all = state.params.buffer.byteLength / 4;
const plain = matrices.reduce((least, name) => Math.min(least, state.params.places[name].offset), all);
const flat = (layout: Layout): Tensors => share(layout, plain);
const params = flat(state.params);
const average = flat(state.average);
const moments = { first: flat(state.first), second: flat(state.second) };
const turned = { params: some(state.params), average: some(state.average), first: some(state.first) };
const [sum, ...others] = gradients.map((layout) => share(layout, all));
const found = { plain: flat(gradients[0]), turned: some(gradients[0]) };

/** Made when there is a matrix to learn. */
let turner: Promise<{ readonly step: Muon["step"]; end(): Promise<void> }> | undefined;
async function begun() {
  const runtime = await ortNode({ threads: 1, spinning: false });
  const made = muon(runtime);
  return {
    step: made.step,
    async end(): Promise<void> {
      await made[Symbol.asyncDispose]();
      await runtime[Symbol.asyncDispose]();
    },
  };
}

/** The workers' gradients, added up where the first worker's are. */
function add(): Answer {
  const into = sum.share.data;
  for (const { share } of others) increase(into, share.data);
  return { squares: norm(sum) ** 2 };
}

async function learn({ step, rate, scale, averageDecay, optimiser }: Update): Promise<Answer> {
  adamw(params, found.plain, moments, step, rate, optimiser, scale);
  updateAverage(average, params, step, averageDecay);
  if (mine.length > 0) {
    turner ??= begun();
    await (await turner).step(turned.params, found.turned, turned.first, { ...optimiser, rate, scale });
    updateAverage(turned.average, turned.params, step, averageDecay);
  }
  return {};
}

const started = (async () => (own ? await engineOf(own) : undefined))();
started.catch(() => {}); // told below

async function done(task: Exclude<Task, "end">): Promise<Answer> {
  if (task === "add") return add();
  if (!("look" in task)) return learn(task);
  await (await started)?.look(task.look);
  return {};
}

const problem = (error: unknown): Answer => ({ problem: error instanceof Error ? error.message : `${error}` });
parentPort?.on("message", async (task: Task) => {
  if (task !== "end") return parentPort?.postMessage(await done(task).catch(problem));
  await (await started.catch(() => undefined))?.end();
  await (await turner?.catch(() => undefined))?.end();
  parentPort?.close();
});
parentPort?.postMessage(await started.then((): Answer => ({}), problem));
