// Fingerprints: a short name for a model's weights that is cheap to make, for metadata to remember them by. Node only.
import { createHash } from "node:crypto";
import { open } from "node:fs/promises";
import type { SafetensorsFile } from "../weights/safetensors-file.ts";

const SAMPLES = 64;
const BYTES = 4096;

/**
 * Ten hex digits that tell weights apart: SHA-256 over each file's size, its first block (where the header is) and 63 more
 * blocks of 4 KiB spread evenly to its end. Training changes every tensor, so it changes these; a file of any size takes
 * milliseconds. It is not the hash of the whole file that A1111 prints.
 * @param choices what else tells the model from another made of the same files
 */
export async function fingerprint(files: readonly SafetensorsFile[], choices: readonly string[] = []): Promise<string> {
  const hash = createHash("sha256");
  for (const choice of choices) hash.update(`${choice}\n`);
  const block = new Uint8Array(BYTES);
  for (const { path, fileSize } of files) {
    hash.update(`${fileSize}\n`);
    await using file = await open(path);
    for (let i = 0; i < SAMPLES; i++) {
      const at = Math.floor((Math.max(0, fileSize - BYTES) * i) / (SAMPLES - 1));
      const { bytesRead } = await file.read(block, 0, BYTES, at);
      hash.update(block.subarray(0, bytesRead));
    }
  }
  return hash.digest("hex").slice(0, 10);
}
