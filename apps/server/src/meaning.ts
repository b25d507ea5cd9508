// Meaning: what pictures show, as vectors that words can be compared with. The engine's process finds them out, picture by picture
// as they come, and those of before when nothing else is to be done; the database keeps them.
import { type ClipModel, openClip } from "dreamgrain/node";
import type { Logger } from "pino";
import { type Engine, EngineCrashed } from "./engine/engine.ts";
import { Failed } from "./failures.ts";
import type { MeaningStore } from "./store/meanings.ts";
import type { Objects } from "./store/objects.ts";
import { vectors } from "./vectors.ts";

/** A picture that was found. */
export interface Found {
  /** Its number, and its file by then: numbers of pictures that are gone are used again. */
  readonly seq: number;
  readonly sha256: string;
  /** The cosine to what was searched for. */
  readonly score: number;
}

export interface Meaning {
  /** Whether pictures can be found by what they show; if not, why. */
  readonly available: boolean;
  readonly reason: string | null;
  /** Files of pictures that wait to be looked at. */
  readonly waiting: number;
  /** The file of a new picture is kept. */
  came(sha256: string): void;
  /** A text as a vector, and what is to be said about its words. @throws Failed when that cannot be had now, or ever */
  text(words: string): Promise<{ readonly vector: Float32Array; readonly notices: readonly string[] }>;
  /** The file of a picture as a vector, found out now if need be. @throws Failed */
  file(sha256: string): Promise<Float32Array>;
  /** Of the pictures with these numbers, those nearest to a vector, best first, and how many of them are not known yet. */
  nearest(to: Float32Array, seqs: readonly number[], most: number): Promise<{ found: Found[]; unseen: number }>;
  stop(): Promise<void>;
}

export interface MeaningOptions {
  readonly engine: Engine;
  readonly objects: Objects;
  readonly store: MeaningStore;
  readonly log: Logger;
}

/** A file that brings the engine down so often is left alone. */
const ATTEMPTS = 2;
/** Texts whose vectors are remembered: somebody types, and goes through pages. */
const REMEMBERED = 200;
/** Vectors read from the database in one go; the server answers others in between. */
const CHUNK = 500;
/** Milliseconds that a question waits for an engine that is being started. */
const PATIENCE = 10_000;
/** Milliseconds after something went wrong. */
const PAUSE = 200;

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** @param path of the model that compares texts and pictures; undefined where there is none */
export async function openMeaning(path: string | undefined, options: MeaningOptions): Promise<Meaning> {
  if (path === undefined)
    return closed("there is no model here that knows both words and pictures; install @dreamgrain/model-distance");
  try {
    return opened(path, await openClip(path), options);
  } catch (error) {
    options.log.error({ err: error }, "the model that compares texts and pictures cannot be used");
    return closed(`the model that knows both words and pictures cannot be used: ${(error as Error).message}`);
  }
}

/** Where nothing can be found by meaning. */
export function closed(reason: string): Meaning {
  const refuse = (): Promise<never> =>
    Promise.reject(new Failed("unavailable", `search by meaning: ${reason}; search by words instead`));
  return {
    ...{ available: false, reason, waiting: 0, came: () => {}, stop: async () => {} },
    ...{ text: refuse, file: refuse, nearest: refuse },
  };
}

