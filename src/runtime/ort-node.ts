// ort-node: ONNX Runtime's native CPU engine behind the Runtime interface. Weights are mapped straight out of their files.
import { parse } from "node:path";
import type { Graph } from "../graph/trace.ts";
import { emit, type Source } from "../onnx/emit.ts";
import { check, type Weights } from "../weights/weights.ts";
import { ortProgram, type SessionKind, sessionKind } from "./ort-program.ts";
import { type CompileOptions, type Program, type Runtime, RuntimeError } from "./runtime.ts";

export interface OrtNodeOptions {
  /** Threads of one run; all cores unless told. Results do not depend on it. */
  readonly threads?: number;
  /** Whether idle threads burn cycles waiting for work: faster alone, slower on a shared machine. */
  readonly spinning?: boolean;
  /** Where to write what each node took: a path that ONNX Runtime adds the date to. Costs some speed. */
  readonly profile?: string;
}

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
    compileOptions?: CompileOptions,
  ): Promise<Program<In, Out>> {
    const { sources, root } = await locate(graph, weights);
    const engine = await session(
      emit(graph, (name) => sources.get(name) ?? { kind: "input" }),
      root,
      sessionKind(weights, compileOptions),
    );
    return ortProgram(graph, engine, ort.Tensor, weights !== undefined);
  }

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
