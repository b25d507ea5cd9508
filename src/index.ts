// dreamgrain: Stable Diffusion in TypeScript. What runs anywhere; `dreamgrain/node` adds files, processes and the engine.
export * from "./diffusion/index.ts";
export * from "./embeddings/index.ts";
export type { Params } from "./graph/params.ts";
export type { Graph } from "./graph/trace.ts";
export type { Value } from "./graph/value.ts";
export * from "./image/index.ts";
export * from "./models/index.ts";
export * from "./nn/layers.ts";
export * from "./pipelines/index.ts";
export { referenceRuntime } from "./runtime/reference.ts";
export { type Program, type Runtime, RuntimeError } from "./runtime/runtime.ts";
export { widen } from "./tensor/dtype.ts";
export {
  type AnyTensor,
  combine,
  type DType,
  full,
  ints,
  rows,
  type Shape,
  scale,
  stack,
  type Tensor,
  tensor,
  zeros,
} from "./tensor/tensor.ts";
export * from "./text/index.ts";
export * from "./weights/index.ts";
