// painters: several threads paint the shards of a run, one shard at a time each. Node only.
import { Worker } from "node:worker_threads";
import { RuntimeError } from "../runtime/runtime.ts";

/** What a painter is started with. */
export interface PainterStart {
  readonly folder: string;
  readonly side: number;
}

/** A shard to paint, or the end. */
export type PainterTask = number | "end";

/** What it did: whether the shard had to be painted, or why it could not be. */
export interface Painted {
  readonly painted?: boolean;
  readonly problem?: string;
}

const entry = new URL(
  import.meta.url.endsWith(".ts") ? "../../dist/training/painter.js" : "./painter.js",
  import.meta.url,
);

/**
 * Paint the shards that are not painted yet, on `cores` threads.
 * @param onPainted is told of each shard that had to be painted
 * @returns false when the signal stopped it; shards under way were finished
 * @throws RuntimeError when a shard cannot be painted or written
 */
export async function paintShards(
  start: PainterStart,
  shards: readonly number[],
  cores: number,
  { signal, onPainted }: { readonly signal?: AbortSignal; readonly onPainted?: (shard: number) => void } = {},
): Promise<boolean> {
  const left = [...shards];
  const paint = async (): Promise<void> => {
    if (left.length === 0 || signal?.aborted) return;
    const worker = new Worker(entry, { workerData: start });
    try {
      for (let shard = left.shift(); shard !== undefined && !signal?.aborted; shard = left.shift()) {
        const done = answer(worker);
        worker.postMessage(shard satisfies PainterTask);
        const { painted, problem } = await done;
        if (problem !== undefined) throw new RuntimeError(`paint: shard ${shard}: ${problem}`);
        if (painted) onPainted?.(shard);
      }
    } finally {
      const gone = new Promise((resolve) => worker.once("exit", resolve));
      worker.postMessage("end" satisfies PainterTask);
      await gone;
    }
  };
  await Promise.all(Array.from({ length: Math.min(cores, left.length) }, paint));
  return !signal?.aborted;
}

function answer(worker: Worker): Promise<Painted> {
  return new Promise((resolve) => {
    const settle = (given: Painted): void => {
      worker.off("exit", died);
      worker.off("error", failed);
      worker.off("message", settle);
      resolve(given);
    };
    const died = (code: number): void => settle({ problem: `a painter ended with code ${code}` });
    const failed = (error: unknown): void => settle({ problem: `${error}` });
    worker.once("message", settle);
    worker.once("exit", died);
    worker.once("error", failed);
  });
}
