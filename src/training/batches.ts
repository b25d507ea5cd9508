// batches: threads that prepare the batches of the steps to come while a step is under way. Node only.
import { Worker } from "node:worker_threads";
import { RuntimeError } from "../runtime/runtime.ts";
import type { AnyTensor } from "../tensor/tensor.ts";
import type { DenoiserSpecs, NoiseOptions } from "./denoiser.ts";

/** What the threads are started with: all that the batches of a denoiser depend on. */
export interface BatchesStart {
  readonly specs: DenoiserSpecs;
  /** Latents of all pictures, f32 [count,c,side,side]. */
  readonly latents: { readonly buffer: SharedArrayBuffer; readonly shape: readonly number[] };
  /** Which of all training pictures each of them is. */
  readonly numbers: readonly number[];
  readonly batch: number;
  readonly noise: NoiseOptions;
  readonly seed: number;
}

/** A step whose batch is wanted, or the end. */
export type BatchTask = number | "end";

/** A batch, or why there is none. */
export interface Prepared {
  readonly batch?: Record<string, AnyTensor>;
  readonly problem?: string;
}

/** Batches by the number of their step: asked for one after another, each is there by the time it is asked for. */
export interface Batches extends AsyncDisposable {
  batch(step: number): Promise<Record<string, AnyTensor>>;
}

const entry = new URL(
  import.meta.url.endsWith(".ts") ? "../../dist/training/batches-worker.js" : "./batches-worker.js",
  import.meta.url,
);

/** Prepare batches on some threads. Each step's depends on the seed and the step alone, whichever thread makes it. */
export function batches(start: BatchesStart, threads: number): Batches {
  const workers = Array.from({ length: threads }, () => new Worker(entry, { workerData: start }));
  const made = new Map<number, Promise<Prepared>>();
  const order = (step: number): void => {
    if (made.has(step)) return;
    const worker = workers[step % threads];
    made.set(step, answer(worker, step));
    worker.postMessage(step satisfies BatchTask);
  };
  return {
    async batch(step) {
      for (let ahead = step; ahead <= step + threads; ahead++) order(ahead);
      const { batch, problem } = await made.get(step)!;
      made.delete(step);
      if (!batch) throw new RuntimeError(`batches: step ${step}: ${problem}`);
      return batch;
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(
        workers.map((worker) => {
          const gone = new Promise((resolve) => worker.once("exit", resolve));
          worker.postMessage("end" satisfies BatchTask);
          return gone;
        }),
      );
    },
  };
}

function answer(worker: Worker, step: number): Promise<Prepared> {
  return new Promise((resolve) => {
    const settle = (given: Prepared): void => {
      worker.off("message", heard);
      worker.off("error", failed);
      worker.off("exit", died);
      resolve(given);
    };
    const heard = ({ step: of, ...given }: Prepared & { readonly step: number }): void => {
      if (of === step) settle(given);
    };
    const failed = (error: unknown): void => settle({ problem: `${error}` });
    const died = (code: number): void => settle({ problem: `its thread ended with code ${code}` });
    worker.on("message", heard);
    worker.once("error", failed);
    worker.once("exit", died);
  });
}
