// The five row filters of PNG: differences to neighbours, which pack better than samples. PNG specification, section 9.

/** Paeth's predictor: whichever of left, above and upper left is nearest to left + above − upper left. */
function paeth(left: number, above: number, corner: number): number {
  const p = left + above - corner;
  const dl = Math.abs(p - left);
  const da = Math.abs(p - above);
  const dc = Math.abs(p - corner);
  return dl <= da && dl <= dc ? left : da <= dc ? above : corner;
}

/** What each filter (0 none, 1 sub, 2 up, 3 average, 4 Paeth) expects a byte to be. */
const predictors: readonly ((left: number, above: number, corner: number) => number)[] = [
  () => 0,
  (left) => left,
  (_, above) => above,
  (left, above) => (left + above) >> 1,
  paeth,
];

/** The distance of a difference from 0 when bytes wrap around. */
const cost = (difference: number): number => (difference < 128 ? difference : 256 - difference);

/**
 * Writes the filter number and the filtered row to `out`, with the filter whose differences are smallest in sum.
 * @param step bytes per pixel.
 * @param out one byte longer than the row.
 */
export function filterRow(row: Uint8Array, above: Uint8Array, step: number, out: Uint8Array): void {
  let [none, sub, up, average, slope] = [0, 0, 0, 0, 0]; // spelt out: this loop is most of the time an encoder takes
  for (let i = 0; i < row.length; i++) {
    const x = row[i];
    const left = i < step ? 0 : row[i - step];
    const corner = i < step ? 0 : above[i - step];
    none += cost(x);
    sub += cost((x - left) & 0xff);
    up += cost((x - above[i]) & 0xff);
    average += cost((x - ((left + above[i]) >> 1)) & 0xff);
    slope += cost((x - paeth(left, above[i], corner)) & 0xff);
  }
  const costs = [none, sub, up, average, slope];
  const filter = costs.indexOf(Math.min(...costs));
  const predict = predictors[filter];
  out[0] = filter;
  for (let i = 0; i < row.length; i++) {
    const left = i < step ? 0 : row[i - step];
    const corner = i < step ? 0 : above[i - step];
    out[i + 1] = row[i] - predict(left, above[i], corner);
  }
}

/**
 * Undoes a filter in place.
 * @throws Error for a filter that does not exist.
 */
export function unfilterRow(filter: number, row: Uint8Array, above: Uint8Array, step: number): void {
  if (filter === 0) return;
  const predict = predictors[filter];
  if (!predict) throw new Error(`png: filter ${filter} does not exist; the file is damaged`);
  for (let i = 0; i < row.length; i++) {
    const left = i < step ? 0 : row[i - step];
    const corner = i < step ? 0 : above[i - step];
    row[i] = (row[i] + predict(left, above[i], corner)) & 0xff;
  }
}
