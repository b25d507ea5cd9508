// plot: loss curves as a picture, drawn pixel by pixel.
import { type Color, type Pixels, plain } from "../image/pixels.ts";
import { dot, letter, letteringWidth } from "./lettering.ts";

export interface Curve {
  readonly name: string;
  readonly points: readonly (readonly [x: number, y: number])[];
}

export interface PlotOptions {
  readonly width?: number;
  readonly height?: number;
  /** What is counted along the bottom. */
  readonly across?: string;
}

const GROUND: Color = [250, 250, 247];
const INK: Color = [40, 40, 46];
const GRID: Color = [222, 222, 216];
const COLORS: readonly Color[] = [
  [36, 87, 201],
  [210, 40, 31],
  [47, 154, 69],
  [122, 59, 181],
  [240, 130, 30],
];
const SCALE = 2;

/**
 * Curves over one pair of axes that hold all of their points, with ticks at round numbers and a legend.
 * @throws RangeError when no curve has a point, or one is not finite
 */
export function plot(
  curves: readonly Curve[],
  { width = 720, height = 360, across = "steps" }: PlotOptions = {},
): Pixels {
  const all = curves.flatMap(({ points }) => points);
  if (all.length === 0) throw new RangeError("plot: there is no point to draw");
  if (!all.flat().every(Number.isFinite)) throw new RangeError("plot: a point is not finite");
  const picture = plain(width, height, GROUND);
  const xs = ticks(
    all.map(([x]) => x),
    8,
  );
  const ys = ticks(
    all.map(([, y]) => y),
    6,
  );
  const labels = ys.map(showNumber);
  const left = 12 + Math.max(...labels.map((l) => letteringWidth(l, SCALE)));
  const box = { left, right: width - 16, top: 12 + 7 * SCALE, bottom: height - 12 - 14 * SCALE };
  const column = (x: number): number => place(x, xs, box.left, box.right);
  const row = (y: number): number => place(y, ys, box.bottom, box.top);

  for (const [i, y] of ys.entries()) {
    line(picture, [box.left, row(y)], [box.right, row(y)], i === 0 ? INK : GRID);
    letter(picture, labels[i], box.left - 6 - letteringWidth(labels[i], SCALE), row(y) - 5, INK, SCALE);
  }
  for (const [i, x] of xs.entries()) {
    line(picture, [column(x), box.top], [column(x), box.bottom], i === 0 ? INK : GRID);
    const label = showNumber(x);
    letter(picture, label, column(x) - Math.round(letteringWidth(label, SCALE) / 2), box.bottom + 6, INK, SCALE);
  }
  letter(picture, across, box.right - letteringWidth(across, SCALE), box.bottom + 10 + 6 * SCALE, INK, SCALE);
  let at = box.left;
  for (const [i, { name, points }] of curves.entries()) {
    const color = COLORS[i % COLORS.length];
    for (let k = 1; k < points.length; k++) {
      const [from, to] = [points[k - 1], points[k]];
      const ends = [column(from[0]), row(from[1]), column(to[0]), row(to[1])] as const;
      for (const thick of [0, 1]) line(picture, [ends[0], ends[1] + thick], [ends[2], ends[3] + thick], color);
    }
    if (points.length === 1) dot(picture, column(points[0][0]), row(points[0][1]), color);
    letter(picture, name, at, 6, color, SCALE);
    at += letteringWidth(`${name}  `, SCALE) + SCALE;
  }
  return picture;
}

/** Where a value between the first and the last tick lies between two pixels. */
const place = (value: number, at: readonly number[], from: number, to: number): number =>
  Math.round(from + ((value - at[0]) / (at[at.length - 1] - at[0])) * (to - from));

/** Round numbers, evenly spaced, that enclose the values: at most `most` + 2 of them, at least two. */
export function ticks(values: readonly number[], most: number): number[] {
  let [low, high] = values.reduce(([a, b], v) => [Math.min(a, v), Math.max(b, v)], [Infinity, -Infinity]);
  if (low === high) [low, high] = [low - 0.5, high + 0.5];
  const rough = (high - low) / most;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5, 10].find((m) => m * power >= rough * (1 - 1e-9)) ?? 10);
  const [first, last] = [Math.floor(low / step + 1e-9), Math.ceil(high / step - 1e-9)];
  return Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}

const showNumber = (x: number): string => `${Number(x.toPrecision(6))}`;

/** A line of single pixels. Bresenham 1965. */
function line(picture: Pixels, from: readonly [number, number], to: readonly [number, number], color: Color): void {
  let [x, y] = from;
  const [dx, dy] = [Math.abs(to[0] - x), -Math.abs(to[1] - y)];
  const [sx, sy] = [Math.sign(to[0] - x), Math.sign(to[1] - y)];
  for (let error = dx + dy; ; ) {
    dot(picture, x, y, color);
    if (x === to[0] && y === to[1]) return;
    const twice = 2 * error;
    if (twice >= dy) {
      error += dy;
      x += sx;
    }
    if (twice <= dx) {
      error += dx;
      y += sy;
    }
  }
}

/**
 * The curve in a run's log (`stage.jsonl`): one field, "smooth" unless told, over the steps. After a resume a step may be
 * logged twice; the later line counts.
 * @throws SyntaxError on a line that is not JSON, RangeError when no line has the field
 */
export function curveOf(name: string, log: string, field = "smooth"): Curve {
  const points = new Map<number, number>();
  for (const line of log.split("\n").filter((l) => l.trim() !== "")) {
    const entry = JSON.parse(line) as Record<string, unknown>;
    const [step, value] = [entry.step, entry[field]];
    if (typeof step === "number" && typeof value === "number") points.set(step, value);
  }
  if (points.size === 0) throw new RangeError(`plot: no line of the log of ${name} has both "step" and "${field}"`);
  return { name, points: [...points].sort(([a], [b]) => a - b) };
}
