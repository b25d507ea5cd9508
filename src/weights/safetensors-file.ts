// .safetensors files on disk: opened by their header alone, read tensor by tensor, written as a stream. Node only.
import { constants } from "node:fs";
import { type FileHandle, open, realpath, stat } from "node:fs/promises";
import { bytesPer } from "../tensor/dtype.ts";
import { type AnyTensor, size } from "../tensor/tensor.ts";
import { writeAtomically } from "./atomic-file.ts";
import { ModelError } from "./model-error.ts";
import { asWeights, type SafetensorsFile, toBytes } from "./safetensors.ts";
import { encodeHeader, type HeaderLimits, headerSize, parseHeader, peekBytes } from "./safetensors-header.ts";
import { fromTensors, type Weights } from "./weights.ts";

export type { SafetensorsFile } from "./safetensors.ts";

/** Bytes asked of the system at once; a single read must stay below 2 GiB. */
const chunk = 2 ** 28;

/**
 * Opens a .safetensors file: its header is read and checked, its tensors stay on disk until they are asked for. Nothing
 * needs closing: the file is opened anew for each read, and refused when it is no longer the one that was checked.
 * @throws ModelError `missing`, `unreadable`, `not-safetensors` or `corrupt`
 */
export async function openSafetensors(path: string, limits: HeaderLimits = {}): Promise<SafetensorsFile> {
  const real = await realpath(path).catch((error) => unusable(path, error));
  const { size: fileSize, mtimeMs, ino } = await regular(path, real);
  const header = await withFile(path, real, async (file) => {
    const length = headerSize(await readAt(file, 0, Math.min(peekBytes, fileSize), path), fileSize, path, limits);
    return parseHeader(await readAt(file, 8, length, path), fileSize, path, limits);
  });
  const bytesAt = (offset: number, length: number) =>
    withFile(path, real, async (file) => {
      const now = await file.stat();
      if (now.size !== fileSize || now.mtimeMs !== mtimeMs || now.ino !== ino)
        throw new ModelError("corrupt", `safetensors: ${path} has changed since it was opened. Open it again.`);
      return readAt(file, offset, length, path);
    });
  return { ...asWeights(header, path, bytesAt, real), path: real, fileSize };
}

/**
 * Writes tensors to a .safetensors file, one at a time, in the reference implementation's order. The file appears under
 * its name only when it is complete. Weights may be read from the very file that is replaced.
 * @throws ModelError when a tensor cannot be read or is not what its info said; the system's error when writing fails.
 */
export async function writeSafetensors(
  path: string,
  tensors: Weights | Readonly<Record<string, AnyTensor>>,
  metadata: Readonly<Record<string, string>> = {},
): Promise<void> {
  const weights = isWeights(tensors) ? tensors : fromTensors(tensors);
  const all = weights.names().map((name) => {
    const info = weights.info(name);
    if (!info) throw new ModelError("missing", `weights: there is no tensor named ${name}`);
    return { name, dtype: info.dtype, shape: info.shape };
  });
  const planned = new Map(all.map((info) => [info.name, info]));
  const header = encodeHeader(all, metadata);
  await writeAtomically(path, async (file) => {
    await writeAll(file, header.bytes);
    for (const name of header.order) {
      const tensor = await weights.read(name);
      const plan = planned.get(name);
      if (tensor.dtype !== plan?.dtype || tensor.data.byteLength !== size(plan.shape) * bytesPer[plan.dtype])
        throw new ModelError("mismatch", `weights: ${name} was read as something else than its info said`);
      await writeAll(file, toBytes(tensor));
    }
  });
}

const isWeights = (x: Weights | Readonly<Record<string, AnyTensor>>): x is Weights =>
  typeof x.names === "function" && typeof x.read === "function";

async function regular(path: string, real: string) {
  const found = await stat(real).catch((error) => unusable(path, error));
  if (found.isDirectory())
    throw new ModelError(
      "not-safetensors",
      `safetensors: ${path} is a folder. Point to a .safetensors file, or to a model folder with a model_index.json.`,
    );
  if (!found.isFile()) throw new ModelError("not-safetensors", `safetensors: ${path} is no regular file.`);
  return found;
}

async function withFile<T>(path: string, real: string, use: (file: FileHandle) => Promise<T>): Promise<T> {
  const flags = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0);
  const file = await open(real, flags).catch((error) => unusable(path, error));
  try {
    return await use(file);
  } finally {
    await file.close();
  }
}

/** Bytes of a file that was opened before: where a tensor's `FileRange` says that it lies. */
export const readRange = (path: string, offset: number, length: number): Promise<Uint8Array> =>
  withFile(path, path, (file) => readAt(file, offset, length, path));

async function readAt(file: FileHandle, offset: number, length: number, path: string): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  for (let done = 0; done < length; ) {
    const { bytesRead } = await file.read(bytes, done, Math.min(chunk, length - done), offset + done);
    if (bytesRead === 0)
      throw new ModelError("corrupt", `safetensors: ${path} ends at byte ${offset + done}, in the middle of a read.`);
    done += bytesRead;
  }
  return bytes;
}

async function writeAll(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await file.write(bytes, done, Math.min(chunk, bytes.length - done));
    done += bytesWritten;
  }
}

/** The system's refusal in words. */
export function unusable(path: string, error: unknown, what = "model"): never {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  if (code === "ENOENT" || code === "ENOTDIR")
    throw new ModelError("missing", `${what}: there is no ${path}`, { cause: error });
  if (code === "EACCES" || code === "EPERM")
    throw new ModelError("unreadable", `${what}: ${path} may not be read (${code}). Check its permissions.`, {
      cause: error,
    });
  if (code === "ELOOP")
    throw new ModelError("unreadable", `${what}: ${path} is a symbolic link that leads nowhere.`, { cause: error });
  const why = error instanceof Error ? error.message : String(error);
  throw new ModelError("unreadable", `${what}: ${path} cannot be read: ${why}`, { cause: error });
}
