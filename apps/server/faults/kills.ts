// Kills: the gateway, the engine and the machine's patience end at random moments, and nothing that was promised is lost.
// K1, K2, K3 and S3 of the plan.
import { randomUUID } from "node:crypto";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { openDatabase } from "../src/store/database.ts";
import { openLedger } from "../src/store/ledger.ts";
import { openObjects } from "../src/store/objects.ts";
import { pictureStore } from "../src/store/pictures.ts";
import type { Figures } from "./abuse.ts";
import { type Client, client } from "./client.ts";
import { begin, dice, type Gateway, gateway, quantile, sleep, start } from "./harness.ts";
import { checkBooks } from "./money.ts";

/** A client that submits until it is told to stop, and remembers what was promised. */
interface Submitter {
  readonly name: string;
  readonly key: string;
  /** Ids of jobs that were accepted, by the key that asked for them. */
  readonly promised: Map<string, string>;
}

/** Make accounts with API keys; the first is an admin's. */
export async function submitters(url: string, count: number): Promise<Submitter[]> {
  const all: Submitter[] = [];
  for (let i = 0; i < count; i++) {
    const name = `client${i}`;
    const made = await client(url).ask("POST", "/v1/accounts", { name, password: "correct horse" });
    if (made.status !== 201) throw new Error(`no account: ${made.text}`);
    const cookie = made.headers.get("set-cookie")?.split(";")[0] ?? "";
    const { secret } = (await client(url, { cookie }).ask("POST", "/v1/keys", { label: "k" })).json;
    all.push({ name, key: secret, promised: new Map() });
  }
  return all;
}

/** What a database and its files say when nobody uses them. @throws Error when something promised is not there */
export async function checkData(
  data: string,
  promised: ReadonlyMap<string, string>,
  settled: boolean,
): Promise<number> {
  const db = openDatabase(join(data, "dreamgrain.db"));
  try {
    const ledger = openLedger(db);
    const integrity = db.get<{ integrity_check: string }>("PRAGMA integrity_check")?.integrity_check;
    if (integrity !== "ok") throw new Error(`the database is damaged: ${integrity}`);
    checkBooks(db, (account) => ledger.balance(account).available);
    for (const [key, id] of promised) {
      const row = db.get<{ state: string; job: string | null }>(
        "SELECT state, (SELECT job FROM idempotency WHERE key = ?) AS job FROM jobs WHERE id = ?",
        key,
        id,
      );
      if (!row) throw new Error(`the job ${id} was accepted and is lost`);
      if (row.job !== id) throw new Error(`the key of ${id} belongs to ${row.job}`);
      if (settled && row.state !== "done") throw new Error(`the job ${id} is ${row.state}`);
    }
    const objects = openObjects(join(data, "objects"));
    const pictures = pictureStore(db);
    for (const { id, sha256 } of pictures.files())
      if (!(await objects.has(sha256, ".png"))) throw new Error(`the picture ${id} has no file`);
    let orphans = 0;
    for await (const { hash } of objects.all()) if (!pictures.needs(hash)) orphans++;
    return orphans;
  } finally {
    db.close();
  }
}

const steps = 3;

/** K1. Kill the gateway at random moments while clients submit with keys and ask again. */
export async function killGateway(data: string, kills: number, clients: number, seed = 1): Promise<Figures> {
  const random = dice(seed);
  const options = { data, accounts: true, limits: { requests: 1e9 } };
  let now = await gateway(options);
  const all = await submitters(now.url, clients);
  const ready: number[] = [];
  let retries = 0;
  let starting = 0;
  let over = false;
  const submitting = all.map(async ({ key, promised }) => {
    while (!over) {
      const idempotency = randomUUID();
      const request = { prompt: "a", steps, seed: `${Math.floor(random() * 1e9)}` };
      for (;;) {
        const asked = await client(now.url, { key })
          .ask("POST", "/v1/jobs", { request }, { "idempotency-key": idempotency })
          .catch(() => undefined);
        if (asked?.status === 202) {
          promised.set(idempotency, asked.json.id);
          break;
        }
        if (asked && ![429, 503].includes(asked.status)) throw new Error(`K1: ${asked.status} ${asked.text}`);
        if (over) break;
        retries++;
        await sleep(20 + random() * 50);
      }
      await sleep(20 + random() * 200);
    }
  });
  const failing = Promise.all(submitting);
  failing.catch(() => {}); // it is awaited below
  for (let i = 0; i < kills; i++) {
    await sleep(random() * 800);
    let began = performance.now();
    process.kill(now.pid, "SIGKILL");
    await now.ended;
    // One in four of those that follow is killed while it starts and puts things right.
    while (i + 1 < kills && random() < 0.25) {
      const { ended, signal } = begin(options);
      await sleep(random() * 800);
      began = performance.now();
      signal("SIGKILL");
      await ended;
      i++;
      starting++;
    }
    now = await gateway(options);
    ready.push(performance.now() - began);
  }
  over = true;
  await failing;
  const promised = new Map(all.flatMap((one) => [...one.promised]));
  await drained(now, all);
  now.signal("SIGTERM");
  const code = await now.ended;
  if (code !== 0) throw new Error(`K1: the last one ended with ${code}`);
  await checkData(data, promised, true);
  return {
    kills,
    "of them while it started": starting,
    clients,
    "jobs accepted": promised.size,
    "asked again": retries,
    lost: 0,
    "charged twice": 0,
    "ready again, s (median)": (quantile(ready, 0.5) / 1000).toFixed(2),
    "ready again, s (worst)": (Math.max(...ready) / 1000).toFixed(2),
  };
}

