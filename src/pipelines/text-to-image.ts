// Text to picture: encode the prompt, draw the noise, pick the levels, sample, decode. Rombach et al. 2022.
import type { Denoise } from "../diffusion/denoise.ts";
import { guided } from "../diffusion/guidance.ts";
import { guidedByPicture } from "../diffusion/guidance-picture.ts";
import { lookUp, samplerNamed, scheduleNamed, schedules, walkNamed } from "../diffusion/registry.ts";
import type { Step } from "../diffusion/samplers.ts";
import type { Sigmas } from "../diffusion/sigmas.ts";
import { slerp } from "../diffusion/variation.ts";
import { toPixels } from "../image/pixels.ts";
import { cpuGenerator, cudaGenerator, numpyGenerator, type Random, type Seed } from "../tensor/random.ts";
import { type Shape, scale, type Tensor, zeros } from "../tensor/tensor.ts";
import type { Encoding } from "../text/tokenizer.ts";
import { strayNames } from "./embeddings.ts";
import { type Context, type ContextOptions, type Engine, zeroContext } from "./engine.ts";
import { begin, type Guide, guide, guidedSize, guideNotices, pasted, walked } from "./guide.ts";
import { counted, earlier, firstSize, hiresNotices } from "./hires.ts";
import { type Requirements, requirements } from "./memory.ts";
import { latentShape, type Model, mostClipSkip, sizeStep } from "./model.ts";
import { defaultsFor, type Quality, qualityNotices, qualityOf } from "./quality.ts";

/** What one picture is made from. Only the seed has no default: draw one and show it, so that the picture can be repeated. */
export interface Request extends Guide {
  /** What the picture shows; absent for a picture that nothing guides. */
  readonly prompt?: string;
  /** What it does not show. */
  readonly negative?: string;
  /** A whole number; 0 and negative ones are seeds like any other. */
  readonly seed: Seed;
  /** fast where the model can and the request leaves how it draws to it, as `qualityOf` says; else best. */
  readonly quality?: Quality;
  /** Pixels, multiples of `sizeStep(model)`. */
  readonly width?: number;
  readonly height?: number;
  /**
   * Draw at the model's own size first, then enlarge and draw on, as from an image of this strength: above 0 and below 1. For
   * pictures of more than twice the pixels that the model was made for, which would fall apart in one pass. Twice the model's
   * own width and height unless told.
   */
  readonly hires?: number;
  /** Noise levels walked through, from 1. More are clearer, fewer are cheaper. */
  readonly steps?: number;
  /** 1 follows the words as the network learned them; more follows them harder, and costs a second call a step. */
  readonly guidance?: number;
  /** 0…1: how much of the contrast that guidance adds is taken back. Lin et al. 2023. */
  readonly rescale?: number;
  /** Guide only at noise levels between these. Kynkäänniemi et al. 2024. */
  readonly interval?: readonly [lowest: number, highest: number];
  /** In any spelling; one that ends in a schedule, as "DPM++ 2M Karras", brings it unless `schedule` says otherwise. */
  readonly sampler?: string;
  readonly schedule?: string;
  /** Every noise level multiplied by this. */
  readonly shift?: number;
  /** Which layer of the text encoders guides, as A1111 counts: 1 is the one that the model was trained with. */
  readonly clipSkip?: number;
  /**
   * Whose random numbers the noise is made of: torch's CPU generator, as pipelines in float32 ask it or (`cpu-f16`, `cpu-bf16`)
   * those in half precision; torch's CUDA generator as A1111's "NV" counts; numpy's, as diffusers' tests take it.
   */
  readonly rng?: RngName;
  /** Noise of another seed mixed in: 0 for none of it, 1 for nothing else. For relatives of a picture. */
  readonly variation?: { readonly seed: Seed; readonly strength: number };
}

/** Generators of random numbers, by the names that `RNG` has in pictures' metadata. */
const generators = {
  cpu: cpuGenerator,
  "cpu-f16": (seed: Seed) => cpuGenerator(seed, "f16"),
  "cpu-bf16": (seed: Seed) => cpuGenerator(seed, "bf16"),
  nv: cudaGenerator,
  numpy: numpyGenerator,
} as const;
export type RngName = keyof typeof generators;
/** Every `rng` there is. */
export const rngNames = Object.keys(generators) as RngName[];

/** A request with every choice made and checked; what a picture's metadata records. */
export type Settings = Required<Omit<Request, Unasked>> & Pick<Request, Unasked>;
type Unasked = "prompt" | "negative" | "hires" | "interval" | "variation" | keyof Guide;

export interface Picture {
  /** [1,3,height,width], about −1…1. */
  readonly pixels: Tensor;
  /** What the decoder was given, in the space in which diffusion happens. */
  readonly latents: Tensor;
  readonly settings: Settings;
  /** What was not read as written, or not used as given, one sentence each. */
  readonly notices: readonly string[];
}

/**
 * Fill in a model's defaults and check every choice.
 * @throws RangeError naming the choice, what it was and what it may be
 */
