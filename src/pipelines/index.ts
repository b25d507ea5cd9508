// Pipelines: where networks and diffusion meet, from words to a picture. Everything here runs in browsers.
export type { Drawing, DrawOptions, Dream } from "./dream.ts";
export { type ClipModel, type Embedder, embedder } from "./embedder.ts";
export { embeddingIn, misfit, withEmbeddings } from "./embeddings.ts";
export {
  type Context,
  type ContextOptions,
  type DenoiseOptions,
  type Engine,
  type EngineOptions,
  engine,
} from "./engine.ts";
export { type Drowning, type ForwardOptions, forward } from "./forward.ts";
export { type Guide, guidedSize, type PictureInput } from "./guide.ts";
export { HIRES, passesOf } from "./hires.ts";
export { MemoryError, type Need, type Requirements, requirements, showBytes } from "./memory.ts";
export {
  KEYWORD,
  type KnownEmbedding,
  type KnownPicture,
  pictureText,
  type Recipe,
  recipeIn,
  seedOf,
} from "./metadata.ts";
export {
  type Defaults,
  type Embedding,
  type FewSteps,
  type LoadOptions,
  latentShape,
  type Model,
  type ModelTask,
  preview,
  sizeStep,
  type TextEncoder,
  unscaled,
} from "./model.ts";
export { tensorsOf } from "./networks.ts";
export { cornerOf, type Reference, referenceOf, references, type Slice } from "./published.ts";
export { defaultsFor, type Quality, qualities } from "./quality.ts";
export { type Scheduler, schedulerOf } from "./scheduler.ts";
export {
  drawingNeeds,
  notices,
  type Picture,
  type Request,
  type RngName,
  rngNames,
  type Settings,
  settings,
  textToImage,
  type Words,
  walk,
  words,
} from "./text-to-image.ts";
export { type Unguided, unconditional } from "./unconditional.ts";
export { version } from "./version.ts";
