// Gallery: every picture ever made, found by words or by meaning, looked at, compared, recalled.
import type { Picture, Pictures } from "@dreamgrain/server/contract";
import { useQueryClient } from "@tanstack/react-query";
import { CheckSquare, Columns2, Star, Trash2, Undo2, X } from "lucide-react";
import { useCallback, useMemo, useRef, useState } from "react";
import { useLocation, useParams } from "wouter";
import { type Filter, useCount, usePictures } from "../api/pictures.ts";
import type { Recall } from "../create/form.ts";
import { useHotkeys } from "../shell/hotkeys.ts";
import { note } from "../shell/notes.ts";
import { counted } from "../shell/words.ts";
import { bringBack, recallFrom, removeWithUndo, toggleStar } from "./actions.ts";
import { Compare } from "./Compare.tsx";
import { Search } from "./Search.tsx";
import { Viewer } from "./Viewer.tsx";
import { Wall } from "./Wall.tsx";
import "./gallery.css";

/** /gallery, and /gallery/:id with that picture open. */
export default function Gallery() {
  const { id: open } = useParams<{ id?: string }>();
  const [, go] = useLocation();
  const queries = useQueryClient();
  const [filter, setFilter] = useState<Filter>({});
  const [at, setAt] = useState(0);
  const [selected, setSelected] = useState<readonly Picture[]>([]);
  const [selecting, setSelecting] = useState(false);
  const [comparing, setComparing] = useState(false);
  const { data, hasNextPage, isFetchingNextPage, fetchNextPage, isPending, error } = usePictures(filter);
  const pictures = useMemo(() => data?.pages.flatMap(({ items }) => items) ?? [], [data]);
  const counted_ = useCount(filter);
  const count = Math.max(pictures.length, hasNextPage ? (counted_ ?? 0) : 0);
  const wall = useRef<HTMLDivElement>(null);

  const wanted = useCallback(
    (last: number): void => {
      if (last >= pictures.length - 40 && hasNextPage && !isFetchingNextPage) void fetchNextPage();
    },
    [pictures.length, hasNextPage, isFetchingNextPage, fetchNextPage],
  );
  const select = (picture: Picture): void =>
    setSelected((before) =>
      before.some(({ id }) => id === picture.id) ? before.filter(({ id }) => id !== picture.id) : [...before, picture],
    );
  const show = (next: Filter): void => {
    setFilter(next);
    setSelected([]);
    setAt(0);
  };
  const chosen = (): readonly Picture[] => (selected.length > 0 ? selected : pictures[at] ? [pictures[at]] : []);
  const take = (what: Recall) => (): void => {
    const [picture] = chosen();
    if (!picture) return;
    recallFrom(picture, what);
    if (what === "all" || what === "remix") go("/");
  };
  const drop = (): void => {
    const ids = chosen().map(({ id }) => id);
    if (ids.length === 0) return;
    setSelected([]);
    void (filter.deleted ? bringBack(queries, ids) : removeWithUndo(queries, ids));
  };
  const compare = (): void => {
    if (selected.length === 2) setComparing(true);
    else note("Select two pictures to compare them (X, or Select).");
  };
  useHotkeys({
    star: () => void chosen().map((picture) => toggleStar(queries, picture)),
    select: () => pictures[at] && select(pictures[at]),
    recallAll: take("all"),
    recallRemix: take("remix"),
    recallPrompt: take("prompt"),
    recallSeed: take("seed"),
    recallSize: take("size"),
    compare,
    remove: drop,
  });

  const [one, two] = selected;
  return (
    <div className="gallery">
      <header className="gallery-head">
        <h1>Gallery</h1>
        <p className="quiet number" aria-live="polite">
          {isPending ? "" : counted(counted_ ?? pictures.length, "picture")}
          {filter.deleted && " in the bin"}
          {byNearness(filter) && pictures.length > 0 && ", the nearest first"}
        </p>
        <Search filter={filter} onChange={show} />
        <div className="gallery-tools">
          <button
            type="button"
            aria-pressed={filter.starred === true}
            onClick={() => show(filter.starred ? {} : { starred: true })}
          >
            <Star aria-hidden="true" /> <span>Starred</span>
          </button>
          <button
            type="button"
            aria-pressed={filter.deleted === true}
            onClick={() => show(filter.deleted ? {} : { deleted: true })}
          >
            <Trash2 aria-hidden="true" /> <span>Bin</span>
          </button>
          <button
            type="button"
            aria-pressed={selecting}
            onClick={() => {
              setSelecting(!selecting);
              setSelected([]);
            }}
          >
            <CheckSquare aria-hidden="true" /> <span>Select</span>
          </button>
        </div>
      </header>
      {error && (
        <p className="banner" role="alert">
          {error.message}
        </p>
      )}
      {remarks(data?.pages[0]).map((remark) => (
        <p key={remark} className="quiet" role="status">
          {remark}
        </p>
      ))}
      {!isPending && pictures.length === 0 && !error ? (
        <Empty filter={filter} />
      ) : (
        <Wall
          ref={wall}
          pictures={pictures}
          count={count}
          at={at}
          selected={selected}
          onAt={setAt}
          onWanted={wanted}
          onOpen={(picture, add) => (add || selecting ? select(picture) : go(`/gallery/${picture.id}`))}
        />
      )}
      {selected.length > 0 && (
        <section className="selection" aria-label="Selection">
          <p className="number">{selected.length} selected</p>
          <button type="button" onClick={compare} disabled={selected.length !== 2}>
            <Columns2 aria-hidden="true" /> Compare
          </button>
          <button type="button" onClick={drop}>
            {filter.deleted ? <Undo2 aria-hidden="true" /> : <Trash2 aria-hidden="true" />}
            {filter.deleted ? "Bring back" : "Delete"}
          </button>
          <button type="button" className="icon" aria-label="Select nothing" onClick={() => setSelected([])}>
            <X aria-hidden="true" />
          </button>
        </section>
      )}
      <Viewer
        id={open}
        pictures={pictures}
        onMove={(index) => {
          const picture = pictures[index];
          if (!picture) return;
          setAt(index);
          wanted(index);
          go(`/gallery/${picture.id}`, { replace: true });
        }}
        onSimilar={(picture) => {
          show({ similar: picture.id });
          go("/gallery");
        }}
        onClose={() => {
          go("/gallery");
          requestAnimationFrame(() => wall.current?.querySelector<HTMLElement>("[tabindex='0']")?.focus());
        }}
      />
      <Compare open={comparing} one={one} two={two} onClose={() => setComparing(false)} />
    </div>
  );
}

const byNearness = ({ meaning, similar }: Filter): boolean => meaning !== undefined || similar !== undefined;

/** What is to be said about a search by meaning: words that are not known, pictures that are not either. */
function remarks(page: Pictures | undefined): readonly string[] {
  const { notices = [], unseen = 0 } = page ?? {};
  const late = `${counted(unseen, "picture")} ${unseen === 1 ? "has" : "have"} not been looked at yet, and cannot be found.`;
  return [...notices, ...(unseen > 0 ? [late] : [])];
}

function Empty({ filter }: { readonly filter: Filter }) {
  const [title, hint] =
    filter.text !== undefined
      ? [
          `No picture has the words “${filter.text}”.`,
          "Each word is looked for at the beginning of the words of prompts.",
        ]
      : byNearness(filter)
        ? ["Nothing is found.", "There are no pictures that were looked at."]
        : filter.deleted
          ? ["The bin is empty.", "What is deleted stays here for thirty days."]
          : filter.starred
            ? ["No stars yet.", "Press . on a picture that you like."]
            : ["Nothing yet.", "What you draw is kept here."];
  return (
    <div className="invitation">
      <h2>{title}</h2>
      <p className="quiet">{hint}</p>
    </div>
  );
}
