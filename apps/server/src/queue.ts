// The queue: in which order jobs are drawn, one account after the other, and how long each waits.
import type { Progress } from "./contract.ts";
import type { JobRow, JobStore } from "./store/jobs.ts";

/** A queued job and its place. */
export interface Place {
  readonly job: JobRow;
  /** How many are before it. */
  readonly position: number;
  /** Seconds until it begins. */
  readonly wait: number;
}

/** A job that is being drawn. */
export interface Running {
  readonly job: JobRow;
  readonly progress: Progress;
  /** What the picture would be now: a PNG. */
  readonly preview?: Uint8Array | undefined;
}

export interface Queue {
  /** Those that wait, in the order in which they will be drawn. */
  order(): readonly Place[];
  place(id: string): Place | undefined;
  /** The next to be drawn. */
  next(): JobRow | undefined;
  /** Seconds until everything that is accepted is done. */
  seconds(): number;
  running: Running | undefined;
  /** To be called after the queue in the database changed. */
  changed(): void;
  /** Tell when it changed; once for all that changed in one go. */
  onChange(tell: () => void): void;
}

/** The queue of a database's jobs. */
export function openQueue(jobs: JobStore): Queue {
  let known: readonly JobRow[] | undefined;
  let tellers: (() => void)[] = [];
  let telling = false;
  let running: Running | undefined;
  /** When each account was served last; whoever was served least recently is next. */
  const served = new Map<string, number>();
  let tick = 0;

  /** One of each account in turn. */
  const ordered = (): readonly JobRow[] => {
    if (known) return known;
    const of = new Map<string, JobRow[]>();
    for (const job of jobs.queued()) of.set(job.account, [...(of.get(job.account) ?? []), job]);
    const accounts = [...of.keys()].sort((a, b) => (served.get(a) ?? 0) - (served.get(b) ?? 0));
    const result: JobRow[] = [];
    for (let round = 0, more = true; more; round++) {
      more = false;
      for (const account of accounts) {
        const job = of.get(account)?.[round];
        if (!job) continue;
        result.push(job);
        more = true;
      }
    }
    known = result;
    return result;
  };
  const order = (): readonly Place[] => {
    let wait = running?.progress.secondsLeft ?? 0;
    return ordered().map((job, position) => {
      const place = { job, position, wait };
      wait += job.seconds;
      return place;
    });
  };
  return {
    order,
    place: (id) => order().find(({ job }) => job.id === id),
    next() {
      const [job] = ordered();
      if (job) served.set(job.account, ++tick);
      return job;
    },
    seconds: () => ordered().reduce((sum, { seconds }) => sum + seconds, running?.progress.secondsLeft ?? 0),
    get running() {
      return running;
    },
    set running(now) {
      running = now;
    },
    changed() {
      known = undefined;
      if (telling) return;
      telling = true;
      setTimeout(() => {
        telling = false;
        for (const tell of tellers) tell();
      }, 20);
    },
    onChange(tell) {
      tellers = [...tellers, tell];
    },
  };
}
