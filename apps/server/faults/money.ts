// Money and promises: no credit is lost, made or taken twice, whatever happens in whatever order. L1 and L2 of the plan.
import { setImmediate as turn } from "node:timers/promises";
import { pino } from "pino";
import { DrawRequest, NewJob } from "../src/contract.ts";
import type { Decoder } from "../src/decoder/decoder.ts";
import { type Dispatcher, startDispatcher } from "../src/dispatcher.ts";
import { type Engine, EngineCrashed } from "../src/engine/engine.ts";
import { openEstimates } from "../src/estimate.ts";
import { openHub } from "../src/events.ts";
import { Failed } from "../src/failures.ts";
import { sha256 } from "../src/ids.ts";
import { type Jobs, openJobs } from "../src/jobs.ts";
import { closed } from "../src/meaning.ts";
import { type Models, openModels } from "../src/models.ts";
import type { Parts } from "../src/parts.ts";
import { openQueue } from "../src/queue.ts";
import { accountStore } from "../src/store/accounts.ts";
import { type Database, openDatabase } from "../src/store/database.ts";
import { jobStore } from "../src/store/jobs.ts";
import { GRANT, openLedger } from "../src/store/ledger.ts";
import type { Objects } from "../src/store/objects.ts";
import { pictureStore } from "../src/store/pictures.ts";
import type { Figures } from "./abuse.ts";
import { client } from "./client.ts";
import { dice, start } from "./harness.ts";

/** What a drawing that is under way comes to. */
interface Pending {
  step(): void;
  finish(): void;
  fail(): void;
  crash(): void;
}

/** A queue with its ledger in memory, and an engine that does what the test says. */
interface Bench {
  readonly db: Database;
  readonly jobs: Jobs;
  readonly parts: Parts;
  readonly dispatcher: Dispatcher;
  readonly pending: () => Pending | undefined;
}

function bench(models: Models): Bench {
  const db = openDatabase(":memory:");
  const ledger = openLedger(db);
  let pending: Pending | undefined;
  const engine: Engine = {
    ...{ state: "ready", pid: undefined, memory: 0, deaths: 0, ready: async () => {}, stop: async () => {} },
    understand: () => Promise.reject(new EngineCrashed("there is none", false)),
    draw: (id, drawing, onStep, signal) =>
      new Promise((resolve, reject) => {
        let taken = 0;
        const { steps } = drawing.settings;
        const over = (act: () => void): void => {
          pending = undefined;
          act();
        };
        signal.addEventListener("abort", () => over(() => resolve(undefined)), { once: true });
        pending = {
          step: () => taken < steps && onStep({ step: ++taken, steps, preview: undefined }),
          finish: () => over(() => resolve({ png: Buffer.from(id), took: undefined })),
          fail: () => over(() => reject(new Failed("invalid", "as told"))),
          crash: () => over(() => reject(new EngineCrashed("as told", false))),
        };
      }),
  };
  const objects: Objects = {
    put: async (bytes) => sha256(bytes),
    keep: async () => {},
    read: async () => Buffer.alloc(0),
    has: async () => true,
    remove: async () => {},
    async *all() {},
    sweep: async () => {},
  };
  const store = jobStore(db);
  const parts: Parts = {
    ...{ db, ledger, jobs: store, pictures: pictureStore(db), objects, hub: openHub(), models, engine },
    ...{ estimates: openEstimates(db), decoder: {} as Decoder, log: pino({ level: "silent" }), accounts: true },
    meaning: closed("this only counts money"),
    limits: { jobs: 6, queueSeconds: 1e9, requests: 1e9, unread: 60, bodies: { bytes: 2 ** 27, seconds: 10 } },
    passing: () => {},
  };
  const queue = openQueue(store);
  let dispatcher: Dispatcher | undefined;
  const jobs = openJobs(parts, queue, () => dispatcher as Dispatcher);
  dispatcher = startDispatcher(parts, queue, jobs.describe);
  return { db, jobs, parts, dispatcher, pending: () => pending };
}

interface Sum {
  readonly n: number;
}

