// The child process of the isolated runtime: a host with files, which ends when its parent does.
import { Worker } from "node:worker_threads";
import { fromBytes } from "../weights/safetensors.ts";
import { readRange } from "../weights/safetensors-file.ts";
import { host } from "./host.ts";
import type { ToChild } from "./isolated-protocol.ts";
import { RuntimeError } from "./runtime.ts";

const handle = host({
  async start(engine) {
    if (engine.name === "ort-node") return (await import("./ort-node.ts")).ortNode(engine.options);
    if (engine.name === "reference") return (await import("./reference.ts")).referenceRuntime();
    throw new RuntimeError(`isolated: ${engine.name} runs in browsers; a child process hosts ort-node or reference`);
  },
  read: async ({ dtype, shape, file: { path, offset, length } }) =>
    fromBytes(dtype, shape, await readRange(path, offset, length)),
  say: (message) => void process.send?.(message),
  memory: () => process.memoryUsage.rss(),
});

// Ctrl-C reaches every process of a terminal. The parent decides what it means: it may want the present run finished.
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => {});
process.on("disconnect", () => process.exit(0));
process.on("message", (request: ToChild) => handle(request));

// A run blocks this thread, which then cannot see its parent die. Another thread can; it is told whom to watch, since by the time
// that it has started the parent may be gone.
const watch = `
const { workerData: parent } = require("node:worker_threads");
const gone = () => { try { process.kill(parent, 0); return process.ppid !== parent; } catch (e) { return e.code === "ESRCH"; } };
setInterval(() => { if (gone()) process.kill(process.pid, "SIGKILL"); }, 500);`;
new Worker(watch, { eval: true, workerData: process.ppid }).unref();
