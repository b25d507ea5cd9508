// What the server tells while it happens, as state: jobs, their previews, the queue, the balance. Pure; `events.ts` feeds it.
import type { EventData, EventName, Job, Picture } from "@dreamgrain/server/contract";

/** What a picture in the making looks like by now. */
export type Preview = Omit<EventData["preview"], "job">;

/** What is known of jobs. Finished ones stay, so that a page can show what became of them. */
export interface Live {
  readonly connected: boolean;
  readonly jobs: Readonly<Record<string, Job>>;
  /** Active jobs, in the order in which they are drawn. */
  readonly order: readonly string[];
  readonly previews: Readonly<Record<string, Preview>>;
  readonly balance: EventData["balance"] | undefined;
}

/** Before anything is known. */
export const nothing: Live = { connected: false, jobs: {}, order: [], previews: {}, balance: undefined };

/** Finished jobs that are remembered. */
const MOST_FINISHED = 300;

/** Whether a job is still to end. */
export const isActive = (job: Job): boolean => job.state === "queued" || job.state === "running";

type Event = { [K in EventName]: { readonly name: K; readonly data: EventData[K] } }[EventName];

/** What is known after an event. Events about jobs that are unknown, or over, change nothing. */
export function told(live: Live, event: Event): Live {
  switch (event.name) {
    case "snapshot": {
      const jobs = { ...live.jobs };
      for (const job of event.data.jobs) jobs[job.id] = job;
      return { ...live, jobs, order: event.data.jobs.filter(isActive).map(({ id }) => id) };
    }
    case "job":
      return withJob(live, event.data);
    case "progress": {
      const job = live.jobs[event.data.job];
      if (!job || !isActive(job)) return live;
      return { ...live, jobs: { ...live.jobs, [job.id]: { ...job, progress: event.data.progress } } };
    }
    case "preview": {
      const { job: id, ...preview } = event.data;
      const job = live.jobs[id];
      return job && isActive(job) ? { ...live, previews: { ...live.previews, [id]: preview } } : live;
    }
    case "picture": {
      const job = live.jobs[event.data.job];
      if (!job || job.pictures.some(({ id }) => id === event.data.picture.id)) return live;
      const pictures = [...job.pictures, event.data.picture].sort((a, b) => a.index - b.index);
      return {
        ...live,
        jobs: { ...live.jobs, [job.id]: { ...job, pictures } },
        previews: without(live.previews, job.id),
      };
    }
    case "queue": {
      const jobs = { ...live.jobs };
      for (const { id, position, wait } of event.data.jobs) {
        const job = jobs[id];
        if (job) jobs[id] = { ...job, position, wait };
      }
      const running = live.order.filter((id) => jobs[id]?.state === "running");
      const queued = event.data.jobs.map(({ id }) => id).filter((id) => jobs[id]?.state === "queued");
      const others = live.order.filter((id) => !running.includes(id) && !queued.includes(id));
      return { ...live, jobs, order: [...running, ...queued, ...others] };
    }
    case "balance":
      return { ...live, balance: event.data };
  }
}

/** How far a job has come. */
const stage = ({ state }: Job): number => (state === "queued" ? 0 : state === "running" ? 1 : 2);

/** With a job as the server answered a request. Events may have told more of it by the time the answer is here. */
export function answered(live: Live, job: Job): Live {
  const before = live.jobs[job.id];
  return before && stage(before) >= stage(job) && !job.cancelling ? live : withJob(live, job);
}

/** With a job as an event told it, be it new or changed. */
function withJob(live: Live, job: Job): Live {
  const before = live.jobs[job.id];
  // What is over stays over.
  if (before && !isActive(before) && isActive(job)) return live;
  const jobs = forgetful({ ...live.jobs, [job.id]: job });
  if (!isActive(job))
    return { ...live, jobs, order: live.order.filter((id) => id !== job.id), previews: without(live.previews, job.id) };
  return { ...live, jobs, order: live.order.includes(job.id) ? live.order : [...live.order, job.id] };
}

/** With every picture of the jobs as `change` makes it; undefined takes it out. */
export function withPictures(live: Live, change: (picture: Picture) => Picture | undefined): Live {
  const entries = Object.entries(live.jobs).map(([id, job]) => {
    const pictures = job.pictures.flatMap((picture) => change(picture) ?? []);
    const same = pictures.length === job.pictures.length && pictures.every((one, i) => one === job.pictures[i]);
    return [id, same ? job : { ...job, pictures }] as const;
  });
  return { ...live, jobs: Object.fromEntries(entries) };
}

/** Active jobs that a snapshot did not mention: they ended unseen, and are to be asked for. */
export const missed = (live: Live): string[] =>
  Object.values(live.jobs).flatMap((job) => (isActive(job) && !live.order.includes(job.id) ? [job.id] : []));

/** The active jobs in order. */
export const queueOf = (live: Live): Job[] => live.order.flatMap((id) => live.jobs[id] ?? []);

function forgetful(jobs: Readonly<Record<string, Job>>): Readonly<Record<string, Job>> {
  const finished = Object.values(jobs).filter((job) => !isActive(job));
  if (finished.length <= MOST_FINISHED) return jobs;
  const old = finished.sort((a, b) => a.created - b.created).slice(0, finished.length - MOST_FINISHED);
  return old.reduce<Readonly<Record<string, Job>>>((rest, { id }) => without(rest, id), jobs);
}

function without<T>(entries: Readonly<Record<string, T>>, id: string): Readonly<Record<string, T>> {
  if (!(id in entries)) return entries;
  const { [id]: _, ...rest } = entries;
  return rest;
}
