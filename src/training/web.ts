// dreamgrain/training/web: the part of training that runs in browsers: gradients, AdamW, the loop.
export * from "./adamw.ts";
export { alone, type Learner, type Trainer, type Update, withGradients } from "./learner.ts";
export { type Random, random } from "./random.ts";
export * from "./train.ts";
export { gradients, vjp } from "./vjp.ts";
