// dreamgrain/training: gradients, the training loop, recipes from an empty folder to a model, and the painted world. Node only.
export * from "./adamw.ts";
export * from "./autoencoder.ts";
export * from "./denoiser.ts";
export { alone, type Learner, type Trainer, type Update, withGradients } from "./learner.ts";
export { type Random, random } from "./random.ts";
export * from "./recipe.ts";
export { type Progress, progressLine, type RunOptions, run } from "./run.ts";
export * as scenes from "./scenes/index.ts";
export { RECIPES, type Recipe, type SizeName } from "./sizes.ts";
export { loadState, saveState } from "./state.ts";
export { team } from "./team.ts";
export * from "./train.ts";
export { gradients, vjp } from "./vjp.ts";
