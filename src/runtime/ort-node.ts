// ort-node: ONNX Runtime's native engine behind the Runtime interface. On the CPU, weights are mapped straight out of their files.
import { parse } from "node:path";
import type { Graph } from "../graph/trace.ts";
import { emit, type Source } from "../onnx/emit.ts";
import { check, type Weights } from "../weights/weights.ts";
import { ortProgram, type SessionKind, sessionKind } from "./ort-program.ts";
import { type CompileOptions, type Program, type Runtime, RuntimeError } from "./runtime.ts";

/** Where graphs are computed: `cuda` on an NVIDIA card, in TF32; `webgpu` on any card, through Vulkan, Metal or Direct3D 12. */
export type Device = (typeof DEVICES)[number];
export const DEVICES = ["cpu", "cuda", "webgpu"] as const;

export interface OrtNodeOptions {
  /** The processor unless told. */
  readonly device?: Device;
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
  const { device = "cpu" } = options;
  ort.env.logLevel = "fatal"; // its errors are thrown as well
  const session = (model: Uint8Array, root: string, { level, repack, without }: SessionKind) =>
    ort.InferenceSession.create(model, {
      ...(device !== "cpu" && { executionProviders: [device], logSeverityLevel: 3 as const }),
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
    ).catch((cause: unknown) => {
      throw device === "cpu" ? cause : new RuntimeError(unusable(device, cause), { cause });
    });
    return ortProgram(graph, engine, ort.Tensor, weights !== undefined);
  }

  return {
    name: device === "cpu" ? "ort-node" : `ort-node on ${device}`,
    compile,
    [Symbol.asyncDispose]: async () => {},
  };
}

/** What is missing for a device, and what to do about it. */
const unusable = (device: Exclude<Device, "cpu">, cause: unknown): string =>
  `ort-node: ${device} cannot be used here (${cause instanceof Error ? cause.message : cause}); ${
    {
      cuda: "it needs an NVIDIA card, CUDA 12 or 13 with cuDNN 9, and ONNX Runtime's own CUDA library, which `ONNXRUNTIME_NODE_INSTALL=cuda12 node node_modules/onnxruntime-node/script/install.js` fetches",
      webgpu: "it needs a card with a driver for Vulkan, Metal or Direct3D 12",
    }[device]
  }; or take the device cpu`;

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
