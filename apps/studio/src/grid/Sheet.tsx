// A grid that was drawn, or is being drawn: its pictures by row and column, and what each took and cost.
import type { Job, Jobs } from "@dreamgrain/server/contract";
import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { Link } from "wouter";
import { useShallow } from "zustand/react/shallow";
import { get, query } from "../api/client.ts";
import { useSamplers } from "../api/queries.ts";
import { useLive } from "../api/use-live.ts";
import { Grain } from "../create/Grain.tsx";
import { credits, duration } from "../shell/words.ts";
import { type Axis, type AxisName, axes, drawnOf } from "./axes.ts";

/** The jobs of a group: as they were when the page was opened, and as the events tell since. */
function useGroup(group: string): readonly Job[] {
  const { data } = useQuery({
    queryKey: ["group", group],
    queryFn: () => get<Jobs>(`/v1/jobs${query({ group, limit: 500 })}`),
    staleTime: Number.POSITIVE_INFINITY,
    refetchOnMount: "always",
  });
  const live = useLive(useShallow((state) => Object.values(state.jobs).filter((job) => job.group === group)));
  return useMemo(() => {
    const jobs = new Map((data?.items ?? []).map((job) => [job.id, job]));
    for (const job of live) jobs.set(job.id, job);
    return [...jobs.values()];
  }, [data, live]);
}

/** The table of pictures. */
export function Sheet({ group }: { readonly group: string }) {
  const jobs = useGroup(group);
  const drawn = useMemo(() => drawnOf(jobs), [jobs]);
  const titled = useTitles();
  if (!drawn) return null;
  const { x, y } = drawn;
  const done = jobs.filter(({ state }) => state === "done");
  const seconds = done.reduce((sum, job) => sum + job.seconds, 0);
  const charged = done.reduce((sum, job) => sum + (job.charged ?? 0), 0);
  return (
    <figure className="sheet-figure">
      <div className="sheet-scroll">
        <table className="sheet-table">
          <caption className="hidden">
            {axes[x.name].title} across, {axes[y.name].title.toLowerCase()} down
          </caption>
          <thead>
            <tr>
              <th scope="col" className="corner">
                <span>{axes[x.name].title} →</span>
                <span>{axes[y.name].title} ↓</span>
              </th>
              {x.values.map((value) => (
                <th key={value} scope="col" className="number">
                  {titled(x, value)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {y.values.map((value, row) => (
              <tr key={value}>
                <th scope="row" className="number">
                  {titled(y, value)}
                </th>
                {x.values.map((across, column) => (
                  <td key={across}>
                    <SheetCell
                      job={drawn.jobs[row]?.[column]}
                      name={`${axes[x.name].title} ${across}, ${axes[y.name].title} ${value}`}
                    />
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <figcaption className="quiet number" aria-live="polite">
        {done.length} of {x.values.length * y.values.length} drawn · {duration(seconds)} · {credits(charged)}
      </figcaption>
    </figure>
  );
}

function SheetCell({ job, name }: { readonly job: Job | undefined; readonly name: string }) {
  const preview = useLive((live) => (job ? live.previews[job.id] : undefined));
  const [picture] = job?.pictures ?? [];
  const ratio = job ? { aspectRatio: `${job.settings.width} / ${job.settings.height}` } : { aspectRatio: "1" };
  return (
    <div className="sheet-cell">
      {picture ? (
        <Link href={`/gallery/${picture.id}`} style={ratio}>
          <img src={picture.url} alt={name} />
        </Link>
      ) : (
        <div className="cell" style={ratio} title={job?.error?.message}>
          {preview ? (
            <img src={preview.image} alt={`${name}, step ${preview.step}`} className="coming" />
          ) : (
            <Grain seed={BigInt(job?.settings.seed ?? 1)} />
          )}
        </div>
      )}
      <p className="number">{job ? what(job) : "to be sent"}</p>
    </div>
  );
}

function what(job: Job): string {
  if (job.state === "done") return `${duration(job.seconds)} · ${credits(job.charged ?? job.price)}`;
  if (job.state === "running") return job.progress ? `step ${job.progress.step} of ${job.progress.steps}` : "begins";
  return job.state === "queued" ? `about ${duration(job.seconds)} · ${credits(job.price)}` : job.state;
}

const qualities = [
  { name: "fast", title: "Fast" },
  { name: "best", title: "Best" },
];

/** The values of axes whose values are chosen from a list. */
export function useLists(): {
  readonly [K in AxisName]?: readonly { readonly name: string; readonly title: string }[];
} {
  const { samplers, schedules } = useSamplers();
  return { sampler: samplers, schedule: schedules, quality: qualities };
}

/** Values as people call them: by the titles of their list. */
function useTitles(): (axis: Axis, value: string) => string {
  const lists = useLists();
  return ({ name }, value) => lists[name]?.find((one) => one.name === value)?.title ?? value;
}
