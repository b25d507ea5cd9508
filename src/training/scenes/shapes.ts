// Antialiased discs, ellipses, lines and polygons.
import { add, blend, everywhere, region } from "./canvas.ts";
import { clamp, distance, type Rgb, type Scratch, scaleInto, smoothstep } from "./color.ts";
import type { Stage } from "./stage.ts";

/** A colour, or a colour at each point. */
export type Fill = Rgb | ((u: number, v: number) => Rgb);
export type Point = readonly [number, number];

/** A filled disc. */
export function disc({ canvas, pixel }: Stage, x: number, y: number, radius: number, fill: Fill): void {
  region(canvas, x - radius * 1.1, y - radius * 1.1, x + radius * 1.1, y + radius * 1.1, (u, v, i) => {
    const alpha = 1 - smoothstep(radius - pixel, radius + pixel, distance(u - x, v - y));
    if (alpha > 0) blend(canvas, i, typeof fill === "function" ? fill(u, v) : fill, alpha);
  });
}

/** A filled ellipse, shaded by `shading` from the upper side that faces the sun. */
export function ellipse(
  { canvas, pixel, light }: Stage,
  x: number,
  y: number,
  radiusX: number,
  radiusY: number,
  fill: Fill,
  shading = 0.25,
): void {
  const k: Scratch = [0, 0, 0];
  const side = light.sunX > 0.5 ? 0.5 : -0.5;
  region(canvas, x - radiusX - pixel, y - radiusY - pixel, x + radiusX + pixel, y + radiusY + pixel, (u, v, i) => {
    const dx = (u - x) / radiusX;
    const dy = (v - y) / radiusY;
    const alpha = 1 - smoothstep(1 - pixel / radiusX, 1 + pixel / radiusX, distance(dx, dy));
    if (alpha <= 0) return;
    const shade = 1 - shading * 0.5 + shading * (-dy * 0.6 + dx * side);
    scaleInto(k, typeof fill === "function" ? fill(u, v) : fill, shade);
    blend(canvas, i, k, alpha);
  });
}

/** A straight stroke with round ends. */
export function line(
  { canvas, pixel }: Stage,
  x0: number,
  y0: number,
  x1: number,
  y1: number,
  width: number,
  color: Rgb,
  opacity = 1,
): void {
  const dx = x1 - x0;
  const dy = y1 - y0;
  const squared = dx * dx + dy * dy + 1e-9;
  const inner = width * 0.5 - pixel * 0.5;
  const outer = width * 0.5 + pixel * 0.8;
  const [left, right] = [Math.min(x0, x1) - width, Math.max(x0, x1) + width];
  const [top, bottom] = [Math.min(y0, y1) - width, Math.max(y0, y1) + width];
  region(canvas, left, top, right, bottom, (u, v, i) => {
    const t = clamp(((u - x0) * dx + (v - y0) * dy) / squared);
    const away = distance(u - x0 - t * dx, v - y0 - t * dy);
    blend(canvas, i, color, (1 - smoothstep(inner, outer, away)) * opacity);
  });
}

/** A filled polygon. */
export function polygon({ canvas, pixel }: Stage, points: readonly Point[], fill: Fill, opacity = 1): void {
  let [left, top, right, bottom] = [9, 9, -9, -9];
  for (const [x, y] of points) {
    left = Math.min(left, x);
    right = Math.max(right, x);
    top = Math.min(top, y);
    bottom = Math.max(bottom, y);
  }
  region(canvas, left - pixel, top - pixel, right + pixel, bottom + pixel, (u, v, i) => {
    let inside = false;
    let nearest = 9;
    for (let a = 0, b = points.length - 1; a < points.length; b = a++) {
      const [ax, ay] = points[a]!;
      const [bx, by] = points[b]!;
      if (ay > v !== by > v && u < ((bx - ax) * (v - ay)) / (by - ay) + ax) inside = !inside;
      const ex = bx - ax;
      const ey = by - ay;
      const t = clamp(((u - ax) * ex + (v - ay) * ey) / (ex * ex + ey * ey + 1e-12));
      nearest = Math.min(nearest, distance(u - ax - t * ex, v - ay - t * ey));
    }
    const alpha = 1 - smoothstep(-pixel * 0.7, pixel * 0.7, inside ? -nearest : nearest);
    if (alpha > 0) blend(canvas, i, typeof fill === "function" ? fill(u, v) : fill, alpha * opacity);
  });
}

/** A filled upright rectangle. */
export function rectangle(stage: Stage, x0: number, y0: number, x1: number, y1: number, fill: Fill): void {
  const { canvas, pixel } = stage;
  region(canvas, x0 - pixel, y0 - pixel, x1 + pixel, y1 + pixel, (u, v, i) => {
    const across = smoothstep(-pixel * 0.7, pixel * 0.7, Math.min(u - x0, x1 - u));
    const alpha = across * smoothstep(-pixel * 0.7, pixel * 0.7, Math.min(v - y0, y1 - v));
    if (alpha > 0) blend(canvas, i, typeof fill === "function" ? fill(u, v) : fill, alpha);
  });
}

/** Light that falls off exponentially around a point, with the given reach. */
export function glow({ canvas }: Stage, x: number, y: number, color: Rgb, reach: number, strength: number): void {
  everywhere(canvas, (u, v, i) => add(canvas, i, color, strength * Math.exp(-distance(u - x, v - y) / reach)));
}
