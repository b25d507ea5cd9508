// Jobs in the database: what was accepted, where it stands, and what it comes to.
import type { JobState, Settings } from "../contract.ts";
import type { Database } from "./database.ts";

/** A job as it is kept. */
export interface JobRow {
  readonly seq: number;
  readonly id: string;
  readonly account: string;
  readonly state: JobState;
  readonly created: number;
  readonly started: number | null;
  readonly finished: number | null;
  readonly settings: Settings;
  readonly modelHash: string;
  readonly group: string | null;
  readonly label: string | null;
  /** Of one picture. */
  readonly steps: number;
  readonly count: number;
  readonly price: number;
  readonly charged: number | null;
  /** As estimated; what it took, when it is done. */
  readonly seconds: number;
  readonly attempt: number;
  readonly interruptions: number;
  readonly cancelling: boolean;
  readonly notices: readonly string[];
  readonly error: { readonly code: string; readonly message: string } | null;
}

/** What a job begins as. */
export type NewRow = Pick<
  JobRow,
  | "id"
  | "account"
  | "settings"
  | "modelHash"
  | "group"
  | "label"
  | "steps"
  | "count"
  | "price"
  | "seconds"
  | "notices"
  | "created"
>;

export interface JobsQueryRow {
  readonly state?: JobState | undefined;
  readonly group?: string | undefined;
  readonly before: number;
  readonly limit: number;
}

/** As much of a queued job as its place takes. */
export type Waiting = Pick<JobRow, "id" | "account" | "seconds">;

export interface JobStore {
  /** @param front before the account's other queued jobs */
  add(job: NewRow, front: boolean): void;
  get(id: string): JobRow | undefined;
  /** Newest first. */
  list(account: string, query: JobsQueryRow): JobRow[];
  /** Those of an account that are queued, in its own order. */
  queued(account: string): JobRow[];
  /** The same, of one account or of each in turn, and no more of them than their places take. */
  waiting(account?: string): Waiting[];
  running(): JobRow[];
  activeCount(account: string): number;
  /** Put an account's queued jobs in this order. */
  arrange(account: string, ids: readonly string[]): void;
  begin(id: string): void;
  /**
   * Queued again, before its account's others. `crashed`: its attempt counts. `interrupted`: the server ended in the middle of
   * it. `stopped`: as the server was told to stop, or for no doing of its own.
   */
  requeue(id: string, why: "crashed" | "interrupted" | "stopped"): void;
  askToCancel(id: string): void;
  end(
    id: string,
    how: {
      readonly state: "done" | "failed" | "cancelled";
      readonly charged: number;
      readonly seconds?: number;
      readonly error?: { readonly code: string; readonly message: string };
    },
  ): void;
  counts(): ReadonlyMap<JobState, number>;
}

type Raw = Record<string, string | number | null>;

function rowOf(raw: Raw): JobRow {
  const text = (name: string): string => `${raw[name]}`;
  const number = (name: string): number => Number(raw[name]);
  const orNull = <T>(name: string, read: (name: string) => T): T | null => (raw[name] === null ? null : read(name));
  return {
    ...{ seq: number("seq"), id: text("id"), account: text("account"), state: text("state") as JobState },
    ...{ created: number("created"), started: orNull("started", number), finished: orNull("finished", number) },
    ...{ settings: JSON.parse(text("settings")) as Settings, modelHash: text("model_hash") },
    ...{ group: orNull("collection", text), label: orNull("label", text) },
    ...{ steps: number("steps"), count: number("count"), price: number("price"), charged: orNull("charged", number) },
    ...{ seconds: number("seconds"), attempt: number("attempt"), interruptions: number("interruptions") },
    cancelling: number("cancelling") === 1,
    notices: JSON.parse(text("notices")) as string[],
    error: raw.error_code === null ? null : { code: text("error_code"), message: text("error_message") },
  };
}

/** The jobs of a database. */
export function jobStore(db: Database): JobStore {
  const rows = (sql: string, ...values: (string | number | null)[]): JobRow[] => db.all<Raw>(sql, ...values).map(rowOf);
  const place = (account: string, front: boolean): number => {
    const { least, most } = db.get<{ least: number | null; most: number | null }>(
      "SELECT min(place) AS least, max(place) AS most FROM jobs WHERE account = ? AND state IN ('queued', 'running')",
      account,
    ) ?? { least: null, most: null };
    return front ? (least ?? 1) - 1 : (most ?? 0) + 1;
  };
  return {
    add({ id, account, settings, modelHash, group, label, steps, count, price, seconds, notices, created }, front) {
      db.run(
        `INSERT INTO jobs (id, account, state, place, created, settings, model_hash, collection, label, steps, count,
           price, seconds, notices) VALUES (?, ?, 'queued', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
        ...[id, account, place(account, front), created, JSON.stringify(settings), modelHash, group, label],
        ...[steps, count, price, seconds, JSON.stringify(notices)],
      );
    },
    get: (id) => rows("SELECT * FROM jobs WHERE id = ?", id)[0],
    list: (account, { state = null, group = null, before, limit }) =>
      rows(
        `SELECT * FROM jobs WHERE account = ?1 AND seq < ?2 AND (?3 IS NULL OR state = ?3)
           AND (?4 IS NULL OR collection = ?4) ORDER BY seq DESC LIMIT ?5`,
        ...[account, before, state, group, limit],
      ),
    queued: (account) => rows("SELECT * FROM jobs WHERE account = ? AND state = 'queued' ORDER BY place, seq", account),
    waiting: (account = "") =>
      db.all<Waiting>(
        "SELECT id, account, seconds FROM jobs WHERE state = 'queued' AND (?1 = '' OR account = ?1) ORDER BY account, place, seq",
        account,
      ),
    running: () => rows("SELECT * FROM jobs WHERE state = 'running'"),
    activeCount: (account) =>
      db.get<{ n: number }>(
        "SELECT count(*) AS n FROM jobs WHERE account = ? AND state IN ('queued', 'running')",
        account,
      )?.n ?? 0,
    arrange(account, ids) {
      for (const [i, id] of ids.entries())
        db.run("UPDATE jobs SET place = ? WHERE id = ? AND account = ? AND state = 'queued'", i, id, account);
    },
    begin(id) {
      db.run(
        "UPDATE jobs SET state = 'running', started = coalesce(started, ?), attempt = attempt + 1 WHERE id = ?",
        Date.now(),
        id,
      );
    },
    requeue(id, why) {
      const job = rows("SELECT * FROM jobs WHERE id = ?", id)[0];
      if (!job) return;
      db.run(
        "UPDATE jobs SET state = 'queued', place = ?, attempt = attempt - ?, interruptions = interruptions + ? WHERE id = ?",
        ...[place(job.account, true), why === "crashed" ? 0 : 1, why === "interrupted" ? 1 : 0, id],
      );
    },
    askToCancel(id) {
      db.run("UPDATE jobs SET cancelling = 1 WHERE id = ?", id);
    },
    end(id, { state, charged, seconds, error }) {
      db.run(
        `UPDATE jobs SET state = ?, charged = ?, seconds = coalesce(?, seconds), finished = ?, error_code = ?,
           error_message = ?, cancelling = 0 WHERE id = ?`,
        ...[state, charged, seconds ?? null, Date.now(), error?.code ?? null, error?.message ?? null, id],
      );
    },
    counts: () =>
      new Map(
        db
          .all<{ state: JobState; n: number }>("SELECT state, count(*) AS n FROM jobs GROUP BY state")
          .map(({ state, n }) => [state, n]),
      ),
  };
}
