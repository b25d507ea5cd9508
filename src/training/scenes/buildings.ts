// Buildings: house, city skyline, lighthouse, castle.
import { add, everywhere } from "./canvas.ts";
import { clamp, hsl, mix, mixRgb, type Rgb, scaleRgb, smoothstep } from "./color.ts";
import { lit } from "./palette.ts";
import { glow, line, type Point, polygon, rectangle } from "./shapes.ts";
import type { Stage } from "./stage.ts";

/** A house of the given width, its foot at (x, y). */
export function house(
  stage: Stage,
  x: number,
  y: number,
  width: number,
  wallColor: Rgb,
  roofColor: Rgb,
  snow: boolean,
): void {
  stage.drawn.push({ thing: "house" });
  const { light, canvas } = stage;
  const wall = lit(light, wallColor, 0.8);
  const roof = lit(light, roofColor, 0.8);
  const w = width;
  const h = width * 0.62;
  const sunLeft = light.sunX <= x;
  rectangle(stage, x - w / 2, y - h, x + w * 0.18, y, scaleRgb(wall, sunLeft ? 1.03 : 0.85));
  rectangle(stage, x + w * 0.18, y - h, x + w / 2, y, scaleRgb(wall, sunLeft ? 0.7 : 1.05));
  const eaves: Point[] = [
    [x - w * 0.56, y - h],
    [x + w * 0.12, y - h],
    [x + w * 0.34, y - h - w * 0.42],
    [x - w * 0.36, y - h - w * 0.42],
  ];
  polygon(stage, eaves, (_u, v) => scaleRgb(roof, 0.9 + 0.15 * Math.sin(v * 282)));
  const gable: Point[] = [
    [x + w * 0.18, y - h],
    [x + w * 0.56, y - h * 0.98],
    [x + w * 0.34, y - h - w * 0.42],
  ];
  polygon(stage, gable, scaleRgb(wall, sunLeft ? 0.66 : 1));
  line(stage, x + w * 0.16, y - h + 0.002, x + w * 0.34, y - h - w * 0.42, 0.008, scaleRgb(roof, 0.7));
  line(stage, x + w * 0.57, y - h + 0.004, x + w * 0.34, y - h - w * 0.42, 0.012, scaleRgb(roof, 0.75));
  rectangle(stage, x - w * 0.28, y - h - w * 0.52, x - w * 0.2, y - h - w * 0.3, lit(light, [0.5, 0.3, 0.26], 0.8));
  const pane: Rgb = light.lamps ? [1, 0.82, 0.42] : lit(light, [0.35, 0.5, 0.62], 0.8);
  for (const left of [-0.36, -0.1])
    rectangle(stage, x + w * left, y - h * 0.72, x + w * (left + 0.14), y - h * 0.4, pane);
  rectangle(stage, x + w * 0.29, y - h * 0.5, x + w * 0.4, y, lit(light, [0.36, 0.22, 0.14], 0.8));
  if (light.lamps) glow(stage, x - w * 0.15, y - h * 0.5, [1, 0.7, 0.3], w * 0.3, 0.14);
  if (!snow) return;
  const drift: Point[] = [
    [x - w * 0.57, y - h - w * 0.02],
    [x + w * 0.13, y - h - w * 0.02],
    [x + w * 0.34, y - h - w * 0.44],
    [x - w * 0.37, y - h - w * 0.44],
  ];
  polygon({ ...stage, canvas }, drift, lit(light, [0.95, 0.97, 1], 0.6), 0.9);
}

