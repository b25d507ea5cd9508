// The queue: in which order jobs are drawn, one account after the other, and how long each waits.
import type { Progress } from "./contract.ts";
import type { JobRow, JobStore, Waiting } from "./store/jobs.ts";

/** A queued job and its place. */
export interface Place {
  readonly job: Waiting;
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
  /** To be called after the queued jobs of an account changed in the database. */
  changed(account: string): void;
  /** Tell when it changed; once for all that changed in one go. */
  onChange(tell: () => void): void;
}

function byAccount(waiting: readonly Waiting[]): Map<string, readonly Waiting[]> {
  const lists = new Map<string, Waiting[]>();
  for (const job of waiting) {
    const list = lists.get(job.account);
    if (list) list.push(job);
    else lists.set(job.account, [job]);
  }
  return lists;
}

/** The queue of a database's jobs. */
export function openQueue(jobs: JobStore): Queue {
  /** The queued jobs of each account, as far as they are read. */
  let lists: Map<string, readonly Waiting[]> | undefined;
  /** In the order in which they are drawn, waiting for one another alone. */
  let known:
    | { readonly places: readonly Place[]; readonly byId: ReadonlyMap<string, Place>; readonly seconds: number }
    | undefined;
  let tellers: (() => void)[] = [];
  let telling = false;
  let running: Running | undefined;
  /** When each account was served last; whoever was served least recently is next. */
  const served = new Map<string, number>();
  let tick = 0;

  /** One of each account in turn. */
  const ordered = (): NonNullable<typeof known> => {
    if (known) return known;
    lists ??= byAccount(jobs.waiting());
    const accounts = [...lists.keys()].sort((a, b) => (served.get(a) ?? 0) - (served.get(b) ?? 0) || (a < b ? -1 : 1));
    const places: Place[] = [];
    let seconds = 0;
    for (let round = 0, more = true; more; round++) {
      more = false;
      for (const account of accounts) {
        const job = lists.get(account)?.[round];
        if (!job) continue;
        places.push({ job, position: places.length, wait: seconds });
        seconds += job.seconds;
        more = true;
      }
    }
    known = { places, byId: new Map(places.map((place) => [place.job.id, place])), seconds };
    return known;
  };
  const after = (): number => running?.progress.secondsLeft ?? 0;
  const behind = (place: Place): Place => ({ ...place, wait: place.wait + after() });
  return {
    order: () => ordered().places.map(behind),
    place(id) {
      const place = ordered().byId.get(id);
      return place && behind(place);
    },
    next() {
      const [first] = ordered().places;
      if (first) served.set(first.job.account, ++tick);
      return first && jobs.get(first.job.id);
    },
    seconds: () => ordered().seconds + after(),
    get running() {
      return running;
    },
    set running(now) {
      running = now;
    },
    changed(account) {
      known = undefined;
      const left = lists && jobs.waiting(account);
      if (left?.length) lists?.set(account, left);
      else lists?.delete(account);
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
