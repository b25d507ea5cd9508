// Readings: one text as different models cut it into tokens.
import { clipTokenizer, fetchClipMerges, type Model, type Piece } from "dreamgrain/web";

/** How one of them reads a text. */
export interface Reading {
  readonly who: string;
  readonly pieces: readonly Piece[];
  readonly notices: readonly string[];
}

/** The model's own reading, CLIP's (Stable Diffusion's) and GPT-2's. */
export async function readings(model: Model, text: string): Promise<Reading[]> {
  const own = model.texts[0].tokenizer.encode(text);
  const clip = clipTokenizer(await fetchClipMerges());
  return [
    { who: "This model", pieces: own.pieces, notices: own.notices },
    { who: "CLIP", pieces: clip.pieces(text), notices: [] },
    { who: "GPT-2", pieces: await gpt2(text), notices: [] },
  ];
}

/** Loads its vocabulary on first use. */
async function gpt2(text: string): Promise<Piece[]> {
  const { decode, encode } = await import("gpt-tokenizer/encoding/r50k_base");
  return encode(text, { disallowedSpecial: new Set() }).map((id) => ({ id, text: decode([id]) }));
}

/** A colour of its own for each token: the same token is always the same. */
export const hue = (id: number): number => (id * 137.508) % 360;
