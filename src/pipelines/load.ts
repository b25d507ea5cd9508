// Load: models from a disk, by their path. Headers and configs are read; tensors stay in their files. Node only.
import { resolve } from "node:path";
import { clipMerges } from "../text/clip-vocabulary.ts";
import { disk } from "../weights/checkpoint.ts";
import type { ModelFolder } from "../weights/model-folder.ts";
import type { ClipModel } from "./embedder.ts";
import type { LoadOptions, Model } from "./model.ts";
import { readClip } from "./read-clip.ts";
import { readCheckpoint, readModel, type World } from "./read-model.ts";
import { readSingleFile, type SingleFile, type SingleFileOptions } from "./single-file.ts";

/**
 * Open a model: a folder in the layout of diffusers, or a single file in that of the original code, of Stable Diffusion 1, 2
 * or XL; or a folder of this project's own, as `readModel` says.
 * @throws ModelError saying which file is missing, damaged or asks for something that is not supported
 */
export const openModel = async (path: string, options: LoadOptions = {}): Promise<Model> =>
  readModel(world, named(path), options);

/**
 * Open a model of texts and pictures in one space: CLIP in the layout of transformers, or this project's own, as `readClip`
 * says.
 * @throws ModelError saying which file is missing, damaged or asks for something that is not supported
 */
export const openClip = async (path: string): Promise<ClipModel> => readClip(world, named(path));

const world: World = { files: disk, merges: clipMerges };

/** "." and ".." say nothing of what the model is called. */
const named = (path: string): string => (/(^|[/\\])\.\.?[/\\]*$/.test(path) ? resolve(path) : path);

/**
 * What lies at a path: a folder, or a single file seen as one. Only headers and configs are read.
 * @throws ModelError when there is neither
 */
export const openCheckpoint = (path: string, options?: SingleFileOptions): Promise<ModelFolder> =>
  readCheckpoint(disk, path, options);

/**
 * Open a single-file checkpoint of Stable Diffusion 1, 2 or XL by its header.
 * @throws ModelError saying what else the file is, or what it lacks
 */
export const openSingleFile = (path: string, options?: SingleFileOptions): Promise<SingleFile> =>
  readSingleFile(disk, path, options);
