// dreamgrain tokens: how words become numbers, for CLIP, for GPT-2 and for a model of ours.
import { clipMerges, clipTokenizer, type Model, ModelError, openEmbeddings, type Piece } from "dreamgrain/node";
import { print } from "./draw.ts";
import type { EmbeddingFlags } from "./embeddings.ts";
import { gpt2Pieces } from "./gpt2.ts";
import { openNamed } from "./host.ts";
import { table } from "./table.ts";

interface Reading {
  readonly who: string;
  readonly pieces: readonly Piece[];
  readonly notices: readonly string[];
}

/** The command `dreamgrain tokens "words"`. */
export async function tokens(
  words: string[],
  flags: EmbeddingFlags & { readonly model?: string; readonly json?: boolean },
): Promise<void> {
  const text = words.join(" ");
  const clip = clipTokenizer(clipMerges());
  const readings: Reading[] = [
    { who: "CLIP", pieces: clip.pieces(text), notices: clip.encode(text).notices },
    { who: "GPT-2", pieces: await gpt2Pieces(text), notices: [] },
  ];
  const plain = await modelThere(flags.model);
  if (plain) {
    const { model, notices: left } = await openEmbeddings(plain, flags.embedding ?? []);
    for (const notice of left) process.stderr.write(`${notice}\n`);
    const { pieces, notices } = model.texts[0].tokenizer.encode(text);
    readings.push({ who: model.name, pieces, notices });
  }
  if (flags.json) return print(JSON.stringify({ text, readings }));
  print(table(columns(readings)));
  for (const { who, notices } of readings) for (const notice of notices) process.stderr.write(`${who}: ${notice}\n`);
}

/** The named model; or the usual one, if there is one. */
const modelThere = (name: string | undefined): Promise<Model | undefined> =>
  openNamed(name === undefined ? {} : { model: name }).catch((error: unknown) => {
    if (name === undefined && error instanceof ModelError && error.code === "missing") return undefined;
    throw error;
  });

/** A column of pieces and one of ids for each reading, under its name. A space is shown as "·". */
function columns(readings: readonly Reading[]): string[][] {
  const longest = Math.max(...readings.map(({ pieces }) => pieces.length));
  const row = (i: number): string[] =>
    readings.flatMap(({ pieces }) => {
      const piece = pieces[i];
      return piece ? [piece.text.replaceAll(" ", "·").replaceAll("\n", "↵"), `${piece.id}`, ""] : ["", "", ""];
    });
  const heads = readings.flatMap(({ who, pieces }) => [who, `${pieces.length}`, ""]);
  return [heads, ...Array.from({ length: longest }, (_, i) => row(i))];
}
