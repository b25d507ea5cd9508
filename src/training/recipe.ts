// recipe: from an empty folder to a model, stage after stage; stop at any moment, run again, and it goes on. Node only.
import { createHash } from "node:crypto";
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { predictions } from "../diffusion/denoise.ts";
import { flowTable } from "../diffusion/noise-table.ts";
import { finish } from "../diffusion/samplers.ts";
import { contactSheet, toPixels } from "../image/index.ts";
import { encodePng } from "../image/png.ts";
import { clipTextSpec, unetSpec, vaeSpec } from "../models/config.ts";
import { vaeDecoderGraph, vaeFactor } from "../models/vae.ts";
import { engine } from "../pipelines/engine.ts";
import { openModel } from "../pipelines/load.ts";
import type { Model } from "../pipelines/model.ts";
import { textToImage } from "../pipelines/text-to-image.ts";
import { type Device, ortNode } from "../runtime/ort-node.ts";
import { type Runtime, RuntimeError } from "../runtime/runtime.ts";
import { selfTest, TOLERANCES } from "../runtime/self-test.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { wordTokenizer } from "../text/words.ts";
import { writeFileAtomically } from "../weights/atomic-file.ts";
import { fromTensors, under } from "../weights/weights.ts";
import type { Tensors } from "./adamw.ts";
import { beginning } from "./beginning.ts";
import { trainStudent } from "./distill.ts";
import { composition, DRAWN, exportModel } from "./export.ts";
import type { Progress } from "./run.ts";
import type { DistillRecipe, Recipe } from "./sizes.ts";
import { trainDecoder } from "./stage-decoder.ts";
import { trainDenoiser } from "./stage-denoiser.ts";
import { coarseLatents, type Latents, latentsOf, paintAll, pictures } from "./stage-latents.ts";
import type { Workshop } from "./stages.ts";
import { team } from "./team.ts";
import { initialise, type TrainingState } from "./train.ts";
import { shippedVocabulary } from "./vocabulary.ts";

export interface RecipeOptions {
  readonly recipe: Recipe;
  /** What the model's metadata calls the recipe. */
  readonly name: string;
  /** Where pictures, logs, sheets, states and in the end `model/` go; run again with the same folder to go on. */
  readonly folder: string;
  readonly seed?: number;
  /** The folder of a model to begin with, of the recipe's shape and words; fresh weights unless told. */
  readonly from?: string;
  /** Cores to train on; 2 unless told. On the processor, a batch is split between them. */
  readonly cores?: number;
  /** What computes gradients; the processor unless told. The cores do the rest. */
  readonly device?: Device;
  readonly onProgress?: (progress: Progress) => void;
  /** Sees each sheet (PNG): what the model makes of a dozen prompts by then. */
  readonly onSheet?: (png: Uint8Array) => void;
  /** One line for each thing done besides steps. */
  readonly onNote?: (note: string) => void;
  /** Stops after the step or the thousand pictures under way; what was done is kept. */
  readonly signal?: AbortSignal;
}

/** One engine waits for the processor while another keeps the card busy. */
const ENGINES_OF_A_CARD = 2;

/** Pictures that one core looks at at a time: four gigabytes at most of what ships. */
const ROUND = 64;

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
 * Carry a recipe through. Whatever stops a lesson, `model/` in the folder is the model that there is by then.
 * @returns the folder of the finished model, or undefined when the signal stopped it before
 * @throws ModelError when the model to begin with cannot be read or is of another shape
 * @throws RangeError when the folder holds another run, or the cores cannot share a batch
 * @throws RuntimeError when the device cannot be used, or computes wrongly
 */
