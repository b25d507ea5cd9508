// One worker of a team. ONNX Runtime takes no shared memory, so what it is fed is copied to arrays of its own, made once.
import { parentPort, workerData } from "node:worker_threads";
import { deserialize } from "../graph/serial.ts";
import { ortNode } from "../runtime/ort-node.ts";
import { type AnyTensor, ints, type Tensor, tensor } from "../tensor/tensor.ts";
import { adamw, norm, type Tensors, updateAverage } from "./adamw.ts";
import type { Update } from "./learner.ts";
import { type Answer, type Layout, type Task, view, type WorkerStart } from "./team.ts";

const { graphs, state, gradients, own, device, index, threads } = workerData as WorkerStart;

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

/** This worker's share of all weights, whatever tensors it cuts through. */
function share({ buffer }: Layout): Tensors {
  const numbers = new Float32Array(buffer);
  const from = (i: number): number => Math.floor((numbers.length * i) / threads);
  const part = numbers.subarray(from(index), from(index + 1));
  return { share: tensor(part, [part.length]) };
}
const params = share(state.params);
const average = share(state.average);
const moments = { first: share(state.first), second: share(state.second) };
const [sum, ...others] = gradients.map(share);

/** The workers' gradients, added up where the first worker's are. */
function add(): Answer {
  const into = sum.share.data;
  for (const { share } of others) increase(into, share.data);
  return { squares: norm(sum) ** 2 };
}

function learn({ step, rate, scale, averageDecay, optimiser }: Update): Answer {
  adamw(params, sum, moments, step, rate, optimiser, scale);
  updateAverage(average, params, step, averageDecay);
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
  parentPort?.close();
});
parentPort?.postMessage(await started.then((): Answer => ({}), problem));
