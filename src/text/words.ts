// A tokenizer of whole words, for models with a small vocabulary: it knows what it knows, and says what it does not.
import { editDistance } from "../spelling/spelling.ts";
import { type AddedWord, splitAtWords } from "./added-words.ts";
import { inflections } from "./inflections.ts";
import { framed, type Piece, type Tokenizer, type UnknownWord } from "./tokenizer.ts";

/** The ids of a word tokenizer that are no words; `words[i]` has id `FIRST_WORD + i`. */
export const WORD_PAD = 0;
export const WORD_START = 1;
export const WORD_END = 2;
/** Kept free for words outside the vocabulary; `encode` leaves such words out instead. */
export const WORD_UNKNOWN = 3;
export const FIRST_WORD = 4;

/** What a word tokenizer is made of; lies beside the weights as JSON. */
export interface WordVocabulary {
  /** Lower-case words (letters or digits) and, where the model reads it, ",". Word i has id i + 4. */
  readonly words: readonly string[];
  /** Ids in a row, start and end included. */
  readonly length: number;
  /** Other words, each with the known words it stands for: `{ boat: "sailboat", the: "" }`. "" is left out unsaid. */
  readonly synonyms?: Readonly<Record<string, string>>;
}

export interface WordTokenizer extends Tokenizer {
  readonly words: readonly string[];
  /** One more than the largest id: the rows of an embedding table. */
  readonly vocabularySize: number;
  /** The words that ids stand for, spaced singly; ids below 4 are left out. */
  decode(ids: Iterable<number>): string;
}

/** Words (with their accents and an apostrophe inside), whole numbers and commas, in lower case and NFC. */
export const splitWords = (text: string): string[] =>
  text
    .normalize("NFC")
    .toLowerCase()
    .replaceAll("’", "'")
    .match(/[\p{L}\p{M}]+(?:'[\p{L}\p{M}]+)*|\p{N}+|,/gu) ?? [];

const isWord = (text: string): boolean => splitWords(text).length === 1 && splitWords(text)[0] === text;

/**
 * A tokenizer over a list of words, and over added ones beyond them. A word that is not in the list is looked for among the synonyms, then in its other
 * forms ("boats" for "boat", "grey" for "gray"), and is otherwise left out and reported with the nearest known word.
 * @throws RangeError when a word is listed twice or can never be read, or a synonym leads to a word that is not listed.
 */
export function wordTokenizer(vocabulary: WordVocabulary, added: readonly AddedWord[] = []): WordTokenizer {
  const { words, length, synonyms = {} } = vocabulary;
  if (!Number.isInteger(length) || length < 3)
    throw new RangeError(`wordTokenizer: length is ${length}; a row needs at least 3 ids: start, one word, end`);
  const split = splitAtWords(added);
  const known = new Map<string, readonly Piece[]>();
  words.forEach((text, i) => {
    if (!isWord(text))
      throw new RangeError(`wordTokenizer: "${text}" is not one lower-case word, so no prompt can contain it`);
    if (known.has(text)) throw new RangeError(`wordTokenizer: "${text}" is listed twice`);
    known.set(text, [{ text, id: FIRST_WORD + i }]);
  });
  for (const word of Object.keys(synonyms))
    if (!isWord(word))
      throw new RangeError(
        `wordTokenizer: the synonym "${word}" is not one lower-case word, so no prompt can contain it`,
      );
  const other = new Map(Object.entries(synonyms).map(([from, to]) => [from, splitWords(to).flatMap(meaning)]));

  function meaning(word: string): readonly Piece[] {
    const pieces = known.get(word);
    if (!pieces) throw new RangeError(`wordTokenizer: a synonym leads to "${word}", which is not among the words`);
    return pieces;
  }

  function find(word: string): readonly Piece[] | undefined {
    for (const form of inflections(word)) {
      const pieces = known.get(form) ?? other.get(form);
      if (pieces) return pieces;
    }
    return undefined;
  }

  function encode(text: string) {
    const pieces: Piece[] = [];
    const unknown = new Map<string, UnknownWord>();
    const met = new Map<string, readonly Piece[] | undefined>();
    const read = (word: string): void => {
      if (!met.has(word)) met.set(word, find(word));
      const found = met.get(word);
      if (found) pieces.push(...found);
      else if (word !== "," && !unknown.has(word)) unknown.set(word, unknownWord(word, words));
    };
    for (const part of split(text))
      if (typeof part === "string") splitWords(part).forEach(read);
      else pieces.push(...part);
    const missing = [...unknown.values()];
    const frame = { length, start: WORD_START, end: WORD_END, pad: WORD_PAD };
    return framed(pieces, frame, missing, missing.length > 0 ? [lackOf(missing, pieces.length === 0)] : []);
  }

  return {
    length,
    words,
    vocabularySize: FIRST_WORD + words.length,
    encode,
    adding: (more) => wordTokenizer(vocabulary, more),
    decode(ids) {
      const out: string[] = [];
      for (const id of ids) {
        if (id >= FIRST_WORD + words.length || id < 0 || !Number.isInteger(id))
          throw new RangeError(`wordTokenizer: ${id} is no id; they go from 0 to ${FIRST_WORD + words.length - 1}`);
        if (id >= FIRST_WORD) out.push(words[id - FIRST_WORD]);
      }
      return out.join(" ");
    },
  };
}

/**
 * A vocabulary from parsed JSON.
 * @throws TypeError when it is not of the shape of `WordVocabulary`.
 */
export function wordVocabulary(json: unknown): WordVocabulary {
  const { words, length, synonyms = {} } = (json ?? {}) as { [K in keyof WordVocabulary]?: unknown };
  if (!Array.isArray(words) || !words.every((word) => typeof word === "string"))
    throw new TypeError(`word vocabulary: "words" must be a list of strings`);
  if (typeof length !== "number") throw new TypeError(`word vocabulary: "length" must be a number`);
  if (typeof synonyms !== "object" || synonyms === null || !Object.values(synonyms).every((s) => typeof s === "string"))
    throw new TypeError(`word vocabulary: "synonyms" must map words to words`);
  return { words, length, synonyms: synonyms as Record<string, string> };
}

const MOST_NAMED = 8;

function lackOf(missing: readonly UnknownWord[], nothingLeft: boolean): string {
  const named = missing
    .slice(0, MOST_NAMED)
    .map(({ word, nearest }) => `"${word.slice(0, 40)}"${nearest ? ` (did you mean "${nearest}"?)` : ""}`);
  if (missing.length > MOST_NAMED) named.push(`${missing.length - MOST_NAMED} more`);
  const end = nothingLeft ? "; no word of the prompt is left, so nothing guides the picture." : ".";
  return `The model does not know ${named.join(", ")} and reads the prompt without ${missing.length === 1 ? "it" : "them"}${end}`;
}

/** The known word with the fewest edits, when there is one within two (within one for words of up to four letters). */
function unknownWord(word: string, words: readonly string[]): UnknownWord {
  let nearest: string | undefined;
  let fewest = word.length <= 4 ? 2 : 3;
  for (const candidate of words) {
    if (candidate.length < 3 || Math.abs(candidate.length - word.length) >= fewest) continue;
    const edits = editDistance(word, candidate);
    if (edits < fewest) [nearest, fewest] = [candidate, edits];
  }
  return nearest === undefined ? { word } : { word, nearest };
}
