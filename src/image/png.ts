// PNG files: pixels in, bytes out, and back. Uses node:zlib; chunks and texts are pure files of their own.
import { deflateSync, inflateSync } from "node:zlib";
import { type Pixels, pixels } from "./pixels.ts";
import { type Chunk, readChunks } from "./png-chunks.ts";
import { assembled, filteredRows } from "./png-encode.ts";
import { unfilterRow } from "./png-filters.ts";
import { type PngText, type ReadTextOptions, textOf } from "./png-text.ts";

export interface EncodeOptions {
  /** Written right after the header, in this order. */
  readonly text?: PngText;
  /** zlib's, 0 to 9; 6 unless told. */
  readonly level?: number;
}

/** A PNG of the picture, RGB or RGBA with 8 bits, each row with the filter that suits it. Same picture, same bytes. */
export function encodePng(picture: Pixels, options: EncodeOptions = {}): Uint8Array<ArrayBuffer> {
  return assembled(picture, options.text, deflateSync(filteredRows(picture), { level: options.level ?? 6 }));
}

export interface DecodeOptions extends ReadTextOptions {
  /** width · height; 2²⁴ (4096 × 4096) unless told. Checked before anything is unpacked. */
  readonly maxPixels?: number;
}

/** A decoded PNG. */
export interface DecodedPng {
  readonly picture: Pixels;
  /** What `readText` finds, compressed texts included. */
  readonly text: PngText;
}

/** Samples per pixel by PNG colour type, and the bit depths it may have. */
const colorTypes: Readonly<Record<number, { samples: number; depths: readonly number[] }>> = {
  0: { samples: 1, depths: [1, 2, 4, 8, 16] },
  2: { samples: 3, depths: [8, 16] },
  3: { samples: 1, depths: [1, 2, 4, 8] },
  4: { samples: 2, depths: [8, 16] },
  6: { samples: 4, depths: [8, 16] },
};

/** Adam7: where each pass starts and how far apart its pixels are. */
const adam7 = [
  ...[
    [0, 0, 8, 8],
    [4, 0, 8, 8],
    [0, 4, 4, 8],
    [2, 0, 4, 4],
    [0, 2, 2, 4],
    [1, 0, 2, 2],
    [0, 1, 1, 2],
  ],
];

/**
 * Any PNG as RGB, or RGBA when it has transparency: grey, palette, 1 to 16 bits (rounded to 8) and interlaced ones too.
 * Gamma and colour profiles are not applied.
 * @throws Error saying what is wrong with the file, or that it has more pixels than allowed.
 */
export function decodePng(png: Uint8Array, options: DecodeOptions = {}): DecodedPng {
  const chunks = readChunks(png);
  const { width, height, depth, color, interlaced } = readHeader(chunks[0].data, options.maxPixels ?? 2 ** 24);
  const samples = colorTypes[color].samples;
  const bits = samples * depth;
  const passes = (interlaced ? adam7 : [[0, 0, 1, 1]])
    .map(([x, y, dx, dy]) => ({ x, y, dx, dy, w: Math.ceil((width - x) / dx), h: Math.ceil((height - y) / dy) }))
    .filter(({ w, h }) => w > 0 && h > 0);
  const expected = passes.reduce((n, { w, h }) => n + h * (1 + Math.ceil((w * bits) / 8)), 0);
  const raw = unpack(chunks, expected);
  const paint = painter(chunks, color, depth);
  const out = pixels(width, height, paint.channels, new Uint8Array(width * height * paint.channels));
  let at = 0;
  for (const { x, y, dx, dy, w, h } of passes) {
    const stride = Math.ceil((w * bits) / 8);
    let above: Uint8Array = new Uint8Array(stride);
    for (let r = 0; r < h; r++, at += stride + 1) {
      const row = raw.subarray(at + 1, at + 1 + stride);
      unfilterRow(raw[at], row, above, Math.max(1, bits >> 3));
      for (let i = 0; i < w; i++) paint.pixel(row, i, out.data, ((y + r * dy) * width + x + i * dx) * paint.channels);
      above = row;
    }
  }
  return { picture: out, text: textOf(chunks, { inflate, ...options }) };
}

