// The server's events, listened to for as long as the page is open: into the live state, and into what was asked before.
import type { EventData, EventName, Job, Picture } from "@dreamgrain/server/contract";
import type { QueryClient } from "@tanstack/react-query";
import { get } from "./client.ts";
import { missed, nothing, told } from "./live.ts";
import { addPicture } from "./pictures.ts";
import { learnJob, useLive } from "./use-live.ts";

const names: readonly EventName[] = ["snapshot", "job", "progress", "preview", "picture", "queue", "balance"];

/** Milliseconds before a stream that the server closed for good is asked for again. */
const PATIENCE = 3000;

/** Listens until the returned function is called. EventSource itself comes back with the id of the last event it had. */
export function listen(queries: QueryClient): () => void {
  let source: EventSource | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const open = (): void => {
    source = new EventSource("/v1/events");
    source.onopen = () => useLive.setState({ connected: true });
    source.onerror = () => {
      useLive.setState({ connected: false });
      if (source?.readyState === EventSource.CLOSED) timer = setTimeout(open, PATIENCE);
    };
    for (const name of names)
      source.addEventListener(name, (message) =>
        take(queries, name, JSON.parse((message as MessageEvent<string>).data)),
      );
  };
  open();
  return () => {
    clearTimeout(timer);
    source?.close();
    useLive.setState(nothing);
  };
}

function take<K extends EventName>(queries: QueryClient, name: K, data: EventData[K]): void {
  useLive.setState((live) => told(live, { name, data } as Parameters<typeof told>[1]));
  if (name === "picture") addPicture(queries, (data as { picture: Picture }).picture);
  if (name === "balance") void queries.invalidateQueries({ queryKey: ["account"] });
  if (name === "snapshot")
    for (const id of missed(useLive.getState()))
      get<Job>(`/v1/jobs/${id}`)
        .then(learnJob)
        .catch(() => useLive.setState(({ jobs: { [id]: _, ...jobs } }) => ({ jobs })));
}