export async function runRecipe(options: RecipeOptions): Promise<string | undefined> {
  const { recipe, name, folder, seed = 1, cores = 2, device = "cpu", onNote } = options;
  const engines = device === "cpu" ? cores : Math.min(cores, ENGINES_OF_A_CARD);
  const { coarse, compose, denoiser: base, distill, decoder: plain, texture } = recipe;
  const batches = [coarse, compose, base, distill, plain, texture].flatMap((s) => (s ? [s.batch] : []));
  const rounds =
    device === "cpu" ? 2 ** Math.ceil(Math.log2(Math.max(1, ...batches.map((b) => b / engines / ROUND)))) : 1;
  const uneven = batches.find((batch) => batch % (engines * rounds) !== 0);
  if (!Number.isInteger(cores) || cores < 1 || uneven !== undefined)
    throw new RangeError(`train: ${cores} cores cannot share a batch of ${uneven} pictures; use 1, 2, 4, 8 or 16`);
  const model = options.from === undefined ? undefined : await openModel(options.from);
  const from = model && (await beginning(model, recipe));
  await claim(folder, { recipe, seed, ...(model && { from: model.hash }) });
  await using runtime = await ortNode({ device });
  const fault = device === "cpu" ? undefined : await selfTest(runtime, TOLERANCES[device === "cuda" ? "tf32" : "f32"]);
  if (fault) throw new RuntimeError(`train: --device ${device}: ${fault}; train on the cpu`);
  const trainer = team(cores, { device, engines, rounds });
  const shop: Workshop = {
    recipe,
    folder,
    runtime,
    trainer,
    cores,
    seed,
    ...(from && { from }),
    ...(options.onProgress && { onProgress: options.onProgress }),
    ...(options.onSheet && { onSheet: options.onSheet }),
    ...(onNote && { onNote }),
    ...(options.signal && { signal: options.signal }),
  };

  if (!(await paintAll(shop))) return undefined;
  const set = await pictures(shop);
  const latents = await latentsOf(shop, set);
  const undecorated = from?.vae ?? untrainedVae(recipe, latents);
  const sheet =
    (of: Recipe) =>
    (state: TrainingState): Promise<Uint8Array> =>
      samples(runtime, underTraining(of, latents, undecorated, state.average));
  const made = join(folder, "model");
  const lesson = recipe.distill;
  /** Write the model that there is by now, which draws as this recipe says; its decoder may still be the untrained one. */
  const keep = (
    of: Recipe,
    denoiser: TrainingState,
    { decoder, student }: { decoder?: Tensors; student?: TrainingState } = {},
  ): Promise<void> =>
    exportModel(made, {
      recipe: of,
      latents,
      vae: decoder ? { ...latents.path, ...decoder } : undecorated,
      denoiser: denoiser.average,
      ...(lesson && student && { student: { factors: student.average, steps: lesson.studentSteps } }),
      origin: {
        recipe: name,
        recipe_hash: recipeHash(recipe),
        seed: `${seed}`,
        steps: `${denoiser.step}`,
        ...(model && { from: model.hash }),
      },
    });
  // A model to begin with has had the coarse lesson.
  let learnt = from?.denoiser;
  const small = compose || (coarse && !from) ? await coarseLatents(shop, set, latents) : undefined;
  if (coarse && small && !from) {
    const { compose: _, ...half } = { ...recipe, side: recipe.side / 2 };
    const first = await trainDenoiser({ ...shop, sheet: sheet(half) }, "coarse", set, { latents: small });
    if (!first.done) {
      await keep(half, first.state);
      return undefined;
    }
    learnt = first.state.average;
  }
  const sizes = { latents: latents.set, ...(compose && { small }) };
  const denoiser = await trainDenoiser({ ...shop, sheet: sheet(recipe) }, "denoiser", set, sizes, learnt);
  if (!denoiser.done) {
    await keep(recipe, denoiser.state);
    return undefined;
  }
  const student = lesson && (await distilled(shop, lesson, denoiser.state, { ...sizes, scale: latents }, undecorated));
  if (lesson && !student?.done) {
    await keep(recipe, denoiser.state);
    return undefined;
  }
  let decoder = await trainDecoder(shop, "decoder", plain, set, latents, from?.vae ?? latents.path);
  if (decoder.done && texture) decoder = await trainDecoder(shop, "texture", texture, set, latents, decoder.decoder);
  await keep(recipe, denoiser.state, { decoder: decoder.decoder, ...(student && { student: student.state }) });
  return decoder.done ? made : undefined;
}

/** A student of the denoiser, whose sheets show what it draws in few steps. */
function distilled(
  shop: Workshop,
  lesson: DistillRecipe,
  { average: weights, step }: TrainingState,
  { latents, small, scale }: { readonly latents: Tensor; readonly small?: Tensor | undefined; readonly scale: Latents },
  vae: Tensors,
): ReturnType<typeof trainStudent> {
  const sheet = async ({ average }: TrainingState): Promise<Uint8Array> => {
    const model = underTraining(shop.recipe, scale, vae, weights);
    const lora = under(fromTensors(average), "unet.");
    return samples(shop.runtime, { ...model, fewSteps: { lora, hash: "", steps: lesson.studentSteps, guidance: 1 } });
  };
  const { denoiser, compose } = shop.recipe;
  return trainStudent({ ...shop, sheet }, lesson, { weights, step }, [
    { latents, emphasis: denoiser.emphasis },
    ...(compose && small ? [{ latents: small, emphasis: compose.emphasis }] : []),
  ]);
}

/**
 * A folder holds one run. What it can never change is written down at its beginning; lengths and rates may change on the way.
 */
async function claim(
  folder: string,
  { recipe: { side, configs }, seed, from }: { recipe: Recipe; seed: number; from?: string },
): Promise<void> {
  const path = join(folder, "run.json");
  const networks = createHash("sha256").update(JSON.stringify({ side, configs })).digest("hex").slice(0, 12);
  const mine = { networks, seed, from: from ?? "nothing" };
  const told = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  if (told === undefined) {
    await mkdir(folder, { recursive: true });
    await writeFileAtomically(path, `${JSON.stringify(mine, null, 2)}\n`);
    return;
  }
  const theirs: Partial<typeof mine> = JSON.parse(told);
  const differs = (Object.keys(mine) as (keyof typeof mine)[]).find((key) => mine[key] !== theirs[key]);
  if (differs)
    throw new RangeError(
      `train: ${folder} holds a run of another kind: its ${differs} is ${theirs[differs]}, asked for is ${mine[differs]}; choose another folder, or the options it was begun with`,
    );
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
      vae: vaeSpec({ ...configs.vae, latents_mean: latents.mean, latents_std: latents.std }),
    },
    weights: { unet: under(weights, "unet."), vae: fromTensors(vae) },
    texts: [
      {
        spec: clipTextSpec(configs.text_encoder),
        weights: under(weights, "text_encoder."),
        tokenizer: wordTokenizer(shippedVocabulary()),
        tokens: "last_hidden_state",
        pooled: "pooled",
      },
    ],
    task: "text-to-image",
    zeroNegative: false,
    table: flowTable(),
    final: "zero",
    prediction: predictions.flow,
    defaults: { width: side, height: side, steps: 12, ...DRAWN },
    ...composition(recipe),
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