export function settings(model: Model, request: Request): Settings {
  const quality = qualityOf(model, request);
  const usual = defaultsFor(model, quality);
  const chosen = {
    ...{ rescale: 0, clipSkip: 1, rng: "cpu" as const },
    ...usual,
    ...(request.hires !== undefined && { width: 2 * usual.width, height: 2 * usual.height }),
    ...(request.image && guidedSize(model, request.image)),
    ...defined(request),
    quality,
  };
  const step = sizeStep(model);
  for (const side of ["width", "height"] as const)
    if (!Number.isInteger(chosen[side]) || chosen[side] < step || chosen[side] > 4096 || chosen[side] % step !== 0) {
      const near = Math.max(step, Math.round(chosen[side] / step) * step);
      throw new RangeError(
        `size: ${side} ${chosen[side]} must be a multiple of ${step} from ${step} to 4096${Number.isFinite(near) && near <= 4096 ? `; ${near} is near` : ""}`,
      );
    }
  if (!Number.isInteger(chosen.steps) || chosen.steps < 1 || chosen.steps > model.table.timesteps)
    throw new RangeError(`steps: ${chosen.steps} must be a whole number from 1 to ${model.table.timesteps}`);
  if (!Number.isFinite(chosen.guidance) || chosen.guidance < 0 || chosen.guidance > 100)
    throw new RangeError(`guidance: ${chosen.guidance} must be a number from 0 to 100; ${usual.guidance} is usual`);
  if (!(chosen.shift > 0)) throw new RangeError(`shift: ${chosen.shift} must be above 0; 1 shifts nothing`);
  if (!(chosen.rescale >= 0 && chosen.rescale <= 1)) throw new RangeError(`rescale: ${chosen.rescale} must be 0 to 1`);
  if (!Object.hasOwn(generators, chosen.rng))
    throw new RangeError(`rng: ${chosen.rng} is unknown; expected ${rngNames.join(", ")}`);
  const skips = Math.min(...model.texts.map(mostClipSkip));
  if (!Number.isInteger(chosen.clipSkip) || chosen.clipSkip < 1 || chosen.clipSkip > skips)
    throw new RangeError(`clip skip: ${chosen.clipSkip} must be a whole number from 1 to ${skips}; 1 skips nothing`);
  const { variation } = chosen;
  if (variation && !(variation.strength >= 0 && variation.strength <= 1))
    throw new RangeError(`variation strength: ${variation.strength} must be 0 to 1`);
  for (const seed of [chosen.seed, ...(variation ? [variation.seed] : [])]) cpuGenerator(seed);
  if (model.task === "instruct-pix2pix" && (chosen.rescale > 0 || chosen.interval))
    throw new RangeError("guidance: rescale and interval are not for models that are guided by a picture too");
  firstSize(model, chosen);
  const named = walkNamed(chosen.sampler);
  return {
    ...chosen,
    ...guide(model, chosen.steps, chosen),
    sampler: named.sampler,
    schedule: lookUp("schedule", request.schedule ?? named.schedule ?? chosen.schedule, schedules),
  };
}

/** The noise levels that settings walk through. */
export function walk(model: Model, { sampler, schedule, steps, shift }: Settings): Sigmas {
  const { convention } = samplerNamed(sampler);
  const final = convention.stopsShort ? model.final : "zero";
  return scheduleNamed(schedule).schedule(model.table, steps, { convention, shift, final });
}

/**
 * Make one picture; each step is yielded before it is taken (leave the loop to cancel), the picture is returned.
 * With an image the walk begins there, as `Guide` says; with `hires`, and by a model that composes, there are several walks, each
 * from what the one before it drew. Without a prompt nothing guides it: the unconditional picture that the
 * noise of this seed leads to.
 * @throws RangeError as `settings` does
 */
export async function* textToImage(engine: Engine, request: Request): AsyncGenerator<Step, Picture, void> {
  const { model } = engine;
  const chosen = settings(model, request);
  const picture = yield* drawn(engine, chosen);
  return { ...picture, settings: chosen, notices: notices(model, chosen) };
}

/** A picture in as many passes as it takes. */
async function* drawn(engine: Engine, chosen: Settings): AsyncGenerator<Step, Picture, void> {
  const { model } = engine;
  const before = earlier(model, chosen);
  if (!before) return yield* inOnePass(engine, chosen);
  const { size, strength } = before;
  const { hires: _, ...plain } = chosen;
  const first = yield* counted(drawn(engine, { ...plain, ...size }), 0, walked(chosen.steps, strength));
  const [image] = toPixels(first.picture.pixels);
  const { picture } = yield* counted(inOnePass(engine, settings(model, { ...plain, image, strength })), first.steps, 0);
  return picture;
}

async function* inOnePass(engine: Engine, chosen: Settings): AsyncGenerator<Step, Picture, void> {
  const { model } = engine;
  const generator = generators[chosen.rng](chosen.seed);
  const { x, sigmas, sample, shown } = await begin(engine, chosen, {
    sigmas: walk(model, chosen),
    sample: samplerNamed(chosen.sampler).sample,
    random: generator,
    noise: () => startingNoise(generator, latentShape(model, chosen.width, chosen.height), chosen),
  });
  const denoise = await steering(engine, chosen, sigmas, shown);
  const { prediction } = model;
  const last = yield* sample(denoise, x, sigmas, { noise: (shape) => generator.randn(shape), prediction });
  const latents = scale(last, sigmas.end);
  const pixels = pasted(await engine.decode(latents), chosen, chosen);
  return { pixels, latents, settings: chosen, notices: notices(model, chosen) };
}

