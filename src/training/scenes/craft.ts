// Things that sail and fly, and a lone walker: sailboat, hot-air balloon, wanderer.
import { blend, region } from "./canvas.ts";
import { clamp, distance, mixInto, type Rgb, type Scratch, scaleInto, scaleRgb, smoothstep } from "./color.ts";
import { lit } from "./palette.ts";
import { disc, line, type Point, polygon, rectangle } from "./shapes.ts";
import type { Stage } from "./stage.ts";

/** A sailboat with two sails and its reflection; `flip` turns it round. */
export function sailboat(stage: Stage, x: number, y: number, size: number, sailColor: Rgb, flip: boolean): void {
  stage.drawn.push({ thing: "sailboat" });
  const { canvas, light, noise } = stage;
  const s = size;
  const hull = lit(light, [0.35, 0.18, 0.12], 0.8);
  const sail = lit(light, sailColor, 0.65);
  const d = flip ? -1 : 1;
  const facing = light.sunX > x ? 1 : -1;
  const k: Scratch = [0, 0, 0];
  region(canvas, x - s * 0.5, y + s * 0.06, x + s * 0.5, y + s * 0.8, (u, v, i) => {
    const t = (v - y) / s;
    mixInto(k, sail, hull, clamp(0.9 - t));
    scaleInto(k, k, 0.75);
    const broken = smoothstep(-0.1, 0.4, noise.at(u * 30, v * 90) + 0.25);
    const narrow = 1 - smoothstep(0.1, 0.4, Math.abs(u - x) / s);
    blend(canvas, i, k, 0.33 * (1 - smoothstep(0.1, 0.75, t)) * broken * narrow);
  });
  const body: Point[] = [
    [x - s * 0.5, y - s * 0.1],
    [x + s * 0.5, y - s * 0.14],
    [x + s * 0.36, y + s * 0.08],
    [x - s * 0.36, y + s * 0.08],
  ];
  polygon(stage, body, (_u, v) => scaleRgb(hull, 0.8 + ((y + s * 0.05 - v) / s) * 1.2));
  line(stage, x, y - s * 0.1, x, y - s * 1.12, s * 0.05, scaleRgb(hull, 0.7));
  const main: Point[] = [
    [x + d * s * 0.04, y - s * 1.06],
    [x + d * s * 0.04, y - s * 0.2],
    [x + d * s * 0.46, y - s * 0.2],
  ];
  polygon(stage, main, (u) => scaleRgb(sail, 0.9 + (0.3 * (u - x) * facing) / s));
  const jib: Point[] = [
    [x - d * s * 0.04, y - s * 0.92],
    [x - d * s * 0.04, y - s * 0.2],
    [x - d * s * 0.34, y - s * 0.22],
  ];
  polygon(stage, jib, scaleRgb(sail, 0.86));
}

/** A striped hot-air balloon of the given radius. */
export function balloon(stage: Stage, x: number, y: number, radius: number, stripes: readonly Rgb[]): void {
  stage.drawn.push({ thing: "balloon" });
  const { canvas, light, pixel } = stage;
  const s = radius;
  const colors = stripes.map((color) => lit(light, color, 0.65));
  const facing = light.sunX > x ? 0.5 : -0.5;
  const k: Scratch = [0, 0, 0];
  region(canvas, x - s * 1.05, y - s * 1.05, x + s * 1.05, y + s, (u, v, i) => {
    const dx = (u - x) / s;
    const dy = (v - y) / s;
    if (dy > 0.98) return;
    const half = dy < 0 ? Math.sqrt(Math.max(0.001, 1 - dy * dy)) : Math.sqrt(Math.max(0.02, 1 - dy * dy * 0.62));
    const reach = dy < 0 ? distance(dx, dy) : Math.abs(dx) / half;
    const alpha = 1 - smoothstep(1 - pixel / s, 1 + (pixel / s) * 1.5, reach);
    if (alpha <= 0) return;
    const turn = Math.asin(clamp(dx / half, -1, 1)) / Math.PI + 0.5;
    const stripe = colors[Math.floor(turn * 6 + 0.001) % colors.length]!;
    scaleInto(k, stripe, 0.62 + 0.5 * clamp(0.5 + dx * facing - dy * 0.35));
    blend(canvas, i, k, alpha);
  });
  const rope: Rgb = [0.25, 0.2, 0.16];
  for (const side of [-1, 1])
    line(stage, x + side * s * 0.35, y + s * 0.9, x + side * s * 0.14, y + s * 1.25, Math.max(s * 0.03, 0.004), rope);
  const basket = lit(light, [0.45, 0.3, 0.18], 0.7);
  rectangle(stage, x - s * 0.16, y + s * 1.22, x + s * 0.16, y + s * 1.45, basket);
}

/** A walker with a staff, seen from behind; a silhouette unless a colour is given. */
export function wanderer(stage: Stage, x: number, y: number, height: number, color?: Rgb): void {
  stage.drawn.push({ thing: "wanderer" });
  const s = height;
  const k = color ?? lit(stage.light, [0.12, 0.11, 0.13], 0.7);
  const coat: Point[] = [
    [x - s * 0.16, y],
    [x - s * 0.13, y - s * 0.35],
    [x - s * 0.17, y - s * 0.66],
    [x - s * 0.08, y - s * 0.8],
    [x + s * 0.08, y - s * 0.8],
    [x + s * 0.17, y - s * 0.64],
    [x + s * 0.14, y - s * 0.33],
    [x + s * 0.17, y],
    [x + s * 0.04, y],
    [x, y - s * 0.28],
    [x - s * 0.04, y],
  ];
  polygon(stage, coat, k);
  disc(stage, x, y - s * 0.9, s * 0.1, scaleRgb(k, 1.3));
  line(stage, x + s * 0.17, y - s * 0.55, x + s * 0.28, y, s * 0.035, k);
}
