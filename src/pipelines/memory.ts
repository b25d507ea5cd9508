// Memory: what drawing takes, known before it begins, and networks that are kept only while that is cheap.
import { liveBytes, widenedBytes } from "../graph/memory.ts";
import type { Graph } from "../graph/trace.ts";
import { vaeDecoderGraph, vaeEncoderGraph, vaeFactor } from "../models/vae.ts";
import { EngineDied } from "../runtime/calls.ts";
import type { Program, Runtime } from "../runtime/runtime.ts";
import { bytesPer } from "../tensor/dtype.ts";
import { type Shape, size } from "../tensor/tensor.ts";
import type { Weights } from "../weights/weights.ts";
import type { Model } from "./model.ts";
import { type Quality, unetOf } from "./quality.ts";

/** Bytes that a network takes while it runs. */
export interface Need {
  /** Its weights, mapped from their files: memory that the system takes back when it is short. */
  readonly weights: number;
  /** What it computes with. */
  readonly working: number;
}

/** ONNX Runtime's allocator doubles what it asks the system for, and so holds more than it uses. */
const SLACK = 1.5;

/** Bytes of widened weights up to which a network is repacked always: it takes little memory, and decoding a fifth less time. */
const SMALL = 256e6;

const wideBytes = ({ params }: Graph<string, string>): number =>
  [...params.values()].reduce((sum, { shape }) => sum + 4 * size(shape), 0);

/** Whether a network's weights are repacked as they are loaded. */
export const repacked = (graph: Graph<string, string>, fast = false): boolean => fast || wideBytes(graph) <= SMALL;

/** What running a graph on these weights takes; `npm run bench:sd` sets it beside what is measured. */
export function needOf(graph: Graph<string, string>, weights: Weights, fast = false): Need {
  const width = (name: string): number => bytesPer[weights.info(name)?.dtype ?? "f32"];
  const wide = repacked(graph, fast) ? wideBytes(graph) : widenedBytes(graph, (name) => width(name) < 4);
  return {
    weights: [...graph.params].reduce((sum, [name, { shape }]) => sum + size(shape) * width(name), 0),
    working: SLACK * liveBytes(graph) + wide,
  };
}

/** Drawing would take more memory than there is. */
export class MemoryError extends Error {
  override readonly name = "MemoryError";
}

