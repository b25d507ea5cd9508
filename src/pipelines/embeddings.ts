// Embeddings: words found by textual inversion, read from their files' tensors and added to a model. Gal et al. 2022.
import { isFloat, widen } from "../tensor/dtype.ts";
import { type Tensor, tensor, zeros } from "../tensor/tensor.ts";
import type { AddedWord } from "../text/added-words.ts";
import { ModelError } from "../weights/model-error.ts";
import type { Weights } from "../weights/weights.ts";
import type { Embedding, Model, TextEncoder } from "./model.ts";

/** What the tensors for the two text encoders of Stable Diffusion XL are called: by A1111 and ComfyUI, by cog. */
const PAIRS = [
  ["clip_l", "clip_g"],
  ["text_encoders_0", "text_encoders_1"],
] as const;

/** Names of a single tensor that are no word: A1111's, and the parts of its pickles. */
const NO_TOKEN = /^(emb_params|\*|string_to_param.*|\s*)$/;

/** Whose text encoders have vectors of these widths. */
const families: Readonly<Record<string, string>> = {
  "768": "Stable Diffusion 1",
  "1024": "Stable Diffusion 2",
  "768 and 1280": "Stable Diffusion XL",
};

/**
 * The embedding in the tensors of its file, in any of the forms in use: A1111's (`emb_params`), the pair of Stable Diffusion
 * XL (`clip_l`, `clip_g`), or diffusers' one tensor that is named by its word. Matrices [n,width], or one vector [width].
 * @throws ModelError saying what else the file holds
 */
export async function embeddingIn(
  weights: Weights,
  { name, hash, path }: Pick<Embedding, "name" | "hash" | "path">,
): Promise<Embedding> {
  const names = weights.names();
  const pair = PAIRS.find((both) => names.length === 2 && both.every((half) => names.includes(half)));
  if (!pair && (names.length !== 1 || PAIRS.flat().includes(names[0] as never)))
    throw new ModelError(
      "unsupported",
      `embedding: ${path} holds ${listed(names)}; expected emb_params, the pair clip_l and clip_g, or one tensor named by its word`,
    );
  const vectors: Tensor[] = [];
  for (const of of pair ?? names) vectors.push(await matrix(weights, of, path));
  const counts = vectors.map(({ shape: [count] }) => count);
  if (counts.some((count) => count !== counts[0]))
    throw new ModelError("corrupt", `embedding: ${path} has ${counts.join(" and ")} vectors for the two text encoders`);
  const token = pair || NO_TOKEN.test(names[0]) ? undefined : names[0];
  return { name, ...(token !== undefined && { token }), hash, path, vectors };
}

async function matrix(weights: Weights, name: string, path: string): Promise<Tensor> {
  const { dtype, shape } = weights.info(name)!;
  if (!isFloat(dtype) || shape.length < 1 || shape.length > 2 || shape.includes(0))
    throw new ModelError(
      "corrupt",
      `embedding: ${name} in ${path} is ${dtype} [${shape}]; expected vectors [n,width] of floats`,
    );
  const { data } = widen(await weights.read(name));
  if (!data.every(Number.isFinite))
    throw new ModelError("corrupt", `embedding: ${name} in ${path} holds numbers that are not finite`);
  return tensor(data, shape.length === 1 ? [1, shape[0]] : shape);
}

/** Why an embedding cannot be used with a model, as the end of a sentence that begins with it; undefined when it can. */
export function misfit({ texts }: Pick<Model, "texts">, { vectors }: Embedding): string | undefined {
  const [own, wanted] = [vectors.map(({ shape }) => shape[1]), texts.map(({ spec }) => spec.hidden)];
  if (own.join() !== wanted.join())
    return `has vectors of ${widths(own)}; the text ${texts.length > 1 ? "encoders read" : "encoder of this model reads"} ${widths(wanted)}`;
  const room = Math.min(...texts.map(({ tokenizer }) => tokenizer.length)) - 2;
  const [count] = vectors[0].shape;
  return count > room ? `has ${count} vectors; a row of this model has room for ${room}` : undefined;
}

/**
 * The model, in whose prompts these embeddings are words too: by their names in any case, with or without "embedding:"
 * before them, or by diffusers' word in the file. Their vectors take as many places of a row, and stand in one row.
 * @throws ModelError for one of another model's width, and for two of one name
 */
