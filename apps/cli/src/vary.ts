// dreamgrain vary: relatives of a picture, drawn from it and from what it says of itself.
import { type Model, type Recipe, type Request, recipeIn } from "dreamgrain/node";
import { modelOf, pictureIn, textsOf } from "./again.ts";
import { drawAll, type OutputFlags, outputOf } from "./draw.ts";
import { type EmbeddingFlags, withItsEmbeddings, withNamed } from "./embeddings.ts";
import { UsageError } from "./errors.ts";
import { choicesOf, type ModelFlags, openNamed } from "./host.ts";
import { type DrawFlags, jobOf } from "./request.ts";

/** How far relatives are from the picture: near enough to be known again, far enough to differ. */
const STRENGTH = 0.6;

/** The command `dreamgrain vary picture.png "words"`. */
export async function vary(
  file: string,
  words: string[],
  typed: Omit<DrawFlags, "image" | "mask"> & OutputFlags & ModelFlags & EmbeddingFlags,
): Promise<void> {
  const flags = { ...typed, image: file };
  jobOf(words, flags); // what is wrong with the options is said before files are read
  const image = await pictureIn(file);
  const { requests, notices } = jobOf(words, flags, { image });
  const place = await outputOf(flags, requests.length);
  const recipe = recipeIn(await textsOf(file));
  if (recipe?.strip) throw new UsageError(`${file} is a strip of several pictures; vary one of them`);
  const [plain, other] = await openedFor(file, recipe, flags);
  const itsWords = recipe !== undefined && words.length === 0 && !flags.unguided;
  const base = itsWords ? recipe.request : withoutWords(recipe?.request);
  const {
    seed: _,
    width: __,
    height: ___,
    variation: ____,
    strength: _____,
    hires: ______,
    imageGuidance,
    ...rest
  } = base ?? {};
  const how = rest.quality === "fast" ? asBest(rest) : rest;
  const changes = plain.task === "instruct-pix2pix";
  const usual = changes ? { ...(imageGuidance !== undefined && { imageGuidance }) } : { strength: STRENGTH };
  const all = requests.map((request): Request => ({ ...how, ...usual, ...request }));
  const its = await withItsEmbeddings(file, itsWords ? recipe.embeddings : [], plain, flags);
  const { model, notices: more } = await withNamed(its.model, flags, all[0]);
  await drawAll(model, all, place, flags, [...notices, ...other, ...its.notices, ...more]);
}

/** Few steps leave little to begin in the middle of, so relatives of a picture that was drawn fast are drawn as the model does best. */
function asBest({
  quality: _,
  steps: __,
  guidance: ___,
  sampler: ____,
  schedule: _____,
  ...others
}: Partial<Request>): Partial<Request> {
  return others;
}

/** How a picture was drawn, but for what it shows. */
function withoutWords(request: Recipe["request"] | undefined): Partial<Recipe["request"]> | undefined {
  if (!request) return undefined;
  const { prompt: _, negative: __, ...how } = request;
  return how;
}

/** The model that made the picture where it is there and no other is named, and what is to be said when it is another. */
async function openedFor(file: string, recipe: Recipe | undefined, flags: ModelFlags): Promise<[Model, string[]]> {
  if (!recipe || flags.model !== undefined) return [await openNamed(flags), []];
  const same = await modelOf(recipe, { ...recipe.model.choices, ...choicesOf(flags) });
  const model = same ?? (await openNamed(flags));
  const { name, hash } = recipe.model;
  return [model, model.hash === hash ? [] : [`${file} was made with ${name} (${hash}); this is ${model.name}.`]];
}
