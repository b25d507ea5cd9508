// Brush strokes that follow the edges of a picture, for the painted styles.
import { blur, type Canvas, indexAt } from "./canvas.ts";
import { clamp, distance, smoothstep } from "./color.ts";
import { brightness, reader } from "./finish.ts";
import type { Stage } from "./stage.ts";

/** How a picture is stroked; length and width are half-axes as shares of the picture. */
export interface StrokeOptions {
  count: number;
  length: number;
  width: number;
  /** Standard deviation of each stroke's colour. */
  jitter: number;
  /** Above 0, strokes in flat places follow whirls. */
  swirl?: number;
  /** The picture to paint over (it is changed); a blurred copy if absent. */
  over?: Canvas;
}

/** Paints a picture again with brush strokes. */
export function strokes(source: Canvas, { random, noise }: Stage, options: StrokeOptions): Canvas {
  const { size } = source;
  const unit = size / 256;
  const out = options.over ?? blur(source, Math.max(1, Math.round(3 * unit)));
  const step = Math.max(1, Math.round(2 * unit));
  const light = reader(brightness(blur(source, step)), size);
  const { swirl = 0, jitter } = options;
  for (let n = 0; n < options.count; n++) {
    const cx = random() * size;
    const cy = random() * size;
    const gx = light(cx + step, cy) - light(cx - step, cy);
    const gy = light(cx, cy + step) - light(cx, cy - step);
    const edge = distance(gx, gy);
    let angle =
      edge > 0.02 ? Math.atan2(gx, -gy) : noise.at((cx / size) * 2.2, (cy / size) * 2.2) * 3.2 * (swirl || 0.5) + 0.2;
    if (swirl && edge < 0.05) angle = noise.at((cx / size) * 1.8 + 3, (cy / size) * 1.8) * 5;
    angle += random.normal() * 0.15;
    const cos = Math.cos(angle);
    const sin = Math.sin(angle);
    const long = size * options.length * (0.6 + random() * 0.8) * (edge > 0.12 ? 0.55 : 1);
    const wide = Math.max(0.8, size * options.width * (0.6 + random() * 0.7) * (edge > 0.12 ? 0.6 : 1));
    const from = indexAt(source, cx, cy);
    const shift = random.normal() * jitter;
    const red = source.data[from]! + shift + random.normal() * jitter * 0.6;
    const green = source.data[from + 1]! + shift + random.normal() * jitter * 0.6;
    const blue = source.data[from + 2]! + shift + random.normal() * jitter * 0.6;
    const phase = random() * 20;
    const reachX = Math.abs(cos) * long + Math.abs(sin) * wide;
    const reachY = Math.abs(sin) * long + Math.abs(cos) * wide;
    const right = Math.min(size - 1, Math.floor(cx + reachX));
    const bottom = Math.min(size - 1, Math.floor(cy + reachY));
    for (let y = Math.max(0, Math.ceil(cy - reachY)); y <= bottom; y++)
      for (let x = Math.max(0, Math.ceil(cx - reachX)); x <= right; x++) {
        const dx = x - cx;
        const dy = y - cy;
        const p = (dx * cos + dy * sin) / long;
        const q = (-dx * sin + dy * cos) / wide;
        if (p < -1 || p > 1 || q < -1 || q > 1) continue;
        const body = 1 - smoothstep(0.7, 1, Math.abs(p) + q * q * 0.25);
        const alpha = body * (1 - smoothstep(0.65, 1, Math.abs(q))) * 0.92;
        if (alpha <= 0) continue;
        const relief = 1.05 + 0.08 * Math.sin(q * 7 + phase) - 0.05 * q * q - 0.06 * smoothstep(0.2, 1, q);
        const i = (y * size + x) * 3;
        out.data[i] = out.data[i]! + (clamp(red * relief) - out.data[i]!) * alpha;
        out.data[i + 1] = out.data[i + 1]! + (clamp(green * relief) - out.data[i + 1]!) * alpha;
        out.data[i + 2] = out.data[i + 2]! + (clamp(blue * relief) - out.data[i + 2]!) * alpha;
      }
  }
  return out;
}
