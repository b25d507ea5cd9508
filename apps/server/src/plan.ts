// Plans: a request with every choice made, checked and priced, before anything is drawn.
import {
  availableMemory,
  drawingNeeds,
  type Request as LibraryRequest,
  type Settings as LibrarySettings,
  notices as noticesOf,
  type Pixels,
  passesOf,
  type Seed,
  samplerNamed,
  seedOf,
  settings as settle,
  walk,
  words,
} from "dreamgrain/node";
import type { z } from "zod";
import type { DrawRequest, Settings, Source } from "./contract.ts";
import { Failed } from "./failures.ts";
import type { KnownModel } from "./models.ts";

/** A parsed request. */
export type Drawn = z.output<typeof DrawRequest>;

/** The size of a picture that guides. */
export type Size = Pick<Pixels, "width" | "height">;

/** What a request comes to. */
export interface Plan {
  readonly known: KnownModel;
  readonly settings: Settings;
  /** Steps that are walked for one picture. */
  readonly steps: number;
  /** In which passes. */
  readonly passes: ReturnType<typeof passesOf>;
  /** Milli-credits, for all its pictures. */
  readonly price: number;
  readonly work: Work;
  readonly notices: readonly string[];
}

/** What one picture asks of the engine. */
export interface Work {
  readonly steps: number;
  /** Calls of the network, each as much work as one at the model's own size. */
  readonly calls: number;
  /** Everything else, in units of what it is at the model's own size. */
  readonly rest: number;
}

const limits = { pixels: 2048 * 2048 } as const;

/**
 * Make the choices of a request and check them all.
 * @param sources the sizes of the pictures that it names
 * @throws Failed saying what cannot be
 */
export function planOf(known: KnownModel, request: Drawn, sources: { image?: Size; mask?: Size }): Plan {
  const { model } = known;
  const { count, seed = `${Math.floor(Math.random() * 2 ** 32)}`, image, mask, variation, ...plain } = request;
  const { model: _, ...choices } = plain;
  // Checking looks at sizes alone, so pictures need not be read for it.
  const blank = (size: Size): Pixels => ({ ...size, channels: 3, data: new Uint8Array(0) });
  const chosen = checked(() => {
    const all = settle(model, {
      ...(choices as Partial<LibraryRequest>),
      seed: exact(seed),
      ...(variation && { variation: { ...variation, seed: exact(variation.seed) } }),
      ...(sources.image && { image: blank(sources.image) }),
      ...(sources.mask && { mask: blank(sources.mask) }),
    });
    walk(model, all);
    return all;
  });
  const { width, height, guidance, prompt } = chosen;
  if (width * height > limits.pixels)
    throw new Failed("invalid", `size: ${width}x${height} is more than ${limits.pixels} pixels`, {
      param: "request.width",
    });
  afford(known, chosen);
  const passes = passesOf(model, chosen);
  const sum = (of: (pass: (typeof passes)[number]) => number): number => passes.reduce((all, one) => all + of(one), 0);
  const area = (size: Size): number => (size.width * size.height) / (model.defaults.width * model.defaults.height);
  const contexts = (prompt !== undefined && guidance !== 1) || chosen.imageGuidance !== undefined ? 2 : 1;
  const steps = sum((pass) => pass.steps);
  const { calls } = samplerNamed(chosen.sampler);
  return {
    known,
    settings: settingsOf(known, chosen, { seed: `${BigInt(seed)}`, count, image, mask, variation }),
    steps,
    passes,
    price: count * sum((pass) => priceOf(known, pass)),
    work: { steps, calls: sum((pass) => pass.steps * area(pass)) * calls * contexts, rest: sum(area) },
    notices: noticesOf(model, chosen),
  };
}

/**
 * Milli-credits of one pass of a picture, by DreamStudio's rule: a credit is about one picture of the model's own size as it draws it
 * best, in however many passes, and steps and pixels scale it.
 */
export function priceOf({ model }: KnownModel, drawn: Size & { steps: number }): number {
  const work = ({ steps, width, height }: typeof drawn): number => steps * width * height;
  const best = passesOf(model, model.defaults).reduce((sum, pass) => sum + work(pass), 0);
  return Math.max(1, Math.round((1000 * work(drawn)) / best));
}

