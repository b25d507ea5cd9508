// dreamgrain/node: everything in `dreamgrain`, and what needs files and processes.
//
//   await using dream = await open();
//   const { png } = await dream.draw("a red sailboat at dusk", { seed: 7 });
export { type DecodedPng, type DecodeOptions, decodePng, type EncodeOptions, encodePng } from "./image/png.ts";
export * from "./index.ts";
export { availableMemory } from "./pipelines/available-memory.ts";
export { type Converted, type ConvertOptions, writeFolder, writeSingleFile } from "./pipelines/convert.ts";
export { defaultModel, type FoundModel, findModel, findModels, type ModelKind } from "./pipelines/find.ts";
export { openCheckpoint, openClip, openModel, openSingleFile } from "./pipelines/load.ts";
export { type OpenOptions, open } from "./pipelines/open.ts";
export { openEmbedding, openEmbeddings } from "./pipelines/open-embeddings.ts";
export { cacheFolder, type IndexOptions, indexFolder, type PictureIndex } from "./pipelines/picture-index.ts";
export type { SingleFile, SingleFileOptions } from "./pipelines/single-file.ts";
export { type Death, EngineDied, type IsolatedOptions, type IsolatedRuntime, isolated } from "./runtime/isolated.ts";
export { DEVICES, type Device, type OrtNodeOptions, ortNode } from "./runtime/ort-node.ts";
export { clipMerges } from "./text/clip-vocabulary.ts";
export * from "./weights/node.ts";
