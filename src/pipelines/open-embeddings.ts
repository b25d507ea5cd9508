// Embeddings in files: one by one, or all of a folder that fit a model. Node only.
import { createHash } from "node:crypto";
import { readdir, readFile, stat } from "node:fs/promises";
import { basename, extname, join } from "node:path";
import { ModelError } from "../weights/model-error.ts";
import { openSafetensors, unusable } from "../weights/safetensors-file.ts";
import { embeddingIn, misfit, withEmbeddings } from "./embeddings.ts";
import type { Embedding, Model } from "./model.ts";

const PICKLES = [".pt", ".pth", ".bin", ".ckpt"];
const EXTENSION = ".safetensors";

/** What diffusers calls the file of every embedding; the word in it is its name. */
const NAMELESS = "learned_embeds";

/**
 * Open an embedding: a word found by textual inversion, in a .safetensors file of A1111's, ComfyUI's or diffusers' making. It
 * is called what the file is called.
 * @throws ModelError saying what else the file is. Python pickles are never read.
 */
export async function openEmbedding(path: string): Promise<Embedding> {
  if (PICKLES.includes(extname(path).toLowerCase()))
    throw new ModelError(
      "unsupported",
      `embedding: ${path} is a Python pickle, which can run code and is never read here; look for it as .safetensors, or convert it (README: Embeddings)`,
    );
  const file = await openSafetensors(path);
  const hash = createHash("sha256")
    .update(await readFile(file.path))
    .digest("hex")
    .slice(0, 12);
  const name = basename(path).replace(/\.safetensors$/i, "");
  const embedding = await embeddingIn(file, { name, hash, path });
  return name === NAMELESS && embedding.token !== undefined ? { ...embedding, name: embedding.token } : embedding;
}

/**
 * The model with the embeddings that lie at some paths. A file must fit; of a folder, and of those inside it, what fits is
 * taken, and the notices say what was left out.
 * @throws ModelError for a file that cannot be used, and for a folder without any that can
 */
export async function openEmbeddings(
  model: Model,
  paths: readonly string[],
): Promise<{ readonly model: Model; readonly notices: readonly string[] }> {
  const found: Embedding[] = [];
  const notices: string[] = [];
  for (const path of paths) {
    if (!(await stat(path).catch((error) => unusable(path, error, "embedding"))).isDirectory()) {
      found.push(await openEmbedding(path));
      continue;
    }
    const { fitting, left } = await inFolder(path, model);
    const out = `${left.slice(0, MOST_NAMED).join("; ")}${left.length > MOST_NAMED ? `; and ${left.length - MOST_NAMED} more` : ""}`;
    if (fitting.length === 0)
      throw new ModelError(
        "missing",
        `embedding: no file in ${path} is an embedding for this model${out === "" ? "" : `: ${out}`}`,
      );
    if (left.length > 0) notices.push(`Left out of the embeddings in ${path}: ${out}.`);
    found.push(...fitting);
  }
  return { model: withEmbeddings(model, found), notices };
}

const MOST_NAMED = 3;

/** The embeddings in a folder that fit a model, and why others do not. */
async function inFolder(folder: string, model: Model): Promise<{ fitting: Embedding[]; left: string[] }> {
  const names = await readdir(folder, { recursive: true }).catch((error) => unusable(folder, error, "embedding"));
  const fitting: Embedding[] = [];
  const left: string[] = [];
  for (const name of names.sort()) {
    const extension = extname(name).toLowerCase();
    if (PICKLES.includes(extension)) left.push(`${name} is a Python pickle`);
    if (extension !== EXTENSION) continue;
    try {
      const embedding = await openEmbedding(join(folder, name));
      const problem = misfit(model, embedding);
      if (problem === undefined) fitting.push(embedding);
      else left.push(`${name} ${problem.replace(/;.*/, "")}`);
    } catch (error) {
      if (!(error instanceof ModelError)) throw error;
      left.push(error.message.replace(/^\w+: |\.$/g, "").replaceAll(join(folder, name), name));
    }
  }
  return { fitting, left };
}
