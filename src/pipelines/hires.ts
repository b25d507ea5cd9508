// hires: pictures in passes, each on from what the one before drew, enlarged: those larger than a model was made for, because
// `hires` asks for it, and those of a model that composes, because it draws them best so.
import type { Step } from "../diffusion/samplers.ts";
import { guidedSize, walked } from "./guide.ts";
import type { Model } from "./model.ts";
import type { Picture, Settings } from "./text-to-image.ts";

type Size = Pick<Settings, "width" | "height">;

/** What tells the passes of a drawing. */
type Drawing = Size & Pick<Settings, "steps" | "hires" | "image">;
type Drawer = Pick<Model, "specs" | "defaults" | "task" | "compose">;

/** How much of the second walk is usual: enough to find detail, too little to lose the picture. */
export const HIRES = 0.5;

/**
 * The size of the first pass: as many pixels as the model was made for, in the proportions asked for.
 * @throws RangeError for a strength that cannot be, or a picture that needs no second pass or can have none
 */
export function firstSize(model: Drawer, { width, height, steps, hires, image }: Drawing): Size | undefined {
  if (hires === undefined) return undefined;
  if (image) throw new RangeError("hires: a picture that begins with an image has one pass; leave one of the two out");
  if (model.task !== "text-to-image")
    throw new RangeError("hires: only models that draw from words alone draw in two passes");
  if (!(hires > 0 && hires < 1)) throw new RangeError(`hires: ${hires} must be above 0 and below 1; ${HIRES} is usual`);
  if (walked(steps, hires) < 1)
    throw new RangeError(
      `hires: ${hires} of ${steps} steps is not one step; ${Math.ceil(1000 / steps) / 1000} is the least, or take more steps`,
    );
  const first = guidedSize(model, { width, height });
  if (first.width * first.height >= width * height)
    throw new RangeError(
      `hires: ${width}x${height} is drawn in one pass; two are for pictures of more than twice the model's ${model.defaults.width}x${model.defaults.height}`,
    );
  return first;
}

/**
 * What the last pass of a drawing begins with: a picture of this size, drawn before, and how much of the walk is walked on from
 * it. Undefined where it begins with noise, or with an image.
 */
export function earlier(
  model: Drawer,
  chosen: Drawing,
): { readonly size: Size; readonly strength: number } | undefined {
  const larger = firstSize(model, chosen);
  if (larger) return { size: larger, strength: chosen.hires! };
  const { compose, task } = model;
  if (!compose || chosen.image || task !== "text-to-image") return undefined;
  const { strength, ...own } = compose;
  const size = guidedSize({ ...model, defaults: own }, chosen);
  if (size.width * size.height >= chosen.width * chosen.height || walked(chosen.steps, strength) < 1) return undefined;
  return { size, strength };
}

/** The walks of a drawing, one after another: at which size, and how many steps of it. */
export function passesOf(
  model: Drawer,
  chosen: Drawing & Pick<Settings, "strength">,
): readonly (Size & Pick<Settings, "steps">)[] {
  const { width, height, steps, strength, hires: _, ...rest } = chosen;
  const before = earlier(model, chosen);
  if (!before) return [{ width, height, steps: strength === undefined ? steps : walked(steps, strength) }];
  const last = { width, height, steps: walked(steps, before.strength) };
  return [...passesOf(model, { ...rest, ...before.size, steps }), last];
}

/** So many times the model's own pixels are much: things begin to be drawn twice. */
const MUCH = 4;

/** What is to be said of a picture that would be better off in two passes, one sentence each. */
export function hiresNotices(
  { name, task, defaults }: Pick<Model, "name" | "task" | "defaults">,
  { width, height, hires, image }: Pick<Settings, "width" | "height" | "hires" | "image">,
): string[] {
  const times = (width * height) / (defaults.width * defaults.height);
  if (times < MUCH || hires !== undefined || image || task !== "text-to-image") return [];
  return [
    `${width}x${height} is ${Number(times.toFixed(1))} times as much as ${name} was made for; in two passes (hires) it would hold together better.`,
  ];
}

/** A pass as a part of a longer walk: its steps are counted on from those before it, with those after it. */
export async function* counted(
  pass: AsyncGenerator<Step, Picture, void>,
  before: number,
  after: number,
): AsyncGenerator<Step, { readonly picture: Picture; readonly steps: number }, void> {
  let steps = 0;
  for (;;) {
    const { done, value } = await pass.next();
    if (done) return { picture: value, steps };
    steps = value.steps;
    yield { ...value, index: before + value.index, steps: before + steps + after };
  }
}
