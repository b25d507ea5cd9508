// Read: a model folder or file into a Model, from wherever files lie. Headers and configs are read, tensors when they are wanted.
import { type Prediction, predictions } from "../diffusion/denoise.ts";
import type { ClipTextSpec } from "../models/clip-text.ts";
import { clipTextSpec, unetSpec, vaeSpec } from "../models/config.ts";
import { ConfigError } from "../models/fields.ts";
import type { UnetSpec } from "../models/unet.ts";
import { vaeFactor } from "../models/vae.ts";
import { CLIP_VOCABULARY_SIZE, clipTokenizer } from "../text/clip-bpe.ts";
import type { Tokenizer } from "../text/tokenizer.ts";
import { wordTokenizer, wordVocabulary } from "../text/words.ts";
import type { Files } from "../weights/files.ts";
import { LORA_FILE, loraFor } from "../weights/lora.ts";
import { ModelError } from "../weights/model-error.ts";
import { type ModelFolder, readModelFolder } from "../weights/model-folder.ts";
import { fingerprint } from "./fingerprint.ts";
import { composeIn, defaultsOf, fewStepsIn, previewOf } from "./load-config.ts";
import { type FewSteps, type LoadOptions, type Model, modelTask, type TextEncoder } from "./model.ts";
import { checkNetworks, networksOf, tensorsOf } from "./networks.ts";
import { schedulerOf } from "./scheduler.ts";
import { readPart, readSingleFile, type SingleFileOptions } from "./single-file.ts";

/** Where a model is read from. */
export interface World {
  readonly files: Files;
  /** CLIP's merges, asked for when a model reads words as CLIP does. */
  readonly merges: () => readonly string[] | Promise<readonly string[]>;
}

/**
 * Read a model: a folder in the layout of diffusers, or a single file in that of the original code, of Stable Diffusion 1, 2
 * or XL; or a folder of this project's own. What a picture is made with unless told is read from `dreamgrain` in
 * model_index.json, the preview from `latent_rgb_factors` ([3][channels]) and `latent_rgb_bias` in vae/config.json, and the
 * words from tokenizer/vocabulary.json where there is one.
 * @throws ModelError saying which file is missing, damaged or asks for something that is not supported
 */
export async function readModel(world: World, path: string, options: LoadOptions = {}): Promise<Model> {
  const { files } = world;
  const folder = await readCheckpoint(files, path, options);
  refuseOthers(folder);
  const unet = await folder.component("unet");
  const vae = await (options.vae === undefined ? folder.component("vae") : readPart(files, options.vae, "vae"));
  const scheduler = await read(folder, "scheduler/scheduler_config.json", schedulerOf);
  const specs = {
    unet: at(folder, "unet/config.json", () => unetSpec(unet.config)),
    vae: at(folder, "vae/config.json", () => vaeSpec(vae.config)),
  };
  const texts = await readTexts(world, folder, specs.unet, options);
  const { inChannels, outChannels, contextChannels } = specs.unet;
  const task = modelTask(specs);
  if (!task)
    throw new ModelError(
      "unsupported",
      `model: the U-Net of ${path} takes ${inChannels} channels and gives ${outChannels}, the autoencoder's latents have ${specs.vae.latentChannels}; depth models and upscalers are not supported`,
    );
  const written = texts.reduce((sum, { spec }) => sum + spec.hidden, 0);
  if (contextChannels !== written)
    throw new ModelError(
      "unsupported",
      `model: the U-Net of ${path} reads a context of ${contextChannels} channels, ${texts.length > 1 ? "its text encoders write" : "its text encoder writes"} ${written}`,
    );
  const preview = at(folder, "vae/config.json", () => previewOf(vae.config, specs.vae));
  const side = specs.unet.sampleSize * vaeFactor(specs.vae);
  const guidance = folder.has("text_encoder_2") ? 5 : 7.5; // diffusers' own defaults
  const { name, ...defaults } = at(folder, "model_index.json", () =>
    defaultsOf(folder.index, scheduler, side, guidance),
  );
  const weights = { unet: unet.weights, vae: vae.weights };
  const networks = networksOf({ specs, weights, texts });
  checkNetworks(networks, path);
  const fewSteps = await fewStepsOf(files, folder, specs.unet);
  const compose = at(folder, "model_index.json", () => composeIn(folder.index, vaeFactor(specs.vae)));
  const prediction = options.prediction === undefined ? scheduler.prediction : predictions[options.prediction];
  return {
    name: name ?? lastPart(path),
    hash: await fingerprint(networks, nameOf(prediction), files.bytes),
    specs,
    task,
    weights,
    texts,
    zeroNegative: folder.index.force_zeros_for_empty_prompt === true,
    table: scheduler.table,
    final: scheduler.final,
    prediction,
    choices: options,
    defaults,
    ...(fewSteps && { fewSteps }),
    ...(compose && { compose }),
    ...(preview && { preview }),
  };
}

/**
 * What model_index.json says of few steps, `dreamgrain.few_steps`: the folder of a LoRA as diffusers writes one, and the steps and
 * guidance it was made for.
 */
async function fewStepsOf(files: Files, folder: ModelFolder, unet: UnetSpec): Promise<FewSteps | undefined> {
  const said = at(folder, "model_index.json", () => fewStepsIn(folder.index));
  if (!said) return undefined;
  const { lora: name, ...how } = said;
  const path = `${folder.path}/${name}/${LORA_FILE}`;
  const file = await files.safetensors(path);
  const lora = loraFor(file, "unet", tensorsOf.unet(unet), path);
  const tensors = lora.names().map((name) => ({ name, shape: lora.info(name)!.shape }));
  const hash = await fingerprint([{ name, weights: lora, tensors, further: [] }], "", files.bytes);
  return { lora, hash, ...how };
}

