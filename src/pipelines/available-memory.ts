// Available memory: what the machine, or the container around this process, can still give. Node only.
import { freemem, totalmem } from "node:os";

/** Bytes that can be used without swapping; what only caches files counts as free. */
export function availableMemory(): number {
  const limit = process.constrainedMemory?.() ?? 0;
  return limit > 0 && limit < totalmem() ? Math.min(limit, freemem()) : freemem();
}
