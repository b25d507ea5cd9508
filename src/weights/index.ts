// Weights: named tensors, read lazily. Everything here runs in browsers; files are in `node.ts`.
export { type Download, type FetchOptions, fetched } from "./fetched.ts";
export type { Config, Files } from "./files.ts";
export { ModelError, type ModelErrorCode } from "./model-error.ts";
export {
  type Component,
  type ComponentOptions,
  type ModelFolder,
  readComponent,
  readModelFolder,
} from "./model-folder.ts";
export {
  encodeSafetensors,
  type ParseOptions,
  parseSafetensors,
  type Safetensors,
  type SafetensorsFile,
} from "./safetensors.ts";
export type { HeaderEntry, HeaderLimits } from "./safetensors-header.ts";
export {
  byteSize,
  cast,
  check,
  type FileRange,
  fromTensors,
  merged,
  prefixed,
  readAll,
  renamed,
  type TensorInfo,
  under,
  type Wanted,
  type Weights,
} from "./weights.ts";
