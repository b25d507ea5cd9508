// isolated: a runtime hosted in a forked child process, which can be killed in the middle of a run and may crash alone.

import { serialize } from "../graph/serial.ts";
import type { Graph } from "../graph/trace.ts";
import type { AnyTensor, Tensor } from "../tensor/tensor.ts";
import { check, type TensorInfo, type Weights } from "../weights/weights.ts";
import { type EngineProcess, startProcess } from "./isolated-process.ts";
import type { Engine, Progress } from "./isolated-protocol.ts";
import { type CompileOptions, checkInputs, type Program, type Runtime } from "./runtime.ts";

export { type Death, EngineDied } from "./isolated-process.ts";
export type { Engine, Progress } from "./isolated-protocol.ts";

export interface CallOptions {
  /** Soft cancel: a call that was not sent when this aborts is dropped and rejects with its reason; one under way ends. */
  readonly signal?: AbortSignal;
}

export interface IsolatedOptions extends CallOptions {
  /** The runtime to host; ONNX Runtime unless told. */
  readonly engine?: Engine;
  /** Told as the child begins and ends each thing it does. */
  readonly onProgress?: (progress: Progress) => void;
}

export interface IsolatedProgram<In extends string = string, Out extends string = string> extends Program<In, Out> {
  /** @throws EngineDied when the process died; RuntimeError when inputs are wrong; the signal's reason when cancelled */
  run(
    inputs: Readonly<Record<In, AnyTensor>>,
    params?: Readonly<Record<string, Tensor>>,
    options?: CallOptions,
  ): Promise<Record<Out, Tensor>>;
}

export interface IsolatedRuntime extends Runtime {
  /** The child's process id, while there is one. */
  readonly pid: number | undefined;
  compile<In extends string, Out extends string>(
    graph: Graph<In, Out>,
    weights?: Weights,
    options?: CallOptions & CompileOptions,
  ): Promise<IsolatedProgram<In, Out>>;
  /**
   * Hard cancel: SIGKILL, in the middle of a run too. Every pending call rejects with EngineDied (`reason: "killed"`),
   * compiled programs are gone, and the next `compile` starts a fresh child.
   */
  kill(): Promise<void>;
}

/**
 * Another runtime, in a child process of its own: started by the first `compile`, one message for each run, killed by
 * disposing. A child that dies is an error of every pending call, never a wait without end.
 * @example
 * await using runtime = isolated({ engine: { name: "ort-node", options: { threads: 2 } } });
 */
export function isolated(options: IsolatedOptions = {}): IsolatedRuntime {
  const engine: Engine = options.engine ?? { name: "ort-node" };
  let child: EngineProcess | undefined;
  let ready: Promise<EngineProcess> | undefined;
  let programs = 0;

  const living = (): Promise<EngineProcess> => {
    if (ready && child && !child.died) return ready;
    const fresh = startProcess(options.onProgress ?? (() => {}));
    child = fresh;
    ready = fresh.call("start", { engine }).then(
      () => fresh,
      async (error: unknown) => {
        await fresh.kill();
        throw error;
      },
    );
    return ready;
  };
  const kill = async (): Promise<void> => {
    await child?.kill();
    child = undefined;
  };

  return {
    name: `isolated ${engine.name}`,
    get pid() {
      return child?.died ? undefined : child?.pid;
    },
    async compile(graph, weights, { signal = options.signal, repack = false } = {}) {
      signal?.throwIfAborted();
      if (weights)
        check(
          weights,
          [...graph.params].map(([name, { shape }]) => ({ name, shape })),
        );
      const home = await living();
      const program = programs++;
      const release = (): Promise<void> =>
        home.call("release", { program }).catch((error: unknown) => {
          if (error !== home.died) throw error; // a dead child has released everything
        });
      try {
        const files = weights && (await sendAhead(home, program, graph, weights, signal));
        await home.call("compile", { program, graph: serialize(graph), files, repack }, signal);
      } catch (error) {
        await release();
        throw error;
      }
      return {
        async run(inputs, params, { signal = options.signal } = {}) {
          checkInputs(graph, inputs, weights ? undefined : (params ?? {}));
          const given = weights ? undefined : params;
          return (await home.call("run", { program, inputs, params: given }, signal)) as Record<
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
  home: EngineProcess,
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
