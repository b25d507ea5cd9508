// PNG files where there is no zlib: packed by the platform's own CompressionStream. Runs in browsers and in Node.
import type { Pixels } from "./pixels.ts";
import { assembled, filteredRows } from "./png-encode.ts";
import type { PngText } from "./png-text.ts";

/** A PNG as `encodePng` writes it, the same pixels and texts, though not packed into the same bytes. */
export async function packPng(
  picture: Pixels,
  { text }: { readonly text?: PngText } = {},
): Promise<Uint8Array<ArrayBuffer>> {
  const packed = new Blob([filteredRows(picture)]).stream().pipeThrough(new CompressionStream("deflate"));
  return assembled(picture, text, new Uint8Array(await new Response(packed).arrayBuffer()));
}
