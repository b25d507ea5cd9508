// isolated: a runtime hosted in a forked child process, which can be killed in the middle of a run and may crash alone.
import { type HostedOptions, type HostedProgram, type HostedRuntime, hosted } from "./hosted.ts";
import { startProcess } from "./isolated-process.ts";
import type { Engine } from "./isolated-protocol.ts";

export { type Death, EngineDied } from "./calls.ts";
export type { CallOptions } from "./hosted.ts";
export type { Engine, Progress } from "./isolated-protocol.ts";

export interface IsolatedOptions extends HostedOptions {
  /** The runtime to host; ONNX Runtime unless told. */
  readonly engine?: Engine<"ort-node" | "reference">;
}
export type IsolatedProgram<In extends string = string, Out extends string = string> = HostedProgram<In, Out>;
export type IsolatedRuntime = HostedRuntime;

/**
 * Another runtime, in a child process of its own: started by the first `compile`, one message for each run, killed by
 * disposing with SIGKILL. A child that dies is an error of every pending call, never a wait without end.
 * @example
 * await using runtime = isolated({ engine: { name: "ort-node", options: { threads: 2 } } });
 */
export function isolated({ engine = { name: "ort-node" }, ...options }: IsolatedOptions = {}): IsolatedRuntime {
  return hosted("isolated", engine, startProcess, options);
}
