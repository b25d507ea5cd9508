// The engine's process: opens models, draws pictures, tells of each step, says what texts and pictures mean. It does one thing
// at a time and may be killed.
import { Worker } from "node:worker_threads";
import {
  availableMemory,
  decodePng,
  type Engine,
  encodePng,
  engine,
  type Model,
  openModel,
  ortNode,
  type Pixels,
  pictureText,
  preview,
  type Runtime,
  resize,
  type Step,
  textToImage,
  toPixels,
} from "dreamgrain/node";
import { libraryRequest } from "../plan.ts";
import { openEye } from "./eye.ts";
import { Changed, type Drawing, type FailureCode, type FromEngine, type ToEngine, type Took } from "./protocol.ts";

/** Weights beyond which nothing is drawn before somebody asks for it. */
const QUICK = 3e8;
/** The longest side of a preview. */
const PREVIEW = 160;
/** A preview is decoded if that takes fewer seconds than this, or less of a step; else it is the model's rough one. */
const CHEAP = { seconds: 0.05, share: 0.5 };

const say = (message: FromEngine): void => {
  process.send?.(message);
};
/** Lets what was said meanwhile be heard. */
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

let runtime: Runtime | undefined;
/** `decodes`: seconds that decoding took at its best. */
let open: { readonly path: string; readonly drawer: Engine; decodes: number } | undefined;
const cancelled = new Set<string>();

const running = async (): Promise<Runtime> => (runtime ??= await ortNode({ spinning: false })); // the gateway needs the cores too
const eye = openEye(running);
/** What is to be done between steps. */
const soon: (() => Promise<void>)[] = [];
const attend = async (): Promise<void> => {
  for (let act = soon.shift(); act; act = soon.shift()) await act();
};

/** The model, opened if another one or none was. */
async function opened({ path, hash }: Drawing["model"]): Promise<NonNullable<typeof open>> {
  if (open?.path === path && open.drawer.model.hash === hash) return open;
  const before = open;
  open = undefined;
  await before?.drawer[Symbol.asyncDispose]();
  const model: Model = await openModel(path);
  if (model.hash !== hash)
    throw new Changed(
      `the model ${model.name} is now another one (${model.hash}) than when this was asked for (${hash})`,
    );
  open = {
    path,
    drawer: engine(model, await running(), { memory: availableMemory() }),
    decodes: Number.POSITIVE_INFINITY,
  };
  return open;
}

const seconds = (since: number): number => (performance.now() - since) / 1000;

/** What the picture would be now, as a small PNG; undefined where that cannot be said cheaply. */
async function previewOf(place: NonNullable<typeof open>, step: Step, each: number): Promise<Uint8Array | undefined> {
  const { drawer } = place;
  let shown: Pixels | undefined;
  if (place.decodes < Math.max(CHEAP.seconds, CHEAP.share * each)) {
    const began = performance.now();
    [shown] = toPixels(await drawer.decode(step.denoised));
    place.decodes = Math.min(place.decodes, seconds(began));
  } else {
    const rough = preview(drawer.model, step.denoised);
    shown = rough && toPixels(rough)[0];
  }
  if (!shown) return undefined;
  const share = PREVIEW / Math.max(shown.width, shown.height);
  const side = (length: number): number => Math.max(1, Math.round(length * share));
  return encodePng(share < 1 ? resize(shown, side(shown.width), side(shown.height)) : shown, { level: 3 });
}

