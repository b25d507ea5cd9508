// Land: mountain ranges, ground, rocks, dunes, pyramids, a volcano.
import { blend, region } from "./canvas.ts";
import { clamp, mix, mixInto, mixRgb, type Rgb, type Scratch, scaleInto, smoothstep } from "./color.ts";
import { lit } from "./palette.ts";
import { glow, polygon } from "./shapes.ts";
import { columns, type Stage } from "./stage.ts";

/** A skyline of ridged noise around `base`, `amplitude` high: returns its y at u. */
export function ridgeline({ noise, random }: Stage, base: number, amplitude: number, frequency: number) {
  const shift = random() * 100;
  return (u: number): number => base - amplitude * (noise.outline(u * frequency + shift, shift * 0.7, 5) - 0.45) * 1.25;
}

/** One to five ranges of mountains, farthest first, fading into the horizon's colour. */
export function mountains(
  stage: Stage,
  layers: number,
  horizon: number,
  options: {
    snow?: number;
    big?: boolean;
    amplitude?: number;
    frequency?: number;
    fog?: number;
    color?: Rgb;
    green?: Rgb;
  } = {},
): void {
  stage.drawn.push({ thing: "mountains" });
  const { canvas, light, noise, random, pixel } = stage;
  const { snow = 0.5, big = false, green } = options;
  const side = light.sunX > 0.5 ? -1 : 1;
  const ranges = Array.from({ length: layers }, (_, layer) => {
    const t = layers === 1 ? 1 : layer / (layers - 1);
    const base = mix(horizon - 0.06, horizon + 0.16, t);
    const amplitude =
      mix(0.2, 0.46, big ? t * 0.3 + 0.7 * (1 - Math.abs(t - 0.4)) : t * 0.7) * (options.amplitude ?? 1);
    const profile = ridgeline(stage, base, amplitude, mix(2.2, 1.5, t) * (options.frequency ?? 1));
    const fog = mix(0.72, 0.1, t ** 0.8) * (options.fog ?? 1);
    const color = lit(light, options.color ?? mixRgb([0.36, 0.38, 0.46], [0.24, 0.23, 0.25], t), 0.75);
    return { base, amplitude, fog, color, top: columns(stage, profile), shift: random() * 80 };
  });
  const shadowSnow = lit(light, [0.55, 0.65, 0.85], 0.9);
  const brightSnow = mixRgb(lit(light, [1, 1, 1], 0.5), light.sun, 0.25);
  const grass = green ? lit(light, green, 0.8) : undefined;
  const k: Scratch = [0, 0, 0];
  const other: Scratch = [0, 0, 0];
  const last = canvas.size - 1;
  ranges.forEach(({ base, amplitude, fog, color, top, shift }, layer) => {
    // Where a nearer range hides this one whole.
    const covered = new Float32Array(canvas.size).fill(9);
    for (const nearer of ranges.slice(layer + 1))
      for (let x = 0; x <= last; x++) covered[x] = Math.min(covered[x]!, nearer.top[x]! + pixel);
    region(canvas, 0, 0, 1, 1, (u, v, i, x) => {
      const crest = top[x]!;
      if (v < crest - pixel || v > covered[x]!) return;
      const alpha = smoothstep(crest - pixel, crest + pixel, v);
      const depth = v - crest;
      const grain =
        noise.ridge(u * 7 + shift + side * depth * 1.5, v * 4 + shift, 4) -
        0.5 +
        (noise.ridge(u * 15 + shift - side * depth * 2, v * 9, 3) - 0.5) * 0.45;
      const slope = ((top[Math.min(last, x + 1)]! - top[Math.max(0, x - 1)]!) * canvas.size) / 2;
      const shade = 0.58 + grain * 0.75 + side * slope * 0.13;
      scaleInto(k, color, 0.45 + shade * 0.95);
      const heightLeft = (base - amplitude * 0.5 - crest) * 0.8 * snow;
      const white = snow > 0 ? smoothstep(0.02, 0.1, 0.27 * snow - depth + grain * 0.09 + heightLeft) : 0;
      if (white > 0) {
        mixInto(other, shadowSnow, brightSnow, clamp(0.5 + grain * 0.9 + side * slope * 0.16));
        mixInto(k, k, other, white * 0.95);
      }
      if (grass) {
        scaleInto(other, grass, 0.5 + shade * 0.8);
        mixInto(k, k, other, smoothstep(0.1, 0.3, depth + grain * 0.1));
      }
      mixInto(k, k, light.horizon, clamp(fog + smoothstep(0.05, 0.4, depth) * fog * 0.35));
      blend(canvas, i, k, alpha);
    });
  });
}

