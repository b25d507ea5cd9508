// The decoder's process: looks at pictures from outside, and may die of them without harm.
import { inflateSync } from "node:zlib";
import { decodePng, encodePng, isPng, pixels, readText } from "dreamgrain/node";
import sharp, { type Sharp } from "sharp";
import type { FromDecoder, Kind, Requests, ToDecoder } from "./protocol.ts";
import { MOST_PIXELS } from "./protocol.ts";

sharp.cache(false);
sharp.concurrency(1);

/** Of the texts in a picture: how many, and bytes of each. */
const texts = { maxTexts: 16, maxBytes: 2 ** 18 };
const inflate = (data: Uint8Array, limit: number): Uint8Array => inflateSync(data, { maxOutputLength: limit });

/** PNG, JPEG or WebP by their first bytes; everything else is refused. */
function kindOf(bytes: Uint8Array): "png" | "jpeg" | "webp" {
  if (isPng(bytes)) return "png";
  const start = Buffer.from(bytes.subarray(0, 12)).toString("latin1");
  if (start.startsWith("\xff\xd8\xff")) return "jpeg";
  if (/^RIFF.{4}WEBP$/s.test(start)) return "webp";
  throw new Error("this is no PNG, JPEG or WebP; save it as one of these first");
}

const open = (bytes: Uint8Array): Sharp =>
  sharp(bytes, { limitInputPixels: MOST_PIXELS, failOn: "error", pages: 1 }).rotate().toColourspace("srgb");

/** The pixels, through code of our own for PNGs and a sandboxed library for the others. */
async function pixelsOf(bytes: Uint8Array) {
  if (kindOf(bytes) === "png") return decodePng(bytes, { maxPixels: MOST_PIXELS, ...texts }).picture;
  const { data, info } = await open(bytes).raw({ depth: "uchar" }).toBuffer({ resolveWithObject: true });
  return pixels(info.width, info.height, info.channels === 4 ? 4 : 3, data);
}

const handlers: {
  readonly [K in Kind]: (bytes: Uint8Array, more: Requests[K]["send"]) => Promise<Requests[K]["answer"]>;
} = {
  async clean(bytes) {
    const picture = await pixelsOf(bytes);
    return { png: encodePng(picture, { level: 3 }), width: picture.width, height: picture.height };
  },
  async texts(bytes) {
    if (kindOf(bytes) !== "png") throw new Error("only PNGs are read for how they were made");
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const found = readText(bytes, { inflate, ...texts });
    return { texts: { ...found }, width: view.getUint32(16), height: view.getUint32(20) };
  },
  async thumbnail(bytes, { side }) {
    const file = await open(bytes)
      .resize(side, side, { fit: "inside", withoutEnlargement: true })
      .webp({ quality: 85 });
    return { file: await file.toBuffer() };
  },
  async convert(bytes, { format, quality, size }) {
    const sized = size ? open(bytes).resize(size.width, size.height, { fit: "fill" }) : open(bytes);
    return { file: await sized.toFormat(format, format === "png" ? {} : { quality }).toBuffer() };
  },
  async mask(bytes) {
    const { width, height, channels, data } = await pixelsOf(bytes);
    if (channels !== 4) throw new Error("the mask has no transparency; what is to be drawn anew must be transparent");
    const grey = new Uint8Array(width * height * 3);
    for (let i = 0; i < width * height; i++) grey.fill(255 - (data[i * 4 + 3] ?? 255), i * 3, i * 3 + 3);
    return { png: encodePng(pixels(width, height, 3, grey), { level: 3 }), width, height };
  },
};

/** The next bytes of the input. */
const received = (length: number): Promise<Uint8Array> =>
  new Promise((resolve) => {
    const look = (): void => {
      const bytes: Uint8Array | null = length === 0 ? new Uint8Array() : process.stdin.read(length);
      if (bytes) resolve(bytes);
      else process.stdin.once("readable", look);
    };
    look();
  });

async function answer(message: ToDecoder): Promise<FromDecoder> {
  const { id, kind, length, ...more } = message;
  try {
    const bytes = await received(length);
    const handle = handlers[kind] as (bytes: Uint8Array, more: unknown) => Promise<Requests[Kind]["answer"]>;
    return { id, answer: await handle(bytes, more) };
  } catch (error) {
    return { id, refused: error instanceof Error ? error.message.replace(/^png: /, "") : "it cannot be read" };
  }
}

process.on("message", (message: ToDecoder) => {
  void answer(message).then((outcome) => process.send?.(outcome));
});
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => {});
process.on("disconnect", () => process.exit(0));
