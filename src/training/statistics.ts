// statistics: how sure a share is, how far apart two sets of features are, how varied one set is; and tables of them.

/** How often something was right. */
export interface Share {
  readonly right: number;
  readonly of: number;
}

/** Where the true share lies with 95 % confidence; 0…1 for no trials. Wilson 1927, without continuity correction. */
export function wilson({ right, of }: Share, z = 1.959964): readonly [low: number, high: number] {
  if (of === 0) return [0, 1];
  const p = right / of;
  const center = p + z ** 2 / (2 * of);
  const half = z * Math.sqrt((p * (1 - p)) / of + z ** 2 / (4 * of ** 2));
  const scale = 1 + z ** 2 / of;
  return [Math.max(0, (center - half) / scale), Math.min(1, (center + half) / scale)];
}

/** "92.5 % (88.0–95.4)"; "–" for no trials. */
export function showShare(share: Share): string {
  if (share.of === 0) return "–";
  const percent = (x: number): string => (100 * x).toFixed(1);
  const [low, high] = wilson(share);
  return `${percent(share.right / share.of)} % (${percent(low)}–${percent(high)})`;
}

export const addShares = (shares: readonly Share[]): Share =>
  shares.reduce((a, b) => ({ right: a.right + b.right, of: a.of + b.of }), { right: 0, of: 0 });

/** A vector per picture, all of one length. */
export type Features = readonly Float32Array[];

const dot = (a: Float32Array, b: Float32Array): number => {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
};

/** The mean over all ordered pairs of different indices. */
function meanOverPairs(count: number, f: (i: number, j: number) => number): number {
  let sum = 0;
  for (let i = 0; i < count; i++) for (let j = 0; j < i; j++) sum += f(i, j);
  return (2 * sum) / (count * (count - 1));
}

/**
 * Kernel inception distance: the unbiased squared maximum mean discrepancy with kernel (x·y/d + 1)³. 0 in the mean for two
 * samples of one distribution, so a single value may be below 0. Bińkowski et al. 2018.
 * @throws RangeError for fewer than two vectors on a side
 */
export function kid(a: Features, b: Features): number {
  if (a.length < 2 || b.length < 2)
    throw new RangeError(`kid: wants at least two vectors on each side, not ${a.length} and ${b.length}`);
  const kernel = (x: Float32Array, y: Float32Array): number => (dot(x, y) / x.length + 1) ** 3;
  let between = 0;
  for (const x of a) for (const y of b) between += kernel(x, y);
  const within = (all: Features): number => meanOverPairs(all.length, (i, j) => kernel(all[i], all[j]));
  return within(a) + within(b) - (2 * between) / (a.length * b.length);
}

/** The mean Euclidean distance between two different vectors: how varied they are. */
export function meanDistance(all: Features): number {
  if (all.length < 2) throw new RangeError(`mean distance: wants at least two vectors, not ${all.length}`);
  return meanOverPairs(all.length, (i, j) => {
    let sum = 0;
    for (let k = 0; k < all[i].length; k++) sum += (all[i][k] - all[j][k]) ** 2;
    return Math.sqrt(sum);
  });
}

/** Half the sum of the absolute differences of two distributions given as counts: 0 when they agree, 1 when disjoint. */
export function totalVariation(a: readonly number[], b: readonly number[]): number {
  const [sumA, sumB] = [a, b].map((counts) => counts.reduce((x, y) => x + y, 0));
  return a.reduce((sum, count, i) => sum + Math.abs(count / sumA - b[i] / sumB), 0) / 2;
}

/** A table in Markdown, its columns padded so that it reads as well in a terminal; the first column is left-aligned. */
export function markdownTable(head: readonly string[], body: readonly (readonly string[])[]): string {
  const widths = head.map((cell, i) => Math.max(3, cell.length, ...body.map((row) => row[i].length)));
  const line = (row: readonly string[]): string =>
    `| ${row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join(" | ")} |`;
  const rule = `|${widths.map((w, i) => (i === 0 ? "-".repeat(w + 2) : `${"-".repeat(w + 1)}:`)).join("|")}|`;
  return [line(head), rule, ...body.map(line)].join("\n");
}