export function withEmbeddings(model: Model, embeddings: readonly Embedding[]): Model {
  const all = distinct([...(model.embeddings ?? []), ...embeddings]);
  if (all.length === 0) return model;
  for (const embedding of all) {
    const problem = misfit(model, embedding);
    if (problem !== undefined) throw new ModelError("mismatch", `embedding: ${embedding.path} ${problem}`);
  }
  const extended = model.texts.map((text, i) => extendedBy(text, all, i));
  return { ...model, embeddings: all, texts: extended as unknown as Model["texts"] };
}

function extendedBy(text: TextEncoder, all: readonly Embedding[], i: number): TextEncoder {
  const { vocabulary, hidden } = text.spec;
  const count = all.reduce((sum, { vectors }) => sum + vectors[i].shape[0], 0);
  const table = zeros([count, hidden]);
  let row = 0;
  const words = all.map((embedding): AddedWord => {
    const { data, shape } = embedding.vectors[i];
    table.data.set(data, row * hidden);
    const ids = Array.from({ length: shape[0] }, () => vocabulary + row++);
    return { name: embedding.name, spellings: spellings(embedding), ids };
  });
  return { ...text, tokenizer: text.tokenizer.adding(words), embeddings: table };
}

/** Each once. */
function distinct(embeddings: readonly Embedding[]): Embedding[] {
  const kept: Embedding[] = [];
  const owners = new Map<string, Embedding>();
  for (const embedding of embeddings) {
    if (kept.some(({ name, hash }) => name === embedding.name && hash === embedding.hash)) continue;
    for (const spelling of spellings(embedding).map((text) => text.toLowerCase())) {
      const other = owners.get(spelling);
      if (other && other !== embedding)
        throw new ModelError(
          "mismatch",
          `embedding: ${other.path} and ${embedding.path} are both written "${spelling}"; leave one out`,
        );
      owners.set(spelling, embedding);
    }
    kept.push(embedding);
  }
  return kept;
}

/** Every way to write an embedding; "embedding:" is ComfyUI's. */
const spellings = ({ name, token }: Embedding): string[] => [
  name,
  ...(token === undefined ? [] : [token]),
  `embedding:${name}`,
  `embedding:${name}.safetensors`,
];

/** One sentence for each name after ComfyUI's "embedding:" that is none of the model's. */
export function strayNames(text: string, known: readonly Embedding[]): string[] {
  const ours = known.map(({ name }) => name.toLowerCase());
  return [...text.matchAll(/\bembedding:([^\s,()]+)/gi)]
    .filter(({ index }) => {
      const rest = text.slice(index + "embedding:".length).toLowerCase();
      return !ours.some((name) => rest.startsWith(name));
    })
    .map(([words, name]) => `There is no embedding "${name}", so "${words}" is read as ordinary words.`);
}

/**
 * What a text encoder is given for a row of ids with embeddings in it: each of their vectors beside the words, in whose place
 * it stands.
 */
export function besideWords(
  { spec, embeddings }: TextEncoder,
  ids: Tensor<"i32">,
): Record<string, Tensor | Tensor<"i32">> {
  const { hidden, vocabulary } = spec;
  const [, length] = ids.shape;
  const vectors = new Float32Array(length * hidden);
  for (const [place, id] of ids.data.entries())
    if (embeddings && id >= vocabulary) {
      const row = (id - vocabulary) * hidden;
      vectors.set(embeddings.data.subarray(row, row + hidden), place * hidden);
    }
  return {
    ids: { ...ids, data: ids.data.map((id) => (id < vocabulary ? id : 0)) },
    words: tensor(
      Float32Array.from(ids.data, (id) => (id < vocabulary ? 1 : 0)),
      [1, length, 1],
    ),
    vectors: tensor(vectors, [1, length, hidden]),
  };
}

const widths = (all: readonly number[]): string => {
  const text = all.join(" and ");
  return `${text} numbers${families[text] ? `, as for ${families[text]}` : ""}`;
};

const listed = (names: readonly string[]): string => {
  if (names.length === 0) return "no tensor";
  const more = names.length > 4 ? ` and ${names.length - 4} more` : "";
  return `${names.slice(0, 4).join(", ")}${more}`;
};
