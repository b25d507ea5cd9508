// The laboratory: the model that ships, fetched once when a chapter first wants it, and the worker that runs it.
import {
  type Embedder,
  type Engine,
  embedder,
  engine,
  fetchClip,
  fetchModel,
  type HostedRuntime,
  inWorker,
  type Model,
  type Picture,
  type Pixels,
  preview,
  type Request,
  type Step,
  type Tensor,
  textToImage,
  toPixels,
} from "dreamgrain/web";
import { create } from "zustand";

/** What chapters work with. */
export interface Lab {
  readonly model: Model;
  readonly engine: Engine;
  readonly runtime: HostedRuntime;
}

type Opening =
  | { readonly state: "closed" }
  /** Bytes fetched so far. */
  | { readonly state: "opening"; readonly loaded: number }
  | { readonly state: "open"; readonly lab: Lab }
  | { readonly state: "failed"; readonly why: string };

/** Where the studio's server has the model that ships. */
const ADDRESS = "/models/default";

/** Whether the model is there yet. */
export const useOpening = create<Opening>(() => ({ state: "closed" }));

/** Open the laboratory, if it is not open or opening. */
export async function openLab(): Promise<void> {
  const { state } = useOpening.getState();
  if (state === "open" || state === "opening") return;
  const files = new Map<string, number>();
  useOpening.setState({ state: "opening", loaded: 0 }, true);
  try {
    const model = await fetchModel(ADDRESS, {
      onDownload({ path, loaded }) {
        files.set(path, loaded);
        useOpening.setState({ state: "opening", loaded: [...files.values()].reduce((sum, bytes) => sum + bytes, 0) });
      },
    });
    const runtime = inWorker();
    useOpening.setState({ state: "open", lab: { model, runtime, engine: engine(model, runtime) } }, true);
  } catch (error) {
    useOpening.setState({ state: "failed", why: error instanceof Error ? error.message : String(error) }, true);
  }
}

/** What compares texts and pictures by what they mean, where the server has such a model. */
export async function openEye({ runtime }: Lab): Promise<Embedder | undefined> {
  const answer = await fetch("/models");
  const { models } = (await answer.json()) as { readonly models: readonly string[] };
  return models.includes("distance") ? embedder(await fetchClip("/models/distance"), runtime) : undefined;
}

/**
 * Draw step by step; `onStep` sees each before it is taken.
 * @throws the signal's reason, at the next step after it was aborted
 */
export async function drawing(
  { engine }: Lab,
  request: Request,
  signal: AbortSignal,
  onStep?: (step: Step) => void,
): Promise<Picture> {
  const walk = textToImage(engine, request);
  for (;;) {
    signal.throwIfAborted();
    const { done, value } = await walk.next();
    signal.throwIfAborted();
    if (done) return value;
    onStep?.(value);
  }
}

/** The first picture of a batch [b,3,h,w], to be shown. */
export function shown(pictures: Tensor): Pixels {
  const [first] = toPixels(pictures);
  if (!first) throw new RangeError("lab: there is no picture to show");
  return first;
}

/** Latents as colours, roughly: by the model's own matrix, or else their first three channels as red, green and blue. */
export function rough(model: Model, latents: Tensor): Pixels {
  const colours = preview(model, latents);
  if (colours) return shown(colours);
  const [, , height = 0, width = 0] = latents.shape;
  const data = latents.data.slice(0, 3 * height * width).map((x) => Math.max(-1, Math.min(1, x / 2)));
  return shown({ dtype: "f32", shape: [1, 3, height, width], data });
}

/** A new seed, short enough to be read aloud. */
export const newSeed = (): number => Math.floor(Math.random() * 10_000);