/** The `Denoise` that follows a request's words, and its picture where the model is guided by one. */
async function steering(engine: Engine, chosen: Settings, sigmas: Sigmas, shown: Tensor | undefined): Promise<Denoise> {
  const { model } = engine;
  const { prompt, negative, steered } = words(model, chosen);
  const image = chosen.imageGuidance;
  const alone = !steered && image === undefined;
  const rows = alone ? prompt.ends.length : Math.max(prompt.ends.length, negative.ends.length);
  const options = { rows, clipSkip: chosen.clipSkip };
  const context = await engine.context(chosen.prompt ?? "", options);
  const { quality } = chosen;
  const asked = engine.denoise(context, sigmas, { shown, quality });
  if (alone) return asked;
  const nothing = await avoided(engine, chosen.negative ?? "", context, options);
  const without = engine.denoise(nothing, sigmas, { shown, quality });
  if (image !== undefined && shown) {
    const neither = engine.denoise(nothing, sigmas, { shown: zeros(shown.shape), quality });
    const sights = { both: asked, picture: without, neither };
    return guidedByPicture(sights, { words: chosen.guidance, image });
  }
  return guided(asked, without, {
    scale: chosen.guidance,
    rescale: chosen.rescale,
    prediction: model.prediction,
    ...(chosen.interval && { interval: chosen.interval }),
  });
}

/** The context of a negative prompt; where there is none, the model's own idea of nothing. */
const avoided = async (engine: Engine, negative: string, like: Context, options: ContextOptions): Promise<Context> =>
  engine.model.zeroNegative && negative === "" ? zeroContext(like) : engine.context(negative, options);

/** The noise that a picture grows from: that of its seed, on the way to that of its variation. */
function startingNoise(generator: Random, shape: Shape, { rng, variation }: Settings): Tensor {
  const noise = generator.randn(shape);
  if (!variation || variation.strength === 0) return noise;
  return slerp(noise, generators[rng](variation.seed).randn(shape), variation.strength);
}

/**
 * What drawing with these settings takes of memory, before it is begun; tracing the networks is all it costs.
 * @param memory bytes that a network may work with
 * @throws MemoryError with the estimate, when they are too few
 */
export function drawingNeeds(model: Model, chosen: Settings, memory?: number): Requirements {
  const { prompt, negative, steered } = words(model, chosen);
  const contexts = steered || chosen.imageGuidance !== undefined ? 2 : 1;
  const rows = contexts === 1 ? prompt.ends.length : Math.max(prompt.ends.length, negative.ends.length);
  const { width, height, quality } = chosen;
  const encodes = chosen.image !== undefined || earlier(model, chosen) !== undefined;
  return requirements(model, { width, height, contexts, rows, quality, encodes }, memory);
}

/** What is to be said about a request before it is drawn, one sentence each. */
export const notices = (
  model: Pick<Model, "name" | "task" | "texts" | "embeddings" | "defaults" | "fewSteps">,
  chosen: Settings,
): readonly string[] => [
  ...words(model, chosen).notices,
  ...guideNotices(chosen, chosen),
  ...qualityNotices(model, chosen),
  ...hiresNotices(model, chosen),
];

/** What a model reads of a request's words, whether they steer it away from anything, and what is to be said about that. */
export interface Words {
  readonly prompt: Encoding;
  readonly negative: Encoding;
  readonly steered: boolean;
  /** The names of the embeddings in them. */
  readonly embeddings: readonly string[];
  readonly notices: readonly string[];
}

/** Read the words of a request; costs nothing, so that notices can be shown before a picture is made. */
export function words(
  { texts: [{ tokenizer }], embeddings: known = [] }: Pick<Model, "texts" | "embeddings">,
  chosen: Pick<Settings, "prompt" | "negative" | "guidance">,
): Words {
  const prompt = tokenizer.encode(chosen.prompt ?? "");
  const negative = tokenizer.encode(chosen.negative ?? "");
  const steered = chosen.prompt !== undefined && chosen.guidance !== 1;
  const avoided = chosen.negative !== undefined && chosen.negative !== "";
  const why = chosen.prompt === undefined ? "without a prompt" : "at guidance 1";
  const notices = [
    ...prompt.notices,
    ...strayNames(`${chosen.prompt ?? ""} ${chosen.negative ?? ""}`, known),
    ...(avoided && steered ? negative.notices.map((notice) => `Negative prompt: ${notice}`) : []),
    ...(avoided && !steered ? [`The negative prompt has no effect ${why}.`] : []),
  ];
  const embeddings = [...new Set([...prompt.added, ...negative.added])];
  return { prompt, negative, steered, embeddings, notices };
}

function defined<T extends object>(object: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>;
  };
}
