// ort-web: ONNX Runtime in a browser behind the Runtime interface: WebAssembly, on threads where the page may have them, or
// WebGPU where there is a graphics card that computes rightly.
import type { Graph } from "../graph/trace.ts";
import { emit, type Source } from "../onnx/emit.ts";
import { widen } from "../tensor/dtype.ts";
import type { DType } from "../tensor/tensor.ts";
import { toBytes } from "../weights/safetensors.ts";
import { check, type Weights } from "../weights/weights.ts";
import { ortProgram, sessionKind } from "./ort-program.ts";
import { type CompileOptions, type Program, type Runtime, RuntimeError } from "./runtime.ts";
import { selfTest } from "./self-test.ts";

/** What computes: the graphics card, or the processor. */
export type Provider = "webgpu" | "wasm";

export interface OrtWebOptions {
  /** WebGPU where there is a graphics card that passes a test, WebAssembly elsewhere, unless told. */
  readonly provider?: Provider;
  /** Threads of WebAssembly: all cores unless told, 1 where the page is not cross-origin isolated (COOP and COEP headers). */
  readonly threads?: number;
}

type Ort = typeof import("onnxruntime-web");

/**
 * ONNX Runtime in this thread, which `run` blocks: pages host it in a worker (`inWorker`).
 * @throws RuntimeError when the package onnxruntime-web is not installed, or WebGPU was asked for and cannot be had
 */
export async function ortWeb(options: OrtWebOptions = {}): Promise<Runtime> {
  const { provider } = options;
  if (provider !== "wasm") {
    const gpu = await webgpu(provider === "webgpu");
    if (typeof gpu !== "string") return gpu;
    if (provider === "webgpu") throw new RuntimeError(`ort-web: WebGPU cannot be used: ${gpu}`);
  }
  const ort: Ort = await import("onnxruntime-web/wasm").catch(uninstalled);
  const threads = globalThis.crossOriginIsolated ? (options.threads ?? navigator.hardwareConcurrency) : 1;
  quiet(ort);
  ort.env.wasm.numThreads = threads;
  const name = `ort-web wasm, ${threads} ${threads === 1 ? "thread" : "threads"}`;
  return runtime(ort, name, { executionProviders: ["wasm"], widens: ["f16", "bf16"] });
}

/**
 * A runtime on the graphics card, or why there is none.
 * @param asked whether an adapter that only imitates a graphics card will do
 */
async function webgpu(asked: boolean): Promise<Runtime | string> {
  const adapter = await navigator.gpu?.requestAdapter({ powerPreference: "high-performance" });
  if (!adapter) return "there is no adapter";
  const { info, limits } = adapter;
  if (info.isFallbackAdapter && !asked) return "the adapter is software";
  // Attention in ONNX Runtime 1.30 is wrong on subgroups of less than 8: without the feature it takes another way.
  const wanted: GPUFeatureName[] = ["shader-f16", ...(info.subgroupMinSize >= 8 ? (["subgroups"] as const) : [])];
  try {
    const device = await adapter.requestDevice({
      requiredFeatures: wanted.filter((feature) => adapter.features.has(feature)),
      requiredLimits: Object.fromEntries(LIMITS.map((name) => [name, limits[name]])),
    });
    const ort: Ort = await import("onnxruntime-web/webgpu").catch(uninstalled);
    quiet(ort);
    ort.env.wasm.numThreads = 1;
    const gpu = runtime(ort, `ort-web webgpu, ${info.vendor || "unknown"} ${info.architecture}`.trim(), {
      executionProviders: [{ name: "webgpu", device }],
      widens: device.features.has("shader-f16") ? ["f16"] : [],
    });
    const problem = await selfTest(gpu);
    return problem ?? gpu;
  } catch (error) {
    if (error instanceof RuntimeError) throw error;
    return error instanceof Error ? error.message : String(error);
  }
}

/** What is asked of a device beyond the least that every device has: all that the adapter can. */
const LIMITS = [
  ...["maxBufferSize", "maxStorageBufferBindingSize", "maxComputeWorkgroupStorageSize"],
  ...["maxComputeInvocationsPerWorkgroup", "maxComputeWorkgroupSizeX", "maxComputeWorkgroupSizeY"],
  ...["maxComputeWorkgroupSizeZ", "maxComputeWorkgroupsPerDimension", "maxStorageBuffersPerShaderStage"],
] as readonly (keyof GPUSupportedLimits & `max${string}`)[];

const uninstalled = (cause: unknown): never => {
  throw new RuntimeError("ort-web: the package onnxruntime-web is missing; run `npm install onnxruntime-web`", {
    cause,
  });
};

/** Its errors are thrown as well, and its warnings are about how a graph is shared between processors, which is meant so. */
const quiet = ({ env }: Ort): void => {
  env.logLevel = "fatal";
};

interface Device {
  readonly executionProviders: readonly ("wasm" | { readonly name: "webgpu"; readonly device: GPUDevice })[];
  /** The narrow dtypes that it widens by itself; weights in others are widened before they are handed over. */
  readonly widens: readonly DType[];
}

function runtime(ort: Ort, name: string, { executionProviders, widens }: Device): Runtime {
  return {
    name,
    async compile<In extends string, Out extends string>(
      graph: Graph<In, Out>,
      weights?: Weights,
      options?: CompileOptions,
    ): Promise<Program<In, Out>> {
      const { sources, externalData } = await gathered(graph, weights, widens);
      const { level, repack, without } = sessionKind(weights, options);
      const model = emit(graph, (param) => sources.get(param) ?? { kind: "input" });
      const session = await ort.InferenceSession.create(model, {
        executionProviders,
        externalData,
        logSeverityLevel: 4,
        graphOptimizationLevel: level,
        enableMemPattern: false,
        extra: {
          session: { disable_prepacking: repack ? "0" : "1" },
          ...(without && { optimization: { disable_specified_optimizers: without } }),
        },
      });
      return ortProgram(graph, session, ort.Tensor, weights !== undefined);
    },
    [Symbol.asyncDispose]: async () => {},
  };
}

/** The parameters of a graph, each as a file of its own beside the model: so a model may be larger than one message. */
async function gathered(graph: Graph, weights: Weights | undefined, widens: readonly DType[]) {
  const sources = new Map<string, Source>();
  const externalData: { readonly path: string; readonly data: Uint8Array }[] = [];
  if (!weights) return { sources, externalData };
  check(
    weights,
    [...graph.params].map(([name, { shape }]) => ({ name, shape })),
  );
  for (const name of graph.params.keys()) {
    const stored = await weights.read(name);
    const t = widens.includes(stored.dtype) ? stored : widen(stored);
    const data = toBytes(t);
    externalData.push({ path: name, data });
    sources.set(name, { kind: "file", dtype: t.dtype, at: { location: name, offset: 0, length: data.length } });
  }
  return { sources, externalData };
}