function readHeader(header: Uint8Array, maxPixels: number) {
  if (header.length !== 13) throw new Error("png: the IHDR chunk is not 13 bytes long");
  const view = new DataView(header.buffer, header.byteOffset, 13);
  const [width, height] = [view.getUint32(0), view.getUint32(4)];
  const [depth, color, compression, filter, interlace] = header.subarray(8);
  if (width === 0 || height === 0) throw new Error(`png: ${width}x${height} is no size`);
  if (width * height > maxPixels)
    throw new Error(
      `png: ${width}x${height} is more than the ${maxPixels} pixels that are read. Make it smaller first.`,
    );
  if (!colorTypes[color]?.depths.includes(depth) || compression !== 0 || filter !== 0 || interlace > 1)
    throw new Error(
      `png: colour type ${color} with ${depth} bits, compression ${compression}, interlace ${interlace} does not exist`,
    );
  return { width, height, depth, color, interlaced: interlace === 1 };
}

function unpack(chunks: readonly Chunk[], expected: number): Uint8Array {
  const parts = chunks.filter(({ type }) => type === "IDAT").map(({ data }) => data);
  if (parts.length === 0) throw new Error("png: there are no pixels (no IDAT chunk)");
  let raw: Uint8Array;
  try {
    raw = inflate(Buffer.concat(parts), expected);
  } catch (error) {
    throw new Error("png: the pixels cannot be unpacked; the file is damaged", { cause: error });
  }
  if (raw.length !== expected)
    throw new Error(`png: ${expected} bytes of pixels were expected, ${raw.length} are there`);
  return raw;
}

const inflate = (data: Uint8Array, limit: number): Uint8Array => inflateSync(data, { maxOutputLength: limit });

/** How to turn sample i of a row into a pixel of the result. */
function painter(chunks: readonly Chunk[], color: number, depth: number) {
  const find = (type: string) => chunks.find((chunk) => chunk.type === type)?.data;
  const transparency = find("tRNS");
  const wide = depth === 16;
  const most = 2 ** depth - 1;
  const raw = (row: Uint8Array, i: number): number => {
    if (wide) return (row[2 * i] << 8) | row[2 * i + 1];
    if (depth === 8) return row[i];
    const bit = i * depth;
    return (row[bit >> 3] >> (8 - depth - (bit & 7))) & most;
  };
  const byte = (sample: number): number => (depth === 8 ? sample : Math.round((sample * 255) / most));
  if (color === 3) {
    const palette = find("PLTE");
    if (!palette || palette.length === 0 || palette.length % 3 !== 0 || palette.length > 768)
      throw new Error("png: the palette is missing or damaged");
    const channels: 3 | 4 = transparency ? 4 : 3;
    return {
      channels,
      pixel: (row: Uint8Array, i: number, out: Uint8Array, to: number) => {
        const index = raw(row, i);
        if (index * 3 >= palette.length)
          throw new Error(`png: colour ${index} is not in the palette; the file is damaged`);
        for (let c = 0; c < 3; c++) out[to + c] = palette[index * 3 + c];
        if (transparency) out[to + 3] = transparency[index] ?? 255;
      },
    };
  }
  const { samples } = colorTypes[color];
  const hasAlpha = color >= 4;
  const colors = hasAlpha ? samples - 1 : samples;
  const key =
    hasAlpha || !transparency
      ? undefined
      : Array.from({ length: colors }, (_, c) => (transparency[2 * c] << 8) | transparency[2 * c + 1]);
  const channels: 3 | 4 = hasAlpha || key ? 4 : 3;
  return {
    channels,
    pixel: (row: Uint8Array, i: number, out: Uint8Array, to: number) => {
      for (let c = 0; c < 3; c++) out[to + c] = byte(raw(row, i * samples + (colors === 1 ? 0 : c)));
      if (hasAlpha) out[to + 3] = byte(raw(row, i * samples + colors));
      else if (key) out[to + 3] = key.every((value, c) => raw(row, i * samples + c) === value) ? 0 : 255;
    },
  };
}