/** Ground below a profile, from a far to a near colour; `flowers` are strewn over it, more of them if `lush`. */
export function ground(
  stage: Stage,
  profile: (u: number) => number,
  far: Rgb,
  near: Rgb,
  options: { fog?: number; flowers?: readonly Rgb[]; lush?: boolean } = {},
): void {
  const { canvas, light, noise, random, pixel } = stage;
  const { flowers, fog = 0.35, lush = false } = options;
  const shift = random() * 60;
  const top = columns(stage, profile);
  const k: Scratch = [0, 0, 0];
  region(canvas, 0, Math.min(...top) - pixel, 1, 1, (u, v, i, x) => {
    const edge = top[x]!;
    const alpha = smoothstep(edge - pixel, edge + pixel, v);
    if (alpha <= 0) return;
    const z = clamp((v - edge) / (1 - edge + 1e-6));
    const p = 1 / (z + 0.18);
    const patch = noise.fbm(u * 4 * p + shift, z * 5.4 * p + shift, 4) * 0.5 + 0.5;
    mixInto(k, far, near, clamp(patch * 1.2 - 0.1 + z * 0.2));
    scaleInto(k, k, 0.8 + 0.35 * (noise.fbm(u * 12 * p, v * 40, 2) * 0.5 + 0.5));
    mixInto(k, k, light.horizon, fog * (1 - z) ** 3);
    if (flowers) {
      const cells = 90 / (0.5 + z);
      const draw = noise.hash(Math.floor(u * cells), Math.floor(v * cells) + 31);
      if (draw > (lush ? 0.52 : 0.72) - 0.1 * z) {
        const flower = flowers[Math.floor(draw * 97) % flowers.length]!;
        mixInto(k, k, flower, (lush ? 0.92 : 0.85) * smoothstep(0, lush ? 0.08 : 0.15, z));
      }
    }
    blend(canvas, i, k, alpha);
  });
}

/** Bare rock below a profile, down to `bottom`. */
export function rocks(stage: Stage, profile: (u: number) => number, color: Rgb, bottom = 9): void {
  const { canvas, noise, random, pixel } = stage;
  const shift = random() * 90;
  const top = columns(stage, profile);
  const k: Scratch = [0, 0, 0];
  region(canvas, 0, 0, 1, Math.min(1, bottom + pixel), (u, v, i, x) => {
    const edge = top[x]!;
    const alpha = smoothstep(edge - pixel, edge + pixel, v) * (1 - smoothstep(bottom - pixel, bottom + pixel, v));
    if (alpha <= 0) return;
    scaleInto(k, color, 0.45 + noise.ridge(u * 8 + shift, v * 8 + shift, 4) * 0.9);
    blend(canvas, i, k, alpha);
  });
}

/** Four rows of dunes from the horizon to the front. */
export function dunes(stage: Stage, horizon: number, sandColor: Rgb): void {
  stage.drawn.push({ thing: "desert" });
  const { canvas, light, noise, random, pixel } = stage;
  const sand = lit(light, sandColor, 0.75);
  const shadow: Scratch = [0, 0, 0];
  const bright: Scratch = [0, 0, 0];
  scaleInto(shadow, sand, 0.5);
  scaleInto(bright, sand, 1.1);
  const k: Scratch = [0, 0, 0];
  const side = light.sunX > 0.5 ? -1 : 1;
  for (let row = 0; row < 4; row++) {
    const t = row / 3;
    const base = mix(horizon, 0.86, t * t * 0.6 + 0.4 * t);
    const amplitude = mix(0.03, 0.11, t);
    const frequency = mix(2.4, 1.1, t);
    const shift = random() * 30;
    const profile = (u: number): number =>
      base -
      amplitude * Math.abs(Math.sin(u * frequency * 1.6 + shift + noise.at(u * 1.6, shift) * 1.2)) ** 1.15 -
      amplitude * 0.25 * noise.at(u * 3, shift);
    const top = columns(stage, profile);
    const slopes = columns(stage, (u) => (profile(u + 0.012) - profile(u - 0.012)) / 0.024);
    region(canvas, 0, base - amplitude * 1.5, 1, 1, (u, v, i, x) => {
      const edge = top[x]!;
      const alpha = smoothstep(edge - pixel, edge + pixel, v);
      if (alpha <= 0) return;
      const drift = noise.fbm(u * 3, v * 6, 2) * 0.25;
      const shade = smoothstep(-0.35, 0.35, -side * slopes[x]! + (v - edge - 0.03) * 0.8 + drift);
      const ripples = Math.sin(v * mix(240, 90, t) + u * 30 + noise.fbm(u * 5, v * 8, 2) * 9) * 0.045 * t;
      mixInto(k, shadow, bright, shade);
      scaleInto(k, k, 1 + ripples);
      mixInto(k, k, light.horizon, mix(0.6, 0.02, t));
      blend(canvas, i, k, alpha);
    });
  }
}

