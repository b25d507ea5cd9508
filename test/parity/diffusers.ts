// Parity of whole pictures with diffusers: the cases of reference/cases.json, against what diffusers computed for each.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { samplerNamed } from "../../src/diffusion/registry.ts";
import { type Pixels, pixels } from "../../src/image/pixels.ts";
import { type Engine, engine } from "../../src/pipelines/engine.ts";
import { openModel } from "../../src/pipelines/load.ts";
import { openEmbeddings } from "../../src/pipelines/open-embeddings.ts";
import { type Request, settings, textToImage } from "../../src/pipelines/text-to-image.ts";
import type { Runtime } from "../../src/runtime/runtime.ts";
import { scale, type Tensor, tensor } from "../../src/tensor/tensor.ts";
import { openSafetensors } from "../../src/weights/safetensors-file.ts";
import { relativeRms } from "../goldens.ts";
import { type TinyEmbedding, type TinyKind, writeTinyEmbedding } from "../tiny-model.ts";

/** One picture that both draw. */
export interface DiffusersCase {
  readonly name: string;
  readonly kind: TinyKind;
  readonly embeddings?: readonly TinyEmbedding[];
  readonly scheduler: Readonly<Record<string, unknown>>;
  readonly request: Request & { readonly steps: number; readonly width: number; readonly height: number };
  /** What is done with a picture; absent where there is none. */
  readonly task?: "image-to-image" | "inpaint" | "change";
  /** Where the picture is painted anew: left, top, right, bottom. */
  readonly mask?: readonly [left: number, top: number, right: number, bottom: number];
}

const at = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));

/** Where diffusers' numbers are kept, one file a case. */
export const kept = at("test/golden/diffusers");
export const casesFile = at("reference/cases.json");
export const diffusersCases = JSON.parse(readFileSync(casesFile, "utf8")) as readonly DiffusersCase[];

/** Relative rms errors allowed for tensors, and the share of pixels that may be further off than one of 255. */
export const allowed = { tensors: 1e-5, pixels: 1e-3 } as const;

/** How far a case is from diffusers: relative rms of each tensor, and the share of pixels more than one of 255 away. */
export interface DiffusersRow {
  readonly name: string;
  readonly text: number;
  readonly latents: number;
  readonly picture: number;
  readonly pixels: number;
}

/** The picture of every case that begins with one; reference/run.py paints the same. */
export const pictureOf = (width: number, height: number): Pixels =>
  painted(width, height, (x, y, c) => (4 * x + 3 * y + Math.floor((x * y) / 8) + 80 * c) % 256);

function painted(width: number, height: number, value: (x: number, y: number, c: number) => number): Pixels {
  const at = (i: number): number => value(Math.floor(i / 3) % width, Math.floor(i / 3 / width), i % 3);
  return pixels(
    width,
    height,
    3,
    Uint8Array.from({ length: 3 * width * height }, (_, i) => at(i)),
  );
}

/** The pictures that a case is guided by. */
function guideOf({ task, mask, request: { width, height } }: DiffusersCase): Pick<Request, "image" | "mask"> {
  if (!task) return {};
  const [left, top, right, bottom] = mask ?? [];
  const inside = (x: number, y: number): boolean => x >= left! && x < right! && y >= top! && y < bottom!;
  return {
    image: pictureOf(width, height),
    ...(mask && { mask: painted(width, height, (x, y) => (inside(x, y) ? 255 : 0)) }),
  };
}

/** Write the embeddings of a case as files in a folder; returns their paths. */
export const writeEmbeddings = (folder: string, { embeddings = [] }: DiffusersCase): Promise<string[]> =>
  Promise.all(embeddings.map((embedding) => writeTinyEmbedding(folder, embedding)));

/** Draw a case and compare. @param folder of the model @param embeddings their files */
export async function compareCase(
  c: DiffusersCase,
  folder: string,
  embeddings: readonly string[],
  runtime: Runtime,
): Promise<DiffusersRow> {
  const file = await openSafetensors(`${kept}/${c.name}.safetensors`);
  const read = async (name: string): Promise<Tensor | undefined> =>
    file.info(name) && ((await file.read(name)) as Tensor);
  const { model } = await openEmbeddings(await openModel(folder), embeddings);
  await using running = engine(model, runtime);
  const chosen = settings(model, { ...c.request, ...guideOf(c) });
  const { convention } = samplerNamed(chosen.sampler);

  // diffusers' latents after a step are our x at the next level, in whichever scale the scheduler keeps them.
  const after: Tensor[] = [];
  const drawing = textToImage(running, chosen);
  let next = await drawing.next();
  for (; !next.done; next = await drawing.next())
    if (next.value.index > 0) after.push(scale(next.value.x, convention.end(next.value.sigma)));
  const { latents } = next.value;
  const drawn = await running.decode(latents); // without the image, which diffusers does not paste back
  const [theirs, picture] = [(await read("latents"))!, (await read("picture"))!];
  const all = [...after, latents];
  const eight = (v: number): number => Math.round(255 * Math.min(1, Math.max(0, v / 2 + 0.5)));
  const off = drawn.data.filter((v, i) => Math.abs(eight(v) - eight(picture.data[i])) > 1).length;
  return {
    name: c.name,
    text: Math.max(...(await textErrors(running, c, read))),
    latents: Math.max(
      ...all.map(({ data }, i) => relativeRms(data, theirs.data.subarray(i * data.length, (i + 1) * data.length))),
    ),
    picture: relativeRms(drawn.data, picture.data),
    pixels: off / drawn.data.length,
  };
}

async function textErrors(
  running: Engine,
  { request: { prompt = "", negative, clipSkip = 1 } }: DiffusersCase,
  read: (name: string) => Promise<Tensor | undefined>,
): Promise<number[]> {
  const asked = await running.context(prompt, { clipSkip });
  const errors = [relativeRms(asked.tokens.data, (await read("prompt"))!.data)];
  const pooled = await read("prompt pooled");
  if (pooled) errors.push(relativeRms((asked.pooled ?? tensor([], [0])).data, pooled.data));
  if (negative === undefined) return errors;
  const avoided = await running.context(negative);
  errors.push(relativeRms(avoided.tokens.data, (await read("negative"))!.data));
  return errors;
}
