// Where pictures go: a file, a folder or stdout; whole or not at all, and never over a file that nobody named.
import { constants, type Stats } from "node:fs";
import { access, mkdir, realpath, stat, writeFile } from "node:fs/promises";
import { basename, dirname, extname, join } from "node:path";
import { writeFileAtomically } from "dreamgrain/node";
import { UsageError } from "./errors.ts";

/** A place for pictures, checked to be one before any is made. */
export type Place =
  | { readonly kind: "stdout" }
  | { readonly kind: "file"; readonly path: string }
  | { readonly kind: "folder"; readonly path: string };

/**
 * Where `-o` points; the current folder when there is none. A path that ends in a slash is a folder, and is made.
 * @throws UsageError for what cannot take `count` pictures, Error for a place that cannot be written to
 */
export async function placeOf(output: string | undefined, count = 1): Promise<Place> {
  if (output === "-") {
    if (count > 1) throw new UsageError(`-o -: stdout takes one picture, and ${count} were asked for; name a folder`);
    if (process.stdout.isTTY) throw new UsageError("-o -: a PNG would garble the terminal; send it on with > or |");
    return { kind: "stdout" };
  }
  const path = output ?? ".";
  if (path === "") throw new UsageError("-o: the path is empty");
  if (/[/\\]$/.test(path)) await mkdir(path, { recursive: true }).catch((error) => unwritable(path, error));
  const there = await stat(path).catch(absent);
  if (there?.isDirectory()) return writable(path, { kind: "folder", path });
  const extension = extname(path).toLowerCase();
  if (there === undefined && extension !== "" && extension !== ".png")
    throw new UsageError(`-o ${path}: pictures are written as PNG; call it ${basename(path, extname(path))}.png`);
  if (count > 1 && there && !there.isFile()) throw new UsageError(`-o ${path}: ${count} pictures need a folder`);
  return writable(dirname(path), { kind: "file", path });
}

/** Write a picture; returns its path, or "-". `name` (without .png) is what it is called where nobody named it. */
export async function writePicture(place: Place, name: string, png: Uint8Array): Promise<string> {
  if (place.kind === "stdout") {
    await new Promise<void>((resolve) => process.stdout.write(png, () => resolve()));
    return "-";
  }
  const path = place.kind === "file" ? place.path : await freeName(place.path, name);
  await put(path, png).catch((error) => unwritable(path, error));
  return path;
}

/** The place of one picture of several: beside a named file, told apart by what `mark` says. */
export function numbered(place: Place, mark: string): Place {
  if (place.kind !== "file") return place;
  const extension = extname(place.path);
  return { kind: "file", path: `${place.path.slice(0, place.path.length - extension.length)}-${mark}${extension}` };
}

/** A file name that says what it shows: `a-red-boat-7`. */
export function slug(words: string | undefined, seed: number | bigint): string {
  const plain = (words ?? "")
    .normalize("NFKD")
    .replace(/\p{M}+/gu, "")
    .toLowerCase()
    .match(/[\p{L}\p{N}]+/gu);
  let name = "";
  for (const word of plain ?? []) if (`${name}-${word}`.length <= 60) name += name === "" ? word : `-${word}`;
  return `${name === "" ? "unguided" : name}-${seed}`;
}

/** `name.png` in a folder, or the first of `name-2.png`, `name-3.png` … that is free. */
async function freeName(folder: string, name: string): Promise<string> {
  for (let i = 1; ; i++) {
    const path = join(folder, `${name}${i === 1 ? "" : `-${i}`}.png`);
    if ((await stat(path).catch(absent)) === undefined) return path;
  }
}

/** Through a link to what it points to; straight into what is no regular file (a pipe, /dev/null). */
async function put(path: string, bytes: Uint8Array): Promise<void> {
  const there = await stat(path).catch(absent);
  if (there && !there.isFile()) await writeFile(path, bytes);
  else await writeFileAtomically(there ? await realpath(path) : path, bytes);
}

async function writable(folder: string, place: Exclude<Place, { kind: "stdout" }>): Promise<Place> {
  await access(folder, constants.W_OK).catch((error) => unwritable(place.path, error));
  const at = await stat(folder);
  if (!at.isDirectory()) throw new Error(`${place.path} cannot be written: ${folder} is no folder`);
  return place;
}

function absent(error: NodeJS.ErrnoException): Stats | undefined {
  if (error.code === "ENOENT" || error.code === "ENOTDIR") return undefined;
  throw error;
}

function unwritable(path: string, error: NodeJS.ErrnoException): never {
  const why: Readonly<Record<string, string>> = {
    ENOENT: `there is no folder ${dirname(path)}`,
    ENOTDIR: `${dirname(path)} is no folder`,
    EEXIST: "a file of that name is in the way",
    EACCES: "it is not allowed",
    EPERM: "it is not allowed",
    EROFS: "the disk is read-only",
    ENOSPC: "the disk is full",
    ENAMETOOLONG: "the name is too long",
  };
  throw new Error(`${path} cannot be written: ${why[error.code ?? ""] ?? error.message}`, { cause: error });
}
