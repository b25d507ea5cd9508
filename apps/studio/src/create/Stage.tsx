// The picture: the last one made, the one being made as it comes out of the noise, or an invitation.
import type { Job, Picture } from "@dreamgrain/server/contract";
import { isActive } from "../api/live.ts";
import { usePictures } from "../api/pictures.ts";
import { useLive } from "../api/use-live.ts";
import { PictureActions } from "../gallery/PictureActions.tsx";
import { credits, duration } from "../shell/words.ts";
import { Grain } from "./Grain.tsx";
import { edit, show, useCreate } from "./store.ts";

/** What a newcomer may try; each draws well with the model that ships. */
const ideas = [
  "a dream of a distant galaxy",
  "a red sailboat at dusk, watercolor",
  "a castle on a hill at night",
  "a lighthouse in a storm",
];

/** The large picture of Create. */
export function Stage() {
  const shown = useCreate((state) => state.shown);
  const mine = useCreate((state) => state.mine);
  const job = useLive((live) => {
    // Unless told: what is being drawn, or else what was drawn last.
    const now = live.order.find((id) => mine.includes(id)) ?? live.order[0] ?? mine.at(-1);
    const id = shown ? ("job" in shown ? shown.job : undefined) : now;
    const found = id === undefined ? undefined : live.jobs[id];
    // A job whose pictures are deleted has nothing to show any more.
    return found?.state === "done" && found.pictures.length === 0 ? undefined : found;
  });
  const { data, isPending } = usePictures({});
  const picture = shown && "picture" in shown ? shown.picture : data?.pages[0]?.items[0];
  return (
    <section className="stage" aria-label="The picture">
      <p className="hidden" role="status">
        {job && said(job)}
      </p>
      {job ? <OfJob job={job} /> : picture ? <Finished pictures={[picture]} /> : isPending ? null : <Invitation />}
    </section>
  );
}

/** What a screen reader says as a job comes along; its steps are in the progress bar. */
function said(job: Job): string {
  const words = job.settings.prompt ?? "no words";
  if (job.state === "queued") return `Waits its turn: ${words}`;
  if (job.state === "running") return `Drawing: ${words}`;
  return job.state === "done" ? `Drawn: ${words}` : whyEnded(job);
}

/** A job: pictures that are done, the one that comes, the noise of those to come. */
function OfJob({ job }: { readonly job: Job }) {
  const preview = useLive((live) => live.previews[job.id]);
  const { pictures, settings, state, progress } = job;
  if (!isActive(job) && pictures.length > 0)
    return <Finished pictures={pictures} ended={state === "done" ? undefined : job} />;
  if (!isActive(job)) return <Ended job={job} />;
  const cells = Array.from({ length: settings.count }, (_, index) => ({
    index,
    picture: pictures.find((one) => one.index === index),
    coming: preview?.picture === index ? preview : undefined,
  }));
  const { width, height } = settings;
  return (
    <>
      <div className="cells" data-count={cells.length} style={shape(cells.length, width, height)}>
        {cells.map(({ index, picture, coming }) => (
          <div key={index} className="cell" style={{ aspectRatio: `${width} / ${height}` }}>
            {picture ? (
              <img src={picture.url} alt={settings.prompt ?? "unguided picture"} />
            ) : coming ? (
              <img
                src={coming.image}
                alt={`Step ${coming.step} of ${coming.steps}`}
                data-step={coming.step}
                className="coming"
              />
            ) : (
              <Grain seed={BigInt(settings.seed) + BigInt(index)} />
            )}
          </div>
        ))}
      </div>
      <div className="under">
        <div
          className="progress"
          role="progressbar"
          aria-label="Drawing"
          aria-valuemin={0}
          aria-valuemax={100}
          aria-valuenow={Math.round((progress?.done ?? 0) * 100)}
          style={{ "--at": `${(progress?.done ?? 0) * 100}%` } as React.CSSProperties}
        />
        <p className="number">
          {job.cancelling
            ? "Stopping …"
            : state === "queued"
              ? `Waits its turn${job.wait !== null && job.wait > 1 ? `, begins in ${duration(job.wait)}` : ""}`
              : progress && progress.step > 0
                ? `Step ${progress.step} of ${progress.steps} · ${duration(progress.secondsLeft)} left`
                : "Reading the words …"}
        </p>
      </div>
    </>
  );
}

/** Pictures that are there, and what can be done with them. */
function Finished({ pictures, ended }: { readonly pictures: readonly Picture[]; readonly ended?: Job | undefined }) {
  const [first] = pictures;
  if (!first) return null;
  const { settings, seconds, price } = first;
  return (
    <>
      <div className="cells" data-count={pictures.length} style={shape(pictures.length, first.width, first.height)}>
        {pictures.map((picture) => (
          <button
            key={picture.id}
            type="button"
            className="cell"
            disabled={pictures.length === 1}
            onClick={() => show({ picture })}
          >
            <img
              src={picture.url}
              alt={settings.prompt ?? "unguided picture"}
              data-picture={picture.id}
              style={{ aspectRatio: `${picture.width} / ${picture.height}` }}
            />
          </button>
        ))}
      </div>
      <div className="under">
        {ended && <p className="quiet">{whyEnded(ended)}</p>}
        <p className="caption">{settings.prompt ?? <em>no words</em>}</p>
        {pictures.length === 1 ? (
          <>
            <p className="quiet number">
              {settings.steps} steps · guidance {settings.guidance} · seed {settings.seed} · {duration(seconds)} ·{" "}
              {credits(price)}
            </p>
            <PictureActions picture={first} />
          </>
        ) : (
          <p className="quiet">Choose one to look at it.</p>
        )}
      </div>
    </>
  );
}

/** A job that ended without a picture. */
function Ended({ job }: { readonly job: Job }) {
  return (
    <div className="invitation">
      <h2>{job.state === "cancelled" ? "Cancelled" : "That did not work"}</h2>
      <p className="quiet">{whyEnded(job)}</p>
    </div>
  );
}

const whyEnded = (job: Job): string =>
  job.state === "failed"
    ? `${job.error?.message ?? "The picture could not be drawn."} It costs nothing.`
    : `Cancelled; ${job.charged ? `${credits(job.charged)} for what was drawn` : "it costs nothing"}.`;

/** Before the first picture. */
function Invitation() {
  return (
    <div className="invitation">
      <div className="invitation-grain" aria-hidden="true">
        <Grain seed={7n} />
      </div>
      <h2>Every picture begins as noise.</h2>
      <p className="quiet">Say what should come out of it.</p>
      <div className="ideas">
        {ideas.map((idea) => (
          <button
            key={idea}
            type="button"
            className="chip"
            onClick={() => {
              edit({ prompt: idea });
              document.querySelector<HTMLElement>("[data-main-field]")?.focus();
            }}
          >
            {idea}
          </button>
        ))}
      </div>
    </div>
  );
}

/** Columns for as many pictures, as near to a square as they go. */
function shape(count: number, width: number, height: number): React.CSSProperties {
  const columns = Math.ceil(Math.sqrt(count));
  const rows = Math.ceil(count / columns);
  return { "--columns": columns, "--ratio": (columns * width) / (rows * height) } as React.CSSProperties;
}
