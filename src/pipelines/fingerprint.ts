// Fingerprints: a short name for a model's weights that is cheap to make, for metadata to remember them by. Node only.
import { createHash } from "node:crypto";
import { type FileHandle, open } from "node:fs/promises";
import { toBytes } from "../weights/safetensors.ts";
import type { Weights } from "../weights/weights.ts";
import type { Part } from "./networks.ts";

const SAMPLES = 64;
const BYTES = 4096;

/**
 * Ten hex digits that tell weights apart, wherever they lie: SHA-256 over the name, dtype and shape of every tensor that the
 * networks want, as they see it, and over 4 KiB of 64 tensors of each, spread evenly over them. A folder and a single file with
 * the same numbers are one model; what else is in their files does not count. Training changes every tensor, so it changes
 * these; a model of any size takes milliseconds. It is not the hash of the whole file that A1111 prints.
 * @param said what the U-Net was trained to say, which its weights do not tell
 */
export async function fingerprint(parts: readonly Part[], said: string): Promise<string> {
  const hash = createHash("sha256").update(`${said}\n`);
  const files = new Map<string, FileHandle>();
  try {
    for (const { name: part, weights, tensors, further } of parts) {
      const there = [...tensors, ...further].map(({ name }) => name).filter((name) => weights.info(name));
      there.sort();
      for (const name of there) {
        const { dtype, shape } = weights.info(name)!;
        hash.update(`${part} ${name} ${dtype} ${shape}\n`);
      }
      const count = Math.min(SAMPLES, there.length);
      for (let i = 0; i < count; i++) {
        const depth = count > 1 ? i / (count - 1) : 0;
        const name = there[Math.round(depth * (there.length - 1))];
        hash.update(await block(weights, name, depth, files));
      }
    }
  } finally {
    for (const file of files.values()) await file.close();
  }
  return hash.digest("hex").slice(0, 10);
}

/** Some bytes of a tensor: its first at depth 0, its last at 1. */
async function block(
  weights: Weights,
  name: string,
  depth: number,
  files: Map<string, FileHandle>,
): Promise<Uint8Array> {
  const place = weights.info(name)?.file;
  const startOf = (length: number): number => Math.floor(Math.max(0, length - BYTES) * depth);
  if (!place) {
    const bytes = toBytes(await weights.read(name));
    const start = startOf(bytes.length);
    return bytes.subarray(start, start + BYTES);
  }
  const file = files.get(place.path) ?? (await open(place.path));
  files.set(place.path, file);
  const bytes = new Uint8Array(Math.min(BYTES, place.length));
  const { bytesRead } = await file.read(bytes, 0, bytes.length, place.offset + startOf(place.length));
  return bytes.subarray(0, bytesRead);
}
