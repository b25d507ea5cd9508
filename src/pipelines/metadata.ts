// Metadata: what a picture remembers of how it was made, and how that is read back. The texts of a PNG, for any container.

import { type PredictionName, predictions } from "../diffusion/denoise.ts";
import { samplerNamed, scheduleNamed } from "../diffusion/registry.ts";
import { pixelHash } from "../image/hash.ts";
import { writeInfotext } from "../image/infotext.ts";
import type { PngText } from "../image/png-text.ts";
import { ConfigError, type Fields, fields } from "../models/fields.ts";
import type { Seed } from "../tensor/random.ts";
import type { PictureInput } from "./guide.ts";
import { firstSize } from "./hires.ts";
import type { Embedding, LoadOptions, Model } from "./model.ts";
import { qualities } from "./quality.ts";
import { type Request, rngNames, type Settings, words } from "./text-to-image.ts";
import { version } from "./version.ts";

/** Where our own request is kept, beside `parameters`, which is A1111's and what most programs read. */
export const KEYWORD = "dreamgrain";

/** What a picture of ours says about itself. */
export interface Recipe {
  readonly version: string;
  readonly model: {
    readonly name: string;
    readonly hash: string;
    /** What it was opened with; paths as they were given. */
    readonly choices: LoadOptions;
    /** Hash of what it draws few steps with, where the picture was drawn so. */
    readonly fewSteps?: string;
  };
  /** Without its pictures, which only whoever has them can put back: see `image` and `mask`. */
  readonly request: Omit<Request, "image" | "mask">;
  readonly image?: KnownPicture;
  readonly mask?: KnownPicture;
  /** The embeddings among its words; paths as they were given. */
  readonly embeddings: readonly KnownEmbedding[];
  /** Whether it is a strip of the picture coming out of the noise rather than the picture. */
  readonly strip: boolean;
}

/** By what an embedding is known again. */
export type KnownEmbedding = Pick<Embedding, "name" | "hash" | "path">;

/** By what a picture that guided another is known again. */
export interface KnownPicture {
  /** The path of its file, as it was given. */
  readonly name?: string;
  /** `pixelHash`. */
  readonly hash: string;
}

const known = (picture: PictureInput | undefined): KnownPicture | undefined =>
  picture && { ...(picture.name !== undefined && { name: picture.name }), hash: pixelHash(picture) };

/** The texts of a picture: `parameters` as A1111 writes it, and everything that is needed to make it again as JSON. */
export function pictureText(
  model: Pick<Model, "name" | "hash" | "choices" | "texts" | "embeddings" | "fewSteps" | "specs" | "defaults" | "task">,
  settings: Settings,
  strip = false,
): PngText {
  const { prompt, negative, seed, width, height, steps, guidance, rescale, shift, interval } = settings;
  const { clipSkip, rng, variation, strength, imageGuidance, quality, hires } = settings;
  const first = firstSize(model, settings) ?? { width, height };
  const [image, mask] = [known(settings.image), known(settings.mask)];
  const { name, hash, choices = {} } = model;
  const fewSteps = quality === "fast" ? model.fewSteps?.hash : undefined;
  const named = words(model, settings).embeddings;
  const embeddings = (model.embeddings ?? []).filter((embedding) => named.includes(embedding.name));
  const recipe = {
    version,
    model: {
      name,
      hash,
      ...(Object.values(choices).some(Boolean) && { choices }),
      ...(fewSteps !== undefined && { fewSteps }),
    },
    ...(strip && { strip }),
    ...(image && { image }),
    ...(mask && { mask }),
    ...(embeddings.length > 0 && { embeddings: embeddings.map(({ name, hash, path }) => ({ name, hash, path })) }),
    request: {
      ...(model.fewSteps && { quality }),
      ...{ prompt, negative, seed: `${seed}`, width, height, steps, guidance },
      ...{ rescale, shift, sampler: settings.sampler, schedule: settings.schedule, clipSkip, rng },
      ...(variation && { variation: { seed: `${variation.seed}`, strength: variation.strength } }),
      ...{ hires, strength, imageGuidance },
      ...(interval && { interval: interval.map((sigma) => Math.min(sigma, Number.MAX_VALUE)) }), // JSON has no infinity
    },
  };
  const parameters = writeInfotext({
    prompt: legible(prompt ?? ""),
    ...(negative !== undefined && { negative: legible(negative) }),
    settings: {
      Steps: steps,
      Sampler: samplerNamed(settings.sampler).title,
      "Schedule type": scheduleNamed(settings.schedule).title,
      "CFG scale": prompt === undefined ? 1 : guidance,
      Seed: `${seed}`,
      Size: `${first.width}x${first.height}`, // A1111 names the first pass
      "Model hash": hash,
      Model: name,
      VAE: choices.vae?.split(/[/\\]/).findLast((part) => part !== ""),
      "Variation seed": variation && `${variation.seed}`,
      "Variation seed strength": variation?.strength,
      "Denoising strength": hires ?? strength,
      "Hires resize": hires === undefined ? undefined : `${width}x${height}`,
      "Hires upscaler": hires === undefined ? undefined : "Lanczos",
      "Image CFG scale": imageGuidance,
      "Init image hash": image?.hash,
      "Mask hash": mask?.hash,
      "Clip skip": clipSkip > 1 ? clipSkip : undefined,
      RNG: rng.toUpperCase(),
      Shift: shift === 1 ? undefined : shift,
      "Lora hashes": fewSteps === undefined ? undefined : `few_steps: ${fewSteps}`, // as A1111 names what is added to weights
      "TI hashes": embeddings.length > 0 ? embeddings.map(hashed).join(", ") : undefined,
      Version: `dreamgrain ${version}`,
    },
  });
  return { parameters, [KEYWORD]: JSON.stringify(recipe) };
}

