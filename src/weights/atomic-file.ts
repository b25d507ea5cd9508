// Files that are either there in full or not there at all.
import { randomBytes } from "node:crypto";
import { type FileHandle, open, rename, unlink } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";

/**
 * Calls `write` with a new temporary file beside `path`, then makes it durable and gives it its name. When anything fails
 * the temporary file is removed and what was at `path` stays.
 */
export async function writeAtomically(path: string, write: (file: FileHandle) => Promise<void>): Promise<void> {
  const target = resolve(path);
  const folder = dirname(target);
  const temporary = join(folder, `.${basename(target)}.${randomBytes(6).toString("hex")}.part`);
  const file = await open(temporary, "wx");
  try {
    try {
      await write(file);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, target);
  } catch (error) {
    await unlink(temporary).catch(() => undefined);
    throw error;
  }
  await syncFolder(folder);
}

/** All of `bytes` at `path`, or nothing. */
export const writeFileAtomically = (path: string, bytes: Uint8Array | string): Promise<void> =>
  writeAtomically(path, (file) => file.writeFile(bytes));

/** Makes the new name durable too; systems that cannot open a folder (Windows) do so by themselves. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r").catch(() => undefined);
  await handle?.sync().catch(() => undefined);
  await handle?.close();
}
