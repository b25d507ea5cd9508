// What a tokenizer is: words in, a fixed row of ids out, and an honest account of what was left out.

import { ints, type Tensor } from "../tensor/tensor.ts";
import type { AddedWord } from "./added-words.ts";

/** One token of a prompt: what it reads as, and the row of the embedding table it stands for. */
export interface Piece {
  readonly text: string;
  readonly id: number;
  /** The first piece of an added word: how many pieces it has, this one included. They stand in one row, or in none. */
  readonly together?: number;
}

/** A word that the tokenizer has no id for and left out, with the nearest word it knows if there is one. */
export interface UnknownWord {
  readonly word: string;
  readonly nearest?: string;
}

/** A prompt as a model reads it. */
export interface Encoding {
  /** [rows, length]: in each row start, pieces, end, then padding. One row, unless the tokenizer reads long prompts in several. */
  readonly ids: Tensor<"i32">;
  /** Where in each row the end token stands: there a CLIP model gathers what the whole row says. */
  readonly ends: readonly number[];
  /** The pieces of the prompt that found room, in order, without start, end and padding. */
  readonly pieces: readonly Piece[];
  /** How many pieces at the end of the prompt found no room. */
  readonly dropped: number;
  /** Words left out because the vocabulary lacks them, each once. Empty for a byte-pair tokenizer. */
  readonly unknown: readonly UnknownWord[];
  /** The names of the added words in it, each once, whether they found room or not. */
  readonly added: readonly string[];
  /** One sentence for each thing that the reader of the prompt should know. Empty when all of it was read. */
  readonly notices: readonly string[];
}

/** Turns any string into ids; never throws. */
export interface Tokenizer {
  /** How many ids an encoding has, start and end included. */
  readonly length: number;
  encode(text: string): Encoding;
  /** The same tokenizer with these words added, in place of those added before. */
  adding(words: readonly AddedWord[]): Tokenizer;
}

/** The ids around a prompt, and how long a row of them is. */
export interface Frame {
  readonly length: number;
  readonly start: number;
  readonly end: number;
  readonly pad: number;
}

/**
 * Puts pieces between start and end and fills up with padding; what does not fit is cut off at the end and counted.
 * @param unknown words that were left out before; a sentence about them is the caller's, in `notices`
 */
export const framed = (
  pieces: readonly Piece[],
  frame: Frame,
  unknown: readonly UnknownWord[] = [],
  notices: readonly string[] = [],
): Encoding => {
  const room = fitting(pieces, frame.length - 2);
  return inRows([pieces.slice(0, room)], pieces.slice(room), frame, unknown, notices);
};

/** How many of the pieces fit, when those that belong together are not parted. */
function fitting(pieces: readonly Piece[], room: number): number {
  let count = 0;
  while (count < pieces.length && count + together(pieces[count]) <= room) count += together(pieces[count]);
  return count;
}

/** How many pieces stand in one row with this one, itself and those after it. */
export const together = (piece: Piece): number => piece.together ?? 1;

/** The same for pieces that are already in rows which they fit; `dropped` found no room in the last. */
export function inRows(
  rows: readonly (readonly Piece[])[],
  dropped: readonly Piece[],
  { length, start, end, pad }: Frame,
  unknown: readonly UnknownWord[] = [],
  notices: readonly string[] = [],
): Encoding {
  const ids = new Int32Array(rows.length * length).fill(pad);
  for (const [r, row] of rows.entries()) ids.set([start, ...row.map(({ id }) => id), end], r * length);
  const pieces = rows.flat();
  return {
    ids: ints(ids, [rows.length, length]),
    ends: rows.map((row) => row.length + 1),
    pieces,
    dropped: dropped.length,
    unknown,
    added: [...new Set([...pieces, ...dropped].filter((piece) => piece.together).map(({ text }) => text))],
    notices: dropped.length === 0 ? notices : [...notices, truncation(pieces.length, dropped)],
  };
}

function truncation(room: number, dropped: readonly Piece[]): string {
  const first = dropped[0].text.replace("</w>", "");
  const rest = dropped.length === 1 ? `the last one was` : `the last ${dropped.length} were`;
  return `The prompt has ${room + dropped.length} tokens and the model reads ${room}: ${rest} left out, from "${first.slice(0, 40)}" on.`;
}