/** What a picture's first so many steps come to, in pixels, and all of them: a step of a small pass is a small one. */
export function pixelsOf(passes: Plan["passes"], steps: number): { readonly done: number; readonly all: number } {
  let [left, done, all] = [steps, 0, 0];
  for (const pass of passes) {
    const area = pass.width * pass.height;
    const walked = Math.min(left, pass.steps);
    left -= walked;
    done += walked * area;
    all += pass.steps * area;
  }
  return { done, all };
}

/** How much of a picture its first so many steps are. */
export function shareOf(passes: Plan["passes"], steps: number): number {
  const { done, all } = pixelsOf(passes, steps);
  return done / all;
}

/** What of a price is owed for so many of its pictures and a part of one more; whole numbers throughout, so that it is exact. */
export const owed = (price: number, count: number, pictures: number, { done, all } = { done: 0, all: 1 }): number =>
  Math.floor((price * (pictures * all + done)) / (all * count));

/** The least memory with which a kind of drawing was found to fit; finding out takes a while. */
const fitting = new Map<string, number>();

/** @throws MemoryError when drawing would take more memory than there is */
function afford({ model }: KnownModel, chosen: LibrarySettings): void {
  const { prompt, negative, steered } = words(model, chosen);
  const { width, height, image, imageGuidance, quality } = chosen;
  const rows = Math.max(prompt.ends.length, negative.ends.length);
  const contexts = steered || imageGuidance !== undefined;
  const kind = [
    model.hash,
    quality,
    chosen.hires !== undefined,
    width,
    height,
    rows,
    contexts,
    image !== undefined,
  ].join(" ");
  const memory = availableMemory();
  if (memory >= (fitting.get(kind) ?? Number.POSITIVE_INFINITY)) return;
  const { parts, tiles } = drawingNeeds(model, chosen, memory);
  if (fitting.size > 1000) fitting.clear();
  fitting.set(kind, tiles === undefined ? Math.max(...parts.map(({ working }) => working)) : memory);
}

/** The settings of the picture `index` of a job: the next seed for each. */
export const settingsAt = (settings: Settings, index: number): Settings => ({
  ...settings,
  seed: `${BigInt(settings.seed) + BigInt(index)}`,
  count: 1,
});

/** Settings as the library takes them, without their pictures. */
export function libraryRequest(settings: Settings): LibraryRequest {
  const { model: _, count: __, image: ___, mask: ____, seed, variation, ...plain } = settings;
  return {
    ...(plain as Partial<LibraryRequest>),
    seed: exact(seed),
    ...(variation && { variation: { ...variation, seed: exact(variation.seed) } }),
  };
}

function exact(text: string): Seed {
  const seed = seedOf(text);
  if (seed === undefined) throw new Failed("invalid", `seed: ${text} is no whole number`, { param: "request.seed" });
  return seed;
}

/** What the library refuses, as what is wrong with the request. */
function checked<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    const [field = ""] = error.message.split(/[: ]/, 1);
    const param = field === "size" ? "width" : field === "clip" ? "clipSkip" : field;
    throw new Failed("invalid", error.message, { param: `request.${param}`, cause: error });
  }
}

function settingsOf(
  { id, model }: KnownModel,
  chosen: ReturnType<typeof settle>,
  own: {
    seed: string;
    count: number;
    image: Source | undefined;
    mask: Source | undefined;
    variation: Settings["variation"] | undefined;
  },
): Settings {
  const { prompt, negative, width, height, steps, guidance, rescale, sampler, schedule, shift, clipSkip, rng } = chosen;
  const { quality, hires, strength, imageGuidance } = chosen;
  const { seed, count, image, mask, variation } = own;
  return {
    model: id,
    ...(prompt !== undefined && { prompt }),
    ...(negative !== undefined && { negative }),
    ...(model.fewSteps && { quality }),
    ...{ seed, count, width, height, steps, guidance, rescale, sampler, schedule, shift, clipSkip, rng },
    ...(variation && { variation }),
    ...(image && { image }),
    ...(mask && { mask }),
    ...(hires !== undefined && { hires }),
    ...(strength !== undefined && { strength }),
    ...(imageGuidance !== undefined && { imageGuidance }),
  };
}
