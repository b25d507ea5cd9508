// One picture, as large as there is room, with what made it.
import type { Picture } from "@dreamgrain/server/contract";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { ChevronLeft, ChevronRight, Info, ScanSearch, X } from "lucide-react";
import { useRef } from "react";
import { useLocation } from "wouter";
import { get } from "../api/client.ts";
import { useSamplers, useServer } from "../api/queries.ts";
import type { Recall } from "../create/form.ts";
import { Dialog } from "../shell/Dialog.tsx";
import { useHotkeys } from "../shell/hotkeys.ts";
import { note } from "../shell/notes.ts";
import { set, useSettings } from "../shell/settings.ts";
import { credits, duration, moment } from "../shell/words.ts";
import { recallFrom, removeWithUndo, toggleStar } from "./actions.ts";
import { PictureActions } from "./PictureActions.tsx";

/** Open while there is an `id`; arrows go to its neighbours among `pictures`. */
export function Viewer({
  id,
  pictures,
  onMove,
  onSimilar,
  onClose,
}: {
  readonly id: string | undefined;
  readonly pictures: readonly Picture[];
  readonly onMove: (index: number) => void;
  readonly onSimilar: (picture: Picture) => void;
  readonly onClose: () => void;
}) {
  const index = pictures.findIndex((one) => one.id === id);
  const { data, error } = useQuery({
    queryKey: ["picture", id],
    queryFn: () => get<Picture>(`/v1/pictures/${id}`),
    enabled: id !== undefined && index < 0,
  });
  const picture = pictures[index] ?? data;
  return (
    <Dialog open={id !== undefined} onClose={onClose} label="Picture" className="viewer">
      {(dialog) =>
        picture ? (
          <Open
            dialog={dialog}
            picture={picture}
            index={index}
            count={pictures.length}
            onMove={onMove}
            onSimilar={onSimilar}
            onClose={onClose}
          />
        ) : (
          <p className="quiet viewer-none">{error ? error.message : "Opening …"}</p>
        )
      }
    </Dialog>
  );
}

function Open({
  dialog,
  picture,
  index,
  count,
  onMove,
  onSimilar,
  onClose,
}: {
  readonly dialog: HTMLDialogElement | null;
  readonly picture: Picture;
  readonly index: number;
  readonly count: number;
  readonly onMove: (index: number) => void;
  readonly onSimilar: (picture: Picture) => void;
  readonly onClose: () => void;
}) {
  const queries = useQueryClient();
  const [, go] = useLocation();
  const info = useSettings((settings) => settings.info);
  const { data: server } = useServer();
  const touch = useRef<number>(undefined);
  const step = (way: number): void => {
    if (index >= 0 && index + way >= 0 && index + way < count) onMove(index + way);
  };
  const take = (what: Recall) => (): void => {
    recallFrom(picture, what);
    if (what === "all" || what === "remix") go("/");
  };
  const removed = (): void => {
    if (index >= 0 && count > 1) onMove(index + 1 < count ? index + 1 : index - 1);
    else onClose();
  };
  useHotkeys(
    {
      star: () => void toggleStar(queries, picture),
      info: () => set({ info: !info }),
      recallAll: take("all"),
      recallRemix: take("remix"),
      recallPrompt: take("prompt"),
      recallSeed: take("seed"),
      recallSize: take("size"),
      remove: () => {
        removed();
        void removeWithUndo(queries, [picture.id]);
      },
    },
    dialog,
  );
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: arrows and swipes are short cuts to buttons that are there.
    <div
      className="viewer-inside"
      data-info={info}
      onKeyDown={(event) => {
        if (event.key === "ArrowLeft") step(-1);
        if (event.key === "ArrowRight") step(1);
      }}
      onTouchStart={(event) => {
        touch.current = event.touches[0]?.clientX;
      }}
      onTouchEnd={(event) => {
        const way = (event.changedTouches[0]?.clientX ?? 0) - (touch.current ?? 0);
        if (Math.abs(way) > 60) step(way < 0 ? 1 : -1);
      }}
    >
      <div className="viewer-picture">
        <img
          src={picture.url}
          alt={picture.settings.prompt ?? "unguided picture"}
          style={{ aspectRatio: `${picture.width} / ${picture.height}` }}
        />
        {index > 0 && (
          <button type="button" className="icon previous" aria-label="Newer" onClick={() => step(-1)}>
            <ChevronLeft aria-hidden="true" />
          </button>
        )}
        {index >= 0 && index + 1 < count && (
          <button type="button" className="icon next" aria-label="Older" onClick={() => step(1)}>
            <ChevronRight aria-hidden="true" />
          </button>
        )}
      </div>
      <div className="viewer-top">
        <button
          type="button"
          className="icon"
          aria-label="What made it"
          aria-pressed={info}
          onClick={() => set({ info: !info })}
        >
          <Info aria-hidden="true" />
        </button>
        <button type="button" className="icon" aria-label="Close" onClick={onClose}>
          <X aria-hidden="true" />
        </button>
      </div>
      <div className="viewer-info">
        <PictureActions picture={picture} inGallery onDone={removed} />
        {server?.meaning.available && (
          <button type="button" className="plain small" onClick={() => onSimilar(picture)}>
            <ScanSearch aria-hidden="true" /> Similar pictures
          </button>
        )}
        {info && <Made picture={picture} />}
      </div>
    </div>
  );
}

/** What a picture was made from. */
function Made({ picture }: { readonly picture: Picture }) {
  const { settings, seconds, price, created, width, height, modelHash, notices } = picture;
  const { samplers, schedules } = useSamplers();
  const title = (list: readonly { name: string; title: string }[], name: string): string =>
    list.find((one) => one.name === name)?.title ?? name;
  const rows: readonly (readonly [string, string | undefined])[] = [
    ["Avoided", settings.negative],
    ["Seed", settings.seed],
    ["Quality", settings.quality && { fast: "Fast", best: "Best" }[settings.quality]],
    ["Steps", `${settings.steps}`],
    ["Guidance", `${settings.guidance}`],
    ["Sampler", title(samplers, settings.sampler)],
    ["Schedule", title(schedules, settings.schedule)],
    ["Size", `${width} × ${height}`],
    ["Two passes", settings.hires === undefined ? undefined : `${settings.hires} of the second`],
    ["Strength", settings.strength === undefined ? undefined : `${settings.strength}`],
    ["Variation", settings.variation && `${settings.variation.seed}, ${settings.variation.strength}`],
    ["Model", `${settings.model} (${modelHash.slice(0, 10)})`],
    ["Took", duration(seconds)],
    ["Cost", credits(price)],
    ["Made", moment(created)],
  ];
  return (
    <div className="made">
      <p className="made-words">{settings.prompt ?? <em>no words</em>}</p>
      <dl>
        {rows.map(
          ([name, value]) =>
            value !== undefined &&
            value !== "" && (
              <div key={name}>
                <dt>{name}</dt>
                <dd className="number">{value}</dd>
              </div>
            ),
        )}
      </dl>
      {notices.map((text) => (
        <p key={text} className="hint">
          {text}
        </p>
      ))}
      <button
        type="button"
        className="plain small"
        onClick={() =>
          void navigator.clipboard?.writeText(settings.prompt ?? "").then(() => note("The words are copied."))
        }
      >
        Copy the words
      </button>
    </div>
  );
}