/** Wait until nothing is active. */
async function drained(server: Gateway, all: readonly Submitter[]): Promise<void> {
  for (const { key } of all)
    for (;;) {
      const { items } = (await client(server.url, { key }).ask("GET", "/v1/jobs?state=active&limit=1")).json;
      if (items.length === 0) break;
      await sleep(100);
    }
}

/** K2. Kill the engine's process at random moments: loading, drawing, decoding. @param model undefined for the pretender */
export async function killEngine(data: string, kills: number, real: boolean, seed = 2): Promise<Figures> {
  const random = dice(seed);
  const limits = { requests: 1e9 };
  const server = await start({
    data,
    accounts: true,
    limits,
    ...(real && { engine: { backOff: { first: 20, most: 200 } } }),
  });
  const respawns: number[] = [];
  const states = new Map<string, number>();
  try {
    const [one] = await submitters(server.url, 1);
    const c = client(server.url, { key: one?.key ?? "" });
    let over = false;
    const outcomes = (async () => {
      while (!over) {
        const job = await c.ended(
          (await c.draw({ prompt: "a red boat", steps: 8, seed: `${Math.floor(random() * 1e9)}` })).id,
        );
        states.set(job.state, (states.get(job.state) ?? 0) + 1);
        if (job.state === "failed" && job.charged !== 0) throw new Error("a failed job was charged");
        if (job.state !== "failed" && job.state !== "done") throw new Error(`a job is ${job.state}`);
      }
    })();
    outcomes.catch(() => {}); // it is awaited below
    for (let i = 0; i < kills; i++) {
      await sleep(random() * (real ? 900 : 60));
      const { pid } = server.engine;
      if (pid === undefined) continue;
      const began = performance.now();
      process.kill(pid, "SIGKILL");
      while (server.engine.pid === pid) await sleep(1);
      if (random() < 0.25) continue; // the next one may come while it loads
      await server.engine.ready();
      respawns.push(performance.now() - began);
    }
    over = true;
    await outcomes;
  } finally {
    await server.close();
  }
  await checkData(data, new Map(), true);
  return {
    kills,
    engine: real ? "the model that ships" : "a pretender",
    "jobs done": states.get("done") ?? 0,
    "failed and given back": states.get("failed") ?? 0,
    "ended otherwise": 0,
    "respawn, s (worst)": (Math.max(...respawns) / 1000).toFixed(2),
  };
}

/** The points of a job's way at which the process may die. */
export const points = [
  ...["accepting", "accepted", "begun", "written", "synced", "renamed", "stored", "adding", "ending", "ended", "kept"],
] as const;

