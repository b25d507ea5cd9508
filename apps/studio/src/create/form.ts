// The form of Create as data: what a person has chosen, what that asks of the server, what a picture fills in. Pure.
import type { DrawRequest, Model, Source } from "@dreamgrain/server/contract";

export type Quality = NonNullable<DrawRequest["quality"]>;

/** What is chosen. What is undefined follows the model's default, also when the model changes. */
export interface Form {
  readonly model?: string;
  readonly prompt: string;
  readonly negative: string;
  /** Undefined for whichever the server chooses by the rest of the form. */
  readonly quality?: Quality;
  readonly steps?: number;
  readonly guidance?: number;
  readonly sampler?: string;
  readonly schedule?: string;
  readonly width?: number;
  readonly height?: number;
  /** How much of a second pass is walked, for sizes beyond the model's own; absent for one pass. */
  readonly hires?: number;
  /** Digits, as large as they like. */
  readonly seed: string;
  /** Whether the next picture has the same seed again. */
  readonly locked: boolean;
  readonly count: number;
  readonly image?: StartingPicture;
  /** How far from the starting picture, 0…1. */
  readonly strength: number;
  /** What the form has no field for, from a picture that was recalled. */
  readonly rest: Pick<DrawRequest, "rescale" | "shift" | "clipSkip" | "rng" | "variation" | "imageGuidance">;
}

/** A picture to begin with, and where to see it. */
export interface StartingPicture {
  readonly source: Source;
  readonly url: string;
}

/** The form as a newcomer finds it. */
export const freshForm = (seed: string): Form => ({
  ...{ prompt: "", negative: "", seed, locked: false, count: 1, strength: 0.6, rest: {} },
});

/** A seed out of the hat: below 2³², which every program takes. */
export const drawnSeed = (random: () => number = Math.random): string => `${Math.floor(random() * 2 ** 32)}`;

/** What the form asks of the server. */
export function requestOf(form: Form): DrawRequest {
  const { model, prompt, negative, quality, steps, guidance, sampler, schedule, width, height } = form;
  const { hires, seed, count, image, strength } = form;
  return {
    ...form.rest,
    ...(model !== undefined && { model }),
    ...(prompt.trim() !== "" && { prompt }),
    ...(negative.trim() !== "" && { negative }),
    ...(quality !== undefined && { quality }),
    ...(steps !== undefined && { steps }),
    ...(guidance !== undefined && { guidance }),
    ...(sampler !== undefined && { sampler }),
    ...(schedule !== undefined && { schedule }),
    ...(width !== undefined && { width }),
    ...(height !== undefined && { height }),
    ...(hires !== undefined && !image && { hires }),
    ...(/^[+-]?\d{1,40}$/.test(seed.trim()) && { seed: seed.trim() }),
    ...(image && { image: image.source, strength }),
    count,
  };
}

/** The seed that the next drawing begins with: the same where it is locked, another where not. */
export const seedAfter = (form: Form, random?: () => number): string => (form.locked ? form.seed : drawnSeed(random));

/** What of a picture comes back: all of it, all but its seed (remix), or one part. */
export type Recall = "all" | "remix" | "prompt" | "seed" | "size";

/** The form with what a picture was made from. A recalled seed is locked, or it would be gone with the next drawing. */
export function recalled(form: Form, settings: DrawRequest, what: Recall): Form {
  if (what === "prompt") return { ...form, prompt: settings.prompt ?? "", negative: settings.negative ?? "" };
  if (what === "seed") return { ...form, seed: settings.seed ?? form.seed, locked: true };
  if (what === "size") {
    const { width = form.width, height = form.height, hires } = settings;
    return edited(form, { width, height, hires });
  }
  const { rescale, shift, clipSkip, rng, variation, imageGuidance, image } = settings;
  const kept =
    what === "remix" ? { seed: form.seed, locked: form.locked } : { seed: settings.seed ?? form.seed, locked: true };
  return {
    ...{ prompt: settings.prompt ?? "", negative: settings.negative ?? "", count: 1 },
    ...given({ model: settings.model, quality: settings.quality, steps: settings.steps, guidance: settings.guidance }),
    ...given({ sampler: settings.sampler, schedule: settings.schedule }),
    ...given({ width: settings.width, height: settings.height, hires: settings.hires }),
    ...kept,
    strength: settings.strength ?? form.strength,
    rest: given({ rescale, shift, clipSkip, rng, ...(what === "all" && { variation }), imageGuidance }),
    ...(image && { image: { source: image, url: urlOf(image) } }),
  };
}

/** Where a starting picture is seen. */
export const urlOf = (source: Source): string =>
  "upload" in source ? `/v1/uploads/${source.upload}/file` : `/v1/pictures/${source.picture}/file`;

/** The form for a quality, with its own steps, guidance, sampler and schedule. */
export function withQuality(form: Form, quality: Quality): Form {
  const { steps, guidance, sampler, schedule, ...kept } = form;
  return { ...kept, quality };
}

/** What a model draws a quality with unless told. */
export const usualOf = ({ defaults, fewSteps }: Pick<Model, "defaults" | "fewSteps">, quality: Quality | undefined) =>
  quality === "fast" && fewSteps ? { ...defaults, ...fewSteps } : defaults;

/** The form with every default of another model; words and seed stay. */
export function withModel(form: Form, model: string): Form {
  const { quality, steps, guidance, sampler, schedule, width, height, hires, rest, ...kept } = form;
  return { ...kept, model, rest: {} };
}

/** Whether a size is so much larger than the model's own that it is drawn in two passes, if one likes. */
export const takesPasses = ({ defaults }: Pick<Model, "defaults">, width: number, height: number): boolean =>
  width * height > 2 * defaults.width * defaults.height;

/** How much of the second pass is walked. */
export const HIRES = 0.5;

/** The form with other sides: in two passes where they are new to it, in one where there is no room for two. */
export function withSides(form: Form, model: Pick<Model, "defaults">, width: number, height: number): Form {
  const before = takesPasses(model, form.width ?? model.defaults.width, form.height ?? model.defaults.height);
  const after = takesPasses(model, width, height);
  return edited(form, { width, height, hires: !after ? undefined : before ? form.hires : HIRES });
}

/** A number as near to `value` as the model allows for a side. */
export function sideNear(value: number, model: Pick<Model, "sizeStep">, side: { least: number; most: number }): number {
  const { sizeStep: step } = model;
  const [least, most] = [Math.ceil(side.least / step) * step, Math.floor(side.most / step) * step];
  return Math.min(most, Math.max(least, Math.round(value / step) * step));
}

/** The form without what is undefined in `changes`: a field that was emptied follows the model again. */
export function edited(form: Form, changes: { readonly [K in keyof Form]?: Form[K] | undefined }): Form {
  return given({ ...form, ...changes }) as Form;
}

/** The prompt with a word in place of another, wherever it stands alone. */
export function replaced(prompt: string, word: string, by: string): string {
  const parts = prompt.split(/([^\p{L}\p{N}'-]+)/u);
  return parts.map((part) => (part.toLowerCase() === word.toLowerCase() ? by : part)).join("");
}

/** A value on the slider's steps, without the tail of binary fractions. */
export const rounded = (value: number, step: number): number => Number((Math.round(value / step) * step).toFixed(6));

function given<T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}
