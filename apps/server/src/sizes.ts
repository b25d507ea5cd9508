// Sizes that other programs' clients ask for by habit, such as 1024x1024, where the model draws well only much smaller ones.
import { sizeStep } from "dreamgrain/node";
import type { KnownModel } from "./models.ts";
import type { Size } from "./plan.ts";

/** How many times the model's own pixels it still draws well. */
export const LARGE = 4;

/** Whether a size is far beyond what a model was made for. */
export const isLarge = ({ model: { defaults } }: KnownModel, { width, height }: Size): boolean =>
  width * height > LARGE * defaults.width * defaults.height;

/** The size to draw at for a picture that is to have another one in the end: its own, or the model's in its proportions. */
export function drawnSize(known: KnownModel, size: Size): Size {
  if (!isLarge(known, size)) return size;
  const { defaults } = known.model;
  const step = sizeStep(known.model);
  const by = Math.sqrt((defaults.width * defaults.height) / (size.width * size.height));
  const side = (length: number): number => Math.max(step, Math.round((length * by) / step) * step);
  return { width: side(size.width), height: side(size.height) };
}
