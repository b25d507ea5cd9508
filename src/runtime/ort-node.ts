// ort-node: ONNX Runtime's native CPU engine behind the Runtime interface. Weights are mapped straight out of their files.
import { parse } from "node:path";
import type { Graph } from "../graph/trace.ts";
import type { Value } from "../graph/value.ts";
import { emit, type Source } from "../onnx/emit.ts";
import { type AnyTensor, type Tensor, tensor } from "../tensor/tensor.ts";
import { check, type Weights } from "../weights/weights.ts";
import { type CompileOptions, checkInputs, type Program, type Runtime, RuntimeError } from "./runtime.ts";

export interface OrtNodeOptions {
  /** Threads of one run; all cores unless told. Results do not depend on it. */
  readonly threads?: number;
  /** Whether idle threads burn cycles waiting for work: faster alone, slower on a shared machine. */
  readonly spinning?: boolean;
  /** Where to write what each node took: a path that ONNX Runtime adds the date to. Costs some speed. */
  readonly profile?: string;
}

/** How ONNX Runtime prepares a graph. */
interface SessionKind {
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

const ELEMENT = { f32: "float32", i32: "int32" } as const;

/**
 * ONNX Runtime in this process. `run` blocks the thread and cannot be interrupted: applications wrap it in `isolated`.
 * @throws RuntimeError when the package onnxruntime-node is not installed
 */
export async function ortNode(options: OrtNodeOptions = {}): Promise<Runtime> {
  const ort = await import("onnxruntime-node").catch((cause: unknown) => {
    throw new RuntimeError("ort-node: the package onnxruntime-node is missing; run `npm install onnxruntime-node`", {
      cause,
    });
  });
  const session = (model: Uint8Array, root: string, { level, repack, without }: SessionKind) =>
    ort.InferenceSession.create(model, {
      graphOptimizationLevel: level,
      enableMemPattern: false,
      ...(options.profile === undefined ? {} : { enableProfiling: true, profileFilePrefix: options.profile }),
      ...(options.threads === undefined ? {} : { intraOpNumThreads: options.threads }),
      extra: {
        session: {
          model_external_initializers_file_folder_path: root,
          disable_prepacking: repack ? "0" : "1",
          "intra_op.allow_spinning": (options.spinning ?? true) ? "1" : "0",
        },
        ...(without && { optimization: { disable_specified_optimizers: without } }),
      },
    });

  async function compile<In extends string, Out extends string>(
    graph: Graph<In, Out>,
    weights?: Weights,
    { repack = false }: CompileOptions = {},
  ): Promise<Program<In, Out>> {
    const { sources, root } = await locate(graph, weights);
    const engine = await session(
      emit(graph, (name) => sources.get(name) ?? { kind: "input" }),
      root,
      SESSIONS[weights === undefined ? "fed" : repack ? "repacked" : "lean"],
    );
    const outputs = Object.entries<Value>(graph.outputs);
    return {
      async run(inputs, params) {
        checkInputs(graph, inputs, weights ? undefined : (params ?? {}));
        const feeds = Object.fromEntries(
          Object.entries<AnyTensor>({ ...inputs, ...(weights ? {} : params) }).map(([name, t]) => [name, fed(t)]),
        );
        const results = await engine.run(feeds);
        return Object.fromEntries(
          outputs.map(([name, v]) => [name, tensor(results[`out:${name}`].data as Float32Array, v.shape)]),
        ) as Record<Out, Tensor>;
      },
      [Symbol.asyncDispose]: () => engine.release(),
    };
  }

  const fed = (t: AnyTensor): InstanceType<typeof ort.Tensor> => {
    if (t.dtype !== "f32" && t.dtype !== "i32") throw new RuntimeError(`run: a ${t.dtype} tensor cannot be an input`);
    return new ort.Tensor(ELEMENT[t.dtype], t.data, t.shape);
  };

  return { name: "ort-node", compile, [Symbol.asyncDispose]: async () => {} };
}

/** Where each parameter of a graph lies; file names are relative to `root`, as ONNX demands. */
async function locate(
  graph: Graph,
  weights: Weights | undefined,
): Promise<{ sources: Map<string, Source>; root: string }> {
  const sources = new Map<string, Source>();
  let root = "";
  if (!weights) return { sources, root };
  check(
    weights,
    [...graph.params].map(([name, v]) => ({ name, shape: v.shape })),
  );
  for (const name of graph.params.keys()) {
    const info = weights.info(name);
    if (info?.file) {
      const { path, offset, length } = info.file;
      root ||= parse(path).root;
      const location = path.slice(parse(path).root.length);
      sources.set(name, { kind: "file", dtype: info.dtype, at: { location, offset, length } });
    } else sources.set(name, { kind: "tensor", tensor: await weights.read(name) });
  }
  return { sources, root };
}
