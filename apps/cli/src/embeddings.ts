// The embeddings of a command: those that are named, those of a picture that is drawn once more, and those named for nothing.
import {
  type Embedding,
  type KnownEmbedding,
  type Model,
  ModelError,
  openEmbedding,
  openEmbeddings,
  type Request,
  settings,
  withEmbeddings,
  words,
} from "dreamgrain/node";
import { asUsage } from "./errors.ts";

/** The option that says which embeddings, as often as there are. */
export interface EmbeddingFlags {
  readonly embedding?: readonly string[];
}

/** A model with embeddings, and what is to be said about them. */
export interface Extended {
  readonly model: Model;
  readonly notices: readonly string[];
}

/** The model with the embeddings of `--embedding`, some of which a request may have no use for. */
export async function withNamed(
  plain: Model,
  { embedding = [] }: EmbeddingFlags,
  request: Request | undefined,
): Promise<Extended> {
  const { model, notices } = await openEmbeddings(plain, embedding);
  if (!request) return { model, notices };
  const chosen = asUsage(() => settings(model, request));
  const said = words(model, chosen).embeddings;
  const idle = (model.embeddings ?? []).filter(({ name, path }) => embedding.includes(path) && !said.includes(name));
  const useless = idle.map(
    ({ name, path }) =>
      `The embedding ${path} has no effect: neither the prompt nor the negative prompt says "${name}".`,
  );
  return { model, notices: [...notices, ...useless] };
}

/**
 * The model with the embeddings of a picture, and no others: those that were named anew, or else what lies where they were.
 * @throws ModelError for one that is gone, or is no longer what it was
 */
export async function withItsEmbeddings(
  file: string,
  embeddings: readonly KnownEmbedding[],
  model: Model,
  { embedding: paths = [] }: EmbeddingFlags,
): Promise<Extended> {
  const anew = (await openEmbeddings(model, paths)).model.embeddings ?? [];
  const found: Embedding[] = [];
  const notices: string[] = [];
  for (const { name, hash, path } of embeddings) {
    const made = `${file} was made with the embedding ${name} (${hash})`;
    const given = anew.find((one) => one.hash === hash) ?? anew.find((one) => one.name === name);
    if (given && given.hash !== hash)
      notices.push(`${made}; ${given.path} is another (${given.hash}), so the picture will differ.`);
    const one = given ?? (await openEmbedding(path).catch(() => undefined));
    if (!one || (!given && one.hash !== hash))
      throw new ModelError(
        "missing",
        `${made}, which is no longer at ${path}${one ? ` (that is another now, ${one.hash})` : ""}; say where it is (--embedding)`,
      );
    found.push({ ...one, name, path: one.hash === hash ? path : one.path }); // the same bytes, wherever it lies now
  }
  return { model: withEmbeddings(model, found), notices };
}
