// Load: a model folder, as diffusers lays it out, into a Model. Headers and configs are read; tensors stay on disk. Node only.
import { stat } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { clipTextSpec, unetSpec, vaeSpec } from "../models/config.ts";
import { ConfigError } from "../models/fields.ts";
import { vaeFactor } from "../models/vae.ts";
import { CLIP_VOCABULARY_SIZE, clipTokenizer } from "../text/clip-bpe.ts";
import { clipMerges } from "../text/clip-vocabulary.ts";
import type { Tokenizer } from "../text/tokenizer.ts";
import { wordTokenizer, wordVocabulary } from "../text/words.ts";
import { type ModelFolder, openModelFolder, readJsonFile } from "../weights/checkpoint.ts";
import { ModelError } from "../weights/model-error.ts";
import { openSafetensors, unusable } from "../weights/safetensors-file.ts";
import { fingerprint } from "./fingerprint.ts";
import { defaultsOf, previewOf } from "./load-config.ts";
import type { Model } from "./model.ts";
import { schedulerOf } from "./scheduler.ts";

/** The parts without which there is no model. */
const parts = ["unet", "vae", "text_encoder"] as const;

/**
 * Open a model: a folder in the layout of diffusers, Stable Diffusion 1.x and 2.x or this project's own. What a picture is
 * made with unless told is read from `dreamgrain` in model_index.json, the preview from `latent_rgb_factors` ([3][channels])
 * and `latent_rgb_bias` in vae/config.json, and the words from tokenizer/vocabulary.json where there is one.
 * @throws ModelError saying which file is missing, damaged or asks for something that is not supported
 */
export async function openModel(path: string): Promise<Model> {
  const found = await stat(path).catch((error) => unusable(path, error));
  if (!found.isDirectory()) return refuseFile(path);
  const folder = await openModelFolder(path);
  refuseOthers(folder);
  const [unet, vae, text] = await Promise.all(parts.map((name) => folder.component(name)));
  const scheduler = await read(folder, "scheduler/scheduler_config.json", schedulerOf);
  const specs = {
    unet: at(folder, "unet/config.json", () => unetSpec(unet.config)),
    vae: at(folder, "vae/config.json", () => vaeSpec(vae.config)),
    text: at(folder, "text_encoder/config.json", () => clipTextSpec(text.config)),
  };
  const { inChannels, outChannels, contextChannels } = specs.unet;
  if (inChannels !== specs.vae.latentChannels || outChannels !== inChannels)
    throw new ModelError(
      "unsupported",
      `model: the U-Net of ${path} takes ${inChannels} channels and gives ${outChannels}, the autoencoder's latents have ${specs.vae.latentChannels}; inpainting and depth models are not supported yet`,
    );
  if (contextChannels !== specs.text.hidden)
    throw new ModelError(
      "unsupported",
      `model: the U-Net of ${path} reads a context of ${contextChannels} channels, its text encoder writes ${specs.text.hidden}`,
    );
  const preview = at(folder, "vae/config.json", () => previewOf(vae.config, specs.vae));
  const side = specs.unet.sampleSize * vaeFactor(specs.vae);
  const { name, ...defaults } = at(folder, "model_index.json", () => defaultsOf(folder.index, scheduler, side));
  return {
    name: name ?? basename(resolve(path)),
    hash: await fingerprint([...unet.files, ...vae.files, ...text.files]),
    specs,
    weights: { unet: unet.weights, vae: vae.weights, text: text.weights },
    tokenizer: await openTokenizer(folder, specs.text.vocabulary, specs.text.positions),
    table: scheduler.table,
    prediction: scheduler.prediction,
    defaults,
    ...(preview && { preview }),
  };
}

/** A single file: the error that it deserves by itself, or that single files cannot be drawn with yet. */
async function refuseFile(path: string): Promise<never> {
  await openSafetensors(path);
  throw new ModelError(
    "unsupported",
    `model: ${path} is a single file; for now only folders in the layout of diffusers (model_index.json, unet/, vae/, …) can be drawn with`,
  );
}

/** Models of another kind are refused by name before anything else is looked at. */
function refuseOthers({ path, index, has }: ModelFolder): void {
  const kind = typeof index._class_name === "string" ? index._class_name : "";
  const other =
    has("text_encoder_2") || kind.includes("XL")
      ? "a Stable Diffusion XL model, which is not supported yet"
      : has("transformer") || /3|Flux/.test(kind)
        ? `a ${kind || "transformer"}, which is not supported: dreamgrain draws with U-Nets`
        : undefined;
  if (other) throw new ModelError("unsupported", `model: ${path} is ${other}`);
}

/** What a reader makes of a part of the model; its complaints become a ModelError that names the file. */
function at<T>({ path }: ModelFolder, file: string, reader: () => T): T {
  try {
    return reader();
  } catch (error) {
    if (!(error instanceof ConfigError || error instanceof TypeError || error instanceof RangeError)) throw error;
    throw new ModelError("unsupported", `model: ${join(path, file)}: ${error.message}`, { cause: error });
  }
}

const read = async <T>(folder: ModelFolder, file: string, reader: (json: unknown) => T): Promise<T> => {
  const json = await folder.json(file);
  return at(folder, file, () => reader(json));
};

/** Words of our own where the folder has a vocabulary.json, CLIP's pieces otherwise. */
async function openTokenizer(folder: ModelFolder, vocabulary: number, positions: number): Promise<Tokenizer> {
  const own = await folder.json("tokenizer/vocabulary.json").catch(ifMissing);
  if (own) {
    const words = at(folder, "tokenizer/vocabulary.json", () => wordTokenizer(wordVocabulary(own)));
    if (words.vocabularySize > vocabulary || words.length > positions)
      throw new ModelError(
        "mismatch",
        `model: ${folder.path}/tokenizer has ${words.vocabularySize} ids in rows of ${words.length}; the text encoder knows ${vocabulary} in rows of ${positions}`,
      );
    return words;
  }
  if (vocabulary !== CLIP_VOCABULARY_SIZE)
    throw new ModelError(
      "unsupported",
      `model: the text encoder of ${folder.path} knows ${vocabulary} ids; CLIP's ${CLIP_VOCABULARY_SIZE}, or a tokenizer/vocabulary.json, were expected`,
    );
  const special = await readJsonFile(join(folder.path, "tokenizer/special_tokens_map.json")).catch(ifMissing);
  const settings = await readJsonFile(join(folder.path, "tokenizer/tokenizer_config.json")).catch(ifMissing);
  const pad = padToken(special?.pad_token) ?? padToken(settings?.pad_token);
  return clipTokenizer(clipMerges(), { length: positions, ...(pad === "!" && { pad: 0 }) });
}

/** A special token is written as itself or as an object with its content. */
function padToken(token: unknown): string | undefined {
  if (typeof token === "object" && token !== null && "content" in token) return padToken(token.content);
  return typeof token === "string" ? token : undefined;
}

function ifMissing(error: unknown): undefined {
  if (!(error instanceof ModelError) || error.code !== "missing") throw error;
}