/** K3. Die at each point of a job's way; after the next start the job is done, once, with the very same picture. */
export async function killPoints(data: string, times: number, at: readonly string[] = points): Promise<Figures> {
  let deaths = 0;
  const hashes = new Set<string>();
  const promised = new Map<string, string>();
  const options = { data, accounts: true, limits: { requests: 1e9 } };
  const first = await gateway(options);
  const [one] = await submitters(first.url, 1);
  first.signal("SIGTERM");
  await first.ended;
  const key = one?.key ?? "";
  const finished = async (c: Client, id: string): Promise<void> => {
    const job = await c.ended(id);
    if (job.state !== "done" || job.pictures.length !== 1) throw new Error(`K3: the job is ${job.state}`);
    hashes.add(job.pictures[0]?.sha256 ?? "");
  };
  for (const point of at)
    for (let i = 0; i < times; i++) {
      const idempotency = randomUUID();
      const submit = (url: string) =>
        client(url, { key }).ask(
          "POST",
          "/v1/jobs",
          { request: { prompt: "the same", steps: 2, seed: "7" } },
          { "idempotency-key": idempotency },
        );
      // The same picture is kept once, so from the second time on no file is written: its points are passed by nobody.
      if (existsSync(join(data, "objects")) && ["written", "synced", "renamed"].includes(point))
        await forgetFiles(data);
      const doomed = await gateway(options, { DIE_AT: `${point}:1` });
      const before = await submit(doomed.url).catch(() => undefined);
      if ((await doomed.ended) === "SIGKILL") deaths++;
      const next = await gateway(options);
      const after = await submit(next.url);
      if (after.status !== 202) throw new Error(`K3: ${after.status} ${after.text}`);
      if (before?.status === 202 && before.json.id !== after.json.id) throw new Error("K3: the key has two jobs");
      promised.set(idempotency, after.json.id);
      await finished(client(next.url, { key }), after.json.id);
      next.signal("SIGTERM");
      if ((await next.ended) !== 0) throw new Error("K3: it did not end well");
      const left = readdirSync(join(data, "objects", "tmp")).length;
      const orphans = (await checkData(data, promised, true)) + left;
      if (orphans > 0) throw new Error(`K3: ${orphans} orphans after ${point}`);
    }
  if (deaths !== at.length * times) throw new Error(`K3: it died ${deaths} times of ${at.length * times}`);
  if (hashes.size !== 1) throw new Error(`K3: ${hashes.size} different pictures of one request`);
  return { points: at.length, deaths, orphans: 0, "different pictures": hashes.size - 1, "wrong balances": 0 };
}

/** Take all pictures away, with their files, so that the next one is written anew. */
async function forgetFiles(data: string): Promise<void> {
  const db = openDatabase(join(data, "dreamgrain.db"));
  const pictures = pictureStore(db);
  const objects = openObjects(join(data, "objects"));
  // Done jobs keep their rows but lose their pictures; they are told apart from the one that is looked at by its key.
  db.run("UPDATE jobs SET count = 0 WHERE state = 'done'");
  for (const hash of pictures.purge({ ids: pictures.files().map(({ id }) => id) })) await objects.remove(hash, ".png");
  db.close();
}

/** S3. Told to stop at random moments: it ends well in time, and every job is there afterwards. */
export async function shutdown(data: string, times: number, seed = 3): Promise<Figures> {
  const random = dice(seed);
  const promised = new Map<string, string>();
  let key = "";
  let late = 0;
  let told = 0;
  for (let i = 0; i < times; i++) {
    const grace = i % 2 === 0 ? 60_000 : 1000;
    const options = { data, accounts: true, limits: { requests: 1e9 } };
    const now = await gateway(options, { GRACE: `${grace}` });
    if (key === "") key = (await submitters(now.url, 1))[0]?.key ?? "";
    const c = client(now.url, { key });
    let over = false;
    const submitting = (async () => {
      while (!over) {
        const idempotency = randomUUID();
        const asked = await c
          .ask(
            "POST",
            "/v1/jobs",
            { request: { prompt: "step=4", steps: 5, seed: "1" } },
            { "idempotency-key": idempotency },
          )
          .catch(() => undefined);
        if (asked?.status === 202) promised.set(idempotency, asked.json.id);
        else if (asked?.status === 503) {
          if (!(Number(asked.headers.get("retry-after")) > 0)) throw new Error("S3: 503 without Retry-After");
          told++;
        } else if (asked && asked.status !== 402 && asked.status !== 429)
          throw new Error(`S3: ${asked.status} ${asked.text}`);
        await sleep(5);
      }
    })();
    await sleep(random() * 200);
    const began = performance.now();
    now.signal("SIGTERM");
    const code = await now.ended;
    const took = performance.now() - began;
    over = true;
    await submitting;
    if (code !== 0) throw new Error(`S3: it ended with ${code}`);
    if (took > grace + 2000) late++;
    await checkData(data, promised, false);
  }
  if (late > 0) throw new Error(`S3: late ${late} times`);
  return { stops: times, "jobs accepted": promised.size, lost: 0, late, "told 503 with Retry-After": told };
}
