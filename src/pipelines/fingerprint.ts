// Fingerprints: a short name for a model's weights that is cheap to make, for metadata to remember them by.
import { sha256 } from "../image/hash.ts";
import type { Files } from "../weights/files.ts";
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
 * @param bytes reads where tensors lie in files (`Files.bytes`); those that lie in none are read whole
 */
export async function fingerprint(parts: readonly Part[], said: string, bytes?: Files["bytes"]): Promise<string> {
  const pieces: Uint8Array[] = [];
  const update = (text: string): number => pieces.push(new TextEncoder().encode(text));
  update(`${said}\n`);
  for (const { name: part, weights, tensors, further } of parts) {
    const there = [...tensors, ...further].map(({ name }) => name).filter((name) => weights.info(name));
    there.sort();
    for (const name of there) {
      const { dtype, shape } = weights.info(name)!;
      update(`${part} ${name} ${dtype} ${shape}\n`);
    }
    const count = Math.min(SAMPLES, there.length);
    for (let i = 0; i < count; i++) {
      const depth = count > 1 ? i / (count - 1) : 0;
      const name = there[Math.round(depth * (there.length - 1))];
      pieces.push(await block(weights, name, depth, bytes));
    }
  }
  const all = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return sha256(all).slice(0, 10);
}

/** Some bytes of a tensor: its first at depth 0, its last at 1. */
async function block(weights: Weights, name: string, depth: number, bytes?: Files["bytes"]): Promise<Uint8Array> {
  const startOf = (length: number): number => Math.floor(Math.max(0, length - BYTES) * depth);
  const place = weights.info(name)?.file;
  if (place && bytes) return bytes(place.path, place.offset + startOf(place.length), Math.min(BYTES, place.length));
  const whole = toBytes(await weights.read(name));
  const start = startOf(whole.length);
  return whole.subarray(start, start + BYTES);
}
