// The server: puts the parts together, starts, and ends without losing anything.
import { mkdirSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { homedir, hostname } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type ServerType, serve as serveHttp } from "@hono/node-server";
import { pino } from "pino";
import { DrawRequest } from "./contract.ts";
import { openDecoder } from "./decoder/decoder.ts";
import { type Dispatcher, startDispatcher } from "./dispatcher.ts";
import { type Engine, type EngineOptions, startEngine } from "./engine/engine.ts";
import { openEstimates } from "./estimate.ts";
import { openHub } from "./events.ts";
import { Failed } from "./failures.ts";
import { buildApp } from "./http/app.ts";
import { isLoopback } from "./http/security.ts";
import { openJobs } from "./jobs.ts";
import { openMeaning } from "./meaning.ts";
import { openModels } from "./models.ts";
import type { Limits, Parts } from "./parts.ts";
import { planOf } from "./plan.ts";
import { openQueue } from "./queue.ts";
import { clean, recoverJobs, recoverPictures, removeOrphans } from "./recover.ts";
import { accountStore } from "./store/accounts.ts";
import { openDatabase } from "./store/database.ts";
import { jobStore } from "./store/jobs.ts";
import { openLedger } from "./store/ledger.ts";
import { meaningStore } from "./store/meanings.ts";
import { openObjects } from "./store/objects.ts";
import { pictureStore } from "./store/pictures.ts";

export interface ServerOptions {
  /** 7860 unless told, as A1111's clients expect; 0 for any that is free. */
  readonly port?: number;
  /** The address to listen at; 127.0.0.1 unless told. Others need accounts. */
  readonly host?: string;
  /** Where everything is kept; `defaultData()` unless told. */
  readonly data?: string;
  /** Sign-in and credits. */
  readonly accounts?: boolean;
  /** Whether whoever asks may make an account; yes unless told. */
  readonly signUp?: boolean;
  /** Further names by which the server is called. */
  readonly hosts?: readonly string[];
  /** A model's folder or file to draw with unless a request says otherwise. */
  readonly model?: string;
  /** The studio's built files, where they are not beside this package. */
  readonly studio?: string;
  readonly limits?: Partial<Limits>;
  /** What is logged: `silent`, `info` (unless told), `debug` … Prompts never are. */
  readonly logLevel?: string;
  /** How the engine is kept; what runs in its process, for tests. */
  readonly engine?: Partial<EngineOptions>;
  /** Told of points at which the process may die, for tests that end it there. */
  readonly passing?: (point: string) => void;
}

export interface RunningServer {
  readonly url: string;
  readonly port: number;
  readonly engine: Engine;
  /**
   * End: nothing new is taken, what is being drawn goes on for so many milliseconds and is put back if it is not done.
   * Resolves when everything is on the disk.
   */
  close(patience?: number): Promise<void>;
}

/** Where a person's pictures are kept unless told. */
export const defaultData = (): string =>
  process.env.DREAMGRAIN_HOME ?? join(process.env.XDG_DATA_HOME ?? join(homedir(), ".local", "share"), "dreamgrain");

const engineEntry = fileURLToPath(
  new URL(import.meta.url.endsWith(".ts") ? "../dist/engine/child.js" : "./engine/child.js", import.meta.url),
);

const HOUR = 3600 * 1000;

/**
 * Start a server.
 * @throws Error when it would listen beyond this machine without accounts, DataError when its data cannot be used,
 * ModelError when there is no model
 */
