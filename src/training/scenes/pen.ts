// The pen: draws a thing in coordinates of its own, shaded in soft tones from the side that the light comes from.
import { blend } from "./canvas.ts";
import { clamp, type Rgb, type Scratch, scaleInto, scaleRgb } from "./color.ts";
import { lit } from "./palette.ts";
import { line, type Point } from "./shapes.ts";
import type { Box, Stage } from "./stage.ts";

/** Where a thing stands, how large it is and which way it looks. */
export interface Place {
  /** The middle of its foot, 0 … 1. */
  readonly x: number;
  readonly y: number;
  /** Its unit as a share of the picture. */
  readonly size: number;
  /** Whether it looks left; things are described looking right. */
  readonly flip?: boolean;
}

/** A line as x, y, x, y … */
export type Path = readonly number[];

/** Draws at a place: x to the right of its foot, y up from it, in units of its size. Colours are as in daylight. */
export interface Pen {
  /** A closed figure with straight edges. */
  shape(path: Path, color: Rgb, shading?: number): void;
  /** A closed smooth figure through the points of a path (Catmull–Rom). */
  curve(path: Path, color: Rgb, shading?: number): void;
  /** An ellipse, turned by `turn` radians. */
  oval(x: number, y: number, radiusX: number, radiusY: number, color: Rgb, shading?: number, turn?: number): void;
  /** An upright rectangle from one corner to the other. */
  box(x0: number, y0: number, x1: number, y1: number, color: Rgb, shading?: number): void;
  /** A line along a path. */
  stroke(path: Path, width: number, color: Rgb, opacity?: number): void;
  /** A round tapering body along a smooth path, from one width to the other. */
  taper(path: Path, from: number, to: number, color: Rgb): void;
  /** What has been drawn so far lies in this box of the picture. */
  bounds(): Box;
}

/** A pen at a place. `share` of the ambient light falls on what it draws; 0 for what shines by itself. */
export function penAt(stage: Stage, { x, y, size, flip = false }: Place, share = 0.75): Pen {
  const { light } = stage;
  const d = flip ? -1 : 1;
  const bounds: [number, number, number, number] = [9, 9, -9, -9];
  const map = ([px, py]: Point): Point => {
    const at: Point = [x + d * px * size, y - py * size];
    bounds[0] = Math.min(bounds[0], at[0]);
    bounds[1] = Math.min(bounds[1], at[1]);
    bounds[2] = Math.max(bounds[2], at[0]);
    bounds[3] = Math.max(bounds[3], at[1]);
    return at;
  };
  const fill = (points: readonly Point[], color: Rgb, shading: number): void =>
    area(stage, points.map(map), lit(light, color, share), shading);
  const pen: Pen = {
    shape: (path, color, shading = 0.3) => fill(pairs(path), color, shading),
    curve: (path, color, shading = 0.3) => fill(smooth(pairs(path)), color, shading),
    oval(cx, cy, radiusX, radiusY, color, shading = 0.3, turn = 0) {
      const [cos, sin] = [Math.cos(turn), Math.sin(turn)];
      const steps = 28;
      const points = Array.from({ length: steps }, (_, n): Point => {
        const angle = (n / steps) * 2 * Math.PI;
        const [p, q] = [Math.cos(angle) * radiusX, Math.sin(angle) * radiusY];
        return [cx + p * cos - q * sin, cy + p * sin + q * cos];
      });
      fill(points, color, shading);
    },
    box: (x0, y0, x1, y1, color, shading = 0.3) => pen.shape([x0, y0, x1, y0, x1, y1, x0, y1], color, shading),
    stroke(path, width, color, opacity = 1) {
      const at = pairs(path).map(map);
      const shade = lit(light, color, share);
      for (let n = 1; n < at.length; n++) line(stage, ...at[n - 1]!, ...at[n]!, width * size, shade, opacity);
    },
    taper(path, from, to, color) {
      const spine = smooth(pairs(path), false);
      const last = spine.length - 1;
      const side = (sign: number): Point[] =>
        spine.map(([px, py], n): Point => {
          const [ax, ay] = spine[Math.max(0, n - 1)]!;
          const [bx, by] = spine[Math.min(last, n + 1)]!;
          const length = Math.sqrt((bx - ax) ** 2 + (by - ay) ** 2) + 1e-9;
          const half = (sign * (from + ((to - from) * n) / last)) / 2;
          return [px - ((by - ay) / length) * half, py + ((bx - ax) / length) * half];
        });
      fill([...side(1), ...side(-1).reverse()], color, 0.3);
      pen.oval(...spine[0]!, from / 2, from / 2, color, 0.1);
    },
    bounds: () => bounds,
  };
  return pen;
}

