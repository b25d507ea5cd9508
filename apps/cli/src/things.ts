// Things to compare: words, or pictures where an argument is a file.
import { stat } from "node:fs/promises";
import type { ClipModel, Embedder, Pixels } from "dreamgrain/node";
import { pictureIn } from "./again.ts";
import { UsageError } from "./errors.ts";

/** What one argument means. */
export type Thing =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "picture"; readonly path: string; readonly picture: Pixels };

/**
 * A picture where there is a file of this name, or where it ends as pictures do; words otherwise.
 * @throws Error when the picture cannot be read, UsageError when the model knows none of the words
 */
export async function thingOf(argument: string, { tokenizer }: ClipModel): Promise<Thing> {
  const there = await stat(argument).catch(() => undefined);
  if (there?.isFile() || /\.(png|jpe?g|webp|gif)$/i.test(argument))
    return { kind: "picture", path: argument, picture: await pictureIn(argument) };
  const { pieces, unknown } = tokenizer.encode(argument);
  if (pieces.length === 0) {
    const nearest = unknown[0]?.nearest;
    const why = unknown.length > 0 ? "the model knows none of these words" : "there are no words in it";
    throw new UsageError(`"${argument}": ${why}${nearest === undefined ? "" : `; did you mean "${nearest}"?`}`);
  }
  return { kind: "text", text: argument };
}

/** What a thing means to a model. */
export const meaningOf = (thing: Thing, eye: Embedder): Promise<Float32Array> =>
  thing.kind === "text" ? eye.embedText(thing.text) : eye.embedPicture(thing.picture);

/** What is to be said about how a thing was read, one sentence each. */
export const noticesOf = (thing: Thing, { tokenizer }: ClipModel): readonly string[] =>
  thing.kind === "text" ? tokenizer.encode(thing.text).notices : [];

/** A thing as it is named in a table. */
export const nameOf = (thing: Thing): string => (thing.kind === "text" ? `"${thing.text}"` : thing.path);

/** A thing as it is named in JSON. */
export const json = (thing: Thing): object => (thing.kind === "text" ? { text: thing.text } : { picture: thing.path });
