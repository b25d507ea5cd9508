// parallel: data-parallel runs. Several threads, each with its own engine, take a part of the batch; results are averaged.
// Two engines of one thread each waste less than one engine of two threads when graphs are small, as in training here.
import { Worker } from "node:worker_threads";
import { serialize } from "../graph/serial.ts";
import type { Graph } from "../graph/trace.ts";
import type { Value } from "../graph/value.ts";
import { type AnyTensor, size, type Tensor, tensor } from "../tensor/tensor.ts";
import { type Program, type Runtime, RuntimeError } from "./runtime.ts";

/** Where values lie in memory that threads share; offsets and sizes in 4-byte elements. */
export interface Layout {
  readonly buffer: SharedArrayBuffer;
  readonly places: Readonly<
    Record<string, { readonly offset: number; readonly shape: readonly number[]; readonly dtype: "f32" | "i32" }>
  >;
}

/** What a worker is started with. */
export interface WorkerStart {
  readonly graph: ReturnType<typeof serialize>;
  readonly params: Layout;
  readonly inputs: Layout;
  readonly outputs: Layout;
}

const entry = new URL(
  import.meta.url.endsWith(".ts") ? "../../dist/runtime/parallel-worker.js" : "./parallel-worker.js",
  import.meta.url,
);

function layout(values: Iterable<readonly [string, Pick<Value, "shape" | "dtype">]>): Layout {
  const places: Record<string, Layout["places"][string]> = {};
  let offset = 0;
  for (const [name, { shape, dtype }] of values) {
    places[name] = { offset, shape, dtype };
    offset += size(shape);
  }
  return { buffer: new SharedArrayBuffer(4 * offset), places };
}

/** A view of one value in shared memory. */
export function view({ buffer, places }: Layout, name: string): Float32Array | Int32Array {
  const { offset, shape, dtype } = places[name];
  return dtype === "i32"
    ? new Int32Array(buffer, 4 * offset, size(shape))
    : new Float32Array(buffer, 4 * offset, size(shape));
}

/**
 * A runtime for training: each program runs on `workers` threads of ONNX Runtime, one core each.
 *
 * A graph is compiled for one worker's part: inputs of a run are `workers` times as long on axis 0 as the graph's, and each
 * output is the mean of the workers' outputs, which for the mean loss of a batch and its gradients is that of the whole.
 * Parameters come with each run.
 */
export function parallel(workers: number): Runtime {
  async function compile<In extends string, Out extends string>(graph: Graph<In, Out>): Promise<Program<In, Out>> {
    const params = layout(graph.params);
    const data = serialize(graph);
    const hands = await Promise.all(
      Array.from({ length: workers }, async () => {
        const start: WorkerStart = {
          graph: data,
          params,
          inputs: layout(Object.entries<Value>(graph.inputs)),
          outputs: layout(Object.entries<Value>(graph.outputs)),
        };
        const worker = new Worker(entry, { workerData: start });
        const answer = (): Promise<void> =>
          new Promise((resolve, reject) => {
            const settle = (problem: string | undefined): void => {
              worker.off("exit", died);
              if (problem === undefined) resolve();
              else reject(new RuntimeError(`parallel: ${problem}`));
            };
            const died = (code: number): void => settle(`a worker ended with code ${code}`);
            worker.once("message", settle);
            worker.once("exit", died);
          });
        await answer();
        return { start, worker, answer };
      }),
    );
    return {
      async run(inputs, given = {}) {
        for (const name of graph.params.keys()) (view(params, name) as Float32Array).set(given[name].data);
        const done = hands.map(({ start, worker, answer }, i) => {
          for (const [name, t] of Object.entries<AnyTensor>(inputs)) {
            const part = view(start.inputs, name);
            if (t.data.length !== workers * part.length)
              throw new RuntimeError(
                `parallel: input ${name} [${t.shape}] does not split into ${workers} parts of [${start.inputs.places[name].shape}]`,
              );
            part.set((t.data as Float32Array).subarray(i * part.length, (i + 1) * part.length));
          }
          const finished = answer();
          worker.postMessage("run");
          return finished;
        });
        await Promise.all(done);
        const results = Object.entries<Value>(graph.outputs).map(([name, { shape }]) => {
          const parts = hands.map(({ start }) => view(start.outputs, name));
          const mean = new Float32Array(parts[0].length);
          for (const part of parts) for (let i = 0; i < mean.length; i++) mean[i] += part[i] / workers;
          return [name, tensor(mean, shape)];
        });
        return Object.fromEntries(results) as Record<Out, Tensor>;
      },
      async [Symbol.asyncDispose]() {
        await Promise.all(
          hands.map(({ worker }) => {
            const gone = new Promise((resolve) => worker.once("exit", resolve));
            worker.postMessage("end");
            return gone;
          }),
        );
      },
    };
  }
  return { name: `parallel ${workers}`, compile, [Symbol.asyncDispose]: async () => {} };
}
