// Weights in files: everything in `index.ts`, and what needs a file system.
export { writeAtomically, writeFileAtomically } from "./atomic-file.ts";
export { disk, openComponent, openModelFolder, readJsonFile, writeComponent } from "./checkpoint.ts";
export * from "./index.ts";
export { openSafetensors, writeSafetensors } from "./safetensors-file.ts";
