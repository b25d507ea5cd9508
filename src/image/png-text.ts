// Text inside a PNG: how pictures remember what they were asked to be. Pure; PNG specification, section 11.3.3.
import { type Chunk, readChunks, writeChunks } from "./png-chunks.ts";

/** Texts by keyword: `parameters` is where A1111 and most others keep the prompt and settings. */
export type PngText = Readonly<Record<string, string>>;

export interface ReadTextOptions {
  /**
   * Decompresses zlib data of at most `limit` bytes, or throws. Without it compressed texts (zTXt) are passed over;
   * `png.ts` brings one for Node.
   */
  readonly inflate?: (data: Uint8Array, limit: number) => Uint8Array;
  /** Bytes of one text, decompressed; longer ones are passed over. 4 MiB unless told: a ComfyUI workflow can be large. */
  readonly maxBytes?: number;
  /** How many texts are read; 64 unless told. */
  readonly maxTexts?: number;
}

/**
 * The texts of a PNG: tEXt (Latin-1), iTXt (UTF-8) and, given an `inflate`, their compressed forms. The first text of a
 * keyword counts. An object without a prototype.
 * @throws Error when it is no PNG or is damaged; a text that breaks the rules is passed over.
 */
export function readText(png: Uint8Array, options: ReadTextOptions = {}): PngText {
  return textOf(readChunks(png), options);
}

/** As `readText`, of chunks already at hand. */
export function textOf(chunks: readonly Chunk[], options: ReadTextOptions = {}): PngText {
  const { maxTexts = 64 } = options;
  const texts: Record<string, string> = Object.create(null);
  let count = 0;
  for (const chunk of chunks) {
    const entry = decodeText(chunk, options);
    if (!entry || entry[0] in texts) continue;
    if (++count > maxTexts) break;
    texts[entry[0]] = entry[1];
  }
  return texts;
}

/** The PNG with these texts right after its header, in place of any it had under the same keywords; pixels untouched. */
export function withText(png: Uint8Array, texts: PngText): Uint8Array<ArrayBuffer> {
  const [header, ...rest] = readChunks(png);
  const kept = rest.filter((chunk) => {
    const word = isText(chunk) ? latin1(chunk.data.subarray(0, chunk.data.indexOf(0))) : undefined;
    return word === undefined || !Object.hasOwn(texts, word);
  });
  return writeChunks([header, ...textChunks(texts), ...kept]);
}

/** One chunk for each text, in the given order: tEXt where Latin-1 can hold it, as Pillow does, otherwise iTXt. */
export const textChunks = (texts: PngText): Chunk[] =>
  Object.entries(texts).map(([keyword, text]) => encodeText(keyword, text));

/**
 * A text as a chunk. A text with NUL or half a surrogate pair cannot be kept and is refused.
 * @throws RangeError also for a keyword that is not 1 to 79 printable Latin-1 characters without outer or double spaces.
 */
export function encodeText(keyword: string, text: string): Chunk {
  if (!/^[\x20-\x7e\xa1-\xff]{1,79}$/.test(keyword) || /^ | $| {2}/.test(keyword))
    throw new RangeError(`png: ${JSON.stringify(keyword)} is no keyword: 1 to 79 printable Latin-1 characters`);
  if (text.includes("\0") || /\p{Surrogate}/u.test(text))
    throw new RangeError(
      `png: the text of ${JSON.stringify(keyword)} holds NUL or half a character, which PNG cannot keep`,
    );
  const plainLatin1 = /^[\n\x20-\x7e\xa0-\xff]*$/.test(text);
  if (plainLatin1) return { type: "tEXt", data: bytesOf(`${keyword}\0${text}`) };
  const head = bytesOf(`${keyword}\0\0\0\0\0`); // not compressed, method 0, no language, no translated keyword
  const body = new TextEncoder().encode(text);
  const data = new Uint8Array(head.length + body.length);
  data.set(head);
  data.set(body, head.length);
  return { type: "iTXt", data };
}

const isText = ({ type }: Chunk): boolean => type === "tEXt" || type === "iTXt" || type === "zTXt";

const bytesOf = (text: string): Uint8Array => Uint8Array.from(text, (c) => c.charCodeAt(0));

function latin1(bytes: Uint8Array): string {
  let text = "";
  for (let i = 0; i < bytes.length; i += 8192) text += String.fromCharCode(...bytes.subarray(i, i + 8192));
  return text;
}

function decodeText(chunk: Chunk, options: ReadTextOptions): [keyword: string, text: string] | undefined {
  if (!isText(chunk)) return undefined;
  const { type, data } = chunk;
  const end = data.indexOf(0);
  if (end < 1 || end > 79) return undefined;
  const keyword = latin1(data.subarray(0, end));
  const { inflate, maxBytes = 4 * 2 ** 20 } = options;
  let body = data.subarray(end + 1);
  let compressed = false;
  if (type === "zTXt") {
    if (body[0] !== 0) return undefined;
    compressed = true;
    body = body.subarray(1);
  } else if (type === "iTXt") {
    const [flag, method] = body;
    if (flag > 1 || (flag === 1 && method !== 0)) return undefined;
    compressed = flag === 1;
    const language = body.indexOf(0, 2);
    const translated = language < 0 ? -1 : body.indexOf(0, language + 1);
    if (translated < 0) return undefined;
    body = body.subarray(translated + 1);
  }
  try {
    if (compressed) {
      if (!inflate) return undefined;
      body = inflate(body, maxBytes);
    }
    if (body.length > maxBytes) return undefined;
    return [
      keyword,
      type === "iTXt" ? new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(body) : latin1(body),
    ];
  } catch {
    return undefined;
  }
}
