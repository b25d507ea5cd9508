// Files: where models are read from. A disk (`checkpoint.ts`) and the web (`fetched.ts`) are behind this one interface.
import { ModelError } from "./model-error.ts";
import type { SafetensorsFile } from "./safetensors.ts";

/** A parsed config.json: whatever it says, to be checked by whoever reads a field. */
export type Config = Readonly<Record<string, unknown>>;

/** Files by path: names on a disk, addresses on the web. Parts of a path are joined by "/". */
export interface Files {
  /** The folder that a path leads to; undefined where there is a file. @throws ModelError `missing`, `unreadable` */
  folder(path: string): Promise<string | undefined>;
  /** Whether there is such a file. */
  has(path: string): Promise<boolean>;
  /** A JSON file that holds an object. @throws ModelError `missing`, `unreadable` or `corrupt` */
  json(path: string): Promise<Config>;
  /** @throws ModelError `missing`, `unreadable`, `not-safetensors` or `corrupt` */
  safetensors(path: string): Promise<SafetensorsFile>;
  /** The names of what lies in a folder; absent where that cannot be known. */
  list?(folder: string): Promise<readonly string[]>;
  /** Bytes of a file that tensors lie in (`FileRange`); absent where they lie in none. */
  bytes?(path: string, offset: number, length: number): Promise<Uint8Array>;
}

/** Bytes of the largest JSON file that is read; a tokenizer.json takes 2 MB. */
const maxJson = 32 * 2 ** 20;

/** @throws ModelError `corrupt` when a JSON file is too large to be one of a model. */
export function checkJsonSize(path: string, bytes: number): void {
  if (bytes > maxJson)
    throw new ModelError("corrupt", `model: ${path} has ${bytes} bytes; at most ${maxJson} are read`);
}

/**
 * The object that a JSON file holds.
 * @throws ModelError `corrupt` when it is no JSON or no object
 */
export function parseConfig(text: string, path: string): Config {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new ModelError("corrupt", `model: ${path} is no JSON: ${why}`, { cause: error });
  }
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new ModelError("corrupt", `model: ${path} should hold a JSON object`);
  return value as Config;
}
