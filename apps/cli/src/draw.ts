// dreamgrain "words": draw pictures and write them where they should go.
import {
  availableMemory,
  contactSheet,
  drawingNeeds,
  type Engine,
  embedder,
  encodePng,
  type Model,
  notices as noticesOf,
  type Picture,
  type Pixels,
  pictureText,
  type Request,
  type Settings,
  settings,
  showBytes,
  type Tensor,
  textToImage,
  toPixels,
  walk,
  words,
} from "dreamgrain/node";
import { pictureIn } from "./again.ts";
import { type EmbeddingFlags, withNamed } from "./embeddings.ts";
import { asUsage } from "./errors.ts";
import { type ModelFlags, openEye, openNamed, withEngine } from "./host.ts";
import { numbered, type Place, placeOf, slug, writePicture } from "./picture-file.ts";
import { type Display, display, spell } from "./progress.ts";
import { type DrawFlags, jobOf } from "./request.ts";
import { scoreNotices, scoreOf } from "./score.ts";

/** What is said about pictures, and how. */
export interface OutputFlags {
  readonly output?: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly stepsStrip?: boolean;
  readonly score?: boolean;
}

/** The command `dreamgrain "words"`. */
export async function draw(
  text: string[],
  flags: DrawFlags & OutputFlags & ModelFlags & EmbeddingFlags,
): Promise<void> {
  jobOf(text, flags); // what is wrong with the options is said before files are read
  const { requests, notices } = jobOf(text, flags, await guideOf(flags));
  const place = await outputOf(flags, requests.length);
  const { model, notices: more } = await withNamed(await openNamed(flags), flags, requests[0]);
  await drawAll(model, requests, place, flags, [...notices, ...more]);
}

/** The pictures of `--image` and `--mask`. */
async function guideOf({ image, mask }: DrawFlags): Promise<Pick<Request, "image" | "mask">> {
  return {
    ...(image !== undefined && { image: await pictureIn(image) }),
    ...(mask !== undefined && { mask: await pictureIn(mask) }),
  };
}

/** The place of `-o`, when `--json` has not taken stdout already. */
export async function outputOf({ output, json }: OutputFlags, count = 1): Promise<Place> {
  return placeOf(
    asUsage(() => oneOwner(output, json)),
    count,
  );
}

function oneOwner(output: string | undefined, json: boolean | undefined): string | undefined {
  if (json && output === "-") throw new RangeError("--json and -o - both want stdout; name a file or a folder");
  return output;
}

/** Bytes of memory below which nobody asks. */
const WORTH_SAYING = 1e9;

/** Draw one picture after another; each is written as soon as it is done. */
export async function drawAll(
  model: Model,
  requests: readonly Request[],
  place: Place,
  flags: OutputFlags,
  notices: readonly string[] = [],
): Promise<void> {
  const all = requests.map((request) => asUsage(() => checked(model, request)));
  const needs = all.map((chosen) => drawingNeeds(model, chosen, availableMemory()));
  const judge = flags.score ? await openEye(undefined) : undefined;
  const screen = display(model, all[0] ?? model.defaults, flags.quiet);
  const saved: string[] = [];
  const left = (): string => (saved.length > 0 ? `saved ${saved.join(", ")}` : "nothing was saved");
  const said = [...notices, ...(all[0] ? noticesOf(model, all[0]) : [])];
  if (judge && all[0]) said.push(...scoreNotices(judge, all[0], said));
  for (const notice of said) screen.say(notice);
  const most = Math.max(0, ...needs.map((need) => need.most));
  if (most > WORTH_SAYING) screen.say(`takes about ${showBytes(most)} of memory`);
  const tiles = needs.find((need) => need.tiles !== undefined)?.tiles;
  if (tiles !== undefined) screen.say(`decoded in tiles of ${tiles} pixels, because memory is short for the whole`);
  try {
    await withEngine(model, left, async (engine, runtime) => {
      const eye = judge && embedder(judge, runtime, { memory: availableMemory() });
      for (const [i, chosen] of all.entries()) {
        screen.begin(all.length > 1 ? `${i + 1}/${all.length} ` : "");
        const started = performance.now();
        const { pixels, png, steps } = await drawOne(engine, chosen, screen, flags.stepsStrip ?? false);
        const target = all.length > 1 ? numbered(place, `${chosen.seed}`) : place;
        const path = await writePicture(target, slug(chosen.prompt, chosen.seed), png);
        saved.push(path);
        screen.end(pixels);
        const seconds = (performance.now() - started) / 1000;
        const score = eye && (await scoreOf(eye, chosen, pixels));
        const scored = score === undefined ? "" : ` · score ${score.toFixed(3)}`;
        const size = `${chosen.width}x${chosen.height}`;
        screen.say(`seed ${chosen.seed} · ${size} · ${steps} steps · ${spell(seconds)}${scored}`);
        if (flags.json) print(JSON.stringify({ ...report(path, chosen, model, seconds, said), score }));
        else if (path !== "-") print(path);
      }
    });
  } finally {
    screen.close();
  }
}

/** The settings of a request that the model can walk. @throws RangeError */
function checked(model: Model, request: Request): Settings {
  const chosen = settings(model, request);
  walk(model, chosen);
  return chosen;
}

/** One picture, or the strip of it, as pixels and as a PNG that remembers the request. */
export async function drawOne(
  engine: Engine,
  chosen: Settings,
  screen: Pick<Display, "step">,
  strip: boolean,
): Promise<{ readonly pixels: Pixels; readonly png: Uint8Array; readonly steps: number }> {
  const kept: Tensor[] = [];
  const drawing = textToImage(engine, chosen);
  let next = await drawing.next();
  const steps = next.done ? 0 : next.value.steps; // fewer than asked for, from an image
  const picks = new Set(strip ? stripSteps(steps) : []);
  for (; !next.done; next = await drawing.next()) {
    screen.step(next.value);
    if (picks.has(next.value.index)) kept.push(next.value.denoised);
  }
  const picture: Picture = next.value;
  const [last] = toPixels(picture.pixels);
  const text = pictureText(engine.model, chosen, strip);
  if (!strip) return { pixels: last!, png: encodePng(last!, { text }), steps };
  const frames: Pixels[] = [];
  for (const latents of kept.slice(0, -1)) frames.push(...toPixels(await engine.decode(latents)));
  const sheet = contactSheet([...frames, last!], { columns: frames.length + 1 });
  return { pixels: last!, png: encodePng(sheet, { text }), steps };
}

/** The steps of a strip: eight, or all where there are fewer, evenly from the first to the last. */
export const stripSteps = (steps: number, most = 8): number[] => {
  const count = Math.min(most, steps);
  return Array.from({ length: count }, (_, i) => (count === 1 ? 0 : Math.round((i * (steps - 1)) / (count - 1))));
};

function report(path: string, chosen: Settings, model: Model, seconds: number, notices: readonly string[]): object {
  const seed = typeof chosen.seed === "bigint" ? `${chosen.seed}` : chosen.seed;
  const { name, hash } = model;
  const { image, mask, ...plain } = chosen;
  const pictures = { ...(image && { image: image.name }), ...(mask && { mask: mask.name }) };
  const { embeddings } = words(model, chosen);
  const used = embeddings.length > 0 ? { embeddings } : {};
  return {
    path,
    ...plain,
    ...pictures,
    ...used,
    seed,
    model: { name, hash },
    seconds: Number(seconds.toFixed(3)),
    notices,
  };
}

/** A result: a line on stdout. */
export function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
