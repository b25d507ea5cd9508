// recipe: from an empty folder to a model, stage after stage; stop at any moment, run again, and it goes on. Node only.
import { createHash } from "node:crypto";
import { join } from "node:path";
import { predictions } from "../diffusion/denoise.ts";
import { flowTable } from "../diffusion/noise-table.ts";
import { finish } from "../diffusion/samplers.ts";
import { contactSheet, toPixels } from "../image/index.ts";
import { encodePng } from "../image/png.ts";
import { clipTextSpec, unetSpec, vaeSpec } from "../models/config.ts";
import { vaeDecoderGraph, vaeFactor } from "../models/vae.ts";
import { engine } from "../pipelines/engine.ts";
import type { Model } from "../pipelines/model.ts";
import { textToImage } from "../pipelines/text-to-image.ts";
import { ortNode } from "../runtime/ort-node.ts";
import { parallel } from "../runtime/parallel.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { wordTokenizer } from "../text/words.ts";
import { fromTensors, under } from "../weights/weights.ts";
import type { Tensors } from "./adamw.ts";
import { exportModel } from "./export.ts";
import type { Progress } from "./run.ts";
import type { Recipe } from "./sizes.ts";
import { type Latents, latentsOf, paintAll, pictures, trainDecoder, trainDenoiser, type Workshop } from "./stages.ts";
import { initialise, type TrainingState } from "./train.ts";
import { shippedVocabulary } from "./vocabulary.ts";

export interface RecipeOptions {
  readonly recipe: Recipe;
  /** What the model's metadata calls the recipe. */
  readonly name: string;
  /** Where pictures, logs, sheets, states and in the end `model/` go; run again with the same folder to go on. */
  readonly folder: string;
  readonly seed?: number;
  /** Cores to train on, a divisor of the batch; 2 unless told. A batch is split between them. */
  readonly cores?: number;
  readonly onProgress?: (progress: Progress) => void;
  /** One line for each thing done besides steps. */
  readonly onNote?: (note: string) => void;
  /** Stops after the step or the thousand pictures under way; what was done is kept. */
  readonly signal?: AbortSignal;
}

/** Prompts of the sheets that show how a run is doing. */
export const SHEET_PROMPTS = [
  "a dream of a distant galaxy",
  "a cat wearing a yellow raincoat",
  "a red house on a hill, oil painting",
  "a castle at sunset",
  "a white sailboat on the sea at night",
  "snowy mountains at dawn",
  "a green tree in a field, watercolor",
  "a city skyline at night",
  "a lighthouse in a storm",
  "an erupting volcano at dusk",
  "a blue planet with rings",
  "a forest in the fog by caspar david friedrich",
] as const;

/** A recipe's hash: two models of one hash were trained alike. */
export const recipeHash = (recipe: Recipe): string =>
  createHash("sha256").update(JSON.stringify(recipe)).digest("hex").slice(0, 12);

/**
 * Carry a recipe through.
 * @returns the folder of the finished model, or undefined when the signal stopped it before
 */
export async function runRecipe(options: RecipeOptions): Promise<string | undefined> {
  const { recipe, name, folder, seed = 1, cores = 2, onNote } = options;
  for (const { batch } of [recipe.denoiser, recipe.decoder])
    if (!Number.isInteger(cores) || cores < 1 || batch % cores !== 0)
      throw new RangeError(`train: ${cores} cores cannot share a batch of ${batch} pictures; use 1, 2, 4, 8 or 16`);
  await using runtime = await ortNode();
  const trainer = { runtime: cores === 1 ? await ortNode({ threads: 1 }) : parallel(cores), parts: cores };
  const shop: Workshop = {
    recipe,
    folder,
    runtime,
    trainer,
    seed,
    ...(options.onProgress && { onProgress: options.onProgress }),
    ...(onNote && { onNote }),
    ...(options.signal && { signal: options.signal }),
  };

  if (!(await paintAll(shop))) return undefined;
  const set = await pictures(shop);
  const latents = await latentsOf(shop, set);
  const undecorated = untrainedVae(recipe, latents);
  const sheet = (state: TrainingState): Promise<Uint8Array> =>
    samples(runtime, underTraining(recipe, latents, undecorated, state.average));
  const denoiser = await trainDenoiser({ ...shop, sheet }, latents);
  if (!denoiser.done) return undefined;
  const decoder = await trainDecoder(shop, set, latents);
  if (!decoder.done) return undefined;

  const model = join(folder, "model");
  await exportModel(model, {
    recipe,
    latents,
    vae: { ...latents.path, ...decoder.state.average },
    denoiser: denoiser.state.average,
    origin: { recipe: name, recipe_hash: recipeHash(recipe), seed: `${seed}` },
  });
  return model;
}

/** An autoencoder that is its linear path alone, until its decoder is trained. */
export function untrainedVae({ configs, side }: Recipe, latents: Latents): Tensors {
  const spec = vaeSpec(configs.vae);
  const small = side / vaeFactor(spec);
  return { ...initialise(vaeDecoderGraph(spec, 1, small, small)), ...latents.path };
}

/** The model that a run has so far. */
export function underTraining(recipe: Recipe, latents: Latents, vae: Tensors, denoiser: Tensors): Model {
  const { configs, side } = recipe;
  const weights = fromTensors(denoiser);
  return {
    name: "under training",
    hash: "",
    specs: {
      unet: unetSpec(configs.unet),
      text: clipTextSpec(configs.text_encoder),
      vae: vaeSpec({ ...configs.vae, latents_mean: latents.mean, latents_std: latents.std }),
    },
    weights: { unet: under(weights, "unet."), text: under(weights, "text_encoder."), vae: fromTensors(vae) },
    tokenizer: wordTokenizer(shippedVocabulary()),
    table: flowTable(),
    prediction: predictions.flow,
    defaults: { width: side, height: side, steps: 12, guidance: 3, sampler: "euler", schedule: "trailing", shift: 1 },
    preview: latents.preview,
  };
}

/** A sheet (PNG) of what a model makes of the sheet prompts, each from the same seed every time. */
export async function samples(runtime: Runtime, model: Model): Promise<Uint8Array> {
  await using running = engine(model, runtime);
  const made = [];
  for (const [seed, prompt] of SHEET_PROMPTS.entries()) {
    const { pixels } = await finish(textToImage(running, { prompt, seed }));
    made.push(...toPixels(pixels));
  }
  return encodePng(contactSheet(made, { columns: 6, gap: 2 }));
}
