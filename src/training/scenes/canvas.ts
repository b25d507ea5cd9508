// A square float picture and the few things done to its pixels; no canvas library.
import { mix, type Rgb } from "./color.ts";

/** A square picture: `data` holds size × size × 3 numbers, row by row, RGB together. */
export interface Canvas {
  readonly size: number;
  readonly data: Float32Array;
}

/** Called once a pixel: u, v are its centre in 0 … 1, i the index of its red number, x and y its column and row. */
export type Visit = (u: number, v: number, i: number, x: number, y: number) => void;

/** A black picture. */
export const createCanvas = (size: number): Canvas => ({ size, data: new Float32Array(size * size * 3) });

/** A copy of a picture. */
export const copyCanvas = (canvas: Canvas): Canvas => ({ size: canvas.size, data: canvas.data.slice() });

/** Visits every pixel that a box (in 0 … 1 coordinates) touches. */
export function region(canvas: Canvas, x0: number, y0: number, x1: number, y1: number, visit: Visit): void {
  const { size } = canvas;
  const left = Math.max(0, Math.floor(x0 * size));
  const right = Math.min(size - 1, Math.ceil(x1 * size));
  const top = Math.max(0, Math.floor(y0 * size));
  const bottom = Math.min(size - 1, Math.ceil(y1 * size));
  for (let y = top; y <= bottom; y++)
    for (let x = left; x <= right; x++) visit((x + 0.5) / size, (y + 0.5) / size, (y * size + x) * 3, x, y);
}

/** Visits every pixel. */
export const everywhere = (canvas: Canvas, visit: Visit): void => region(canvas, 0, 0, 1, 1, visit);

/** Replaces a pixel. */
export function put({ data }: Canvas, i: number, color: Rgb): void {
  data[i] = color[0];
  data[i + 1] = color[1];
  data[i + 2] = color[2];
}

/** Lays a colour over a pixel with opacity `alpha`. */
export function blend({ data }: Canvas, i: number, color: Rgb, alpha: number): void {
  if (alpha <= 0) return;
  data[i] = data[i]! + (color[0] - data[i]!) * alpha;
  data[i + 1] = data[i + 1]! + (color[1] - data[i + 1]!) * alpha;
  data[i + 2] = data[i + 2]! + (color[2] - data[i + 2]!) * alpha;
}

/** Adds light to a pixel. */
export function add({ data }: Canvas, i: number, color: Rgb, amount: number): void {
  data[i] = data[i]! + color[0] * amount;
  data[i + 1] = data[i + 1]! + color[1] * amount;
  data[i + 2] = data[i + 2]! + color[2] * amount;
}

/** Multiplies a pixel. */
export function darken({ data }: Canvas, i: number, factor: number): void {
  data[i] = data[i]! * factor;
  data[i + 1] = data[i + 1]! * factor;
  data[i + 2] = data[i + 2]! * factor;
}

/** The index of the pixel at column x, row y (any numbers: floored, held inside the picture). */
export function indexAt({ size }: Canvas, x: number, y: number): number {
  const column = x < 0 ? 0 : x >= size ? size - 1 : x | 0;
  const row = y < 0 ? 0 : y >= size ? size - 1 : y | 0;
  return (row * size + column) * 3;
}

/** The picture through a square mean filter of the given radius in pixels. */
export function blur(canvas: Canvas, radius: number): Canvas {
  const { size, data } = canvas;
  const across = new Float32Array(data.length);
  const out = createCanvas(size);
  slide(data, across, size, radius, 3, size * 3);
  slide(across, out.data, size, radius, size * 3, 3);
  return out;
}

// Running mean along one axis; `step` moves along it, `next` to the next line.
function slide(from: Float32Array, to: Float32Array, size: number, radius: number, step: number, next: number): void {
  const share = 1 / (2 * radius + 1);
  const last = size - 1;
  for (let line = 0; line < size; line++)
    for (let c = 0; c < 3; c++) {
      const start = line * next + c;
      let sum = 0;
      for (let k = -radius; k <= radius; k++) sum += from[start + Math.min(last, Math.max(0, k)) * step]!;
      for (let k = 0; k < size; k++) {
        to[start + k * step] = sum * share;
        sum += from[start + Math.min(last, k + radius + 1) * step]! - from[start + Math.max(0, k - radius) * step]!;
      }
    }
}

/** Means over factor × factor blocks: a picture `factor` times smaller. */
export function shrink(canvas: Canvas, factor: number): Canvas {
  const size = canvas.size / factor;
  const out = createCanvas(size);
  const share = 1 / (factor * factor);
  for (let y = 0; y < canvas.size; y++)
    for (let x = 0; x < canvas.size; x++) {
      const from = (y * canvas.size + x) * 3;
      const to = (Math.floor(y / factor) * size + Math.floor(x / factor)) * 3;
      for (let c = 0; c < 3; c++) out.data[to + c] = out.data[to + c]! + canvas.data[from + c]! * share;
    }
  return out;
}

/** Changes contrast about mid-grey, saturation, brightness, and a tint (mixed in by `tinting`), in place. */
export function grade(
  { data }: Canvas,
  {
    contrast = 1,
    saturation = 1,
    brightness = 0,
    tint = [1, 1, 1] as Rgb,
    tinting = 0,
  }: { contrast?: number; saturation?: number; brightness?: number; tint?: Rgb; tinting?: number },
): void {
  for (let i = 0; i < data.length; i += 3) {
    const gray = data[i]! * 0.3 + data[i + 1]! * 0.59 + data[i + 2]! * 0.11;
    for (let c = 0; c < 3; c++) {
      const toned = (gray + (data[i + c]! - gray) * saturation - 0.5) * contrast + 0.5 + brightness;
      const value = mix(toned, toned * tint[c]! * 1.25, tinting);
      data[i + c] = Math.min(1, Math.max(0, value));
    }
  }
}
