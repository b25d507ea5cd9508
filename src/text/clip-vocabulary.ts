// CLIP's merges from the file that ships with the library. Node only; `clip-vocabulary-web.ts` is the same for browsers.

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";

/** Where the merges lie: gzip, one merge a line. The same place from `src/text` and from the built `dist/text`. */
export const clipMergesFile = fileURLToPath(new URL("../../assets/clip-merges.gz", import.meta.url));

let merges: readonly string[] | undefined;

/**
 * The 48,894 merges of CLIP's vocabulary, for `clipTokenizer`; read once (about 10 ms).
 * @throws Error when the file is missing or damaged.
 */
export function clipMerges(): readonly string[] {
  return (merges ??= read());
}

function read(): readonly string[] {
  try {
    return gunzipSync(readFileSync(clipMergesFile)).toString("utf8").split("\n");
  } catch (cause) {
    throw new Error(`CLIP's vocabulary ${clipMergesFile} cannot be read. Install dreamgrain again.`, {
      cause,
    });
  }
}