async function draw(id: string, { model, settings, image, mask }: Drawing): Promise<FromEngine> {
  const place = await opened(model);
  say({ kind: "beat" });
  const walk = textToImage(place.drawer, {
    ...libraryRequest(settings),
    ...(image && { image: decodePng(image).picture }),
    ...(mask && { mask: decodePng(mask).picture }),
  });
  const began = performance.now();
  let first = began;
  let last = began;
  for (let taken = 0; ; ) {
    await turn();
    await attend();
    if (cancelled.delete(id)) {
      await walk.return(undefined as never);
      return { kind: "cancelled", id };
    }
    const { done, value } = await walk.next();
    if (done) {
      const [pixels] = toPixels(value.pixels);
      if (!pixels) throw new Error("engine: no picture came out");
      const png = encodePng(pixels, { text: pictureText(place.drawer.model, value.settings) });
      const step = taken > 1 ? (last - first) / 1000 / (taken - 1) : undefined;
      const took = step === undefined ? undefined : { step, rest: Math.max(0.001, seconds(began) - step * taken) };
      return { kind: "done", id, png, took };
    }
    const now = performance.now();
    const each = (now - last) / 1000;
    if (taken === 0) first = now;
    last = now;
    taken++;
    const memory = process.memoryUsage.rss();
    say({
      kind: "step",
      id,
      step: value.index + 1,
      steps: value.steps,
      preview: await previewOf(place, value, each),
      memory,
    });
  }
}

/** Open a model and, if it is small, draw a little with it, so that its networks are compiled and their times known. */
async function prepare(model: Drawing["model"]): Promise<Took | undefined> {
  const place = await opened(model);
  say({ kind: "beat" });
  const { weights, defaults, fewSteps } = place.drawer.model;
  let bytes = 0;
  for (const part of [weights.unet, weights.vae])
    for (const name of part.names()) bytes += 4 * (part.info(name)?.shape.reduce((a, b) => a * b, 1) ?? 0);
  if (bytes > QUICK) return undefined;
  const times: number[] = [];
  const short = fewSteps ? {} : { steps: Math.min(4, defaults.steps) };
  const walk = textToImage(place.drawer, { prompt: "a", seed: 0, ...short });
  for (;;) {
    const { done, value } = await walk.next();
    times.push(performance.now());
    if (done) break;
    const began = performance.now();
    await place.drawer.decode(value.denoised);
    place.decodes = Math.min(place.decodes, seconds(began));
  }
  const [a, b, c] = times.slice(-3);
  return a && b && c ? { step: Math.max(0.001, (b - a) / 1000), rest: Math.max(0.001, (c - b) / 1000) } : undefined;
}

function failure(id: string, error: unknown): FromEngine {
  const { name, message } = error instanceof Error ? error : new Error(`${error}`);
  const codes: Readonly<Record<string, FailureCode>> = {
    RangeError: "invalid",
    MemoryError: "out_of_memory",
    Changed: "model_changed",
    ModelError: "model_changed",
  };
  return { kind: "failed", id, code: codes[name] ?? "internal", message };
}

let work = Promise.resolve();
process.on("message", (message: ToEngine) => {
  if (message.kind === "cancel") cancelled.add(message.id);
  else if (message.kind === "open")
    work = work.then(async () => say({ kind: "ready", took: await prepare(message.model) }));
  else if (message.kind === "understand") {
    const { id } = message;
    const look = async (): Promise<void> => {
      say({ kind: "looking", id });
      say(
        await eye(message).then(
          (vector): FromEngine => ({ kind: "understood", id, vector }),
          (error: unknown) => failure(id, error),
        ),
      );
    };
    if (message.soon) soon.push(look);
    work = work.then(message.soon ? attend : look);
  } else {
    const { kind: _, id, ...drawing } = message;
    work = work.then(async () => {
      const outcome = await draw(id, drawing).catch((error: unknown) => failure(id, error));
      cancelled.delete(id);
      say(outcome);
    });
  }
});

// Ctrl-C reaches every process of a terminal; the gateway decides what it means.
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => {});
process.on("disconnect", () => process.exit(0));

// A run blocks this thread, which then cannot see the gateway die. Another thread can.
const watch = `
const parent = process.ppid;
setInterval(() => { if (process.ppid !== parent) process.kill(process.pid, "SIGKILL"); }, 500);`;
new Worker(watch, { eval: true }).unref();
