// Jobs: quoting, accepting, finding, moving and cancelling them. What is accepted is on the disk before it is said so.
import type { z } from "zod";
import { jobAnswer } from "./answers.ts";
import type { Job, JobState, JobsQuery, Move, NewJob, Quote, Source } from "./contract.ts";
import type { Dispatcher } from "./dispatcher.ts";
import { Failed, notFound } from "./failures.ts";
import { newId, sha256 } from "./ids.ts";
import type { Parts } from "./parts.ts";
import { type Drawn, owed, type Plan, planOf, type Size } from "./plan.ts";
import type { Queue } from "./queue.ts";
import type { JobRow } from "./store/jobs.ts";

type AskedJob = z.output<typeof NewJob>;

export interface Jobs {
  quote(account: string, request: Drawn): Promise<Quote>;
  /**
   * Accept a job.
   * @param key tells that this is the same request as an earlier one
   * @returns the JSON of the answer: the very same for a request that was answered before
   * @throws Failed when it is wrong, too much, or not paid for
   */
  accept(account: string, asked: AskedJob, key: string | undefined): Promise<string>;
  /** @throws Failed `not_found`, also for somebody else's */
  get(account: string, id: string): Job;
  list(account: string, query: z.output<typeof JobsQuery>): { items: Job[]; next: string | null };
  /** Stop a job. One that has ended already stays as it is. */
  cancel(account: string, id: string): Job;
  /** Stop all active jobs, or those of a group. @returns how many */
  cancelAll(account: string, group: string | undefined): number;
  /** @throws Failed `conflict` when it is not queued any more */
  move(account: string, id: string, where: Move): Job;
  /** Resolves when a job has ended. @throws the signal's reason */
  ended(account: string, id: string, signal?: AbortSignal): Promise<Job>;
  describe(row: JobRow): Job;
  /** Refuse new jobs from now on, and say why. */
  refuse(failure: () => Failed): void;
}

const ended = (state: JobState): boolean => state !== "queued" && state !== "running";

