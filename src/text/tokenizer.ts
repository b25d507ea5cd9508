// What a tokenizer is: words in, a fixed row of ids out, and an honest account of what was left out.

import { ints, type Tensor } from "../tensor/tensor.ts";

/** One token of a prompt: what it reads as, and the row of the embedding table it stands for. */
export interface Piece {
  readonly text: string;
  readonly id: number;
}

/** A word that the tokenizer has no id for and left out, with the nearest word it knows if there is one. */
export interface UnknownWord {
  readonly word: string;
  readonly nearest?: string;
}

/** A prompt as a model reads it. */
export interface Encoding {
  /** [1, length]: start, the pieces, end, then padding. */
  readonly ids: Tensor<"i32">;
  /** Where in the row the end token stands: there a CLIP model gathers what the whole text says. */
  readonly end: number;
  /** The pieces of the prompt that found room, in order, without start, end and padding. */
  readonly pieces: readonly Piece[];
  /** How many pieces at the end of the prompt found no room. */
  readonly dropped: number;
  /** Words left out because the vocabulary lacks them, each once. Empty for a byte-pair tokenizer. */
  readonly unknown: readonly UnknownWord[];
  /** One sentence for each thing that the reader of the prompt should know. Empty when all of it was read. */
  readonly notices: readonly string[];
}

/** Turns any string into ids; never throws. */
export interface Tokenizer {
  /** How many ids an encoding has, start and end included. */
  readonly length: number;
  encode(text: string): Encoding;
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
export function framed(
  pieces: readonly Piece[],
  frame: Frame,
  unknown: readonly UnknownWord[] = [],
  notices: readonly string[] = [],
): Encoding {
  const room = frame.length - 2;
  const kept = pieces.slice(0, room);
  const row = new Int32Array(frame.length).fill(frame.pad);
  row[0] = frame.start;
  kept.forEach((piece, i) => {
    row[i + 1] = piece.id;
  });
  row[kept.length + 1] = frame.end;
  const dropped = pieces.length - kept.length;
  return {
    ids: ints(row, [1, frame.length]),
    end: kept.length + 1,
    pieces: kept,
    dropped,
    unknown,
    notices: dropped === 0 ? notices : [...notices, truncation(pieces, room)],
  };
}

function truncation(pieces: readonly Piece[], room: number): string {
  const dropped = pieces.length - room;
  const first = pieces[room].text.replace("</w>", "");
  const rest = dropped === 1 ? `the last one was` : `the last ${dropped} were`;
  return `The prompt has ${pieces.length} tokens and the model reads ${room}: ${rest} left out, from "${first.slice(0, 40)}" on.`;
}
