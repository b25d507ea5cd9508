// Arguments to a request: every text that a person typed, checked before anything is loaded or drawn.
import { HIRES, type Quality, qualities, type Request, rngNames, type Seed, seedOf } from "dreamgrain";
import { UsageError } from "./errors.ts";

/** The options of drawing, as typed. */
export interface DrawFlags {
  readonly negative?: string;
  readonly seed?: string;
  readonly size?: string;
  readonly batch?: string;
  readonly unguided?: boolean;
  readonly hires?: boolean;
  readonly quality?: string;
  readonly steps?: string;
  readonly guidance?: string;
  readonly sampler?: string;
  readonly schedule?: string;
  readonly clipSkip?: string;
  readonly rng?: string;
  readonly variationSeed?: string;
  readonly variationStrength?: string;
  readonly image?: string;
  readonly mask?: string;
  readonly strength?: string;
  readonly imageGuidance?: string;
}

/** What is to be drawn: pictures that differ in their seeds alone. */
export interface Job {
  readonly requests: readonly Request[];
  readonly notices: readonly string[];
}

/** The most pictures of one command. */
const MOST = 10_000;

/**
 * Read the arguments.
 * @throws UsageError naming the option, what was given and what was expected
 */
export function jobOf(words: readonly string[], flags: DrawFlags, guide: Pick<Request, "image" | "mask"> = {}): Job {
  const text = words.join(" ");
  if (flags.unguided && text !== "")
    throw new UsageError(`--unguided draws without words, and "${text.slice(0, 40)}" was given; leave one of them out`);
  const empty = !flags.unguided && text.trim() === "";
  const prompt = flags.unguided || empty ? undefined : text;
  const first = flags.seed === undefined ? Math.floor(Math.random() * 2 ** 32) : seed(flags.seed);
  for (const option of ["mask", "strength", "imageGuidance"] as const)
    if (flags[option] !== undefined && flags.image === undefined && !(option === "strength" && flags.hires))
      throw new UsageError(
        `${option === "imageGuidance" ? "--image-guidance" : `--${option}`} needs --image, a PNG to begin with`,
      );
  const strength = flags.strength === undefined ? undefined : number("--strength", flags.strength);
  const shared = {
    ...guide,
    ...(!flags.hires && strength !== undefined && { strength }),
    ...(flags.imageGuidance !== undefined && { imageGuidance: number("--image-guidance", flags.imageGuidance) }),
    ...(prompt !== undefined && { prompt }),
    ...(flags.negative !== undefined && { negative: flags.negative }),
    ...(flags.size !== undefined && size(flags.size)),
    ...(flags.hires && { hires: strength ?? HIRES }),
    ...(flags.quality !== undefined && { quality: qualityNamed(flags.quality) }),
    ...(flags.steps !== undefined && { steps: whole("--steps", flags.steps) }),
    ...(flags.guidance !== undefined && { guidance: number("--guidance", flags.guidance) }),
    ...(flags.sampler !== undefined && { sampler: flags.sampler }),
    ...(flags.schedule !== undefined && { schedule: flags.schedule }),
    ...(flags.clipSkip !== undefined && { clipSkip: whole("--clip-skip", flags.clipSkip) }),
    ...(flags.rng !== undefined && { rng: rngOf(flags.rng) }),
    ...variation(flags),
  };
  const count = flags.batch === undefined ? 1 : whole("--batch", flags.batch);
  if (count < 1 || count > MOST)
    throw new UsageError(`--batch ${flags.batch}: expected a whole number from 1 to ${MOST}`);
  return {
    requests: Array.from({ length: count }, (_, i) => ({ ...shared, seed: later(first, i) })),
    notices:
      empty && !(guide.image && words.length === 0)
        ? ["The prompt is empty, so nothing guides the picture (--unguided says so without this notice)."]
        : [],
  };
}

/** A variation has a seed and a strength; one of them is not enough. */
function variation({ variationSeed, variationStrength }: DrawFlags): Pick<Request, "variation"> {
  if (variationSeed === undefined && variationStrength === undefined) return {};
  if (variationSeed === undefined || variationStrength === undefined)
    throw new UsageError("--variation-seed and --variation-strength go together; give both, or neither");
  const strength = number("--variation-strength", variationStrength);
  return { variation: { seed: seed(variationSeed, "--variation-seed"), strength } };
}

const qualityNamed = (text: string): Quality => {
  const found = qualities.find((name) => name === text.toLowerCase());
  if (found) return found;
  throw new UsageError(`--quality ${shown(text)}: expected ${qualities.join(" or ")}`);
};

const rngOf = (text: string): NonNullable<Request["rng"]> => {
  const found = rngNames.find((name) => name === text.toLowerCase());
  if (found) return found;
  throw new UsageError(`--rng ${shown(text)}: expected ${rngNames.join(", ")}`);
};

/** The seed `i` after another, exact beyond 2⁵³ too. */
function later(seed: Seed, i: number): Seed {
  const next = BigInt(seed) + BigInt(i);
  return Number.isSafeInteger(Number(next)) ? Number(next) : next;
}

/** A seed as typed. */
export function seed(text: string, option = "--seed"): Seed {
  const read = seedOf(text.trim());
  if (read === undefined) throw new UsageError(`${option} ${shown(text)}: expected a whole number, such as 7 or -7`);
  return read;
}

/** A whole number as typed. */
export function whole(option: string, text: string): number {
  if (!/^[+-]?\d{1,9}$/.test(text.trim())) throw new UsageError(`${option} ${shown(text)}: expected a whole number`);
  return Number(text);
}

function number(option: string, text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value))
    throw new UsageError(`${option} ${shown(text)}: expected a number, such as 3 or 7.5`);
  return value;
}

function size(text: string): { width: number; height: number } {
  const match = /^(\d{1,6})(?:[x×*](\d{1,6}))?$/i.exec(text.trim());
  if (!match) throw new UsageError(`--size ${shown(text)}: expected width x height in pixels, such as 64x64`);
  return { width: Number(match[1]), height: Number(match[2] ?? match[1]) };
}

const shown = (text: string): string => JSON.stringify(text.length > 40 ? `${text.slice(0, 39)}…` : text);
