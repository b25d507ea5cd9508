// The child process of the isolated runtime: hosts one runtime and does what it is told, one request at a time.
import { open } from "node:fs/promises";
import { Worker } from "node:worker_threads";
import { deserialize } from "../graph/serial.ts";
import type { AnyTensor } from "../tensor/tensor.ts";
import { fromBytes } from "../weights/safetensors.ts";
import type { TensorInfo, Weights } from "../weights/weights.ts";
import type { Engine, ErrorData, FromChild, Kind, Progress, Requests, ToChild } from "./isolated-protocol.ts";
import { type Program, type Runtime, RuntimeError } from "./runtime.ts";

async function start(engine: Engine): Promise<Runtime> {
  switch (engine.name) {
    case "ort-node":
      return (await import("./ort-node.ts")).ortNode(engine.options);
    case "reference":
      return (await import("./reference.ts")).referenceRuntime();
  }
}

async function readRange({ dtype, shape, file: { path, offset, length } }: Required<TensorInfo>): Promise<AnyTensor> {
  const bytes = new Uint8Array(length);
  await using file = await open(path);
  for (let at = 0; at < length; ) {
    const { bytesRead } = await file.read(bytes, at, Math.min(length - at, 2 ** 28), offset + at);
    if (bytesRead === 0) throw new RuntimeError(`weights: ${path} ends before byte ${offset + length}`);
    at += bytesRead;
  }
  return fromBytes(dtype, shape, bytes);
}

/** Weights of which some lie in files and some were sent. */
function assembled(
  files: Readonly<Record<string, Required<TensorInfo>>>,
  sent: ReadonlyMap<string, AnyTensor>,
): Weights {
  return {
    names: () => [...Object.keys(files), ...sent.keys()],
    info: (name) => {
      const t = sent.get(name);
      return t ? { dtype: t.dtype, shape: t.shape } : files[name];
    },
    read: async (name) => sent.get(name) ?? readRange(files[name]),
  };
}

let runtime: Runtime | undefined;
const ahead = new Map<number, Map<string, AnyTensor>>();
const programs = new Map<number, Program>();

/** What is done for each kind of request. */
const handlers: { readonly [K in Kind]: (content: Requests[K]["send"]) => Promise<Requests[K]["answer"]> } = {
  start: async ({ engine }) => {
    runtime = await start(engine);
    return undefined;
  },
  tensor: async ({ program, name, tensor }) => {
    ahead.set(program, (ahead.get(program) ?? new Map()).set(name, tensor));
    return undefined;
  },
  compile: async ({ program, graph, files, repack }) => {
    const sent = ahead.get(program) ?? new Map();
    ahead.delete(program);
    if (!runtime) throw new RuntimeError("isolated: the engine was not started");
    programs.set(program, await runtime.compile(deserialize(graph), files && assembled(files, sent), { repack }));
    return undefined;
  },
  run: async ({ program, inputs, params }) => {
    const found = programs.get(program);
    if (!found) throw new RuntimeError("isolated: the program was released");
    return found.run(inputs, params);
  },
  release: async ({ program }) => {
    const found = programs.get(program);
    programs.delete(program);
    ahead.delete(program);
    await found?.[Symbol.asyncDispose]();
    return undefined;
  },
};

const say = (message: FromChild): void => {
  process.send?.(message);
};

function described(error: unknown): ErrorData {
  if (!(error instanceof Error)) return { name: "Error", message: `${error}`, stack: undefined, code: undefined };
  const { name, message, stack } = error;
  return { name, message, stack, code: "code" in error ? `${error.code}` : undefined };
}

async function handle<K extends Kind>(kind: K, content: Requests[K]["send"]): Promise<void> {
  const began = performance.now();
  const progress = (done: boolean): Progress => ({
    phase: kind,
    done,
    seconds: (performance.now() - began) / 1000,
    memory: process.memoryUsage.rss(),
  });
  say({ progress: progress(false) });
  const outcome = await handlers[kind](content).then(
    (answer): FromChild => ({ answer }),
    (error: unknown): FromChild => ({ error: described(error) }),
  );
  say({ progress: progress(true) });
  say(outcome);
}

// Ctrl-C reaches every process of a terminal. The parent decides what it means: it may want the present run finished.
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => {});
process.on("disconnect", () => process.exit(0));
process.on("message", ({ kind, content }: ToChild) => void handle(kind, content));

// A run blocks this thread, which then cannot see its parent die. Another thread can.
const watch = `
const parent = process.ppid;
const gone = () => { try { process.kill(parent, 0); return process.ppid !== parent; } catch (e) { return e.code === "ESRCH"; } };
setInterval(() => { if (gone()) process.kill(process.pid, "SIGKILL"); }, 500);`;
new Worker(watch, { eval: true }).unref();