/** As A1111 writes it, whose readers take ":" and "," for the end of a name. */
const hashed = ({ name, hash }: Embedding): string => `${legible(name).replace(/[:,]/g, "")}: ${hash}`;

/** Without what the text of a PNG cannot hold: NUL, and half a surrogate pair. */
const legible = (text: string): string => text.replace(/\p{Surrogate}/gu, "\uFFFD").replaceAll("\0", "");

/**
 * The recipe among the texts of a picture; undefined when dreamgrain did not make it.
 * @throws ConfigError when it is damaged
 */
export function recipeIn(text: PngText): Recipe | undefined {
  const json = text[KEYWORD];
  if (json === undefined) return undefined;
  const recipe = parsed(json) as {
    readonly model?: { choices?: unknown };
    readonly request?: unknown;
    readonly image?: unknown;
    readonly mask?: unknown;
    readonly embeddings?: unknown;
  } | null;
  const f = fields("picture", recipe);
  const model = fields("picture's model", recipe?.model);
  return {
    version: f.string("version"),
    model: {
      name: model.string("name"),
      hash: model.string("hash"),
      choices: model.has("choices") ? choicesOf(recipe?.model?.choices) : {},
      ...(model.has("fewSteps") && { fewSteps: model.string("fewSteps") }),
    },
    request: requestOf(recipe?.request),
    ...(f.has("image") && { image: knownIn("image", recipe?.image) }),
    ...(f.has("mask") && { mask: knownIn("mask", recipe?.mask) }),
    embeddings: f.has("embeddings") ? embeddingsOf(recipe?.embeddings) : [],
    strip: f.boolean("strip", false),
  };
}

/** The seed that a text of digits stands for, as a bigint where a number would not hold it; undefined when it is none. */
export function seedOf(text: string): Seed | undefined {
  if (!/^[+-]?\d{1,40}$/.test(text)) return undefined;
  const seed = Number(text);
  return Number.isSafeInteger(seed) ? seed : BigInt(text.replace("+", ""));
}

function embeddingsOf(json: unknown): KnownEmbedding[] {
  if (!Array.isArray(json)) throw new ConfigError("picture: its embeddings should be a list");
  return json.map((one: unknown) => {
    const f = fields("picture's embedding", one);
    return { name: f.string("name"), hash: f.string("hash"), path: f.string("path") };
  });
}

function knownIn(what: string, json: unknown): KnownPicture {
  const f = fields(`picture's ${what}`, json);
  return { ...(f.has("name") && { name: f.string("name") }), hash: f.string("hash") };
}

function choicesOf(json: unknown): LoadOptions {
  const f = fields("picture's model choices", json);
  return {
    ...(f.has("vae") && { vae: f.string("vae") }),
    ...(f.has("textEncoder") && { textEncoder: f.string("textEncoder") }),
    ...(f.has("prediction") && {
      prediction: f.text("prediction", Object.keys(predictions) as PredictionName[]),
    }),
    ...(f.has("average") && { average: f.boolean("average", false) }),
    ...(f.has("fast") && { fast: f.boolean("fast", false) }),
  };
}

/** A request as a recipe keeps it. @throws ConfigError naming the field that is wrong */
export function requestOf(json: unknown): Request {
  const f = fields("picture's request", json);
  const range = f.has("interval") ? f.numbers("interval") : undefined;
  const variation = f.has("variation") ? fields("picture's variation", (json as Request).variation) : undefined;
  const seedIn = (from: Fields): Seed => seedOf(from.string("seed")) ?? from.fail("seed", "a whole number");
  return {
    seed: seedIn(f),
    ...(f.has("quality") && { quality: f.text("quality", qualities) }),
    ...(f.has("prompt") && { prompt: f.string("prompt") }),
    ...(f.has("negative") && { negative: f.string("negative") }),
    ...(range && { interval: [range[0], range[1]] as const }),
    width: f.number("width"),
    height: f.number("height"),
    steps: f.number("steps"),
    guidance: f.number("guidance"),
    rescale: f.number("rescale", 0),
    shift: f.number("shift", 1),
    sampler: f.string("sampler"),
    schedule: f.string("schedule"),
    clipSkip: f.number("clipSkip", 1),
    rng: f.text("rng", rngNames, "cpu"),
    ...(variation && { variation: { seed: seedIn(variation), strength: variation.number("strength") } }),
    ...(f.has("hires") && { hires: f.number("hires") }),
    ...(f.has("strength") && { strength: f.number("strength") }),
    ...(f.has("imageGuidance") && { imageGuidance: f.number("imageGuidance") }),
  };
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch (cause) {
    throw new ConfigError(`picture: its ${KEYWORD} text is no JSON`, { cause });
  }
}
