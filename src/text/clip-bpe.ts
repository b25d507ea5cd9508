// CLIP's byte-pair tokenizer (Radford et al. 2021; Sennrich et al. 2016), as Stable Diffusion 1.x, 2.x and XL use it.

import { type AddedWord, splitAtWords } from "./added-words.ts";
import { framed, inRows, type Piece, type Tokenizer, together } from "./tokenizer.ts";

/** How many merges CLIP's vocabulary has. */
export const CLIP_MERGES = 48_894;
/** How many ids there are: 256 bytes, 256 bytes that end a word, the merges, start, end. */
export const CLIP_VOCABULARY_SIZE = 512 + CLIP_MERGES + 2;
/** The id of `<|startoftext|>`. */
export const CLIP_START = 49_406;
/** The id of `<|endoftext|>`, also the padding of Stable Diffusion 1.x and of the first tokenizer of XL. */
export const CLIP_END = 49_407;

/** Where a person wants a new row to begin. */
const BREAK = /\s*\bBREAK\b\s*/;
/** The id of a comma that ends a word. */
const COMMA = 267;
/** A row that is full is broken after a comma, if there is one among its last so many pieces. */
const COMMA_REACH = 20;

const END_OF_WORD = "</w>";
const START_TEXT = "<|startoftext|>";
const END_TEXT = "<|endoftext|>";
const FIRST_MERGE = 512;
const WORDS = /'s|'t|'re|'ve|'m|'ll|'d|\p{L}+|\p{N}|[^\p{White_Space}\p{L}\p{N}]+/gu;
const CACHED_WORDS = 10_000;

export interface ClipTokenizerOptions {
  /**
   * The id that fills the row after the end: 49407 (default) for SD 1.x and XL's first tokenizer, 0 for SD 2.x and
   * XL's second one.
   */
  readonly pad?: number;
  /**
   * Whether the padding token is recognised in prompts too, as in Hugging Face's tokenizers (default). With `pad: 0`
   * each "!" of a prompt then becomes 0; OpenCLIP, where it is off, reads "!" as 256 and "!!" as 748.
   */
  readonly padIsSpecial?: boolean;
  /** Ids in a row, start and end included; 77 by default. */
  readonly length?: number;
  /**
   * The most rows. One (default) cuts long prompts off, as diffusers does. More are filled one after another, as A1111 does:
   * a row is broken after a comma near its end where there is one, and at each word BREAK.
   */
  readonly rows?: number;
  /** Words beyond CLIP's, with ids beyond its own. */
  readonly added?: readonly AddedWord[];
}

export interface ClipTokenizer extends Tokenizer {
  readonly start: number;
  readonly end: number;
  readonly pad: number;
  /** All pieces of a prompt, however many, without start, end and padding. A piece that ends a word ends in `</w>`. */
  pieces(text: string): Piece[];
  /** The text that ids stand for; start, end and (where it is special) padding are left out. Words are spaced singly. */
  decode(ids: Iterable<number>): string;
}

/**
 * A prompt as CLIP sees it: NFC, one space for any white space, lower case; half surrogates become U+FFFD.
 * Lower-casing goes character by character, so a final "Σ" becomes "σ" as in Hugging Face's tokenizers.
 */
export const normalized = (text: string): string =>
  text
    .replace(/\p{Surrogate}/gu, "\uFFFD")
    .normalize("NFC")
    .replace(/\p{White_Space}+/gu, " ")
    .replace(/\p{Changes_When_Lowercased}/gu, (letter) => letter.toLowerCase());

/**
 * CLIP's tokenizer over its merges, ids equal to those of `CLIPTokenizer` in transformers 5 (up to the version of Unicode
 * that orders rare combining marks). Older pipelines cleaned prompts up further with ftfy; that is not done here.
 * @param merges the 48,894 lines "left right" of OpenAI's `bpe_simple_vocab_16e6` in order; on Node, `clipMerges()`
 * @throws RangeError when there are not 48,894 merges, or one joins pieces that no earlier line made.
 */