/** Bytes in the unit that suits them: `1.2 kB`, `39 MB`, `2.7 GB`. */
export function showBytes(count: number): string {
  const units = ["bytes", "kB", "MB", "GB", "TB"];
  let unit = 0;
  let value = count;
  for (; value >= 1000 && unit < units.length - 1; unit++) value /= 1000;
  return `${value < 10 && unit > 0 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
}

/**
 * Whether a network may run in the memory at hand.
 * @throws MemoryError with the estimate, and what to do
 */
export function afford(what: string, { working }: Need, memory: number): void {
  if (working <= memory) return;
  throw new MemoryError(
    `memory: ${what} would take about ${showBytes(working)}, and ${showBytes(memory)} are free. Choose a smaller size, or close other programs.`,
  );
}

/** Sides of tiles, in latents, largest first. */
const TILES = [128, 96, 64, 48, 32] as const;

/**
 * The side of the tiles, in latents, that a batch of latents is to be decoded in, one picture after another: as large as they
 * are, if that is enough. Undefined where the batch can be decoded whole.
 */
export function tileSide(
  { specs, weights, choices }: Pick<Model, "specs" | "weights" | "choices">,
  [batch, , height, width]: Shape,
  memory: number,
): number | undefined {
  const fits = (graph: Graph<string, string>): boolean => needOf(graph, weights.vae, choices?.fast).working <= memory;
  if (fits(vaeDecoderGraph(specs.vae, batch, height, width))) return undefined;
  const smaller = [Math.max(height, width), ...TILES.filter((side) => side < height || side < width)];
  return (
    smaller.find((side) => fits(vaeDecoderGraph(specs.vae, 1, Math.min(side, height), Math.min(side, width)))) ??
    smaller.at(-1)
  );
}

/** What drawing takes at its most, part by part. */
export interface Requirements {
  readonly parts: readonly (Need & { readonly name: string })[];
  /** Bytes of the part that needs most, weights included. */
  readonly most: number;
  /** The side of the tiles that the picture is decoded in, in pixels; absent when it is decoded whole. */
  readonly tiles?: number;
}

/** What of a drawing decides how much memory it takes. */
export interface Drawn {
  /** Pixels. */
  readonly width: number;
  readonly height: number;
  /** 2 where guidance asks for the picture with and without the words, else 1. */
  readonly contexts: number;
  /** Rows of tokens. */
  readonly rows: number;
  /** best unless told. */
  readonly quality?: Quality;
  /** Whether it begins with a picture. */
  readonly encodes?: boolean;
}

/**
 * What a picture takes, before it is begun.
 * @throws MemoryError when a part of it cannot fit
 */
export function requirements(
  model: Pick<Model, "specs" | "weights" | "texts" | "choices" | "fewSteps">,
  { width, height, contexts, rows, quality = "best", encodes = false }: Drawn,
  memory = Number.POSITIVE_INFINITY,
): Requirements {
  const { specs, weights, texts, choices } = model;
  const factor = vaeFactor(specs.vae);
  const size = { height: height / factor, width: width / factor };
  const tokens = rows * texts[0].tokenizer.length;
  const side = tileSide(model, [1, specs.vae.latentChannels, size.height, size.width], memory);
  const tile = (length: number): number => Math.min(length, side ?? length);
  const at = `${width}x${height}`;
  const unet = unetOf(model, quality);
  const drawn = unet.graph({ batch: contexts, samples: 1, ...size, tokens });
  const decoder = vaeDecoderGraph(specs.vae, 1, tile(size.height), tile(size.width));
  const parts = [
    { name: `the U-Net at ${at}`, ...needOf(drawn, unet.weights, choices?.fast) },
    { name: `decoding ${at}`, ...needOf(decoder, weights.vae, choices?.fast) },
    ...(encodes
      ? [
          {
            name: `encoding ${at}`,
            ...needOf(vaeEncoderGraph(specs.vae, 1, height, width), weights.vae, choices?.fast),
          },
        ]
      : []),
  ];
  for (const part of parts) afford(part.name, part, memory);
  const most = Math.max(...parts.map((part) => part.weights + part.working));
  return { parts, most, ...(side !== undefined && { tiles: side * factor }) };
}

/** Networks compiled on demand. */
export interface Programs extends AsyncDisposable {
  /** Use the program of this key, compiled when it is not at hand, alive until `work` is done. Errors call it by its key. */
  use<T>(
    key: string,
    graph: () => Graph<string, string>,
    weights: Weights,
    work: (program: Program) => Promise<T>,
  ): Promise<T>;
}

/** Bytes that networks which are not in use may take together. Small models stay whole; of large ones each part makes room for the next. */
const KEPT = 1e9;

interface Kept {
  readonly program: Promise<Program>;
  readonly bytes: number;
  users: number;
}

/**
 * Programs on a runtime, those used longest ago released first.
 * @param memory bytes that one network may work with
 * @param fast whether large networks are repacked too
 */
export function programs(runtime: Runtime, memory: number, fast = false): Programs {
  const all = new Map<string, Kept>();
  const release = async ({ program }: Kept): Promise<void> => {
    const compiled = await program.catch(() => undefined);
    await compiled?.[Symbol.asyncDispose]();
  };
  /** Releases what has not been used for longest, until the rest and `more` bytes are few enough. */
  const makeRoom = async (more: number): Promise<void> => {
    let sum = more;
    for (const { bytes } of all.values()) sum += bytes;
    const going: Kept[] = [];
    for (const [key, kept] of all) {
      if (sum <= KEPT) break;
      if (kept.users > 0) continue;
      all.delete(key);
      going.push(kept);
      sum -= kept.bytes;
    }
    for (const kept of going) await release(kept);
  };
  return {
    async use(key, graph, weights, work) {
      let kept = all.get(key);
      if (!kept) {
        const drawn = graph();
        const need = needOf(drawn, weights, fast);
        afford(key, need, memory);
        const bytes = need.weights + need.working;
        const program = makeRoom(bytes).then(() => runtime.compile(drawn, weights, { repack: repacked(drawn, fast) }));
        kept = { program, bytes, users: 0 };
      }
      all.delete(key); // so that the order is that of use
      all.set(key, kept);
      kept.users++;
      try {
        return await work(await kept.program);
      } catch (error) {
        if (error instanceof EngineDied)
          all.clear(); // it took every program with it; what is wanted is compiled anew
        else if (all.get(key) === kept && (await kept.program.then(() => false).catch(() => true))) all.delete(key);
        throw error;
      } finally {
        kept.users--;
      }
    },
    async [Symbol.asyncDispose]() {
      const every = [...all.values()];
      all.clear();
      for (const kept of every) await release(kept);
    },
  };
}
