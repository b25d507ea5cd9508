// What both writers of PNGs share: rows ready to be packed, and the file around them. Packing differs: zlib, or the browser.
import { type Pixels, pixels } from "./pixels.ts";
import { writeChunks } from "./png-chunks.ts";
import { filterRow } from "./png-filters.ts";
import { type PngText, textChunks } from "./png-text.ts";

/** The rows of a picture, each with the filter that suits it and its number in front. */
export function filteredRows({ width, height, channels, data }: Pixels): Uint8Array<ArrayBuffer> {
  pixels(width, height, channels, data);
  const stride = width * channels;
  const filtered = new Uint8Array(height * (stride + 1));
  let above: Uint8Array = new Uint8Array(stride);
  for (let y = 0; y < height; y++) {
    const row = data.subarray(y * stride, (y + 1) * stride);
    filterRow(row, above, channels, filtered.subarray(y * (stride + 1), (y + 1) * (stride + 1)));
    above = row;
  }
  return filtered;
}

/** The file of a picture, RGB or RGBA with 8 bits, from its rows, packed as zlib does; texts come right after the header. */
export function assembled(
  { width, height, channels }: Pixels,
  text: PngText = {},
  packed: Uint8Array,
): Uint8Array<ArrayBuffer> {
  const header = new Uint8Array(13);
  const view = new DataView(header.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  header[8] = 8;
  header[9] = channels === 4 ? 6 : 2;
  return writeChunks([
    { type: "IHDR", data: header },
    ...textChunks(text),
    { type: "IDAT", data: packed },
    { type: "IEND", data: new Uint8Array(0) },
  ]);
}
