// What waits and what is being drawn: in order, to be reordered and cancelled.
import type { Job } from "@dreamgrain/server/contract";
import { ArrowDown, ArrowUp, ChevronsUp, X } from "lucide-react";
import { useState } from "react";
import { useShallow } from "zustand/react/shallow";
import { queueOf } from "../api/live.ts";
import { useLive } from "../api/use-live.ts";
import { cancel, cancelAll, move } from "../shell/jobs.ts";
import { duration } from "../shell/words.ts";
import { Grain } from "./Grain.tsx";
import { show } from "./store.ts";

/** The queue; nothing when it is empty. */
export function Queue() {
  const jobs = useLive(useShallow(queueOf));
  const [dragged, setDragged] = useState<string>();
  if (jobs.length === 0) return null;
  const queued = jobs.filter((job) => job.state === "queued");
  return (
    <section className="queue" aria-labelledby="queue-title">
      <header>
        <h2 id="queue-title">
          Queue <span className="number">{jobs.length}</span>
        </h2>
        {jobs.length > 1 && (
          <button type="button" className="plain small" onClick={() => void cancelAll()}>
            Cancel all
          </button>
        )}
      </header>
      <ol>
        {jobs.map((job) => {
          const at = queued.indexOf(job);
          return (
            <li
              key={job.id}
              draggable={at >= 0}
              data-dragged={dragged === job.id}
              onDragStart={() => setDragged(job.id)}
              onDragEnd={() => setDragged(undefined)}
              onDragOver={(event) => at >= 0 && dragged !== undefined && event.preventDefault()}
              onDrop={(event) => {
                if (dragged === undefined || dragged === job.id) return;
                event.preventDefault();
                event.stopPropagation();
                const from = queued.findIndex(({ id }) => id === dragged);
                void move(dragged, from < at ? { after: job.id } : { before: job.id });
              }}
            >
              <Entry job={job} before={queued[at - 1]} after={at < 0 ? undefined : queued[at + 1]} />
            </li>
          );
        })}
      </ol>
    </section>
  );
}

function Entry({
  job,
  before,
  after,
}: {
  readonly job: Job;
  readonly before: Job | undefined;
  readonly after: Job | undefined;
}) {
  const preview = useLive((live) => live.previews[job.id]);
  const { settings, progress } = job;
  const words = settings.prompt ?? "no words";
  return (
    <>
      <button type="button" className="plain entry" onClick={() => show({ job: job.id })}>
        {preview ? <img src={preview.image} alt="" /> : <Grain seed={BigInt(settings.seed)} />}
        <span>
          <span className="entry-words">{words}</span>
          <span className="quiet number">{stateOf(job)}</span>
        </span>
      </button>
      <span className="entry-do">
        {before && (
          <>
            <button
              type="button"
              className="icon"
              aria-label={`To the front: ${words}`}
              onClick={() => void move(job.id, { to: "front" })}
            >
              <ChevronsUp aria-hidden="true" />
            </button>
            <button
              type="button"
              className="icon"
              aria-label={`Earlier: ${words}`}
              onClick={() => void move(job.id, { before: before.id })}
            >
              <ArrowUp aria-hidden="true" />
            </button>
          </>
        )}
        {after && (
          <button
            type="button"
            className="icon"
            aria-label={`Later: ${words}`}
            onClick={() => void move(job.id, { after: after.id })}
          >
            <ArrowDown aria-hidden="true" />
          </button>
        )}
        <button
          type="button"
          className="icon"
          aria-label={`Cancel: ${words}`}
          disabled={job.cancelling}
          onClick={() => void cancel(job.id)}
        >
          <X aria-hidden="true" />
        </button>
      </span>
      {progress && <span className="bar" style={{ "--at": `${progress.done * 100}%` } as React.CSSProperties} />}
    </>
  );
}

function stateOf({ state, cancelling, progress, wait, settings }: Job): string {
  if (cancelling) return "stopping";
  if (state === "queued") return wait === null ? "waits" : `begins in ${duration(wait)}`;
  if (!progress) return "begins";
  const which = settings.count > 1 ? `${progress.picture + 1} of ${settings.count}, ` : "";
  return `${which}step ${progress.step} of ${progress.steps}, ${duration(progress.secondsLeft)} left`;
}
