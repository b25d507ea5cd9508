// dreamgrain/training: gradients, the training loop, recipes from an empty folder to a model, and the painted world. Node only.
export * from "./autoencoder.ts";
export * from "./denoiser.ts";
export * from "./recipe.ts";
export { type Progress, progressLine, type RunOptions, run } from "./run.ts";
export * as scenes from "./scenes/index.ts";
export { RECIPES, type Recipe, type SizeName } from "./sizes.ts";
export { loadState, saveState } from "./state.ts";
export { team } from "./team.ts";
export * from "./web.ts";
