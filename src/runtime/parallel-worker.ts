// One worker of the parallel runtime: copies its part out of shared memory, runs it on one core, copies the results back.
import { parentPort, workerData } from "node:worker_threads";
import { deserialize } from "../graph/serial.ts";
import { type AnyTensor, ints, type Tensor, tensor } from "../tensor/tensor.ts";
import { ortNode } from "./ort-node.ts";
import { type Layout, view, type WorkerStart } from "./parallel.ts";

const { graph, params, inputs, outputs } = workerData as WorkerStart;
const runtime = await ortNode({ threads: 1, spinning: false });
const program = await runtime.compile(deserialize(graph));

// ONNX Runtime takes no shared memory, so each worker has arrays of its own, made once.
const own = (layout: Layout): Record<string, AnyTensor> =>
  Object.fromEntries(
    Object.entries(layout.places).map(([name, { shape, dtype }]) => {
      const length = view(layout, name).length;
      return [name, dtype === "i32" ? ints(new Int32Array(length), shape) : tensor(new Float32Array(length), shape)];
    }),
  );
const fed = { params: own(params), inputs: own(inputs) };

async function run(): Promise<void> {
  for (const [name, t] of Object.entries(fed.params)) (t.data as Float32Array).set(view(params, name));
  for (const [name, t] of Object.entries(fed.inputs)) (t.data as Float32Array).set(view(inputs, name));
  const results = await program.run(fed.inputs, fed.params as Record<string, Tensor>);
  for (const [name, t] of Object.entries(results)) view(outputs, name).set(t.data);
}

parentPort?.on("message", async (message: "run" | "end") => {
  if (message === "end") {
    await program[Symbol.asyncDispose]();
    parentPort?.close();
    return;
  }
  await run().then(
    () => parentPort?.postMessage(undefined),
    (error: unknown) => parentPort?.postMessage(`${error}`),
  );
});
parentPort?.postMessage(undefined);