/** What must always be true. @throws Error saying what is not */
export function checkBooks(db: Database, available: (account: string) => number): void {
  const wrong = openLedger(db).audit();
  if (wrong !== undefined) throw new Error(wrong);
  const count = (sql: string): number => db.get<Sum>(sql)?.n ?? 0;
  const rules: Readonly<Record<string, string>> = {
    "a book below 0": "SELECT count(*) AS n FROM balances WHERE amount < 0 AND book <> 'house:grants'",
    "a job without its hold":
      "SELECT count(*) AS n FROM jobs WHERE id NOT IN (SELECT job FROM transfers WHERE kind = 'hold')",
    "a hold that is not the price":
      "SELECT count(*) AS n FROM jobs JOIN transfers ON job = jobs.id AND kind = 'hold' WHERE amount <> price",
    "an ended job that is not settled for what it says": `SELECT count(*) AS n FROM jobs WHERE charged IS NOT NULL AND
         (charged IS NOT (SELECT amount FROM transfers WHERE job = jobs.id AND kind = 'capture')
          OR price - charged IS NOT (SELECT amount FROM transfers WHERE job = jobs.id AND kind = 'release'))`,
    "an active job that is settled":
      "SELECT count(*) AS n FROM jobs JOIN transfers ON job = jobs.id AND kind IN ('capture', 'release') WHERE charged IS NULL",
    "a failed job that cost something": "SELECT count(*) AS n FROM jobs WHERE state = 'failed' AND charged > 0",
    "a done job without its pictures":
      "SELECT count(*) AS n FROM jobs WHERE state = 'done' AND count <> (SELECT count(*) FROM pictures WHERE job = jobs.id)",
    "held credits of no job": `SELECT (SELECT coalesce(sum(amount), 0) FROM balances WHERE book LIKE 'user:%:held') -
         (SELECT coalesce(sum(price), 0) FROM jobs WHERE charged IS NULL) AS n`,
  };
  for (const [rule, sql] of Object.entries(rules)) if (count(sql) !== 0) throw new Error(rule);
  for (const { id } of db.all<{ id: string }>("SELECT id FROM accounts"))
    if (available(id) < 0) throw new Error(`${id} owes something`);
}

/** L1. Random sequences of everything that can happen to jobs and credits. @param path of the model to plan with */
export async function ledgerModel(model: string, sequences: number, seed = 1): Promise<Figures> {
  const models = await openModels(model);
  let actions = 0;
  for (let i = 0; i < sequences; i++) {
    const random = dice(seed + i);
    const pick = (n: number): number => Math.floor(random() * n);
    const { db, jobs, parts, dispatcher, pending } = bench(models);
    const accounts: string[] = [];
    for (const name of ["a", "b", "c"]) {
      db.run("INSERT INTO accounts (id, name, role, created) VALUES (?, ?, 'user', 0)", `account${name}`, name);
      accounts.push(`account${name}`);
      parts.ledger.grant(`account${name}`, 1000 * (1 + pick(6)), "a test");
    }
    const keys: string[] = [];
    const active = (): string[] =>
      db.all<{ id: string }>("SELECT id FROM jobs WHERE charged IS NULL").map(({ id }) => id);
    const ownerOf = (id: string): string => parts.jobs.get(id)?.account ?? "";
    const submit = async (key: string): Promise<void> => {
      const [, account = "", steps, count] = key.split(":");
      const asked = NewJob.parse({ request: { prompt: "a", seed: "1", steps: Number(steps), count: Number(count) } });
      await jobs.accept(account, asked, key).catch((error: unknown) => {
        if (!(error instanceof Failed) || error.code === "internal") throw error;
      });
    };
    const acts: (() => unknown)[] = [
      () => {
        const key = `${keys.length}:${accounts[pick(3)]}:${1 + pick(20)}:${1 + pick(3)}`;
        keys.push(key);
        return submit(key);
      },
      () => (keys.length > 0 ? submit(keys[pick(keys.length)] ?? "") : undefined),
      () => pending()?.step(),
      () => pending()?.step(),
      () => pending()?.finish(),
      () => pending()?.fail(),
      () => pending()?.crash(),
      () => {
        const ids = active();
        const id = ids[pick(ids.length)];
        if (id !== undefined) jobs.cancel(ownerOf(id), id);
      },
      () => jobs.cancelAll(accounts[pick(3)] ?? "", undefined) * (random() < 0.2 ? 1 : 0),
      () => parts.ledger.grant(accounts[pick(3)] ?? "", pick(2000), "more"),
    ];
    try {
      for (let step = pick(100); step >= 0; step--) {
        const which = pick(acts.length);
        if (which === 8 && random() < 0.8) continue; // all at once is rare
        await acts[which]?.();
        await turn();
        actions++;
        checkBooks(db, (account) => parts.ledger.balance(account).available);
      }
      for (let left = 10_000; active().length > 0 && left > 0; left--) {
        pending()?.finish();
        await turn();
      }
      if (active().length > 0) throw new Error("a job never ended");
      checkBooks(db, (account) => parts.ledger.balance(account).available);
      const once = db.get<Sum>("SELECT count(*) - count(DISTINCT key) AS n FROM idempotency")?.n;
      if (once !== 0) throw new Error("a key has two jobs");
    } catch (error) {
      throw new Error(`L1: sequence ${seed + i}: ${(error as Error).message}`, { cause: error });
    } finally {
      await dispatcher.stop(0);
      db.close();
    }
  }
  return { sequences, actions, "books that were wrong": 0 };
}