/** Three rows of towers standing on `horizon`; `neon` windows glow in pink, cyan and amber. */
export function city(stage: Stage, horizon: number, { neon = false, height: scale = 1 } = {}): void {
  stage.drawn.push({ thing: "city" });
  const { light, noise, random } = stage;
  const lamps = light.lamps || neon;
  for (let row = 0; row < 3; row++) {
    const t = row / 2;
    const fog = mix(0.68, 0.06, t);
    let x = -0.03;
    while (x < 1.02) {
      const width = random.range(0.05, 0.11);
      const height = random.range(0.14, 0.46) * mix(1.05, 0.8, t) * scale * (random.chance(0.12) ? 1.35 : 1);
      const foot = horizon + t * 0.02 + 0.01;
      const top = foot - height;
      const hue = neon ? random.range(0.6, 0.85) : random.range(0.05, 0.65);
      const wall = scaleRgb(lit(light, mixRgb(hsl(hue, 0.22, 0.42), [0.32, 0.34, 0.4], 0.5), 0.85), mix(1, 0.62, t));
      const shape = random();
      const right = x + width;
      const left = x;
      const middle = (left + right) / 2;
      const side = light.sunX > middle ? 1 : -1;
      const cellWidth = width / (2 + random.int(3)) / 1.1;
      const cellHeight = 0.026 + random() * 0.012;
      const block = random.int(200);
      const litShare = lamps ? random.range(0.35, 0.75) : 0.55;
      const lamp = random.pick<Rgb>(neon ? NEON_LAMPS : LAMPS);
      const day = mixRgb(light.horizon, [0.6, 0.75, 0.9], 0.5);
      const front = (u: number, v: number): Rgb => {
        let k = scaleRgb(wall, side * ((u - middle) / width) * 0.35 + 0.95);
        const cx = (u - left) / cellWidth;
        const cy = (v - top) / cellHeight;
        const fx = cx - Math.floor(cx);
        const fy = cy - Math.floor(cy);
        if (t > 0.2 && fx > 0.24 && fx < 0.78 && fy > 0.3 && fy < 0.78 && v > top + 0.012) {
          const on = noise.hash(Math.floor(cx) + block, Math.floor(cy) + row * 37) < litShare;
          k = lamps ? (on ? lamp : scaleRgb(k, 0.6)) : mixRgb(k, on ? day : scaleRgb(k, 0.7), 0.7);
        }
        return mixRgb(k, light.horizon, fog);
      };
      if (shape < 0.6) rectangle(stage, left, top, right, foot, front);
      else if (shape < 0.8) {
        rectangle(stage, left, top + 0.03, right, foot, front);
        rectangle(stage, left + width * 0.3, top, right - width * 0.3, top + 0.03, front);
      } else {
        polygon(
          stage,
          [
            [left, foot],
            [left, top + 0.04],
            [middle, top],
            [right, top + 0.04],
            [right, foot],
          ],
          front,
        );
        line(stage, middle, top, middle, top - 0.06, 0.006, mixRgb(wall, light.horizon, fog));
      }
      x += width * random.range(0.85, 1.15);
    }
  }
}

const LAMPS: readonly Rgb[] = [
  [1, 0.86, 0.5],
  [1, 0.78, 0.42],
  [0.85, 0.92, 1],
];
const NEON_LAMPS: readonly Rgb[] = [
  [1, 0.3, 0.8],
  [0.3, 0.9, 1],
  [1, 0.8, 0.4],
];

/** A striped lighthouse; its lamp and beam burn when the light is low. */
export function lighthouse(stage: Stage, x: number, y: number, height: number, stripe: Rgb): void {
  stage.drawn.push({ thing: "lighthouse" });
  const { canvas, light, random } = stage;
  const w = height * 0.13;
  const facing = light.sunX > x ? 0.5 : -0.5;
  const colored = lit(light, stripe, 0.7);
  const white = lit(light, [0.96, 0.95, 0.92], 0.7);
  const tower: Point[] = [
    [x - w, y],
    [x + w, y],
    [x + w * 0.62, y - height * 0.8],
    [x - w * 0.62, y - height * 0.8],
  ];
  polygon(stage, tower, (u, v) => {
    const band = Math.floor(((y - v) / height) * 6.2) % 2;
    return scaleRgb(band ? colored : white, 0.78 + 0.4 * (((u - x) / w) * facing + 0.5));
  });
  const gallery = lit(light, [0.2, 0.2, 0.24], 0.6);
  rectangle(stage, x - w * 0.85, y - height * 0.83, x + w * 0.85, y - height * 0.79, gallery);
  const lamp: Rgb = light.lamps ? [1, 0.93, 0.6] : lit(light, [0.6, 0.75, 0.85], 0.6);
  rectangle(stage, x - w * 0.45, y - height * 0.92, x + w * 0.45, y - height * 0.83, lamp);
  const cap: Point[] = [
    [x - w * 0.62, y - height * 0.92],
    [x + w * 0.62, y - height * 0.92],
    [x, y - height * 1.02],
  ];
  polygon(stage, cap, scaleRgb(colored, 0.85));
  const side = random.chance(0.5) ? 1 : -1;
  if (!light.lamps) return;
  const lampY = y - height * 0.875;
  everywhere(canvas, (u, v, i) => {
    const dx = (u - x) * side;
    if (dx < 0) return;
    const off = Math.abs(v - lampY + dx * 0.08) / (0.015 + dx * 0.14);
    add(canvas, i, [1, 0.92, 0.62], 0.5 * Math.exp(-off * off) * Math.exp(-dx * 1.7));
  });
  glow(stage, x, lampY, [1, 0.9, 0.6], 0.05, 0.8);
}

