// Points in a plane, each a picture (or a dot until there is one) that can be chosen.
import type { Item } from "../work/collection.ts";
import { Canvas } from "./Canvas.tsx";

/** Draws points; their places are stretched over the box. */
export function Points({
  points,
  selected,
  onSelect,
}: {
  readonly points: readonly { readonly item: Item; readonly place: readonly number[] }[];
  readonly selected: Item | undefined;
  readonly onSelect: (item: Item) => void;
}) {
  const along = (axis: number): ((value: number) => number) => {
    const all = points.map(({ place }) => place[axis] ?? 0);
    const [least, most] = [Math.min(...all), Math.max(...all)];
    return (value) => (most > least ? (value - least) / (most - least) : 0.5);
  };
  const [x, y] = [along(0), along(1)];
  return (
    <ul className="points" aria-label="Points">
      {points.map(({ item, place }) => (
        <li
          key={`${item.prompt} ${item.seed}`}
          style={{ left: `${8 + 84 * x(place[0] ?? 0)}%`, top: `${10 + 80 * y(place[1] ?? 0)}%` }}
        >
          <button type="button" aria-pressed={item === selected} title={item.prompt} onClick={() => onSelect(item)}>
            {item.picture ? (
              <Canvas pixels={item.picture.pixels} label={item.prompt} />
            ) : (
              <span className="dot">
                <span className="hidden">{item.prompt}, not drawn yet</span>
              </span>
            )}
          </button>
        </li>
      ))}
    </ul>
  );
}
