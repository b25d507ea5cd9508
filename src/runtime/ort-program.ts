// ort-program: what Node's binding of ONNX Runtime and the browser's have in common: how a graph is prepared, a session as a Program.
import type { Graph } from "../graph/trace.ts";
import type { Value } from "../graph/value.ts";
import { type AnyTensor, type Tensor, tensor } from "../tensor/tensor.ts";
import type { Weights } from "../weights/weights.ts";
import { type CompileOptions, checkInputs, type Program, RuntimeError } from "./runtime.ts";

/** How ONNX Runtime prepares a graph. */
export interface SessionKind {
  readonly level: "basic" | "extended" | "all";
  readonly repack: boolean;
  /** Optimisers left out. */
  readonly without?: string;
}

const SESSIONS = {
  /** Nothing is folded, repacked or planned ahead, so that mapped weights stay in the page cache. */
  lean: { level: "extended", repack: false, without: "ConstantFolding" },
  /** Widened weights are folded in, convolutions blocked for the processor (NCHWc), matrices packed. */
  repacked: { level: "all", repack: true },
  /** Graphs that are fed their weights are gradients: there the optimiser only moves transposes to where they are slow. */
  fed: { level: "basic", repack: false, without: "ConstantFolding;TransposeOptimizer" },
} as const satisfies Record<string, SessionKind>;

/** The kind of session for a graph with these weights. */
export const sessionKind = (weights: Weights | undefined, { repack = false }: CompileOptions = {}): SessionKind =>
  SESSIONS[weights === undefined ? "fed" : repack ? "repacked" : "lean"];

/** What either binding calls an InferenceSession. */
interface Session<Fed> {
  run(feeds: Readonly<Record<string, Fed>>): Promise<Readonly<Record<string, { readonly data: unknown }>>>;
  release(): Promise<void>;
}

/** What either binding calls a Tensor, made by its constructor. */
type NewTensor<Fed> = new (
  type: "float32" | "int32",
  data: Float32Array<ArrayBuffer> | Int32Array<ArrayBuffer>,
  dims: readonly number[],
) => Fed;

const ELEMENT = { f32: "float32", i32: "int32" } as const;

/**
 * A Program of a session.
 * @param bound whether the session has the weights; otherwise each run brings them
 */
export function ortProgram<In extends string, Out extends string, Fed>(
  graph: Graph<In, Out>,
  session: Session<Fed>,
  Fed: NewTensor<Fed>,
  bound: boolean,
): Program<In, Out> {
  const outputs = Object.entries<Value>(graph.outputs);
  const fed = (t: AnyTensor): Fed => {
    if (t.dtype !== "f32" && t.dtype !== "i32") throw new RuntimeError(`run: a ${t.dtype} tensor cannot be an input`);
    return new Fed(ELEMENT[t.dtype], t.data as Float32Array<ArrayBuffer> | Int32Array<ArrayBuffer>, t.shape);
  };
  return {
    async run(inputs, params) {
      checkInputs(graph, inputs, bound ? undefined : (params ?? {}));
      const given = Object.entries<AnyTensor>({ ...inputs, ...(bound ? {} : params) });
      const results = await session.run(Object.fromEntries(given.map(([name, t]) => [name, fed(t)])));
      return Object.fromEntries(
        outputs.map(([name, v]) => [name, tensor(results[`out:${name}`].data as Float32Array, v.shape)]),
      ) as Record<Out, Tensor>;
    },
    [Symbol.asyncDispose]: () => session.release(),
  };
}
