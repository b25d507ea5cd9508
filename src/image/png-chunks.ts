// The outer shape of a PNG: a signature and chunks with checksums. Pure; PNG specification, third edition, section 5.

const signature = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);

/** A chunk of a PNG: four letters and bytes. */
export interface Chunk {
  readonly type: string;
  readonly data: Uint8Array;
}

const crcTable = Uint32Array.from({ length: 256 }, (_, n) => {
  let c = n;
  for (let k = 0; k < 8; k++) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
  return c;
});

/** CRC-32 as PNG and zip use it. */
export function crc32(bytes: Uint8Array): number {
  let c = 0xffffffff;
  for (let i = 0; i < bytes.length; i++) c = crcTable[(c ^ bytes[i]) & 0xff] ^ (c >>> 8);
  return ~c >>> 0;
}

export const isPng = (bytes: Uint8Array): boolean => signature.every((byte, i) => bytes[i] === byte);

/** What a picture file of another kind is, by its first bytes. */
function otherKind(bytes: Uint8Array): string {
  const start = String.fromCharCode(...bytes.subarray(0, 16));
  if (bytes.length === 0) return "it is empty";
  if (start.startsWith("\xff\xd8\xff")) return "it is a JPEG";
  if (start.startsWith("RIFF") && start.slice(8, 12) === "WEBP") return "it is a WebP";
  if (start.startsWith("GIF8")) return "it is a GIF";
  if (start.slice(4, 8) === "ftyp") return "it is an AVIF or HEIF";
  if (start.trimStart().startsWith("<")) return "it is a web page or SVG";
  return "it does not start as one";
}

/**
 * The chunks of a PNG up to IEND, as views. What follows IEND is ignored.
 * @throws Error when it is no PNG, is cut short, or a checksum is wrong.
 */
export function readChunks(png: Uint8Array): Chunk[] {
  if (!isPng(png)) throw new Error(`png: this is no PNG: ${otherKind(png)}`);
  const view = new DataView(png.buffer, png.byteOffset, png.length);
  const chunks: Chunk[] = [];
  for (let at = 8; ; ) {
    if (at + 12 > png.length) throw new Error(`png: the file is cut short at byte ${png.length}`);
    const length = view.getUint32(at);
    const type = String.fromCharCode(...png.subarray(at + 4, at + 8));
    if (!/^[A-Za-z]{4}$/.test(type)) throw new Error(`png: there is no chunk at byte ${at}; the file is damaged`);
    if (length > png.length - at - 12) throw new Error(`png: the file is cut short inside its ${type} chunk`);
    const end = at + 8 + length;
    if (crc32(png.subarray(at + 4, end)) !== view.getUint32(end))
      throw new Error(`png: the checksum of the ${type} chunk at byte ${at} is wrong; the file is damaged`);
    if (chunks.length === 0 && type !== "IHDR") throw new Error(`png: the first chunk is ${type}, not IHDR`);
    chunks.push({ type, data: png.subarray(at + 8, end) });
    if (type === "IEND") return chunks;
    at = end + 4;
  }
}

/** A PNG of these chunks. */
export function writeChunks(chunks: readonly Chunk[]): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(chunks.reduce((n, { data }) => n + 12 + data.length, 8));
  const view = new DataView(out.buffer);
  out.set(signature);
  let at = 8;
  for (const { type, data } of chunks) {
    view.setUint32(at, data.length);
    for (let i = 0; i < 4; i++) out[at + 4 + i] = type.charCodeAt(i);
    out.set(data, at + 8);
    view.setUint32(at + 8 + data.length, crc32(out.subarray(at + 4, at + 8 + data.length)));
    at += 12 + data.length;
  }
  return out;
}
