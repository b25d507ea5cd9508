// How one walks over the wall: how many pictures stand side by side, and where a key leads. Pure.

/** Columns of a wall of this width: three on a phone, more as there is room for pictures of some 180 pixels. */
export const columnsFor = (width: number): number => Math.max(3, Math.floor(width / 180));

/** Where a key leads from `at`, among `count`; undefined for keys that lead nowhere. `page` is rows in sight. */
export function moved(key: string, at: number, columns: number, count: number, page: number): number | undefined {
  const ways: Readonly<Record<string, number>> = {
    ...{ ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns },
    ...{ PageUp: -columns * page, PageDown: columns * page, Home: -at, End: count - 1 - at },
  };
  const way = Object.hasOwn(ways, key) ? ways[key] : undefined;
  if (way === undefined || count === 0) return undefined;
  const to = at + way;
  // Up and down stop at the edge; a last row that is shorter is reached at its end.
  if (to < 0) return key === "ArrowUp" ? at : 0;
  if (to < count) return to;
  return key === "ArrowDown" && Math.floor(at / columns) === Math.floor((count - 1) / columns) ? at : count - 1;
}

/** What two records differ in: the names of the fields, with both values as text. */
export function differences(
  one: object,
  two: object,
): { readonly name: string; readonly one: string; readonly two: string }[] {
  const [a, b] = [new Map(Object.entries(one)), new Map(Object.entries(two))];
  const shown = (value: unknown): string =>
    value === undefined ? "–" : typeof value === "object" ? JSON.stringify(value) : String(value);
  return [...new Set([...a.keys(), ...b.keys()])]
    .map((name) => ({ name, one: shown(a.get(name)), two: shown(b.get(name)) }))
    .filter((pair) => pair.one !== pair.two);
}
