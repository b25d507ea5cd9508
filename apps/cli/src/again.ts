// dreamgrain again: a picture once more from its own metadata.
import { readFile, stat } from "node:fs/promises";
import {
  decodePng,
  defaultModel,
  findModel,
  findModels,
  isPng,
  type LoadOptions,
  type Model,
  ModelError,
  openModel,
  type PictureInput,
  type PngText,
  pixelHash,
  type Recipe,
  type Request,
  readText,
  recipeIn,
} from "dreamgrain/node";
import { drawAll, type OutputFlags, outputOf } from "./draw.ts";
import { type EmbeddingFlags, withItsEmbeddings } from "./embeddings.ts";
import { choicesOf, type ModelFlags } from "./host.ts";

/** Where the pictures lie that a picture was made from, if not where they were. */
export interface GuideFlags {
  readonly image?: string;
  readonly mask?: string;
}

/** The command `dreamgrain again picture.png`. */
export async function again(
  file: string,
  flags: OutputFlags & ModelFlags & GuideFlags & EmbeddingFlags,
): Promise<void> {
  const place = await outputOf(flags);
  const { recipe, request, model, notices } = await remade(file, flags);
  await drawAll(model, [request], place, { ...flags, stepsStrip: recipe.strip }, notices);
}

/**
 * How a picture was made, and the model to make it with: the one that made it, if it is there or named, opened with the same
 * choices but for those that the options make anew.
 * @throws ModelError when a part of it is not where it was, or when choices were made for a model that is not there
 */
export async function remade(
  file: string,
  flags: ModelFlags & GuideFlags & EmbeddingFlags,
): Promise<{ recipe: Recipe; request: Request; model: Model; notices: readonly string[] }> {
  const recipe = await recipeOf(file);
  const guide: Record<string, PictureInput> = {};
  const changed: string[] = [];
  for (const part of ["image", "mask"] as const) {
    const known = recipe[part];
    const path = flags[part] ?? known?.name;
    if (!known) continue;
    if (path === undefined || !(await stat(path).catch(() => undefined)))
      throw new Error(
        `${file} was made from ${path ?? "a picture without a name"}, which is not there; say where it is (--${part})`,
      );
    const picture = await pictureIn(path);
    guide[part] = { ...picture, ...(known.name !== undefined && { name: known.name }) };
    if (pixelHash(picture) !== known.hash)
      changed.push(`${path} is not the ${part} that ${file} was made from, so the picture will differ.`);
  }
  const { name, hash } = recipe.model;
  const choices = { ...recipe.model.choices, ...choicesOf(flags) };
  for (const [part, option] of [
    ["vae", "--vae"],
    ["textEncoder", "--text-encoder"],
  ] as const) {
    const path = choices[part];
    if (path !== undefined && !(await stat(path).catch(() => undefined)))
      throw new ModelError("missing", `${file} was made with ${path}, which is not there; say where it is (${option})`);
  }
  const plain =
    flags.model === undefined ? await modelOf(recipe, choices) : await openModel(await findModel(flags.model), choices);
  if (!plain)
    throw new ModelError(
      "missing",
      `${file} was made with ${name} (${hash}), which is not among the models; say where it is (--model)`,
    );
  const { model, notices: renewed } = await withItsEmbeddings(file, recipe.embeddings, plain, flags);
  const other = `${file} was made with ${name} (${hash}); this is ${model.name} (${model.hash}), so the picture will differ.`;
  const notices = [...(model.hash === hash ? fewStepsNotices(file, recipe, model) : [other]), ...changed, ...renewed];
  const { quality, ...request } = recipe.request;
  const known = quality !== undefined && (quality === "best" || model.fewSteps) ? { quality } : {};
  return { recipe, request: { ...request, ...known, ...guide }, model, notices };
}

/** Whether a picture that was drawn fast can be drawn so again. */
function fewStepsNotices(file: string, { model: { fewSteps } }: Recipe, { name, fewSteps: now }: Model): string[] {
  if (fewSteps === undefined || now?.hash === fewSteps) return [];
  const has = now
    ? `what this ${name} draws few steps with is another (${now.hash})`
    : `this ${name} draws in no few steps`;
  return [`${file} was drawn fast (${fewSteps}); ${has}, so the picture will differ.`];
}

async function recipeOf(file: string): Promise<Recipe> {
  const recipe = recipeIn(await textsOf(file));
  if (recipe) return recipe;
  throw new Error(
    `${file} was not made by dreamgrain, so it does not say how; \`dreamgrain inspect\` shows what it does say`,
  );
}

/** The texts in a PNG. @throws Error when there is no such file or it is no PNG */
export async function textsOf(file: string): Promise<PngText> {
  return readText(await pngBytes(file));
}

/** The picture in a PNG, with its path as its name. @throws Error when there is no such file or it is no PNG */
export async function pictureIn(path: string): Promise<PictureInput> {
  const bytes = await pngBytes(path);
  try {
    return { ...decodePng(bytes).picture, name: path };
  } catch (error) {
    throw new Error(`${path}: ${(error as Error).message}`, { cause: error });
  }
}

/** The bytes of a PNG. @throws Error when there is no such file or it is no PNG */
export async function pngBytes(file: string): Promise<Uint8Array> {
  const bytes = await readFile(file).catch((error: NodeJS.ErrnoException) => {
    const why = { ENOENT: "there is no such file", EISDIR: "it is a folder", EACCES: "it may not be read" };
    throw new Error(`${file}: ${why[error.code as keyof typeof why] ?? error.message}`, { cause: error });
  });
  if (isPng(bytes)) return bytes;
  throw new Error(
    `${file} is ${kindOf(bytes)}, and only PNG is read; save it as a PNG first, as any picture viewer can`,
  );
}

/** What a file that is no PNG begins as. */
function kindOf(bytes: Uint8Array): string {
  const start = String.fromCharCode(...bytes.subarray(0, 12));
  if (start.startsWith("\xff\xd8\xff")) return "a JPEG";
  if (/^RIFF.{4}WEBP/s.test(start)) return "a WebP";
  return start.startsWith("GIF8") ? "a GIF" : "no PNG";
}

/** The model of this hash among those that are there, or else the default one, unless choices were made for another. */
export async function modelOf({ model: { hash } }: Recipe, choices: LoadOptions): Promise<Model | undefined> {
  const usual = await defaultModel();
  for (const path of new Set([usual, ...(await findModels()).map((found) => found.path)])) {
    const model = await openModel(path, choices).catch(() => undefined);
    if (model?.hash === hash) return model;
  }
  const { fast, ...parts } = choices;
  return Object.keys(parts).length > 0 ? undefined : openModel(usual, choices);
}