/**
 * What lies at a path: a folder, or a single file seen as one. Only headers and configs are read.
 * @throws ModelError when there is neither
 */
export async function readCheckpoint(
  files: Files,
  path: string,
  options: SingleFileOptions = {},
): Promise<ModelFolder> {
  const folder = await files.folder(path);
  if (folder === undefined) return readSingleFile(files, path, options);
  if (!options.average) return readModelFolder(files, folder);
  throw new ModelError("missing", `model: ${path} is a folder; only single files have an averaged copy (--ema)`);
}

/** What a folder or a file is called, without what its kind adds. */
export const lastPart = (path: string): string =>
  path
    .replace(/[/\\]+$/, "")
    .replace(/^.*[/\\]/, "")
    .replace(/\.safetensors$/, "");

const nameOf = (prediction: Prediction): string =>
  Object.entries(predictions).find(([, known]) => known === prediction)?.[0] ?? "";

/** Models of another kind are refused by name before anything else is looked at. */
function refuseOthers({ path, index, has }: ModelFolder): void {
  const kind = typeof index._class_name === "string" ? index._class_name : "";
  if (has("transformer") || /3|Flux/.test(kind))
    throw new ModelError(
      "unsupported",
      `model: ${path} is a ${kind || "transformer"}, which is not supported: dreamgrain draws with U-Nets`,
    );
}

/** The readers of words: one, or the two of Stable Diffusion XL, of which the second says what the whole text means. */
async function readTexts(
  { files, merges }: World,
  folder: ModelFolder,
  unet: UnetSpec,
  { textEncoder }: LoadOptions,
): Promise<Model["texts"]> {
  const open = async (suffix: "" | "_2", how: Pick<TextEncoder, "tokens" | "pooled">) => {
    const part = `text_encoder${suffix}`;
    const other = suffix === "" ? textEncoder : undefined;
    const { config, weights } = await (other === undefined
      ? folder.component(part)
      : readPart(files, other, "text_encoder"));
    const spec = at(folder, `${part}/config.json`, () => clipTextSpec(config));
    const tokenizer = await readTokenizer(folder, `tokenizer${suffix}`, spec, merges);
    return { spec, weights, tokenizer, ...how };
  };
  if (folder.has("text_encoder_2")) {
    const first = await open("", { tokens: "penultimate" });
    const second = await open("_2", { tokens: "penultimate", pooled: "text_embeds" });
    return [first, second];
  }
  return [await open("", { tokens: "last_hidden_state", ...(unet.addition && { pooled: "pooled" }) })];
}

/** What a reader makes of a part of the model; its complaints become a ModelError that names the file. */
function at<T>({ path }: ModelFolder, file: string, reader: () => T): T {
  try {
    return reader();
  } catch (error) {
    if (!(error instanceof ConfigError || error instanceof TypeError || error instanceof RangeError)) throw error;
    throw new ModelError("unsupported", `model: ${path}/${file}: ${error.message}`, { cause: error });
  }
}

const read = async <T>(folder: ModelFolder, file: string, reader: (json: unknown) => T): Promise<T> => {
  const json = await folder.json(file);
  return at(folder, file, () => reader(json));
};

/** The most rows of tokens of one prompt: 1,200 tokens in CLIP's rows of 75. */
const ROWS = 16;

/** Words of our own where the folder has a vocabulary.json, CLIP's pieces otherwise. */
async function readTokenizer(
  folder: ModelFolder,
  name: string,
  spec: ClipTextSpec,
  merges: World["merges"],
): Promise<Tokenizer> {
  const { vocabulary, positions } = spec;
  const own = await folder.json(`${name}/vocabulary.json`).catch(ifMissing);
  if (own) {
    const words = at(folder, `${name}/vocabulary.json`, () => wordTokenizer(wordVocabulary(own)));
    if (words.vocabularySize > vocabulary || words.length > positions)
      throw new ModelError(
        "mismatch",
        `model: ${folder.path}/${name} has ${words.vocabularySize} ids in rows of ${words.length}; the text encoder knows ${vocabulary} in rows of ${positions}`,
      );
    return words;
  }
  if (vocabulary !== CLIP_VOCABULARY_SIZE)
    throw new ModelError(
      "unsupported",
      `model: the text encoder of ${folder.path} knows ${vocabulary} ids; CLIP's ${CLIP_VOCABULARY_SIZE}, or a ${name}/vocabulary.json, were expected`,
    );
  const pad = await paddingOf(folder, name);
  return clipTokenizer(await merges(), { length: positions, rows: ROWS, ...(pad === "!" && { pad: 0 }) });
}

/** The token that texts are filled up with, by what a tokenizer's files say; undefined where they do not. */
export async function paddingOf(folder: ModelFolder, tokenizer: string): Promise<string | undefined> {
  const special = await folder.json(`${tokenizer}/special_tokens_map.json`).catch(ifMissing);
  const settings = await folder.json(`${tokenizer}/tokenizer_config.json`).catch(ifMissing);
  return padToken(special?.pad_token) ?? padToken(settings?.pad_token);
}

/** A special token is written as itself or as an object with its content. */
function padToken(token: unknown): string | undefined {
  if (typeof token === "object" && token !== null && "content" in token) return padToken(token.content);
  return typeof token === "string" ? token : undefined;
}

/** For files that a model may do without. */
export function ifMissing(error: unknown): undefined {
  if (!(error instanceof ModelError) || error.code !== "missing") throw error;
}
