// Words added to a vocabulary, each for several ids: how they are found in a text, whatever tokenizer reads the rest.
import type { Piece } from "./tokenizer.ts";

/** A word that a vocabulary lacks, as those of textual inversion. Gal et al. 2022. */
export interface AddedWord {
  /** What it is called; the text of each of its pieces. */
  readonly name: string;
  /** Every way to write it, none empty; upper and lower case are the same. */
  readonly spellings: readonly string[];
  /** What it stands for, one id for each place that it takes in a row; at least one. */
  readonly ids: readonly number[];
}

/**
 * Cuts a text at added words, which become their pieces; what lies between is left to the tokenizer. The first
 * that is met counts, of several that begin there the longest. A word does not begin or end between two letters: CLIP reads
 * these as one, so neither does AUTOMATIC1111 find it there.
 */
export function splitAtWords(words: readonly AddedWord[]): (text: string) => (string | readonly Piece[])[] {
  const found = words
    .flatMap((word) =>
      word.spellings.map((spelling) => ({ spelling: spelling.normalize("NFC"), pieces: pieces(word) })),
    )
    .sort((a, b) => b.spelling.length - a.spelling.length);
  if (found.length === 0) return (text) => [text];
  const any = new RegExp(found.map(({ spelling }) => `(${pattern(spelling)})`).join("|"), "giu");
  return (text) => {
    const parts: (string | readonly Piece[])[] = [];
    const whole = text.normalize("NFC");
    let at = 0;
    for (const match of whole.matchAll(any)) {
      const which = match.slice(1).findIndex((group) => group !== undefined);
      parts.push(whole.slice(at, match.index), found[which].pieces);
      at = match.index + match[0].length;
    }
    return [...parts, whole.slice(at)];
  };
}

const pieces = ({ name, ids }: AddedWord): Piece[] =>
  ids.map((id, i) => ({ text: name, id, ...(i === 0 && { together: ids.length }) }));

function pattern(spelling: string): string {
  const escaped = spelling.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&").replace(/\p{White_Space}+/gu, "\\p{White_Space}+");
  return `${/^\p{L}/u.test(spelling) ? "(?<!\\p{L})" : ""}${escaped}${/\p{L}$/u.test(spelling) ? "(?!\\p{L})" : ""}`;
}