/** A pyramid standing at y, half as wide as `half`. */
export function pyramid(stage: Stage, x: number, y: number, half: number, sandColor: Rgb): void {
  stage.drawn.push({ thing: "pyramid" });
  const { light } = stage;
  const sand = lit(light, sandColor, 0.75);
  const top = y - half * 1.05;
  const face =
    (brightness: number) =>
    (_u: number, v: number): Rgb => {
      const k = brightness + 0.06 * Math.sin(v * 260);
      return [sand[0] * k, sand[1] * k, sand[2] * k];
    };
  const fold: readonly [number, number] = [x + half * 0.3, y];
  polygon(stage, [[x - half, y], [x, top], fold], face(light.sunX < x ? 1.02 : 0.58));
  polygon(stage, [fold, [x, top], [x + half, y]], face(light.sunX < x ? 0.58 : 1.02));
}

/** A volcano, with lava, glow and smoke if it erupts, and a snowy top if not. */
export function volcano(stage: Stage, erupts: boolean): void {
  stage.drawn.push({ thing: "volcano" });
  const { canvas, light, noise, random, pixel } = stage;
  const x = random.range(0.36, 0.64);
  const width = random.range(0.3, 0.42);
  const top = random.range(0.26, 0.36);
  const shift = random() * 40;
  const k: Scratch = [0, 0, 0];
  const other: Scratch = [0, 0, 0];
  if (erupts) {
    glow(stage, x, top, [1, 0.35, 0.08], 0.13, 0.9);
    const pale = lit(light, [0.5, 0.46, 0.47], 0.7);
    region(canvas, 0, 0, 1, top + 0.02, (u, v, i) => {
      const height = top - v;
      const center = x + height * 0.35 * Math.sin(shift) + noise.fbm(u * 3 + shift, v * 3, 3) * 0.2 * height;
      const n = noise.fbm(u * 7 + shift, v * 7 - shift, 4);
      const away = Math.abs(u - center) / (0.05 + height * 0.42);
      const alpha = (1 - smoothstep(0.5, 1.05, away + n * 0.8)) * smoothstep(-0.01, 0.03, height);
      if (alpha <= 0) return;
      mixInto(k, [0.95, 0.4, 0.15], [0.28, 0.24, 0.27], smoothstep(0, 0.16, height));
      mixInto(k, k, pale, clamp(n + 0.4) * smoothstep(0.05, 0.3, height));
      blend(canvas, i, k, alpha * 0.9);
    });
  }
  const rock = lit(light, [0.36, 0.29, 0.29], 0.85);
  const snow = lit(light, [0.95, 0.97, 1], 0.6);
  const edges = columns(stage, (u) => {
    const dx = Math.abs(u - x);
    const cone = dx < 0.055 ? 0.006 * Math.cos(dx * 60) : ((dx - 0.055) / width) ** 0.72 * 0.5;
    return top + cone + noise.fbm(u * 9 + shift, shift, 3) * 0.018;
  });
  region(canvas, 0, top - 0.05, 1, 1, (u, v, i, column) => {
    const edge = edges[column]!;
    const alpha = smoothstep(edge - pixel, edge + pixel, v);
    if (alpha <= 0) return;
    const below = v - top;
    const grain = noise.ridge(((u - x) / (0.12 + below * 0.9)) * 1.3 + shift, v * 2.2, 4);
    const side = (u < x ? -1 : 1) * (light.sunX > x ? 1 : -1);
    scaleInto(k, rock, 0.5 + grain * 0.6 + side * 0.2);
    if (erupts) {
      const flow = noise.ridge(
        ((u - x) / (0.06 + below * 0.8)) * 1.1 + shift + 3,
        v * 1.6 + noise.at(u * 9, v * 9) * 0.1,
        2,
      );
      const lava = smoothstep(0.62, 0.9, flow + 0.25 * smoothstep(0.25, 0, below) - 0.54 * below);
      mixInto(other, [1, 0.75, 0.2], [0.95, 0.2, 0.05], clamp(below * 3));
      mixInto(k, k, other, lava);
    } else mixInto(k, k, snow, smoothstep(0.2, 0.08, below + grain * 0.1 - 0.05));
    mixInto(k, k, light.horizon, clamp((v - 0.5) * 0.9) * 0.5);
    blend(canvas, i, k, alpha);
  });
}
