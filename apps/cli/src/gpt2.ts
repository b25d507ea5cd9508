// GPT-2's tokens, to be shown beside CLIP's where tokens are taught: "A" = 32, " dream" = 4320.

import type { Piece } from "dreamgrain";

/**
 * The pieces GPT-2 (r50k_base) reads a text as. Unlike CLIP's they keep case and the space before a word. Bytes that are
 * no whole character are spelt `\xF0`. Loads its vocabulary (0.6 MB) on first use.
 */
export async function gpt2Pieces(text: string): Promise<Piece[]> {
  const { encode } = await import("gpt-tokenizer/encoding/r50k_base");
  const { default: vocabulary } = await import("gpt-tokenizer/bpeRanks/r50k_base");
  return encode(text, { disallowedSpecial: new Set() }).map((id) => ({ id, text: readable(vocabulary[id] ?? "") }));
}

function readable(piece: string | readonly number[]): string {
  if (typeof piece === "string") return piece;
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(Uint8Array.from(piece));
  } catch {
    return piece.map((byte) => `\\x${byte.toString(16).toUpperCase().padStart(2, "0")}`).join("");
  }
}