/** L1 too: many at once, with credits for one. */
export async function lastCredit(model: string, clients: number): Promise<Figures> {
  const { db, jobs, parts, dispatcher } = bench(await openModels(model));
  try {
    const account = await accountStore(db, parts.ledger).signUp("somebody", "correct horse");
    const request = DrawRequest.parse({ prompt: "a", steps: 20 });
    const { price } = await jobs.quote(account.id, request);
    parts.ledger.hold(account.id, holdAll(db, account.id), GRANT - price); // all but one picture's worth
    const answers = await Promise.allSettled(
      Array.from({ length: clients }, () => jobs.accept(account.id, NewJob.parse({ request }), undefined)),
    );
    const accepted = answers.filter(({ status }) => status === "fulfilled").length;
    if (accepted !== 1) throw new Error(`L1: ${accepted} of ${clients} were accepted with credits for one`);
    return { clients, accepted };
  } finally {
    await dispatcher.stop(0);
    db.close();
  }
}

/** A job that is only there to hold credits. */
function holdAll(db: Database, account: string): string {
  db.run(
    `INSERT INTO jobs (id, account, state, place, created, settings, model_hash, steps, count, price, charged, seconds, notices)
     VALUES ('holding0', ?, 'done', 0, 0, '{}', '', 1, 1, 0, 0, 0, '[]')`,
    account,
  );
  return "holding0";
}

/** L2. The same key many times at once, with another body, and after a restart. */
export async function idempotency(data: string, copies: number): Promise<Figures> {
  const first = await start({ data });
  const ask = (url: string, steps: number) =>
    client(url).ask(
      "POST",
      "/v1/jobs",
      { request: { prompt: "once", steps, seed: "1" } },
      { "idempotency-key": "only" },
    );
  const answers = await Promise.all(Array.from({ length: copies }, () => ask(first.url, 3)));
  const distinct = new Set(answers.map(({ status, text }) => `${status} ${text}`));
  const other = (await ask(first.url, 4)).status;
  await first.close();
  const second = await start({ data });
  try {
    const again = await ask(second.url, 3);
    const { items } = (await client(second.url).ask("GET", "/v1/jobs")).json;
    const same = distinct.has(`${again.status} ${again.text}`);
    if (distinct.size !== 1 || other !== 409 || !same || items.length !== 1 || again.status !== 202)
      throw new Error(
        `L2: ${distinct.size} answers, ${items.length} jobs, ${other} for another body, same after restart: ${same}`,
      );
    return {
      copies,
      jobs: items.length,
      "different answers": distinct.size - 1,
      "another body": other,
      "same after a restart": "yes",
    };
  } finally {
    await second.close(0);
  }
}
