// Read: a CLIP in the layout of transformers into a ClipModel, from wherever files lie. Headers and configs are read now.
import type { Preprocessing } from "../embeddings/preprocess.ts";
import type { Filter } from "../image/resize.ts";
import { type ClipSpec, clipImageEmbedsGraph, clipTextEmbedsGraph } from "../models/clip.ts";
import { clipSpec } from "../models/config.ts";
import { ConfigError, fields } from "../models/fields.ts";
import { CLIP_VOCABULARY_SIZE, clipTokenizer } from "../text/clip-bpe.ts";
import type { Tokenizer } from "../text/tokenizer.ts";
import { wordTokenizer, wordVocabulary } from "../text/words.ts";
import type { Files } from "../weights/files.ts";
import { ModelError } from "../weights/model-error.ts";
import { type Component, readComponent } from "../weights/model-folder.ts";
import { check, type Wanted } from "../weights/weights.ts";
import type { ClipModel } from "./embedder.ts";
import { fingerprint } from "./fingerprint.ts";
import { ifMissing, lastPart, type World } from "./read-model.ts";

/**
 * Read a model of texts and pictures in one space: a folder in the layout of transformers' CLIPModel (config.json,
 * model.safetensors and, where there is one, preprocessor_config.json), or the .safetensors in it. Words are CLIP's, or those
 * of a vocabulary.json in the folder.
 * @throws ModelError saying which file is missing, damaged or asks for something that is not supported
 */
export async function readClip({ files, merges }: World, path: string): Promise<ClipModel> {
  const folder = await files.folder(path);
  const home = folder ?? (/[/\\]/.test(path) ? path.replace(/[/\\][^/\\]*$/, "") : ".");
  const { config, weights } = await (folder === undefined ? besideConfig(files, path, home) : whole(files, folder));
  const at = <T>(file: string, reader: () => T): T => {
    try {
      return reader();
    } catch (error) {
      if (!(error instanceof ConfigError || error instanceof TypeError || error instanceof RangeError)) throw error;
      throw new ModelError("unsupported", `model: ${home}/${file}: ${error.message}`, { cause: error });
    }
  };
  const spec = at("config.json", () => clipSpec(config));
  const tensors = at("config.json", () => tensorsOfClip(spec));
  check(weights, tensors, path);
  const own = await files.json(`${home}/vocabulary.json`).catch(ifMissing);
  const how = await files.json(`${home}/preprocessor_config.json`).catch(ifMissing);
  const clips = own || spec.text.vocabulary !== CLIP_VOCABULARY_SIZE ? undefined : await merges();
  return {
    name: lastPart(path),
    hash: await fingerprint([{ name: "clip", weights, tensors, further: [] }], "embeddings", files.bytes),
    spec,
    weights,
    tokenizer: at(own ? "vocabulary.json" : "config.json", () => tokenizerOf(spec, own, clips)),
    preprocessing: at("preprocessor_config.json", () => preprocessingOf(how ?? {}, spec.vision.image)),
  };
}

/** The tensors of a CLIP, by the names that transformers gives them. */
function tensorsOfClip(spec: ClipSpec): Wanted[] {
  const params = [clipTextEmbedsGraph(spec, 1), clipImageEmbedsGraph(spec, 1)].flatMap((graph) => [...graph.params]);
  return params.map(([name, { shape }]) => ({ name, shape }));
}

const isMissing = (error: unknown): boolean => error instanceof ModelError && error.code === "missing";

async function whole(files: Files, folder: string): Promise<Component> {
  try {
    return await readComponent(files, folder, ["model"]);
  } catch (error) {
    if (!isMissing(error) || !(await files.has(`${folder}/model_index.json`))) throw error;
    throw new ModelError(
      "unsupported",
      `model: ${folder} is a model that draws. Texts and pictures are compared by a CLIP: a folder with the config.json of a CLIPModel.`,
      { cause: error },
    );
  }
}

async function besideConfig(files: Files, path: string, home: string): Promise<Component> {
  const file = await files.safetensors(path);
  const config = await files.json(`${home}/config.json`).catch((error: unknown) => {
    if (!isMissing(error)) throw error;
    throw new ModelError("missing", `model: ${path} wants the config.json of its CLIPModel beside it`, {
      cause: error,
    });
  });
  return { config, weights: file, files: [file] };
}

function tokenizerOf(
  { text: { vocabulary, positions } }: ClipSpec,
  own: unknown,
  merges: readonly string[] | undefined,
): Tokenizer {
  if (merges) return clipTokenizer(merges, { length: positions });
  if (own === undefined)
    throw new TypeError(
      `the text encoder knows ${vocabulary} ids; CLIP's ${CLIP_VOCABULARY_SIZE}, or a vocabulary.json, were expected`,
    );
  const words = wordTokenizer(wordVocabulary(own));
  if (words.vocabularySize > vocabulary || words.length !== positions)
    throw new RangeError(
      `${words.vocabularySize} ids in rows of ${words.length}; the text encoder knows ${vocabulary} in rows of ${positions}`,
    );
  return words;
}

/** Pillow's numbers for its filters. */
const FILTERS: Readonly<Record<number, Filter>> = {
  0: "nearest",
  1: "lanczos",
  2: "bilinear",
  3: "bicubic",
  4: "area",
};

/** Read a preprocessor_config.json; absent fields mean what transformers' CLIPImageProcessor takes them to mean. */
function preprocessingOf(config: unknown, side: number): Preprocessing {
  const f = fields("preprocessor", config);
  const yes = [true];
  f.only({ do_resize: yes, do_center_crop: yes, do_rescale: yes, do_normalize: yes, rescale_factor: [1 / 255] });
  const colours = (name: string, usual: readonly number[]): readonly number[] => {
    const three = f.numbers(name, usual);
    return three.length === 3 ? three : f.fail(name, "3 numbers");
  };
  return {
    side,
    filter: FILTERS[f.number("resample", 3)] ?? f.fail("resample", "a whole number from 0 to 4"),
    mean: colours("image_mean", [0.48145466, 0.4578275, 0.40821073]),
    std: colours("image_std", [0.26862954, 0.26130258, 0.27577711]),
  };
}
