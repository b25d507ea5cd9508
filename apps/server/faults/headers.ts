// Headers of model files that are made to exhaust whoever reads them. F4 of the plan; the library's own tests have the cases.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { openSafetensors } from "dreamgrain/node";
import type { Figures } from "./abuse.ts";
import { quantile } from "./harness.ts";

/** A file that begins with this length and goes on with this text. */
function file(length: bigint, text: string): Buffer {
  const head = Buffer.alloc(8);
  head.writeBigUInt64LE(length);
  return Buffer.concat([head, Buffer.from(text)]);
}
const whole = (text: string): Buffer => file(BigInt(Buffer.byteLength(text)), text);

/** F4. @param folder an empty one */
export async function headerBombs(folder: string): Promise<Figures> {
  const entry = `{"dtype":"F32","shape":[1],"data_offsets":[0,4]}`;
  const many = Array.from({ length: 1_300_000 }, (_, i) => `"t${i}":${entry}`).join(",");
  const bombs: Readonly<Record<string, Buffer>> = {
    "a length of 2⁶⁴ − 1": file(2n ** 64n - 1n, "{}"),
    "a length of 2⁶³": file(2n ** 63n, "{}"),
    "a header of 100 MB": whole(`{"__metadata__":{"a":"${"x".repeat(1e8)}"}}`),
    "1.3 million tensors": whole(`{${many}}`),
    "a million levels": whole(`{"a":`.repeat(1e6)),
    "the same name twice": whole(`{"a":${entry},"a":${entry}}`),
    "a tensor called __proto__": whole(`{"__proto__":{"dtype":"F32","shape":[1],"data_offsets":[0,8]}}`),
    "2⁵³ + 1": whole(`{"a":{"dtype":"F32","shape":[9007199254740993],"data_offsets":[0,4]}}`),
  };
  const times: number[] = [];
  let grew = 0;
  let refused = 0;
  for (const [name, bytes] of Object.entries(bombs)) {
    const path = join(folder, "bomb.safetensors");
    await writeFile(path, bytes);
    const before = process.memoryUsage.rss();
    const began = performance.now();
    await openSafetensors(path).then(
      () => {
        throw new Error(`F4: ${name} was read`);
      },
      () => refused++,
    );
    times.push(performance.now() - began);
    grew = Math.max(grew, process.memoryUsage.rss() - before);
  }
  return {
    files: times.length,
    refused,
    "slowest, ms": quantile(times, 1).toFixed(0),
    "memory grew by MB": Math.round(grew / 1e6),
  };
}
