// dreamgrain's networks: each one function over a spec, and the specs of the models of the world.
export { attentionOf, withAttention } from "./attention-maps.ts";
export * from "./clip.ts";
export * from "./clip-text.ts";
export * from "./clip-vision.ts";
export * from "./config.ts";
export { ConfigError } from "./fields.ts";
export { type Original, type OriginalPart, original, otherKind, type PartName, type Task } from "./original.ts";
export * from "./specs.ts";
export * from "./time.ts";
export * from "./unet.ts";
export * from "./vae.ts";