/** @param dispatcher where jobs run; asked for late, because it needs to describe jobs itself */
export function openJobs(parts: Parts, queue: Queue, dispatcher: () => Dispatcher): Jobs {
  const { db, jobs, pictures, ledger, hub, models, estimates, limits, passing } = parts;
  let refusal: (() => Failed) | undefined;

  const describe = (row: JobRow): Job => {
    const place = row.state === "queued" ? queue.place(row.id) : undefined;
    const running = queue.running?.job.id === row.id ? queue.running : undefined;
    return jobAnswer(row, pictures.ofJob(row.id), {
      position: place?.position ?? null,
      wait: place?.wait ?? null,
      progress: running?.progress ?? null,
    });
  };
  const own = (account: string, id: string): JobRow => {
    const row = jobs.get(id);
    if (row?.account !== account) throw notFound("job");
    return row;
  };
  const tell = (account: string, id: string): void => {
    const row = jobs.get(id);
    if (row) hub.publish(account, id, "job", describe(row));
    if (parts.accounts) hub.publish(account, undefined, "balance", ledger.balance(account));
  };

  /** The size of a picture to draw from. */
  const sizeOf = (account: string, source: Source, param: string): Size => {
    const found = "upload" in source ? pictures.upload(source.upload) : pictures.get(source.picture);
    if (found?.account !== account)
      throw new Failed("invalid", `${param}: there is no such picture`, { param: `request.${param}` });
    if ("upload" in source) pictures.touchUpload(source.upload);
    return { width: found.width, height: found.height };
  };
  const plan = async (account: string, request: Drawn): Promise<Plan> => {
    const known = await models.find(request.model);
    return planOf(known, request, {
      ...(request.image && { image: sizeOf(account, request.image, "image") }),
      ...(request.mask && { mask: sizeOf(account, request.mask, "mask") }),
    });
  };
  const secondsOf = ({ known, work, settings }: Plan): number => settings.count * estimates.seconds(known, work);

  /** @throws Failed with the time after which there is room */
  const admit = (account: string, seconds: number): void => {
    const active = jobs.activeCount(account);
    if (active >= limits.jobs) {
      const running = queue.running?.job.account === account ? queue.running.progress.secondsLeft : undefined;
      const first = queue.order().find(({ job }) => job.account === account);
      const retryAfter = running ?? (first ? first.wait + first.job.seconds : 1);
      throw new Failed("too_many_jobs", `${active} jobs are waiting already, and ${limits.jobs} may`, { retryAfter });
    }
    const waiting = queue.seconds();
    if (waiting > 0 && waiting + seconds > limits.queueSeconds)
      throw new Failed("busy", "there is more to draw than can be waited for; try again later", {
        retryAfter: waiting + seconds - limits.queueSeconds,
      });
  };

  const end = (row: JobRow): void => {
    const charged = owed(row.price, row.count, pictures.ofJob(row.id).length);
    jobs.end(row.id, { state: "cancelled", charged });
    ledger.settle(row.account, row.id, charged);
  };
  /** Queued jobs end here, a running one where it runs. */
  const stop = (row: JobRow): void => {
    if (row.state === "queued") end(row);
    else jobs.askToCancel(row.id);
  };

  return {
    describe,
    async quote(account, request) {
      const planned = await plan(account, request);
      const { known, settings, price, notices } = planned;
      return {
        settings,
        price,
        seconds: secondsOf(planned),
        measured: estimates.measured(known),
        wait: queue.seconds(),
        affordable: !parts.accounts || ledger.balance(account).available >= price,
        notices: [...notices],
      };
    },
    async accept(account, asked, key) {
      const hash = sha256(JSON.stringify(asked));
      const replayed = (): string | undefined => {
        if (key === undefined) return undefined;
        const before = db.get<{ asked: string; answer: string }>(
          "SELECT asked, answer FROM idempotency WHERE account = ? AND key = ?",
          account,
          key,
        );
        if (!before) return undefined;
        if (before.asked === hash) return before.answer;
        throw new Failed("idempotency_mismatch", "this Idempotency-Key was used for another request; take a new one");
      };
      const before = replayed();
      if (before !== undefined) return before;
      if (refusal) throw refusal();
      const planned = await plan(account, asked.request);
      const id = newId();
      const created = Date.now();
      const seconds = secondsOf(planned);
      const meanwhile = replayed();
      if (meanwhile !== undefined) return meanwhile;
      admit(account, seconds); // what is refused changes nothing, and costs as little as can be
      const accepting = (): string => {
        const { settings, steps, price, notices, known } = planned;
        const modelHash = known.model.hash;
        const group = asked.group ?? null;
        const label = asked.label ?? null;
        const row = { id, account, settings, modelHash, group, label, steps, count: settings.count };
        jobs.add({ ...row, price, seconds, notices, created }, asked.front ?? false);
        if (parts.accounts) ledger.hold(account, id, price);
        queue.changed(account);
        const text = JSON.stringify(describe(jobs.get(id) as JobRow));
        if (key !== undefined)
          db.run(
            "INSERT INTO idempotency (account, key, asked, answer, job, created) VALUES (?, ?, ?, ?, ?, ?)",
            ...[account, key, hash, text, id, created],
          );
        passing("accepting");
        return text;
      };
      let answer: string;
      try {
        answer = db.transaction(accepting);
      } finally {
        queue.changed(account); // also when it was not accepted after all
      }
      passing("accepted");
      dispatcher().wake();
      if (jobs.get(id)) tell(account, id);
      return answer;
    },
    get: (account, id) => describe(own(account, id)),
    list(account, { state, group, cursor, limit }) {
      if (state === "active") {
        const running = jobs.running().filter((row) => row.account === account);
        const rows = [...running, ...jobs.queued(account)];
        const wanted = rows.filter((row) => group === undefined || row.group === group);
        return { items: wanted.map(describe), next: null };
      }
      const rows = jobs.list(account, { state, group, before: before(cursor), limit: limit + 1 });
      const items = rows.slice(0, limit);
      const next = rows.length > limit ? `${items.at(-1)?.seq}` : null;
      return { items: items.map(describe), next };
    },
    cancel(account, id) {
      const row = own(account, id);
      if (!ended(row.state) && !row.cancelling) {
        db.transaction(() => stop(row));
        dispatcher().cancel(id);
        queue.changed(account);
        tell(account, id);
      }
      return describe(own(account, id));
    },
    cancelAll(account, group) {
      const rows = [...jobs.running(), ...jobs.queued(account)].filter(
        (row) => row.account === account && !row.cancelling && (group === undefined || row.group === group),
      );
      db.transaction(() => {
        for (const row of rows) stop(row);
      });
      queue.changed(account);
      for (const { id } of rows) {
        dispatcher().cancel(id);
        tell(account, id);
      }
      return rows.length;
    },
    move(account, id, where) {
      const row = own(account, id);
      if (row.state !== "queued")
        throw new Failed("conflict", `this job is ${row.state}; only queued ones can be moved`);
      const ids = jobs
        .waiting(account)
        .filter((one) => one.id !== id)
        .map((one) => one.id);
      db.transaction(() => jobs.arrange(account, ids.toSpliced(placeIn(ids, where), 0, id)));
      queue.changed(account);
      return describe(own(account, id));
    },
    ended(account, id, signal) {
      return new Promise((resolve, reject) => {
        const { stop } = hub.listen({ account, job: id }, undefined, ({ name }) => name === "job" && look());
        const leave = (): void => {
          stop();
          signal?.removeEventListener("abort", aborted);
        };
        const aborted = (): void => {
          leave();
          reject(signal?.reason);
        };
        const look = (): void => {
          const row = own(account, id);
          if (!ended(row.state)) return;
          leave();
          resolve(describe(row));
        };
        signal?.addEventListener("abort", aborted);
        look();
      });
    },
    refuse(failure) {
      refusal = failure;
    },
  };
}

/** The number that a page goes on from. */
export function before(cursor: string | undefined): number {
  if (cursor === undefined) return Number.MAX_SAFE_INTEGER;
  if (/^\d{1,15}$/.test(cursor)) return Number(cursor);
  throw new Failed("invalid", "cursor: pass back what `next` said", { param: "cursor" });
}

/** Where among ids a move leads. */
function placeIn(ids: readonly string[], where: Move): number {
  if ("to" in where) return where.to === "front" ? 0 : ids.length;
  const other = "before" in where ? where.before : where.after;
  const at = ids.indexOf(other);
  if (at < 0) throw new Failed("conflict", "the other job is not among your queued ones any more");
  return "before" in where ? at : at + 1;
}
