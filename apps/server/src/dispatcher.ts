// The dispatcher: takes jobs from the queue to the engine, keeps what comes out, and settles what is owed. One at a time.

import { pictureAnswer } from "./answers.ts";
import type { Job, Progress, Source } from "./contract.ts";
import { EngineCrashed } from "./engine/engine.ts";
import type { Drawing } from "./engine/protocol.ts";
import { Failed, failureOf } from "./failures.ts";
import { newId } from "./ids.ts";
import type { KnownModel } from "./models.ts";
import type { Parts } from "./parts.ts";
import { owed, type Plan, pixelsOf, planOf, settingsAt, shareOf } from "./plan.ts";
import type { Queue } from "./queue.ts";
import type { JobRow } from "./store/jobs.ts";
import type { PictureRow } from "./store/pictures.ts";

/** A job that brings the engine down so often is not tried again. */
const ATTEMPTS = 2;

export interface Dispatcher {
  /** Stop a running job before its next step. */
  cancel(id: string): void;
  /** There may be something to do. */
  wake(): void;
  /** Take nothing new; let what runs go on for so many milliseconds, then put it back. */
  stop(patience: number): Promise<void>;
}

/** @param describe a job as it is told to listeners */
export function startDispatcher(parts: Parts, queue: Queue, describe: (row: JobRow) => Job): Dispatcher {
  const { db, jobs, pictures, ledger, objects, hub, models, estimates, engine, log, passing } = parts;
  let stopping = false;
  let awake = (): void => {};
  let running: { readonly id: string; readonly abort: AbortController } | undefined;

  const tell = (id: string): void => {
    const row = jobs.get(id);
    if (!row) return;
    hub.publish(row.account, id, "job", describe(row));
    if (row.charged !== null && parts.accounts)
      hub.publish(row.account, undefined, "balance", ledger.balance(row.account));
  };
  const end = (row: JobRow, how: Parameters<typeof jobs.end>[1]): void => {
    db.transaction(() => {
      jobs.end(row.id, how);
      ledger.settle(row.account, row.id, how.charged);
      passing("ending");
    });
    passing("ended");
  };

  /** The bytes of a picture to draw from. */
  const read = async (source: Source | undefined): Promise<Uint8Array | undefined> => {
    if (!source) return undefined;
    const hash = "upload" in source ? pictures.upload(source.upload)?.sha256 : pictures.get(source.picture)?.sha256;
    if (hash === undefined) throw new Failed("invalid", "the picture to begin with is not there any more");
    return objects.read(hash, ".png");
  };

  async function draw(row: JobRow, known: KnownModel, { work, passes }: Plan, signal: AbortSignal): Promise<void> {
    const { id, count, steps, settings } = row;
    if (known.model.hash !== row.modelHash)
      throw new Failed("model_changed", `the model "${known.id}" is another one now than when this was asked for`);
    const [image, mask] = await Promise.all([read(settings.image), read(settings.mask)]);
    const each = estimates.seconds(known, work);
    const begun = pictures.ofJob(id).length;
    const started = performance.now();
    let done = begun;
    let taken = 0;
    const say = (step: number, secondsLeft: number, preview?: Uint8Array): void => {
      taken = step;
      const progress: Progress = {
        ...{ picture: done, step, steps, secondsLeft },
        done: (done + shareOf(passes, step)) / count,
      };
      queue.running = { job: row, progress, preview };
      hub.publish(row.account, id, "progress", { job: id, progress });
    };
    while (done < count) {
      const began = performance.now();
      let first = began;
      const later = (count - done - 1) * each;
      say(0, each + later);
      const chosen = settingsAt(settings, done);
      const drawing: Drawing = {
        model: { path: known.path, hash: row.modelHash },
        settings: chosen,
        ...(image && { image }),
        ...(mask && { mask }),
      };
      const picture = done;
      const drawn = await engine.draw(
        `${id}-${picture}`,
        drawing,
        ({ step, steps: of, preview }) => {
          const now = performance.now();
          if (step === 1) first = now;
          const [walked, begun] = [shareOf(passes, step), shareOf(passes, 1)];
          const rest = each / (of + 1);
          const pace = step > 1 ? (now - first) / 1000 / (walked - begun) : each - rest;
          say(step, pace * (1 - walked) + rest + later, preview);
          if (!preview) return;
          const url = `data:image/png;base64,${Buffer.from(preview).toString("base64")}`;
          hub.publish(row.account, id, "preview", { job: id, picture, step, steps: of, image: url });
        },
        signal,
      );
      if (!drawn) return cancelled(row, done, pixelsOf(passes, taken));
      const sha256 = await objects.put(drawn.png, ".png");
      passing("stored");
      const seconds = (performance.now() - began) / 1000;
      if (drawn.took) {
        const { step } = drawn.took;
        estimates.learn(known, work, { step, rest: Math.max(0.001, seconds - step * steps) });
      }
      const made: Omit<PictureRow, "seq" | "starred" | "deleted"> = {
        ...{ id: newId(), account: row.account, job: id, index: done, created: Date.now(), sha256 },
        ...{ bytes: drawn.png.byteLength, width: chosen.width, height: chosen.height, settings: chosen },
        ...{ modelHash: row.modelHash, seconds, price: Math.round(row.price / count) },
        ...{ group: row.group, notices: row.notices },
      };
      done++;
      taken = 0;
      db.transaction(() => {
        pictures.add(made);
        passing("adding");
        if (done === count)
          end(row, { state: "done", charged: row.price, seconds: (performance.now() - started) / 1000 });
      });
      passing("kept");
      parts.meaning.came(sha256);
      const kept = pictures.get(made.id);
      if (kept) hub.publish(row.account, id, "picture", { job: id, picture: pictureAnswer(kept) });
    }
  }

  /** What was drawn is charged, step by step. */
  const cancelled = (row: JobRow, whole: number, part?: ReturnType<typeof pixelsOf>): void =>
    end(row, { state: "cancelled", charged: owed(row.price, row.count, whole, part) });

  /** What becomes of a job in whose middle the engine died: another try, but not for ever. */
  const crashed = (row: JobRow, { message: how, late, innocent }: EngineCrashed): void => {
    if (jobs.get(row.id)?.cancelling) cancelled(row, pictures.ofJob(row.id).length);
    else if (stopping || innocent) jobs.requeue(row.id, "stopped");
    else if (row.attempt < ATTEMPTS) jobs.requeue(row.id, "crashed");
    else {
      const message = `${how}; it happened ${ATTEMPTS} times, so this is not tried again. Nothing was charged.`;
      const code = late ? "took_too_long" : "engine_crashed";
      end(row, { state: "failed", charged: 0, error: { code, message } });
    }
  };

  /** What becomes of a job whose drawing failed. */
  const failed = (row: JobRow, error: unknown): void => {
    if (error instanceof EngineCrashed) {
      crashed(row, error);
      return;
    }
    const { code, message } = failureOf(error);
    if (code === "internal") log.error({ err: error, job: row.id }, "a job failed");
    if (code === "model_changed") models.forget(row.settings.model);
    end(row, { state: "failed", charged: 0, error: { code, message } });
  };

  async function run(queued: JobRow): Promise<void> {
    const abort = new AbortController();
    running = { id: queued.id, abort };
    db.transaction(() => jobs.begin(queued.id));
    passing("begun");
    const row = jobs.get(queued.id) ?? queued;
    queue.running = {
      job: row,
      progress: { picture: 0, step: 0, steps: row.steps, done: 0, secondsLeft: row.seconds },
    };
    queue.changed(queued.account);
    tell(row.id);
    try {
      const known = await models.find(row.settings.model);
      await draw(row, known, planAgain(known, row), abort.signal);
    } catch (error) {
      // Where even failing fails (the disk is full), it is tried until it works: the job must not be lost.
      for (;;) {
        try {
          failed(row, error);
          break;
        } catch (worse) {
          log.error({ err: worse, job: row.id }, "the end of a job cannot be kept");
          if (stopping) break; // it is found again at the next start
          await new Promise((resolve) => setTimeout(resolve, 1000));
        }
      }
    } finally {
      running = undefined;
      queue.running = undefined;
      queue.changed(queued.account);
    }
    tell(row.id);
  }

  const planAgain = (known: KnownModel, { settings }: JobRow): Plan => {
    const { model: _, ...request } = settings;
    const size = { width: settings.width, height: settings.height };
    return planOf(known, request, {
      ...(settings.image && { image: size }),
      ...(settings.mask && { mask: size }),
    });
  };

  const loop = async (): Promise<void> => {
    while (!stopping) {
      await Promise.race([engine.ready(), halted]);
      const next = stopping ? undefined : queue.next();
      if (next)
        await run(next).catch((error: unknown) => {
          log.error({ err: error, job: next.id }, "a job could not be begun");
          return new Promise((resolve) => setTimeout(resolve, 1000)); // it is still queued
        });
      else if (!stopping) await new Promise<void>((resolve) => (awake = resolve));
    }
  };
  let halt = (): void => {};
  const halted = new Promise<void>((resolve) => (halt = resolve));
  const looping = loop();

  return {
    cancel(id) {
      if (running?.id === id) running.abort.abort();
    },
    wake: () => awake(),
    async stop(patience) {
      stopping = true;
      halt();
      awake();
      const late = setTimeout(() => void engine.stop(), patience);
      await looping;
      clearTimeout(late);
      await engine.stop();
    },
  };
}
