// quality: fast, in the few steps that a model was taught to draw in, or best, as it was trained; and who chooses.
import type { UnetSizes } from "../models/unet.ts";
import { unetGraph } from "../models/unet.ts";
import { merged } from "../weights/weights.ts";
import type { Defaults, Model } from "./model.ts";
import type { Request, Settings } from "./text-to-image.ts";

/** Every `quality` there is. */
export const qualities = ["fast", "best"] as const;
export type Quality = (typeof qualities)[number];

/** What only the model as it was trained can be asked for. */
const PARTICULAR = [
  ...(["steps", "guidance", "negative", "sampler", "schedule", "shift", "rescale", "interval", "image"] as const),
] satisfies (keyof Request)[];

/**
 * The quality of a picture: the one that was asked for; else fast, where the model can, unless the request asks for something
 * that is about steps, guidance or a picture to begin with.
 * @throws RangeError for a quality that is unknown, or that the model does not have
 */
export function qualityOf({ fewSteps, name }: Pick<Model, "fewSteps" | "name">, request: Partial<Request>): Quality {
  const { quality } = request;
  if (quality !== undefined && !qualities.includes(quality))
    throw new RangeError(`quality: ${quality} is unknown; expected ${qualities.join(" or ")}`);
  if (quality === "fast" && !fewSteps)
    throw new RangeError(`quality: ${name} was not taught to draw fast; leave it out, or ask for best`);
  const plain = PARTICULAR.every((choice) => request[choice] === undefined || request[choice] === "");
  return quality ?? (fewSteps && plain ? "fast" : "best");
}

/** What a picture of a quality is made with unless told. */
export const defaultsFor = (
  { defaults, fewSteps }: Pick<Model, "defaults" | "fewSteps">,
  quality: Quality,
): Defaults =>
  fewSteps && quality === "fast" ? { ...defaults, steps: fewSteps.steps, guidance: fewSteps.guidance } : defaults;

/** What is to be said of a request for a picture that is drawn fast, one sentence each. */
export const qualityNotices = (
  { fewSteps }: Pick<Model, "fewSteps">,
  { quality, steps }: Pick<Settings, "quality" | "steps">,
): string[] =>
  fewSteps && quality === "fast" && steps !== fewSteps.steps
    ? [`The fast quality was learnt for ${fewSteps.steps} steps; in ${steps} it may draw worse.`]
    : [];

/** The U-Net that draws in a quality, as a graph and with its weights. */
export function unetOf({ specs, weights, fewSteps }: Pick<Model, "specs" | "weights" | "fewSteps">, quality: Quality) {
  const lora = quality === "fast" ? fewSteps?.lora : undefined;
  return {
    weights: lora ? merged(weights.unet, lora) : weights.unet,
    graph: (sizes: UnetSizes) => unetGraph(specs.unet, sizes, lora),
  };
}
