// The wall: rows of pictures of which only those in sight exist, so that ten thousand are as quick as ten.
import type { Picture } from "@dreamgrain/server/contract";
import { useWindowVirtualizer } from "@tanstack/react-virtual";
import { Check, Star } from "lucide-react";
import { type KeyboardEvent, type RefObject, useEffect, useLayoutEffect, useRef, useState } from "react";
import { columnsFor, moved } from "./walking.ts";

const GAP = 6;

/** A grid for keys and screen readers too: one cell has the focus, arrows move it. */
export function Wall({
  ref,
  pictures,
  count,
  at,
  selected,
  onAt,
  onWanted,
  onOpen,
}: {
  readonly ref: RefObject<HTMLDivElement | null>;
  /** Those that are known; the rest up to `count` are on their way. */
  readonly pictures: readonly Picture[];
  readonly count: number;
  /** Which has the focus. */
  readonly at: number;
  readonly selected: readonly Picture[];
  readonly onAt: (index: number) => void;
  /** Called with the last index in sight. */
  readonly onWanted: (last: number) => void;
  readonly onOpen: (picture: Picture, add: boolean) => void;
}) {
  const [width, setWidth] = useState(0);
  const [top, setTop] = useState(0);
  const focusing = useRef(false);
  useLayoutEffect(() => {
    const element = ref.current;
    if (!element) return;
    const measure = (): void => {
      setWidth(element.clientWidth);
      setTop(element.getBoundingClientRect().top + window.scrollY);
    };
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    measure();
    return () => observer.disconnect();
  }, [ref]);
  const columns = columnsFor(width);
  const side = width === 0 ? 1 : (width - GAP * (columns - 1)) / columns;
  const rows = Math.ceil(count / columns);
  const virtual = useWindowVirtualizer({
    count: rows,
    estimateSize: () => side + GAP,
    overscan: 3,
    scrollMargin: top,
    scrollPaddingStart: top + GAP,
    scrollPaddingEnd: 72,
  });
  const items = virtual.getVirtualItems();
  const first = (items[0]?.index ?? 0) * columns;
  const last = ((items.at(-1)?.index ?? -1) + 1) * columns - 1;
  // Where Tab enters: the picture that had the focus, unless it is out of sight and so does not exist.
  const stop = at >= first && at <= last ? Math.min(at, pictures.length - 1) : first;
  useEffect(() => onWanted(last), [last, onWanted]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a changed side makes all measures wrong.
  useEffect(() => virtual.measure(), [side]);
  useEffect(() => {
    const tile = focusing.current && ref.current?.querySelector<HTMLElement>(`[data-index="${at}"]`);
    if (!tile) return;
    focusing.current = false;
    tile.focus({ preventScroll: true });
  });
  const press = (event: KeyboardEvent): void => {
    const to = moved(
      event.key,
      at,
      columns,
      pictures.length,
      Math.max(1, Math.floor(window.innerHeight / (side + GAP)) - 1),
    );
    if (to === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    onAt(to);
    focusing.current = true;
    virtual.scrollToIndex(Math.floor(to / columns), { align: "auto" });
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: a table cannot have rows that are not there.
    <div
      ref={ref}
      className="wall"
      role="grid"
      aria-label="Pictures"
      aria-rowcount={rows}
      aria-colcount={columns}
      tabIndex={-1}
      onKeyDown={press}
    >
      <div role="presentation" style={{ height: virtual.getTotalSize(), position: "relative" }}>
        {items.map((row) => (
          // biome-ignore lint/a11y/useSemanticElements: as above.
          <div
            key={row.key}
            role="row"
            tabIndex={-1}
            aria-rowindex={row.index + 1}
            className="wall-row"
            style={{
              height: side,
              gridTemplateColumns: `repeat(${columns}, 1fr)`,
              transform: `translateY(${row.start - top}px)`,
            }}
          >
            {Array.from({ length: Math.min(columns, count - row.index * columns) }, (_, column) => {
              const index = row.index * columns + column;
              const picture = pictures[index];
              return picture ? (
                <Tile
                  key={picture.id}
                  picture={picture}
                  index={index}
                  column={column}
                  focused={index === stop}
                  selected={selected.some(({ id }) => id === picture.id)}
                  onFocus={() => onAt(index)}
                  onOpen={onOpen}
                />
              ) : (
                // biome-ignore lint/a11y/useSemanticElements: as above.
                <div key={index} role="gridcell" tabIndex={-1} aria-colindex={column + 1} className="tile waiting" />
              );
            })}
          </div>
        ))}
      </div>
    </div>
  );
}

function Tile({
  picture,
  index,
  column,
  focused,
  selected,
  onFocus,
  onOpen,
}: {
  readonly picture: Picture;
  readonly index: number;
  readonly column: number;
  readonly focused: boolean;
  readonly selected: boolean;
  readonly onFocus: () => void;
  readonly onOpen: (picture: Picture, add: boolean) => void;
}) {
  const { settings, starred, score } = picture;
  return (
    // biome-ignore lint/a11y/useSemanticElements: as above.
    <div role="gridcell" tabIndex={-1} aria-colindex={column + 1} aria-selected={selected} className="tile">
      <button
        type="button"
        data-index={index}
        tabIndex={focused ? 0 : -1}
        aria-label={`${settings.prompt ?? "no words"}${starred ? ", starred" : ""}${selected ? ", selected" : ""}`}
        onFocus={onFocus}
        onClick={(event) => onOpen(picture, event.ctrlKey || event.metaKey || event.shiftKey)}
      >
        <img src={picture.thumbnail} alt="" loading="lazy" decoding="async" />
        {starred && <Star className="tile-star" aria-hidden="true" fill="currentColor" />}
        {selected && <Check className="tile-check" aria-hidden="true" />}
        {score !== undefined && <span className="tile-score number">{score.toFixed(2)}</span>}
      </button>
    </div>
  );
}
