// Weights in files: everything in `index.ts`, and what needs a file system.
export { writeAtomically, writeFileAtomically } from "./atomic-file.ts";
export {
  type Component,
  type ComponentOptions,
  type Config,
  type ModelFolder,
  openComponent,
  openModelFolder,
  readJsonFile,
  writeComponent,
} from "./checkpoint.ts";
export * from "./index.ts";
export { openSafetensors, type SafetensorsFile, writeSafetensors } from "./safetensors-file.ts";
