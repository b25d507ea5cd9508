// dataset: the painted world on disk, in shards of a thousand pictures, so that each is painted once. Node only.
import { mkdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { writeFileAtomically } from "../weights/atomic-file.ts";
import { describe, paint, type Scene } from "./scenes/index.ts";

/** Pictures in a shard. */
export const SHARD = 1000;

/** The scene of training picture i: its seed is i, below 10⁶, and it is never one of the held-out combinations. */
export const trainingScene = (i: number): Scene => describe(i, {}, { heldOut: "avoid" });

const shardFile = (folder: string, shard: number): string => join(folder, `${String(shard).padStart(4, "0")}.rgb`);

/**
 * Paint shard s, pictures 1000·s … 1000·s + 999, unless its file is there.
 * @returns whether it had to be painted
 */
export async function paintShard(folder: string, shard: number, side: number): Promise<boolean> {
  const path = shardFile(folder, shard);
  if (await stat(path).catch(() => undefined)) return false;
  await mkdir(folder, { recursive: true });
  const width = 3 * side * side;
  const bytes = new Uint8Array(SHARD * width);
  for (let i = 0; i < SHARD; i++) {
    const { pixels } = paint(shard * SHARD + i, side, {}, { heldOut: "avoid" });
    for (let j = 0; j < width; j++) bytes[i * width + j] = Math.round(255 * pixels[j]);
  }
  await writeFileAtomically(path, bytes);
  return true;
}

/** The pixels of a painted shard, planar RGB bytes [1000,3,side,side]. */
export const readShard = (folder: string, shard: number): Promise<Uint8Array> => readFile(shardFile(folder, shard));

/** Bytes to −1…1. */
export function toUnit(bytes: Uint8Array, out: Float32Array): Float32Array {
  for (let i = 0; i < bytes.length; i++) out[i] = bytes[i] / 127.5 - 1;
  return out;
}
