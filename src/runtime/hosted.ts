// hosted: a runtime whose engine lives elsewhere: in a child process (`isolated`), in a browser's worker (`inWorker`).

import { serialize } from "../graph/serial.ts";
import type { Graph } from "../graph/trace.ts";
import type { AnyTensor, Tensor } from "../tensor/tensor.ts";
import { check, type TensorInfo, type Weights } from "../weights/weights.ts";
import type { Home } from "./calls.ts";
import type { Engine, Progress } from "./isolated-protocol.ts";
import { type CompileOptions, checkInputs, type Program, type Runtime } from "./runtime.ts";

export interface CallOptions {
  /** Soft cancel: a call that was not sent when this aborts is dropped and rejects with its reason; one under way ends. */
  readonly signal?: AbortSignal;
}

export interface HostedOptions extends CallOptions {
  /** Told as the engine begins and ends each thing it does. */
  readonly onProgress?: (progress: Progress) => void;
}

export interface HostedProgram<In extends string = string, Out extends string = string> extends Program<In, Out> {
  /** @throws EngineDied when the engine died; RuntimeError when inputs are wrong; the signal's reason when cancelled */
  run(
    inputs: Readonly<Record<In, AnyTensor>>,
    params?: Readonly<Record<string, Tensor>>,
    options?: CallOptions,
  ): Promise<Record<Out, Tensor>>;
}

export interface HostedRuntime extends Runtime {
  /** Where it is hosted and, once it has been started, what the engine calls itself. */
  readonly name: string;
  /** The process id of the engine, while it has a process of its own. */
  readonly pid: number | undefined;
  compile<In extends string, Out extends string>(
    graph: Graph<In, Out>,
    weights?: Weights,
    options?: CallOptions & CompileOptions,
  ): Promise<HostedProgram<In, Out>>;
  /**
   * Hard cancel: the engine is ended, in the middle of a run too. Every pending call rejects with EngineDied
   * (`reason: "killed"`), compiled programs are gone, and the next `compile` starts a fresh one.
   */
  kill(): Promise<void>;
}

/**
 * A runtime of an engine that is started by the first `compile`: one message for each run, killed by disposing. An engine that
 * dies is an error of every pending call, never a wait without end.
 */
export function hosted(
  where: string,
  engine: Engine,
  start: (onProgress: (progress: Progress) => void) => Home,
  options: HostedOptions,
): HostedRuntime {
  let home: Home | undefined;
  let ready: Promise<Home> | undefined;
  let programs = 0;
  let called: string = engine.name;

  const living = (): Promise<Home> => {
    if (ready && home && !home.died) return ready;
    const fresh = start(options.onProgress ?? (() => {}));
    home = fresh;
    ready = fresh.call("start", { engine }).then(
      (name) => {
        called = name;
        return fresh;
      },
      async (error: unknown) => {
        await fresh.kill();
        throw error;
      },
    );
    return ready;
  };
  const kill = async (): Promise<void> => {
    await home?.kill();
    home = undefined;
  };

  return {
    get name() {
      return `${where} ${called}`;
    },
    get pid() {
      return home?.died ? undefined : home?.pid;
    },
    async compile(graph, weights, { signal = options.signal, repack = false } = {}) {
      signal?.throwIfAborted();
      if (weights)
        check(
          weights,
          [...graph.params].map(([name, { shape }]) => ({ name, shape })),
        );
      const there = await living();
      const program = programs++;
      const release = (): Promise<void> =>
        there.call("release", { program }).catch((error: unknown) => {
          if (error !== there.died) throw error; // a dead engine has released everything
        });
      try {
        const files = weights && (await sendAhead(there, program, graph, weights, signal));
        await there.call("compile", { program, graph: serialize(graph), files, repack }, signal);
      } catch (error) {
        await release();
        throw error;
      }
      return {
        async run(inputs, params, { signal = options.signal } = {}) {
          checkInputs(graph, inputs, weights ? undefined : (params ?? {}));
          const given = weights ? undefined : params;
          return (await there.call("run", { program, inputs, params: given }, signal)) as Record<
            keyof typeof graph.outputs,
            Tensor
          >;
        },
        [Symbol.asyncDispose]: release,
      };
    },
    kill,
    [Symbol.asyncDispose]: kill,
  };
}

/** Sends the weights that are in no file, one at a time; returns where the others lie. */
async function sendAhead(
  home: Home,
  program: number,
  graph: Graph,
  weights: Weights,
  signal: AbortSignal | undefined,
): Promise<Record<string, Required<TensorInfo>>> {
  const files: Record<string, Required<TensorInfo>> = {};
  for (const name of graph.params.keys()) {
    const info = weights.info(name);
    if (info?.file) files[name] = { ...info, file: info.file };
    else await home.call("tensor", { program, name, tensor: await weights.read(name) }, signal);
  }
  return files;
}
