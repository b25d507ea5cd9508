// painter: a thread that paints shards as it is told. Started by painters.ts.
import { parentPort, workerData } from "node:worker_threads";
import { paintShard } from "./dataset.ts";
import type { Painted, PainterStart, PainterTask } from "./painters.ts";

const { folder, side } = workerData as PainterStart;

parentPort?.on("message", async (task: PainterTask) => {
  if (task === "end") {
    parentPort?.close();
    return;
  }
  let done: Painted;
  try {
    done = { painted: await paintShard(folder, task, side) };
  } catch (error) {
    done = { problem: error instanceof Error ? error.message : `${error}` };
  }
  parentPort?.postMessage(done);
});