export async function startServer(options: ServerOptions = {}): Promise<RunningServer> {
  const { port = 7860, host = "127.0.0.1", data = defaultData(), accounts: on = false, passing = () => {} } = options;
  if (!isLoopback(host) && !on)
    throw new Error(
      `${host} can be reached from elsewhere, and anybody could draw and look at your pictures: add --accounts, or leave --host out`,
    );
  const log = pino({ level: options.logLevel ?? "info", base: null }, pino.destination({ dest: 2, sync: true }));
  mkdirSync(data, { recursive: true, mode: 0o700 });
  const models = await openModels(options.model);
  const db = openDatabase(join(data, "dreamgrain.db"));
  const ledger = openLedger(db);
  const accounts = accountStore(db, ledger);
  const jobs = jobStore(db);
  const pictures = pictureStore(db);
  const objects = openObjects(join(data, "objects"), passing);
  const estimates = openEstimates(db);
  const kept = { db, jobs, pictures, ledger, objects, log };
  await objects.sweep();
  recoverJobs(kept);
  await recoverPictures(kept);

  const usual = models.usual;
  const engine = startEngine({
    entry: engineEntry,
    model: { path: usual.path, hash: usual.model.hash },
    onReady(took) {
      log.info({ model: usual.id }, "the engine is ready");
      if (took) estimates.learn(usual, planOf(usual, DrawRequest.parse({ prompt: "a" }), {}).work, took);
    },
    onDeath: (why) => log.error({ why }, "the engine's process died"),
    ...options.engine,
  });
  const limits = { ...(on ? paying : alone), ...options.limits };
  const meaning = await openMeaning(models.distance, { engine, objects, store: meaningStore(db), log });
  const parts: Parts = {
    ...{ ...kept, hub: openHub(), models, estimates, engine, decoder: openDecoder(), meaning },
    ...{ accounts: on, limits, passing },
  };
  const queue = openQueue(jobs);
  let dispatcher: Dispatcher | undefined;
  const service = openJobs(parts, queue, () => dispatcher as Dispatcher);
  dispatcher = startDispatcher(parts, queue, service.describe);
  tellPlaces(parts, queue);

  const audit = (): void => {
    const wrong = ledger.audit();
    if (wrong === undefined) return;
    log.fatal({ wrong }, "the ledger is wrong; no new jobs are accepted");
    service.refuse(() => new Failed("busy", "new jobs are not accepted until the books of this server are put right"));
  };
  audit();
  let stopping = false;
  const hosts = [hostname(), host, ...(options.hosts ?? [])];
  const app = buildApp({
    ...{ parts, jobs: service, queue, accounts, hosts, folder: data, stopping: () => stopping },
    ...{ signUp: options.signUp ?? true, studio: options.studio },
  });
  const http = await listen(app.fetch, port, host).catch(async (error: unknown) => {
    await Promise.all([meaning.stop(), dispatcher?.stop(0)]);
    db.close();
    throw error;
  });
  const { port: bound } = http.address() as AddressInfo;
  const url = `http://${host.includes(":") ? `[${host}]` : host}:${bound}`;
  log.info({ url, data, accounts: on }, "listening");

  const upkeep = setInterval(() => {
    accounts.sweep();
    void clean(kept)
      .then(() => removeOrphans(kept))
      .catch((error: unknown) => log.error({ err: error }, "cleaning up failed"));
  }, HOUR);
  const nightly = setInterval(audit, 24 * HOUR);
  void removeOrphans(kept).catch((error: unknown) => log.error({ err: error }, "cleaning up failed"));

  let closing: Promise<void> | undefined;
  const close = async (patience: number): Promise<void> => {
    stopping = true;
    const began = performance.now();
    service.refuse(() => new Failed("stopping", "this server is stopping; ask again soon", { retryAfter: 5 }));
    clearInterval(upkeep);
    clearInterval(nightly);
    await Promise.all([meaning.stop(), dispatcher?.stop(patience)]); // what is being looked at goes with the engine
    parts.decoder.stop();
    await closed(http);
    db.close();
    log.info({ seconds: (performance.now() - began) / 1000 }, "stopped");
  };
  return {
    url,
    port: bound,
    engine,
    close: (patience = 60_000) => (closing ??= close(patience)),
  };
}

/** How much is taken on for one person at home, and for many who pay. */
const usual = { unread: 60, bodies: { bytes: 2 ** 27, seconds: 10 } };
const alone: Limits = { ...usual, jobs: 1000, queueSeconds: 24 * 3600, requests: Number.POSITIVE_INFINITY };
const paying: Limits = { ...usual, jobs: 50, queueSeconds: 900, requests: 1200 };

/** After the queue changed, tell everyone in it where their jobs are. */
function tellPlaces({ hub }: Parts, queue: ReturnType<typeof openQueue>): void {
  queue.onChange(() => {
    const of = new Map<string, { id: string; position: number; wait: number }[]>();
    for (const { job, position, wait } of queue.order())
      of.set(job.account, [...(of.get(job.account) ?? []), { id: job.id, position, wait }]);
    for (const [account, jobs] of of) hub.publish(account, undefined, "queue", { jobs });
  });
}

function listen(fetch: ReturnType<typeof buildApp>["fetch"], port: number, hostname: string): Promise<ServerType> {
  return new Promise((resolve, reject) => {
    const serverOptions = {
      headersTimeout: 15_000,
      requestTimeout: 60_000,
      keepAliveTimeout: 10_000,
      maxHeaderSize: 16_384,
      connectionsCheckingInterval: 5000,
    };
    const http = serveHttp({ fetch, port, hostname, serverOptions }, () => resolve(http));
    http.once("error", (error: NodeJS.ErrnoException) =>
      reject(
        error.code === "EADDRINUSE"
          ? new Error(`port ${port} is in use; name another one with --port, or stop what uses it`)
          : error,
      ),
    );
  });
}

/** Streams of events end at once, answers in a second. */
const closed = (http: ServerType): Promise<void> =>
  new Promise((resolve) => {
    http.close(() => resolve());
    if ("closeIdleConnections" in http) http.closeIdleConnections();
    setTimeout(() => "closeAllConnections" in http && http.closeAllConnections(), 1000).unref();
  });