export function clipTokenizer(merges: readonly string[], options: ClipTokenizerOptions = {}): ClipTokenizer {
  const { pad = CLIP_END, padIsSpecial = true, length = 77, rows = 1, added = [] } = options;
  if (!Number.isInteger(length) || length < 2)
    throw new RangeError(`clipTokenizer: length is ${length}; a row needs at least 2 ids, for start and end`);
  if (!Number.isInteger(pad) || pad < 0 || pad >= CLIP_VOCABULARY_SIZE)
    throw new RangeError(`clipTokenizer: pad is ${pad}; an id from 0 to ${CLIP_VOCABULARY_SIZE - 1} was expected`);
  if (!Number.isInteger(rows) || rows < 1)
    throw new RangeError(`clipTokenizer: ${rows} rows; a whole number from 1 was expected`);
  const { symbols, ranks } = vocabularyOf(merges);
  const specials = new Map([
    [START_TEXT, CLIP_START],
    [END_TEXT, CLIP_END],
  ]);
  if (padIsSpecial) specials.set(symbols[pad], pad);
  const splitAdded = splitAtWords(added);
  const splitSpecials = new RegExp(`(${[...specials.keys()].map(escaped).join("|")})`);
  const cache = new Map<string, Int32Array>();
  const bytes = new TextEncoder();

  function word(text: string): Int32Array {
    let ids = cache.get(text);
    if (!ids) {
      if (cache.size >= CACHED_WORDS) cache.clear();
      cache.set(text, (ids = mergedPairs(bytes.encode(text), ranks)));
    }
    return ids;
  }

  function pieces(text: string): Piece[] {
    const out: Piece[] = [];
    for (const part of splitAdded(text)) out.push(...(typeof part === "string" ? ownPieces(part) : part));
    return out;
  }

  function* ownPieces(text: string): Generator<Piece> {
    for (const part of normalized(text).split(splitSpecials)) {
      const special = specials.get(part);
      if (special !== undefined) yield { text: part, id: special };
      else for (const [match] of part.matchAll(WORDS)) for (const id of word(match)) yield piece(id);
    }
  }

  const piece = (id: number): Piece => ({ text: readable(symbols[id]), id });

  return {
    length,
    start: CLIP_START,
    end: CLIP_END,
    pad,
    pieces,
    encode(text) {
      const frame = { length, start: CLIP_START, end: CLIP_END, pad };
      if (rows === 1) return framed(pieces(text), frame);
      const all = text.split(BREAK).flatMap((part) => inChunks(pieces(part), length - 2));
      return inRows(all.slice(0, rows), all.slice(rows).flat(), frame);
    },
    adding: (words) => clipTokenizer(merges, { ...options, added: words }),
    decode(ids) {
      const skipped = new Set(specials.values());
      let joined = "";
      for (const id of ids) {
        if (!(id in symbols)) throw new RangeError(`clipTokenizer: ${id} is no id of CLIP's vocabulary`);
        if (!skipped.has(id)) joined += symbols[id];
      }
      return joined
        .split(END_OF_WORD)
        .map((w) => new TextDecoder().decode(bytesOf(w)))
        .join(" ")
        .trim();
    },
  };
}

/** Pieces in chunks of at most `room`, broken where A1111 breaks them (modules/sd_hijack_clip.py: tokenize_line). */
function inChunks(pieces: readonly Piece[], room: number): Piece[][] {
  const chunks: Piece[][] = [];
  let chunk: Piece[] = [];
  let comma = -1;
  const next = (rest: Piece[] = []): void => {
    chunks.push(chunk);
    chunk = rest;
    comma = -1;
  };
  for (const piece of pieces) {
    if (piece.id === COMMA) comma = chunk.length;
    else if (chunk.length === room && comma !== -1 && room - comma <= COMMA_REACH) next(chunk.splice(comma + 1));
    if (chunk.length + together(piece) > room) next();
    chunk.push(piece);
  }
  if (chunk.length > 0 || chunks.length === 0) next();
  return chunks;
}

/** Every symbol of CLIP's vocabulary and its id: the vocab.json of transformers. */
export const clipVocabulary = (merges: readonly string[]): Record<string, number> =>
  Object.fromEntries(vocabularyOf(merges).symbols.map((symbol, id) => [symbol, id]));

/** GPT-2's byte-to-unicode table: each byte as one visible character, in the order of the first 256 ids. */
const BYTE_ORDER = byteOrder();
const BYTE_SYMBOLS = BYTE_ORDER.map((byte, i) => String.fromCharCode(i < 188 ? byte : 256 + i - 188));
const SYMBOL_BYTES = new Map(BYTE_SYMBOLS.map((symbol, i) => [symbol, BYTE_ORDER[i]]));
const BYTE_IDS = new Int32Array(256);
BYTE_ORDER.forEach((byte, i) => {
  BYTE_IDS[byte] = i;
});

