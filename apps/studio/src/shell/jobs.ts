// What is done with jobs that wait or run: cancel, move. The events of the server show what became of it.
import type { Job, Move } from "@dreamgrain/server/contract";
import { post, remove } from "../api/client.ts";
import { learnJob, useLive } from "../api/use-live.ts";
import { complain } from "./notes.ts";

/** Cancel one job; what is drawn of it stays. */
export const cancel = (id: string): Promise<void> => remove<Job>(`/v1/jobs/${id}`).then(learnJob).catch(complain);

/** Cancel the job at the head of the queue, if there is one. */
export function cancelCurrent(): void {
  const [id] = useLive.getState().order;
  if (id !== undefined) void cancel(id);
}

/** Cancel everything, or everything of a group. */
export const cancelAll = (group?: string): Promise<void> =>
  post<unknown>("/v1/jobs/cancel", group === undefined ? {} : { group }).then(() => undefined, complain);

/** Move a queued job. */
export const move = (id: string, to: Move): Promise<void> =>
  post<Job>(`/v1/jobs/${id}/move`, to).then(learnJob).catch(complain);
