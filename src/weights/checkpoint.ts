// Models on disk, in diffusers' layout: `Files` of a file system, folders opened by path, components written. Node only.
import { mkdir, readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import type { AnyTensor } from "../tensor/tensor.ts";
import { writeFileAtomically } from "./atomic-file.ts";
import { type Config, checkJsonSize, type Files, parseConfig } from "./files.ts";
import { ModelError } from "./model-error.ts";
import {
  type Component,
  type ComponentOptions,
  type ModelFolder,
  readComponent,
  readModelFolder,
} from "./model-folder.ts";
import { openSafetensors, readRange, unusable, writeSafetensors } from "./safetensors-file.ts";
import type { Weights } from "./weights.ts";

export type { Config } from "./files.ts";
export type { Component, ComponentOptions, ModelFolder } from "./model-folder.ts";

/** The file system. A model's folder in Hugging Face's cache leads to the snapshot that its branch main is at. */
export const disk: Files = {
  folder: async (path) => {
    const found = await stat(path).catch((error) => unusable(path, error));
    if (!found.isDirectory()) return undefined;
    const revision = await readFile(join(path, "refs", "main"), "utf8").catch(() => undefined);
    return revision === undefined ? path : join(path, "snapshots", revision.trim());
  },
  has: (path) =>
    stat(path).then(
      () => true,
      () => false,
    ),
  json: readJsonFile,
  safetensors: (path) => openSafetensors(path),
  list: (folder) => readdir(folder).catch((error) => unusable(folder, error)),
  bytes: readRange,
};

/**
 * Opens a diffusers folder, or the one that a model's folder in Hugging Face's cache keeps: only model_index.json is read.
 * @throws ModelError `missing` when there is no such folder or no index in it, `corrupt` when the index is no JSON object.
 */
export async function openModelFolder(given: string): Promise<ModelFolder> {
  const path = await disk.folder(given);
  if (path === undefined) throw new ModelError("missing", `model: ${given} is a file, not a model folder`);
  return readModelFolder(disk, path);
}

/**
 * Opens one component folder: its config.json and the headers of its .safetensors, in one file or in shards.
 * @throws ModelError `missing` (says what is there instead), `corrupt`, `not-safetensors` or `unreadable`
 */
export const openComponent = (folder: string, options?: ComponentOptions): Promise<Component> =>
  readComponent(disk, folder, undefined, options);

/**
 * Writes one component folder (made when absent): config.json and `${file}.safetensors`.
 * @param file "diffusion_pytorch_model" for networks of diffusers, "model" for text encoders.
 */
export async function writeComponent(
  folder: string,
  file: "diffusion_pytorch_model" | "model",
  config: Config,
  tensors: Weights | Readonly<Record<string, AnyTensor>>,
  metadata: Readonly<Record<string, string>> = { format: "pt" },
): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeSafetensors(join(folder, `${file}.safetensors`), tensors, metadata);
  await writeFileAtomically(join(folder, "config.json"), `${JSON.stringify(config, null, 2)}\n`);
}

/**
 * A JSON file that holds an object.
 * @throws ModelError `missing`, `unreadable`, or `corrupt` when it is too large, no JSON or no object.
 */
export async function readJsonFile(path: string): Promise<Config> {
  const found = await stat(path).catch((error) => unusable(path, error));
  if (!found.isFile()) throw new ModelError("corrupt", `model: ${path} should be a JSON file`);
  checkJsonSize(path, found.size);
  return parseConfig(await readFile(path, "utf8").catch((error) => unusable(path, error)), path);
}
