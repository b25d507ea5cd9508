// Points in a plane, each a picture (or a dot until there is one, or the words themselves) that can be chosen.
import type { CSSProperties } from "react";
import { type Point, titleOf } from "../work/collection.ts";
import { Canvas } from "./Canvas.tsx";

/** Draws points; their places are stretched over the box. `labelled` shows texts as words, where pictures are points too. */
export function Points({
  points,
  labelled,
  selected,
  onSelect,
}: {
  readonly points: readonly { readonly point: Point; readonly place: readonly number[] }[];
  readonly labelled: boolean;
  readonly selected: Point | undefined;
  readonly onSelect: (point: Point) => void;
}) {
  const along = (axis: number): ((value: number) => number) => {
    const all = points.map(({ place }) => place[axis] ?? 0);
    const [least, most] = [Math.min(...all), Math.max(...all)];
    return (value) => (most > least ? (value - least) / (most - least) : 0.5);
  };
  const [x, y] = [along(0), along(1)];
  return (
    <ul className="points" aria-label="Points">
      {points.map(({ point, place }) => (
        <li
          key={`${point.item.id} ${point.what}`}
          style={{ "--x": `${8 + 84 * x(place[0] ?? 0)}%`, "--y": `${10 + 80 * y(place[1] ?? 0)}%` } as CSSProperties}
        >
          <button
            type="button"
            className={labelled && point.what === "text" ? "words" : "thumb"}
            aria-pressed={point === selected}
            title={titleOf(point.item)}
            onClick={() => onSelect(point)}
          >
            <Face point={point} labelled={labelled} />
          </button>
        </li>
      ))}
    </ul>
  );
}

function Face({ point: { item, what }, labelled }: { readonly point: Point; readonly labelled: boolean }) {
  if (labelled && what === "text") return titleOf(item);
  if (item.picture) return <Canvas pixels={item.picture.pixels} label={titleOf(item)} />;
  return (
    <span className="dot">
      <span className="hidden">{titleOf(item)}, not drawn yet</span>
    </span>
  );
}