function opened(path: string, clip: ClipModel, { engine, objects, store, log }: MeaningOptions): Meaning {
  const model = { path, hash: clip.hash };
  const known = vectors();
  /** The files of the pictures that were looked at. */
  const files = new Map<number, string>();
  const texts = new Map<string, Promise<Float32Array>>();
  const crashes = new Map<string, number>();
  let waiting: string[] = [];
  let stopping = false;
  let awake = (): void => {};
  let halt = (): void => {};
  const halted = new Promise<void>((resolve) => (halt = resolve));

  const learn = (seq: number, sha256: string, vector: Float32Array | null): void => {
    files.set(seq, sha256);
    if (vector) known.set(seq, vector);
    else known.delete(seq);
  };
  const keep = (sha256: string, vector: Float32Array | null): void => {
    for (const seq of store.keep(clip.hash, sha256, vector)) learn(seq, sha256, vector);
  };
  const load = async (): Promise<void> => {
    store.forgetOthers(clip.hash);
    for (let seq = 0; !stopping; await turn()) {
      const rows = store.after(clip.hash, seq, CHUNK);
      for (const { seq, sha256, vector } of rows) learn(seq, sha256, vector);
      seq = rows.at(-1)?.seq ?? seq;
      if (rows.length < CHUNK) break;
    }
  };
  const look = async (sha256: string, soon: boolean): Promise<Float32Array> => {
    const png = await objects.read(sha256, ".png");
    const vector = await engine.understand({ model, what: { png }, soon });
    keep(sha256, vector);
    return vector;
  };

  /** What became of a file that could not be looked at: another try, or never again. */
  const failed = (sha256: string, error: unknown): void => {
    if (stopping || (error as { code?: unknown }).code === "ENOENT") return; // a start finds out what is missing
    if (error instanceof Failed && error.code === "busy") waiting.unshift(sha256);
    else if (error instanceof EngineCrashed) {
      const count = (crashes.get(sha256) ?? 0) + (error.innocent ? 0 : 1);
      crashes.set(sha256, count);
      if (count < ATTEMPTS) {
        waiting.unshift(sha256);
        return;
      }
      log.error({ sha256 }, "a picture brings the engine down; it is not looked at again");
      keep(sha256, null);
    } else {
      log.error({ err: error, sha256 }, "a picture cannot be understood");
      keep(sha256, null);
    }
  };
  const loop = async (): Promise<void> => {
    while (!stopping) {
      const next = waiting.shift();
      if (next === undefined) {
        await new Promise<void>((resolve) => (awake = resolve));
        continue;
      }
      if (engine.state !== "ready") await Promise.race([engine.ready(), halted]);
      if (stopping) break;
      await look(next, false).catch((error: unknown) => {
        failed(next, error);
        return Promise.race([new Promise((resolve) => setTimeout(resolve, PAUSE)), halted]);
      });
    }
  };
  const loaded = load();
  const looping = loaded
    .then(() => {
      waiting = [...waiting, ...store.missing(clip.hash).filter((sha256) => !waiting.includes(sha256))];
      return loop();
    })
    .catch((error: unknown) => log.error({ err: error }, "pictures are not looked at any more"));

  const atHand = async (): Promise<void> => {
    if (engine.state === "ready") return;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      const busy = new Failed("busy", "the engine is being started; try again in a moment", { retryAfter: 2 });
      timer = setTimeout(() => reject(busy), PATIENCE);
    });
    await Promise.race([engine.ready(), late]).finally(() => clearTimeout(timer));
  };
  /** An engine that dies is followed by another; somebody waits, so it is asked once more. */
  const asked = async <T>(ask: () => Promise<T>): Promise<T> => {
    for (let attempt = 1; ; attempt++)
      try {
        await atHand();
        return await ask();
      } catch (error) {
        if (!(error instanceof EngineCrashed)) throw error;
        if (attempt >= ATTEMPTS) throw new Failed("busy", "the engine is being started again", { retryAfter: 2 });
      }
  };

  return {
    ...{ available: true, reason: null },
    get waiting() {
      return waiting.length;
    },
    came(sha256) {
      waiting.unshift(sha256);
      awake();
    },
    async text(words) {
      const vector = texts.get(words) ?? asked(() => engine.understand({ model, what: { text: words }, soon: true }));
      texts.delete(words); // so that the order is that of use
      texts.set(words, vector);
      vector.catch(() => texts.delete(words));
      for (const oldest of [...texts.keys()].slice(0, Math.max(0, texts.size - REMEMBERED))) texts.delete(oldest);
      return { vector: await vector, notices: clip.tokenizer.encode(words).notices };
    },
    file: (sha256) => asked(() => look(sha256, true)),
    async nearest(to, seqs, most) {
      await loaded;
      const found = known
        .nearest(to, seqs, most)
        .map(({ key, score }) => ({ seq: key, sha256: files.get(key) ?? "", score }));
      return { found, unseen: seqs.reduce((sum, seq) => sum + (files.has(seq) ? 0 : 1), 0) };
    },
    async stop() {
      stopping = true;
      halt();
      awake();
      await looping;
    },
  };
}
