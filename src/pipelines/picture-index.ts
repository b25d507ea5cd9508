// picture-index: the pictures of a folder as vectors, remembered from one search to the next. Node only.
import { createHash } from "node:crypto";
import { type Dirent, statSync } from "node:fs";
import { mkdir, readdir, readFile, realpath, stat } from "node:fs/promises";
import { homedir } from "node:os";
import { extname, join } from "node:path";
import { decodePng } from "../image/png.ts";
import { type Tensor, tensor } from "../tensor/tensor.ts";
import { ModelError } from "../weights/model-error.ts";
import { openSafetensors, writeSafetensors } from "../weights/safetensors-file.ts";
import type { Embedder } from "./embedder.ts";

/** A folder's pictures, ready to be searched. */
export interface PictureIndex {
  /** The picture of each row of `vectors`, as a path from the folder on. */
  readonly paths: readonly string[];
  /** [n,d], each row of length 1: what `search` takes. */
  readonly vectors: Tensor;
  /** How many of them were not known from before. */
  readonly fresh: number;
  /** Files that are called pictures and cannot be read as such. */
  readonly broken: readonly { readonly path: string; readonly problem: string }[];
  /** What else the person who searches should know, one sentence each. */
  readonly notices: readonly string[];
}

export interface IndexOptions {
  /** The folder in which indices are kept; `cacheFolder()` unless told. */
  readonly cache?: string;
  /** Told of each picture that is looked at. */
  readonly onProgress?: (done: number, of: number) => void;
  /** Stops after the picture under way; what was looked at is remembered. */
  readonly signal?: AbortSignal;
}

/** A picture by what tells whether its file is still the same, and what it shows. */
interface Entry extends Identity {
  readonly vector: Float32Array;
}

interface Identity {
  /** From the folder on, with "/" between folders. */
  readonly path: string;
  readonly size: number;
  readonly mtimeMs: number;
  readonly ino: number;
}

const sameFile = (a: Identity, b: Identity): boolean => a.size === b.size && a.mtimeMs === b.mtimeMs && a.ino === b.ino;

/** Kinds of pictures that are not read. */
const OTHERS = [".jpg", ".jpeg", ".webp", ".gif", ".avif"];

/** Seconds of looking at pictures that a crash may cost. */
const SAVE_EVERY = 20;

/** Where programs keep what they can make again: $XDG_CACHE_HOME/dreamgrain, or ~/.cache/dreamgrain. */
export const cacheFolder = (): string => join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "dreamgrain");

/**
 * Index the PNGs in a folder and in those inside it (but for hidden ones). Only what is new or has changed since the last time
 * is looked at. The index is kept in a file of its own, for each folder and model; nothing is written into the folder.
 * @throws ModelError `missing` or `unreadable` when there is no such folder, or what the embedder throws; the signal's reason
 */
export async function indexFolder(folder: string, eye: Embedder, options: IndexOptions = {}): Promise<PictureIndex> {
  const { cache = cacheFolder(), onProgress, signal } = options;
  const root = await realpath(folder).catch((error: NodeJS.ErrnoException) => refused(folder, error));
  const file = join(cache, `${fileName(root, eye.model.hash)}.safetensors`);
  const notices: string[] = [];
  const there = await list(root, folder);
  const known = await load(file, eye.model.hash, notices);

  const entries = new Map<string, Entry>();
  const waiting: Identity[] = [];
  for (const picture of there.pictures) {
    const before = known.get(picture.path);
    if (before && sameFile(before, picture)) entries.set(picture.path, before);
    else waiting.push(picture);
  }
  const broken: { path: string; problem: string }[] = [];
  let changed = entries.size !== known.size;
  let fresh = 0;
  let saved = performance.now();
  let unkept: string | undefined;
  const save = async (): Promise<void> => {
    if (!changed) return;
    saved = performance.now();
    changed = false;
    await store(file, eye.model.hash, [...entries.values()]).catch((error: Error) => {
      unkept = `The index could not be kept (${error.message}); the next search looks at these pictures again.`;
    });
  };
  try {
    for (const [i, picture] of waiting.entries()) {
      signal?.throwIfAborted();
      const read = await pictureAt(join(root, picture.path));
      if (typeof read === "string") broken.push({ path: picture.path, problem: read });
      else if (read) {
        entries.set(picture.path, { ...picture, vector: await eye.embedPicture(read) });
        changed = true;
        fresh++;
      }
      onProgress?.(i + 1, waiting.length);
      if (performance.now() - saved > SAVE_EVERY * 1000) await save();
    }
  } finally {
    await save();
  }
  if (unkept !== undefined) notices.push(unkept);
  if (there.others > 0)
    notices.push(`${there.others} ${there.others === 1 ? "picture is" : "pictures are"} no PNG and not searched.`);
  const found = there.pictures.flatMap(({ path }) => entries.get(path) ?? []);
  return { paths: found.map(({ path }) => path), vectors: packed(found, eye), fresh, broken, notices };
}

