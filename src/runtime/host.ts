// host: the far side of a hosted runtime: holds one runtime and does what it is told, one request at a time.
import { deserialize } from "../graph/serial.ts";
import type { AnyTensor } from "../tensor/tensor.ts";
import type { TensorInfo, Weights } from "../weights/weights.ts";
import type { Engine, ErrorData, FromChild, Kind, Progress, Requests, ToChild } from "./isolated-protocol.ts";
import { type Program, type Runtime, RuntimeError } from "./runtime.ts";

/** What a host has around it. */
export interface Surroundings {
  /** Make the runtime that is asked for. */
  readonly start: (engine: Engine) => Promise<Runtime>;
  /** Read a tensor that lies in a file. */
  readonly read: (info: Required<TensorInfo>) => Promise<AnyTensor>;
  readonly say: (message: FromChild) => void;
  /** Bytes held. */
  readonly memory: () => number;
}

/** Weights of which some lie in files and some were sent. */
function assembled(
  files: Readonly<Record<string, Required<TensorInfo>>>,
  sent: ReadonlyMap<string, AnyTensor>,
  read: Surroundings["read"],
): Weights {
  return {
    names: () => [...Object.keys(files), ...sent.keys()],
    info: (name) => {
      const t = sent.get(name);
      return t ? { dtype: t.dtype, shape: t.shape } : files[name];
    },
    read: async (name) => sent.get(name) ?? read(files[name]),
  };
}

/** A host, as the function that handles one request. */
export function host({ start, read, say, memory }: Surroundings): (request: ToChild) => void {
  let runtime: Runtime | undefined;
  const ahead = new Map<number, Map<string, AnyTensor>>();
  const programs = new Map<number, Program>();

  /** What is done for each kind of request. */
  const handlers: { readonly [K in Kind]: (content: Requests[K]["send"]) => Promise<Requests[K]["answer"]> } = {
    start: async ({ engine }) => {
      runtime = await start(engine);
      return runtime.name;
    },
    tensor: async ({ program, name, tensor }) => {
      ahead.set(program, (ahead.get(program) ?? new Map()).set(name, tensor));
      return undefined;
    },
    compile: async ({ program, graph, files, repack }) => {
      const sent = ahead.get(program) ?? new Map();
      ahead.delete(program);
      if (!runtime) throw new RuntimeError("engine: it was not started");
      programs.set(
        program,
        await runtime.compile(deserialize(graph), files && assembled(files, sent, read), { repack }),
      );
      return undefined;
    },
    run: async ({ program, inputs, params }) => {
      const found = programs.get(program);
      if (!found) throw new RuntimeError("engine: the program was released");
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

  async function handle<K extends Kind>(kind: K, content: Requests[K]["send"]): Promise<void> {
    const began = performance.now();
    const progress = (done: boolean): Progress => ({
      phase: kind,
      done,
      seconds: (performance.now() - began) / 1000,
      memory: memory(),
    });
    say({ progress: progress(false) });
    const outcome = await handlers[kind](content).then(
      (answer): FromChild => ({ answer }),
      (error: unknown): FromChild => ({ error: described(error) }),
    );
    say({ progress: progress(true) });
    say(outcome);
  }

  return ({ kind, content }) => void handle(kind, content);
}

function described(error: unknown): ErrorData {
  if (!(error instanceof Error)) return { name: "Error", message: `${error}`, stack: undefined, code: undefined };
  const { name, message, stack } = error;
  return { name, message, stack, code: "code" in error ? `${error.code}` : undefined };
}
