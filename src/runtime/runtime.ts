// Runtime: what compiles a graph and runs it. Every runtime is this one interface; no engine's type shows through it.
import type { Graph } from "../graph/trace.ts";
import type { AnyTensor, Tensor } from "../tensor/tensor.ts";
import type { Weights } from "../weights/weights.ts";

/** A compiled graph. `await using program = …` frees its native memory. */
export interface Program<In extends string = string, Out extends string = string> extends AsyncDisposable {
  /**
   * Run once. Inputs are f32, or i32 where the graph says so, each of the traced shape.
   * @param params the parameters by name, when the graph was compiled without weights (as a trainer does)
   * @throws RuntimeError naming the input that is missing, unknown, or of the wrong shape or dtype
   */
  run(inputs: Readonly<Record<In, AnyTensor>>, params?: Readonly<Record<string, Tensor>>): Promise<Record<Out, Tensor>>;
}

export interface CompileOptions {
  /**
   * Whether weights are widened to float32 and laid out anew for the processor's kernels as they are read: runs take a sixth
   * less time, but the weights are no longer mapped from their file. Results differ in the last bits. An engine may ignore it.
   */
  readonly repack?: boolean;
}

export interface Runtime extends AsyncDisposable {
  readonly name: string;
  /**
   * Compile a graph. With `weights`, parameters come from there, once; without, each run brings its own.
   * @throws ModelError listing every parameter that is missing or of another shape
   */
  compile<In extends string, Out extends string>(
    graph: Graph<In, Out>,
    weights?: Weights,
    options?: CompileOptions,
  ): Promise<Program<In, Out>>;
}

/** A run that could not be: what was wrong, and what was expected. */
export class RuntimeError extends Error {
  override readonly name: string = "RuntimeError";
}

/** Check what a run is given against what its graph wants. */
export function checkInputs(
  graph: Graph,
  inputs: Readonly<Record<string, AnyTensor>>,
  params: Readonly<Record<string, Tensor>> | undefined,
): void {
  const unknown = Object.keys(inputs).filter((name) => !(name in graph.inputs));
  if (unknown.length > 0)
    throw new RuntimeError(
      `run: unknown input ${unknown.join(", ")}; the graph has ${Object.keys(graph.inputs).join(", ")}`,
    );
  const wanted = Object.entries(graph.inputs).map(([name, v]) => [name, v, inputs[name]] as const);
  const weights = params ? [...graph.params].map(([name, v]) => [name, v, params[name]] as const) : [];
  for (const [name, value, given] of [...wanted, ...weights]) {
    if (!given) throw new RuntimeError(`run: input ${name} [${value.shape}] is missing`);
    if (given.dtype !== value.dtype || given.shape.join() !== value.shape.join())
      throw new RuntimeError(
        `run: input ${name} is ${given.dtype} [${given.shape}]; the graph wants ${value.dtype} [${value.shape}]`,
      );
  }
}