const pairs = (path: Path): Point[] =>
  Array.from({ length: path.length / 2 }, (_, n): Point => [path[2 * n]!, path[2 * n + 1]!]);

/** A smooth line through points: Catmull–Rom, five steps a span; closed unless told. */
export function smooth(points: readonly Point[], closed = true): Point[] {
  const count = points.length;
  const at = (n: number): Point => points[closed ? (n + count) % count : clamp(n, 0, count - 1)]!;
  const out: Point[] = [];
  for (let n = 0; n < (closed ? count : count - 1); n++)
    for (let k = 0; k < 5; k++) out.push([along(n, k / 5, 0), along(n, k / 5, 1)]);
  if (!closed) out.push(at(count - 1));
  return out;

  function along(n: number, t: number, axis: 0 | 1): number {
    const [a, b, c, d] = [at(n - 1)[axis], at(n)[axis], at(n + 1)[axis], at(n + 2)[axis]];
    return b + 0.5 * t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)));
  }
}

const ROWS = 4;

/**
 * Fills a closed figure (even-odd) with a colour, brighter by `shading` towards the light and darker away from it. Each
 * pixel's row is cut into four lines, each covered exactly.
 */
export function area({ canvas, light }: Stage, points: readonly Point[], color: Rgb, shading = 0): void {
  const { size } = canvas;
  const xs = points.map(([px]) => px * size);
  const ys = points.map(([, py]) => py * size);
  const [left, right] = [Math.min(...xs), Math.max(...xs)];
  const [top, bottom] = [Math.min(...ys), Math.max(...ys)];
  const first = Math.max(0, Math.floor(left));
  const last = Math.min(size - 1, Math.floor(right));
  if (first > last) return;
  const side = (light.sunX * size > (left + right) / 2 ? 1 : -1) / Math.max(1e-6, right - left);
  const rise = 1 / Math.max(1e-6, bottom - top);
  const cover = new Float32Array(last - first + 1);
  const k: Scratch = [0, 0, 0];
  const crossings: number[] = [];
  for (let y = Math.max(0, Math.floor(top)); y <= Math.min(size - 1, Math.floor(bottom)); y++) {
    cover.fill(0);
    for (let row = 0; row < ROWS; row++) {
      const scan = y + (row + 0.5) / ROWS;
      crossings.length = 0;
      for (let a = 0, b = points.length - 1; a < points.length; b = a++)
        if (ys[a]! > scan !== ys[b]! > scan)
          crossings.push(xs[a]! + ((scan - ys[a]!) / (ys[b]! - ys[a]!)) * (xs[b]! - xs[a]!));
      crossings.sort((p, q) => p - q);
      for (let n = 0; n + 1 < crossings.length; n += 2) {
        const from = Math.max(crossings[n]!, first);
        const to = Math.min(crossings[n + 1]!, last + 1);
        for (let x = Math.floor(from); x < to; x++)
          cover[x - first] = cover[x - first]! + (Math.min(to, x + 1) - Math.max(from, x)) / ROWS;
      }
    }
    for (let x = first; x <= last; x++) {
      const alpha = cover[x - first]!;
      if (alpha <= 0) continue;
      const across = (x + 0.5 - (left + right) / 2) * side;
      const down = (y + 0.5 - (top + bottom) / 2) * rise;
      scaleInto(k, color, 1 + shading * (across * 0.7 - down * 0.7));
      blend(canvas, (y * size + x) * 3, k, Math.min(1, alpha));
    }
  }
}

/** A darker tone of a colour, for what lies in its shadow. */
export const shade = (color: Rgb): Rgb => scaleRgb(color, 0.72);
/** A lighter tone of a colour. */
export const tint = (color: Rgb, amount = 0.45): Rgb => [
  color[0] + (1 - color[0]) * amount,
  color[1] + (1 - color[1]) * amount,
  color[2] + (1 - color[2]) * amount,
];
