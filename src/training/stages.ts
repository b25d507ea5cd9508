// stages: where a recipe works, and how one of its steps is carried through. Node only.
import { clipTextSpec, unetSpec, vaeSpec } from "../models/config.ts";
import type { VaeSpec } from "../models/vae.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { cosine, type Tensors } from "./adamw.ts";
import type { DenoiserSpecs } from "./denoiser.ts";
import type { Trainer } from "./learner.ts";
import { type Progress, run } from "./run.ts";
import type { Recipe, StageRecipe } from "./sizes.ts";
import { type TrainingState, type TrainOptions, train } from "./train.ts";

/** Where a recipe works, on what, and who watches. */
export interface Workshop {
  readonly recipe: Recipe;
  readonly folder: string;
  readonly runtime: Runtime;
  /** What trains. */
  readonly trainer: Trainer;
  /** Threads that paint, and that the trainer has. */
  readonly cores: number;
  readonly seed: number;
  /** What the run begins with; fresh weights and latents of its own unless told. */
  readonly from?: Beginning;
  readonly onProgress?: (progress: Progress) => void;
  readonly onSheet?: (png: Uint8Array) => void;
  readonly onNote?: (note: string) => void;
  readonly signal?: AbortSignal;
  /** Draws a sheet with a model under training. */
  readonly sheet?: (state: TrainingState) => Promise<Uint8Array>;
}

/** What a trained model hands on to a run: its weights, and the scale of its latents. */
export interface Beginning {
  /** `unet.…` and `text_encoder.…`. */
  readonly denoiser: Tensors;
  readonly vae: Tensors;
  /** The factors with which it draws in few steps, `unet.…`, if it does. */
  readonly student?: Tensors;
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

/** What a recipe's networks are. */
export const specsOf = ({ recipe: { configs } }: Workshop): DenoiserSpecs & { readonly vae: VaeSpec } => ({
  unet: unetSpec(configs.unet),
  text: clipTextSpec(configs.text_encoder),
  vae: vaeSpec(configs.vae),
});

const optimiser = (stage: StageRecipe) => ({
  steps: stage.steps,
  schedule: cosine(stage.rate, stage.steps, { warmup: stage.warmup }),
  averageDecay: stage.averageDecay,
  betas: [0.9, 0.99] as const,
  weightDecay: 0.01,
});

/** Carry one stage through; false when the signal stopped it. */
export function runStage<In extends string>(
  shop: Workshop,
  name: string,
  stage: StageRecipe,
  loss: Parameters<typeof train<In>>[1],
  state: TrainingState,
  lesson: Pick<TrainOptions<In>, "batch" | "turn" | "betas" | "clip" | "isMuons">,
): Promise<boolean> {
  return run({
    stage: name,
    folder: shop.folder,
    steps: stage.steps,
    batch: stage.batch,
    state,
    train: () => train(shop.trainer, loss, state, { ...optimiser(stage), seed: shop.seed, ...lesson }),
    ...(shop.sheet && { sheet: shop.sheet }),
    ...(shop.onProgress && { onProgress: shop.onProgress }),
    ...(shop.onSheet && { onSheet: shop.onSheet }),
    ...(shop.signal && { signal: shop.signal }),
  });
}
