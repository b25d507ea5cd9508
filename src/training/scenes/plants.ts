// Trees and other plants: pines, leafy and bare trees, woods, palms, cacti.
import { blend, region } from "./canvas.ts";
import {
  clamp,
  distance,
  mix,
  mixInto,
  mixRgb,
  type Rgb,
  type Scratch,
  scaleInto,
  scaleRgb,
  smoothstep,
} from "./color.ts";
import { FOLIAGE, lit, type Season } from "./palette.ts";
import { line } from "./shapes.ts";
import type { Stage } from "./stage.ts";

/** A pine of the given height, its foot at (x, y), faded into the distance by `fog`. */
export function pine(stage: Stage, x: number, y: number, height: number, color: Rgb, fog = 0): void {
  stage.drawn.push({ thing: "pine" });
  const { canvas, light, noise, random, pixel } = stage;
  const width = height * random.range(0.32, 0.44);
  const tiers = 5 + random.int(3);
  const phase = random();
  const dark = scaleRgb(color, 0.55);
  const away = light.sunX > x ? -0.7 : 0.7;
  const k: Scratch = [0, 0, 0];
  region(canvas, x - width * 0.6, y - height, x + width * 0.6, y, (u, v, i) => {
    const t = (v - (y - height)) / height;
    if (t < 0 || t > 1) return;
    const tier = (t * tiers + phase) % 1;
    const half = width * 0.5 * (t * 0.85 + 0.05) * (0.62 + 0.38 * tier);
    const jag = noise.at(u * 120, v * 120) * 0.006;
    const alpha = 1 - smoothstep(half - pixel * 0.8, half + pixel, Math.abs(u - x) + jag);
    if (alpha <= 0) return;
    mixInto(k, color, dark, clamp(0.35 + 0.6 * (1 - tier) + ((u - x) / width) * away));
    mixInto(k, k, light.horizon, fog);
    blend(canvas, i, k, alpha);
  });
}

/** A tree with a round crown of the given colour, or bare branches if there is none. */
export function leafyTree(
  stage: Stage,
  x: number,
  y: number,
  height: number,
  crown: Rgb | undefined,
  { fog = 0 } = {},
): void {
  stage.drawn.push({ thing: "tree" });
  const { canvas, light, noise, random, pixel } = stage;
  const trunkWidth = height * 0.055;
  const trunk = mixRgb(lit(light, [0.3, 0.2, 0.13], 0.8), light.horizon, fog);
  const facing = light.sunX > x ? 1 : -1;
  const k: Scratch = [0, 0, 0];
  region(canvas, x - height * 0.1, y - height * 0.6, x + height * 0.1, y, (u, v, i) => {
    const t = (y - v) / height;
    const half = trunkWidth * (1.25 - t * 1.1) * (t < 0.06 ? 1.5 - t * 8 : 1);
    const bend = Math.sin(t * 9 + x * 30) * height * 0.012;
    const alpha = 1 - smoothstep(half - pixel, half + pixel, Math.abs(u - x + bend));
    if (alpha <= 0) return;
    scaleInto(k, trunk, 0.75 + 0.5 * smoothstep(-half, half, facing * (u - x)));
    blend(canvas, i, k, alpha);
  });
  if (!crown) {
    branch(stage, x, y - height * 0.3, Math.PI / 2, height * 0.22, trunkWidth * 1.1, 6, trunk);
    return;
  }
  const clumps = Array.from({ length: 9 + random.int(6) }, () => {
    const angle = random() * 2 * Math.PI;
    const out = Math.sqrt(random());
    return {
      cx: x + Math.cos(angle) * out * height * 0.27,
      cy: y - height * 0.66 + Math.sin(angle) * out * height * 0.24,
      radius: height * random.range(0.11, 0.18),
    };
  }).sort((a, b) => a.cy - b.cy);
  const dark = scaleRgb(crown, 0.42);
  const bright = mixRgb(scaleRgb(crown, 1.18), light.sun, 0.12);
  for (const { cx, cy, radius } of clumps)
    region(canvas, cx - radius * 1.3, cy - radius * 1.3, cx + radius * 1.3, cy + radius * 1.3, (u, v, i) => {
      const dx = (u - cx) / radius;
      const dy = (v - cy) / radius;
      const alpha = 1 - smoothstep(0.86, 1.02, distance(dx, dy) + noise.fbm(u * 26, v * 26, 3) * 0.45);
      if (alpha <= 0) return;
      mixInto(k, dark, bright, clamp(0.55 - dy * 0.38 + facing * dx * 0.26 + noise.at(u * 60, v * 60) * 0.35));
      mixInto(k, k, light.horizon, fog);
      blend(canvas, i, k, alpha);
    });
}

function branch(
  stage: Stage,
  x: number,
  y: number,
  angle: number,
  length: number,
  width: number,
  depth: number,
  color: Rgb,
): void {
  if (depth === 0) return;
  const { random } = stage;
  const tipX = x + Math.cos(angle) * length;
  const tipY = y - Math.sin(angle) * length;
  line(stage, x, y, tipX, tipY, Math.max(width, 0.004), color);
  const forks = random.chance(0.35) ? 3 : 2;
  for (let n = 0; n < forks; n++) {
    const turned = angle + random.range(-0.75, 0.75);
    branch(stage, tipX, tipY, turned, length * random.range(0.62, 0.82), width * 0.66, depth - 1, color);
  }
}

