// Words as vectors: what each token is to the model by itself, and what it becomes in its sentence.
import { type Model, rows, type Tensor, widen } from "dreamgrain/web";
import type { Lab } from "./lab.ts";

/** Vectors of the words of a text, in order. */
export interface WordVectors {
  readonly words: readonly string[];
  /** From the table of embeddings: the same wherever the word stands. */
  readonly alone: readonly Float32Array[];
  /** After the text encoder: coloured by the words before it. */
  readonly inContext: readonly Float32Array[];
}

const tables = new WeakMap<Model, Promise<Tensor>>();

/** The table of embeddings [ids,width] of a model's text encoder. */
function tableOf(model: Model): Promise<Tensor> {
  const known =
    tables.get(model) ?? model.texts[0].weights.read("text_model.embeddings.token_embedding.weight").then(widen);
  tables.set(model, known);
  return known;
}

/** The vectors of a text's words. */
export async function wordVectors({ model, engine }: Lab, text: string): Promise<WordVectors> {
  const { pieces } = model.texts[0].tokenizer.encode(text);
  const table = await tableOf(model);
  const { tokens } = await engine.context(text);
  const states = { ...tokens, shape: tokens.shape.slice(1) };
  return {
    words: pieces.map((piece) => piece.text),
    alone: pieces.map(({ id }) => rows(table, id).data),
    inContext: pieces.map((_, i) => rows(states, i + 1).data), // after the token that starts a row
  };
}

/** A whole text as one vector: what the encoder says at its end token, which has read all of it. */
export async function textVector({ model, engine }: Lab, text: string): Promise<Float32Array> {
  const [end = 0] = model.texts[0].tokenizer.encode(text).ends;
  const { tokens } = await engine.context(text);
  return rows({ ...tokens, shape: tokens.shape.slice(1) }, end).data;
}
