// beginning: what a trained model hands on to a run that takes it further.
import { isDeepStrictEqual } from "node:util";
import { clipTextSpec, unetSpec, vaeSpec } from "../models/config.ts";
import type { UnetSpec } from "../models/unet.ts";
import type { Model } from "../pipelines/model.ts";
import { widen } from "../tensor/dtype.ts";
import { wordTokenizer } from "../text/words.ts";
import { ModelError } from "../weights/model-error.ts";
import { readAll, type Weights } from "../weights/weights.ts";
import type { Tensors } from "./adamw.ts";
import { captionWords } from "./scenes/captions.ts";
import type { Recipe } from "./sizes.ts";
import type { Beginning } from "./stages.ts";
import { shippedVocabulary } from "./vocabulary.ts";

/** A U-Net with what another has beyond it, as far as that begins at nothing: its input skip, and transformers where it has none. */
function grown(unet: UnetSpec, { inputSkip, levels }: UnetSpec): UnetSpec {
  const depths = (has: readonly number[], wanted: readonly number[] = []): readonly number[] =>
    has.length === wanted.length ? has.map((depth, i) => depth || wanted[i]) : has;
  return {
    ...unet,
    inputSkip: unet.inputSkip || inputSkip,
    levels: unet.levels.map((level, i) => ({
      ...level,
      down: depths(level.down, levels[i]?.down),
      up: depths(level.up, levels[i]?.up),
    })),
  };
}

/**
 * What a model hands on to a run of this recipe, its weights in float32.
 * @throws ModelError when it is of another shape, or does not know the words
 */
export async function beginning(
  { name, specs, weights, texts: [words], fewSteps }: Model,
  { configs }: Recipe,
): Promise<Beginning> {
  const { latentsMean, latentsStd, ...vae } = specs.vae;
  const wanted = { unet: unetSpec(configs.unet), text: clipTextSpec(configs.text_encoder), vae: vaeSpec(configs.vae) };
  const unet = grown(specs.unet, wanted.unet);
  const other = Object.entries({ unet, text: words.spec, vae }).find(
    ([part, spec]) => !isDeepStrictEqual({ ...spec }, { ...wanted[part as keyof typeof wanted] }),
  )?.[0];
  const vocabulary = wordTokenizer(shippedVocabulary());
  const deaf = captionWords().find(
    (word) => !isDeepStrictEqual(words.tokenizer.encode(word).ids, vocabulary.encode(word).ids),
  );
  if (other || deaf || !latentsMean || !latentsStd)
    throw new ModelError(
      "unsupported",
      `train: the model to begin with, ${name}, ${other ? `has another ${other} than this size` : deaf ? `does not know the word "${deaf}"` : "does not say the mean and deviation of its latents"}; begin with a model that dreamgrain trained in the same size`,
    );
  const read = async (part: Weights): Promise<Tensors> =>
    Object.fromEntries(Object.entries(await readAll(part)).map(([key, t]) => [key, widen(t)]));
  const [denoiser, text, autoencoder] = await Promise.all([weights.unet, words.weights, weights.vae].map(read));
  const named = (prefix: string, tensors: Tensors): Tensors =>
    Object.fromEntries(Object.entries(tensors).map(([key, t]) => [prefix + key, t]));
  return {
    denoiser: { ...named("unet.", denoiser), ...named("text_encoder.", text) },
    vae: autoencoder,
    ...(fewSteps && { student: named("unet.", await read(fewSteps.lora)) }),
    mean: latentsMean,
    std: latentsStd,
  };
}