/** What a wood grows. */
export type WoodKind = "pine" | "leafy";

/** Rows of trees from `horizon` to `front`, leaving `gap` free in the middle. */
export function woods(
  stage: Stage,
  kind: WoodKind,
  season: Season,
  horizon: number,
  options: { rows?: number; front?: number; height?: number; crowd?: number; gap?: number } = {},
): void {
  stage.drawn.push({ thing: "forest" });
  const { random, light } = stage;
  const { rows = 3, front = 0.98, height: tallest = 0.5, crowd = 1, gap = 0 } = options;
  const foliage = FOLIAGE[season];
  for (let row = 0; row < rows; row++) {
    const t = rows === 1 ? 1 : row / (rows - 1);
    const base = mix(horizon, front, t);
    const rowHeight = mix(0.1, tallest, t * t * 0.8 + 0.2 * t);
    const count = Math.round(mix(26, 6, t) * crowd);
    const fog = mix(0.6, 0.02, t);
    for (let n = 0; n < count; n++) {
      const x = (n + 0.5 + random.range(-0.45, 0.45)) / count;
      if (Math.abs(x - 0.5) < gap * t) continue;
      const y = base + random.range(-0.015, 0.03);
      const height = rowHeight * random.range(0.7, 1.15);
      if (kind === "pine") pine(stage, x, y, height, lit(light, pineColor(stage, season), 0.85), fog);
      else if (season === "winter") leafyTree(stage, x, y, height, undefined, { fog });
      else {
        const crown = mixRgb(foliage[random.int(3)]!, foliage[0], random() * 0.5);
        leafyTree(stage, x, y, height, lit(light, crown, 0.8), { fog });
      }
    }
  }
}

function pineColor({ random }: Stage, season: Season): Rgb {
  if (season === "winter") return mixRgb([0.75, 0.82, 0.9], [0.2, 0.33, 0.32], random.range(0.2, 0.6));
  if (season === "autumn" && random.chance(0.4)) return FOLIAGE.autumn[random.int(3)]!;
  return mixRgb([0.1, 0.28, 0.18], [0.16, 0.36, 0.16], random());
}

/** A saguaro cactus. */
export function cactus(stage: Stage, x: number, y: number, height: number): void {
  stage.drawn.push({ thing: "cactus" });
  const color = lit(stage.light, [0.25, 0.45, 0.25], 0.8);
  const arm = scaleRgb(color, 0.9);
  const facing = stage.light.sunX > x ? 1 : -1;
  line(stage, x, y, x, y - height, height * 0.2, color);
  line(stage, x - height * 0.28, y - height * 0.4, x, y - height * 0.4, height * 0.12, arm);
  line(stage, x - height * 0.28, y - height * 0.4, x - height * 0.28, y - height * 0.72, height * 0.13, color);
  line(stage, x + height * 0.26, y - height * 0.52, x, y - height * 0.52, height * 0.12, arm);
  line(stage, x + height * 0.26, y - height * 0.52, x + height * 0.26, y - height * 0.8, height * 0.13, color);
  const edge = x + facing * height * 0.05;
  line(stage, edge, y, edge, y - height, height * 0.05, scaleRgb(color, 1.35));
}

/** A leaning palm. */
export function palm(stage: Stage, x: number, y: number, height: number): void {
  stage.drawn.push({ thing: "palm" });
  const { light, random } = stage;
  const trunk = lit(light, [0.38, 0.27, 0.17], 0.8);
  const leaf = lit(light, [0.18, 0.45, 0.2], 0.85);
  const lean = random.range(-0.25, 0.25);
  let [fromX, fromY] = [x, y];
  for (let n = 1; n <= 8; n++) {
    const t = n / 8;
    const toX = x + lean * height * t * t;
    const toY = y - height * t;
    line(stage, fromX, fromY, toX, toY, height * 0.06 * (1.2 - t * 0.5), scaleRgb(trunk, 0.85 + 0.2 * (n % 2)));
    fromX = toX;
    fromY = toY;
  }
  const length = height * 0.5;
  for (let frond = 0; frond < 9; frond++) {
    const angle = (frond / 9) * 2 * Math.PI + 0.3;
    const color = scaleRgb(leaf, 0.7 + 0.5 * (Math.sin(angle) < 0 ? 1 : 0.5));
    let [x0, y0] = [fromX, fromY];
    for (let n = 1; n <= 6; n++) {
      const t = n / 6;
      const x1 = fromX + Math.cos(angle) * length * t;
      const y1 = fromY + Math.sin(angle) * length * 0.45 * t + length * (0.42 * t * t - 0.12 * t);
      line(stage, x0, y0, x1, y1, height * 0.075 * (1.1 - t), color);
      x0 = x1;
      y0 = y1;
    }
  }
}