function byteOrder(): number[] {
  const all = Array.from({ length: 256 }, (_, byte) => byte);
  const visible = (b: number) => (b >= 33 && b <= 126) || (b >= 161 && b <= 172) || b >= 174;
  return [...all.filter(visible), ...all.filter((b) => !visible(b))];
}

const bytesOf = (symbols: string): Uint8Array => Uint8Array.from(symbols, (symbol) => SYMBOL_BYTES.get(symbol) ?? 0);

const escaped = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");

/** A pair of ids as one number. */
const pair = (left: number, right: number): number => left * 0x10000 + right;

interface Vocabulary {
  /** Every id's symbols. */
  readonly symbols: readonly string[];
  /** The rank of every pair that merges: pair (a, b) of rank r becomes id 512 + r. */
  readonly ranks: ReadonlyMap<number, number>;
}

const vocabularies = new WeakMap<readonly string[], Vocabulary>();

/** The vocabulary of a list of merges, made once for each list (90 ms); XL's two tokenizers share it. */
function vocabularyOf(merges: readonly string[]): Vocabulary {
  let vocabulary = vocabularies.get(merges);
  if (!vocabulary) vocabularies.set(merges, (vocabulary = madeOf(merges)));
  return vocabulary;
}

function madeOf(merges: readonly string[]): Vocabulary {
  if (merges.length !== CLIP_MERGES)
    throw new RangeError(`clipTokenizer: ${merges.length} merges were given; CLIP's vocabulary has ${CLIP_MERGES}`);
  const symbols = [...BYTE_SYMBOLS, ...BYTE_SYMBOLS.map((symbol) => symbol + END_OF_WORD)];
  const ids = new Map(symbols.map((symbol, id) => [symbol, id]));
  const ranks = new Map<number, number>();
  merges.forEach((line, rank) => {
    const [left, right] = line.split(" ");
    const a = ids.get(left);
    const b = ids.get(right);
    if (a === undefined || b === undefined)
      throw new RangeError(`clipTokenizer: merge ${rank + 1}, "${line}", joins pieces that no earlier merge made`);
    ranks.set(pair(a, b), rank);
    ids.set(left + right, symbols.length);
    symbols.push(left + right);
  });
  symbols.push(START_TEXT, END_TEXT);
  return { symbols, ranks };
}

const NONE = 0x7fffffff;
const STALE = -1;

/** A word's bytes, joined pair by pair, the earliest learnt merge first and each wherever it occurs, left to right. */
function mergedPairs(bytes: Uint8Array, ranks: ReadonlyMap<number, number>): Int32Array {
  const ids = Int32Array.from(bytes, (byte) => BYTE_IDS[byte]);
  let count = ids.length;
  ids[count - 1] += 256;
  const rank = new Int32Array(count).fill(STALE); // of the pair that starts here, looked up again only after a change
  for (;;) {
    let best = NONE;
    for (let i = 0; i + 1 < count; i++) {
      if (rank[i] === STALE) rank[i] = ranks.get(pair(ids[i], ids[i + 1])) ?? NONE;
      if (rank[i] < best) best = rank[i];
    }
    if (best === NONE) return ids.slice(0, count);
    let to = 0;
    for (let from = 0; from < count; to++) {
      const merges = rank[from] === best && from + 1 < count;
      ids[to] = merges ? FIRST_MERGE + best : ids[from];
      rank[to] = merges ? STALE : rank[from];
      if (merges && to > 0) rank[to - 1] = STALE;
      from += merges ? 2 : 1;
    }
    count = to;
  }
}

/** A piece as a person reads it; bytes that are no whole character are spelt `\xF0`. */
function readable(symbols: string): string {
  const ends = symbols.endsWith(END_OF_WORD) ? END_OF_WORD : "";
  const bytes = bytesOf(ends ? symbols.slice(0, -END_OF_WORD.length) : symbols);
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes) + ends;
  } catch {
    return [...bytes].map((byte) => `\\x${byte.toString(16).toUpperCase().padStart(2, "0")}`).join("") + ends;
  }
}