/** The pixels in a PNG; what is wrong with it as a text; undefined when it has gone. */
async function pictureAt(path: string) {
  try {
    return decodePng(await readFile(path)).picture;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return code === "ENOENT" ? undefined : code === "EACCES" ? "it may not be read" : message;
  }
}

function packed(entries: readonly Entry[], { model }: Embedder): Tensor {
  const width = model.spec.vision.projection;
  const data = new Float32Array(entries.length * width);
  for (const [i, { vector }] of entries.entries()) data.set(vector, i * width);
  return tensor(data, [entries.length, width]);
}

const fileName = (root: string, hash: string): string =>
  `index-${createHash("sha256").update(`${root}\n${hash}`).digest("hex").slice(0, 16)}`;

/** Every PNG below a folder, by name, and how many pictures of other kinds there are. */
async function list(root: string, called: string): Promise<{ pictures: Identity[]; others: number }> {
  const pictures: Identity[] = [];
  let others = 0;
  const walk = async (inside: string): Promise<void> => {
    const names = await readdir(join(root, inside), { withFileTypes: true }).catch((error) =>
      inside === "" ? refused(called, error) : [],
    );
    for (const entry of names.sort(byName)) {
      const path = inside === "" ? entry.name : `${inside}/${entry.name}`;
      const extension = extname(entry.name).toLowerCase();
      if (entry.name.startsWith(".")) continue;
      if (entry.isDirectory()) await walk(path);
      else if (OTHERS.includes(extension)) others++;
      else if (extension === ".png") {
        const found = statSync(join(root, path), { throwIfNoEntry: false });
        if (found?.isFile()) pictures.push({ path, size: found.size, mtimeMs: found.mtimeMs, ino: found.ino });
      }
    }
  };
  await walk("");
  return { pictures, others };
}

const byName = (a: Dirent, b: Dirent): number => (a.name < b.name ? -1 : 1);

function refused(folder: string, error: NodeJS.ErrnoException): never {
  const why = { ENOENT: "there is no such folder", ENOTDIR: "it is no folder", EACCES: "it may not be read" };
  const code = error.code === "EACCES" ? "unreadable" : "missing";
  throw new ModelError(code, `${folder}: ${why[error.code as keyof typeof why] ?? error.message}`, { cause: error });
}

/** What a model's index of a folder knew; nothing when there is none, or none that can be used. */
async function load(file: string, hash: string, notices: string[]): Promise<ReadonlyMap<string, Entry>> {
  if (!(await stat(file).catch(() => undefined))) return new Map();
  try {
    const kept = await openSafetensors(file);
    const [vectors, files] = [await kept.read("vectors"), await kept.read("files")];
    if (kept.metadata.model !== hash || vectors.dtype !== "f32" || files.dtype !== "u8") throw new TypeError();
    const identities = JSON.parse(new TextDecoder().decode(files.data)) as Identity[];
    const width = vectors.shape[1];
    if (identities.length !== vectors.shape[0]) throw new TypeError();
    return new Map(
      identities.map((one, i) => [one.path, { ...one, vector: vectors.data.subarray(i * width, (i + 1) * width) }]),
    );
  } catch {
    notices.push(`The index of this folder was damaged and is made anew (${file}).`);
    return new Map();
  }
}

async function store(file: string, model: string, entries: readonly Entry[]): Promise<void> {
  await mkdir(join(file, ".."), { recursive: true });
  const identities = entries.map(({ vector: _, ...identity }) => identity);
  const width = entries[0]?.vector.length ?? 0;
  const vectors = new Float32Array(entries.length * width);
  for (const [i, { vector }] of entries.entries()) vectors.set(vector, i * width);
  const files = new TextEncoder().encode(JSON.stringify(identities));
  await writeSafetensors(
    file,
    {
      vectors: tensor(vectors, [entries.length, width]),
      files: { dtype: "u8", shape: [files.length], data: files },
    },
    { model },
  );
}