/** A castle with five towers, `size` wide. */
export function castle(stage: Stage, x: number, y: number, size: number, stoneColor: Rgb, roofColor: Rgb): void {
  stage.drawn.push({ thing: "castle" });
  const { light } = stage;
  const stone = lit(light, stoneColor, 0.85);
  const roof = lit(light, roofColor, 0.8);
  const facing = light.sunX > x ? 1 : -1;
  const hole: Rgb = light.lamps ? [1, 0.8, 0.4] : scaleRgb(stone, 0.35);
  const tower = (at: number, width: number, height: number, pointed: boolean): void => {
    const shade =
      (color: Rgb, base: number) =>
      (u: number): Rgb =>
        scaleRgb(color, base + 0.5 * clamp(((u - at) / width) * facing + 0.5));
    const wall = shade(stone, 0.72);
    rectangle(stage, at - width / 2, y - height, at + width / 2, y, wall);
    const cone: Point[] = [
      [at - width * 0.68, y - height],
      [at + width * 0.68, y - height],
      [at, y - height - width * 1.7],
    ];
    if (pointed) polygon(stage, cone, shade(roof, 0.75));
    else
      for (let n = 0; n < 4; n++) {
        const left = at - width / 2 + (n * width) / 3.5;
        rectangle(stage, left, y - height - width * 0.14, left + width * 0.15, y - height, wall(at));
      }
    for (let n = 0; n < 2; n++) {
      const head = y - height * (0.85 - n * 0.32);
      rectangle(stage, at - width * 0.09, head, at + width * 0.09, head + width * 0.3, hole);
    }
  };
  tower(x - size * 0.42, size * 0.22, size * 0.62, true);
  tower(x + size * 0.42, size * 0.22, size * 0.58, true);
  tower(x, size * 0.3, size * 0.95, true);
  tower(x - size * 0.2, size * 0.16, size * 0.74, false);
  tower(x + size * 0.22, size * 0.16, size * 0.78, true);
  const curtain = scaleRgb(stone, 0.82);
  rectangle(stage, x - size * 0.45, y - size * 0.36, x + size * 0.45, y, curtain);
  for (let n = 0; n < 9; n++) {
    const left = x - size * 0.45 + n * size * 0.102;
    rectangle(stage, left, y - size * 0.41, left + size * 0.055, y - size * 0.355, curtain);
  }
  const gate: Point[] = [
    [x - size * 0.08, y],
    [x - size * 0.08, y - size * 0.16],
    [x, y - size * 0.24],
    [x + size * 0.08, y - size * 0.16],
    [x + size * 0.08, y],
  ];
  polygon(stage, gate, light.lamps ? [0.9, 0.6, 0.25] : scaleRgb(stone, 0.3));
}

/** How much of a slope's foot shows at u: 0 in the sea, 1 on the headland (right or left). */
export const headland = (u: number, right: boolean): number =>
  smoothstep(0, 1, clamp((right ? u - 0.28 : 0.72 - u) / 0.3));
