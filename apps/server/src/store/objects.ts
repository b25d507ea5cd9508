// Objects: files named by the SHA-256 of what is in them. One is there whole or not at all, also after a power cut.

import { mkdirSync } from "node:fs";
import { open, readdir, readFile, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { newId, sha256 } from "../ids.ts";

export interface Objects {
  /** Keep bytes; they are on the disk when this returns. @param suffix what kind of file it is, such as `.png` */
  put(bytes: Uint8Array, suffix: string): Promise<string>;
  /** Keep what was made of an object and can be made again, beside it. */
  keep(hash: string, suffix: string, bytes: Uint8Array): Promise<void>;
  /** @throws an error with code ENOENT when there is none */
  read(hash: string, suffix: string): Promise<Buffer<ArrayBuffer>>;
  has(hash: string, suffix: string): Promise<boolean>;
  remove(hash: string, suffix: string): Promise<void>;
  /** Every object, and how old it is in milliseconds. */
  all(): AsyncGenerator<{ readonly hash: string; readonly suffix: string; readonly age: number }>;
  /** Remove what was never finished. */
  sweep(): Promise<void>;
}

/** Points between the steps of keeping an object, where tests end the process. */
export type Point = "written" | "synced" | "renamed";

/**
 * The objects in a folder.
 * @param passing told of each point as it is reached
 */
export function openObjects(folder: string, passing: (point: Point) => void = () => {}): Objects {
  const temporary = join(folder, "tmp");
  mkdirSync(temporary, { recursive: true, mode: 0o700 });
  const place = (hash: string): string => join(folder, hash.slice(0, 2));
  const pathOf = (hash: string, suffix: string): string => {
    if (!/^[0-9a-f]{64}$/.test(hash)) throw new TypeError("objects: that is no hash");
    return join(place(hash), `${hash}${suffix}`);
  };
  const has = (hash: string, suffix: string): Promise<boolean> =>
    stat(pathOf(hash, suffix)).then(
      (file) => file.isFile(),
      () => false,
    );
  return {
    has,
    async put(bytes, suffix) {
      const hash = sha256(bytes);
      if (await has(hash, suffix)) {
        const now = new Date();
        await utimes(pathOf(hash, suffix), now, now); // so that it is not taken for something left behind
        return hash;
      }
      const path = join(temporary, newId());
      try {
        const file = await open(path, "wx", 0o600);
        try {
          await file.writeFile(bytes);
          passing("written");
          await file.sync();
          passing("synced");
        } finally {
          await file.close();
        }
        mkdirSync(place(hash), { recursive: true, mode: 0o700 });
        await rename(path, pathOf(hash, suffix));
      } catch (error) {
        await rm(path, { force: true });
        throw error;
      }
      passing("renamed");
      await syncFolder(place(hash));
      await syncFolder(folder);
      return hash;
    },
    async keep(hash, suffix, bytes) {
      const path = join(temporary, newId());
      await writeFile(path, bytes, { mode: 0o600 });
      await rename(path, pathOf(hash, suffix));
    },
    read: (hash, suffix) => readFile(pathOf(hash, suffix)),
    remove: (hash, suffix) => rm(pathOf(hash, suffix), { force: true }),
    async *all() {
      for (const part of await readdir(folder)) {
        if (!/^[0-9a-f]{2}$/.test(part)) continue;
        for (const name of await readdir(join(folder, part))) {
          const [, hash, suffix] = /^([0-9a-f]{64})(\.[\w.]+)$/.exec(name) ?? [];
          if (hash === undefined || suffix === undefined) continue;
          const { mtimeMs } = await stat(join(folder, part, name));
          yield { hash, suffix, age: Date.now() - mtimeMs };
        }
      }
    },
    async sweep() {
      for (const name of await readdir(temporary)) await rm(join(temporary, name), { force: true });
    },
  };
}

/** A name is on the disk when its folder is; Windows knows no such thing. */
async function syncFolder(path: string): Promise<void> {
  if (process.platform === "win32") return;
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
