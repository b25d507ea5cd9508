// Styles that are not strokes: watercolour, pixels, woodblock, pencil, facets, synthwave.
import { blur, type Canvas, createCanvas, darken, everywhere, grade, indexAt } from "./canvas.ts";
import { clamp, distance, hex, mix, mixInto, type Rgb, rampInto, type Scratch, smoothstep } from "./color.ts";
import { bloom, brightness, reader } from "./finish.ts";
import type { Stage } from "./stage.ts";

/** What a style does to a painted picture (0 … 1); it may change the picture it is given. */
export type Filter = (canvas: Canvas, stage: Stage) => Canvas;

/** Washes with wandering borders, darker rims, granulation and the paper's white edge. */
export const drawWatercolor: Filter = (canvas, { noise, random }) => {
  const { size } = canvas;
  const unit = size / 256;
  grade(canvas, { saturation: 1.35, brightness: 0.07, contrast: 0.86 });
  const soft = blur(canvas, Math.max(1, Math.round(2 * unit)));
  const washed = createCanvas(size);
  const shift = random() * 50;
  everywhere(soft, (u, v, i, x, y) => {
    const dx = noise.fbm(u * 7 + shift, v * 7, 3) * 5.5 * unit;
    const dy = noise.fbm(u * 7, v * 7 + shift, 3) * 5.5 * unit;
    const from = indexAt(soft, x + dx, y + dy);
    for (let c = 0; c < 3; c++) washed.data[i + c] = soft.data[from + c]!;
  });
  const around = brightness(blur(washed, Math.max(1, Math.round(3 * unit))));
  const here = brightness(washed);
  everywhere(washed, (u, v, i) => {
    const rim = here[i / 3]! - around[i / 3]!;
    const grain = noise.at(u * 60, v * 60) * 0.035 + noise.fbm(u * 3.2 + shift, v * 3.2, 4) * 0.14;
    const paper = 0.975 + noise.at(u * 60, v * 60 + 9) * 0.02;
    const border = Math.min(u, 1 - u, v, 1 - v) + noise.fbm(u * 5 + shift, v * 5, 4) * 0.05;
    const inside = smoothstep(0.012, 0.05, border) * 0.93;
    for (let c = 0; c < 3; c++) {
      const value = washed.data[i + c]!;
      const wash = clamp(value + rim * 1.1 + grain * (1.05 - value) + 0.02);
      washed.data[i + c] = mix(paper, wash * paper, inside);
    }
  });
  return washed;
};

const DITHER = [0, 8, 2, 10, 12, 4, 14, 6, 3, 11, 1, 9, 15, 7, 13, 5];

/** 32 × 32 blocks of few colours with ordered dithering. */
export const drawPixels: Filter = (canvas) => {
  const blocks = 32;
  const side = canvas.size / blocks;
  const levels = 7;
  grade(canvas, { saturation: 1.25, contrast: 1.12 });
  const sums = new Float64Array(blocks * blocks * 3);
  const blockOf = (x: number, y: number): number =>
    Math.min(blocks - 1, Math.floor(y / side)) * blocks + Math.min(blocks - 1, Math.floor(x / side));
  everywhere(canvas, (_u, _v, i, x, y) => {
    const at = blockOf(x, y) * 3;
    for (let c = 0; c < 3; c++) sums[at + c] = sums[at + c]! + canvas.data[i + c]! / (side * side);
  });
  const colors = sums.map((mean, at) => {
    const block = Math.floor(at / 3);
    const threshold = DITHER[(Math.floor(block / blocks) & 3) * 4 + ((block % blocks) & 3)]! / 16 - 0.47;
    return clamp(Math.round((mean + (threshold / levels) * 0.55) * levels) / levels);
  });
  everywhere(canvas, (_u, _v, i, x, y) => {
    const at = blockOf(x, y) * 3;
    for (let c = 0; c < 3; c++) canvas.data[i + c] = colors[at + c]!;
  });
  return canvas;
};

const INKS: readonly Rgb[] = [
  "#1f2a44",
  "#2457a9",
  "#6fa3b8",
  "#c9dcd2",
  "#f3e7cf",
  "#e6b89c",
  "#d9542f",
  "#a8242f",
  "#3f7d4b",
  "#8fae7f",
  "#f2c640",
  "#75479c",
  "#e58fb0",
  "#e8893a",
  "#8c8f94",
  "#2b2a2e",
  "#7a4a2a",
  "#2a938f",
].map(hex);

/** Flat inks of a fixed set, wood grain and dark outlines. */
export const drawWoodblock: Filter = (canvas, { noise }) => {
  const { size } = canvas;
  const step = Math.max(1, Math.round((2 * size) / 256));
  const soft = blur(canvas, step);
  const light = reader(brightness(soft), size);
  const out = createCanvas(size);
  const k: Scratch = [0, 0, 0];
  everywhere(soft, (u, v, i, x, y) => {
    const r = soft.data[i]!;
    const g = soft.data[i + 1]!;
    const b = soft.data[i + 2]!;
    let nearest = 9;
    let next = 9;
    let first = 0;
    let second = 0;
    for (let n = 0; n < INKS.length; n++) {
      const ink = INKS[n]!;
      const distance = (ink[0] - r) ** 2 * 1.2 + (ink[1] - g) ** 2 * 1.6 + (ink[2] - b) ** 2;
      if (distance < nearest) {
        next = nearest;
        second = first;
        nearest = distance;
        first = n;
      } else if (distance < next) {
        next = distance;
        second = n;
      }
    }
    mixInto(k, INKS[first]!, INKS[second]!, 0.35 * smoothstep(0.55, 1, Math.sqrt(nearest / (next + 1e-6))));
    const grain = 1 + noise.at(u * 4, v * 60) * 0.04;
    const across = Math.abs(light(x + step, y) - light(x - step, y));
    const down = Math.abs(light(x, y + step) - light(x, y - step));
    const outline = across > 0.13 || down > 0.13 ? 0.72 : 0;
    out.data[i] = mix(k[0] * grain, 0.12, outline);
    out.data[i + 1] = mix(k[1] * grain, 0.13, outline);
    out.data[i + 2] = mix(k[2] * grain, 0.2, outline);
  });
  return out;
};

/** Grey hatching with dark outlines on paper. */
export const drawPencil: Filter = (canvas, { noise }) => {
  const { size } = canvas;
  const pixels = 256 / size;
  const step = Math.max(1, Math.round((2 * size) / 256));
  const soft = brightness(blur(canvas, 1));
  const light = reader(soft, size);
  const out = createCanvas(size);
  everywhere(canvas, (_u, _v, i, x, y) => {
    const value = Math.max(0, soft[i / 3]!) ** 0.75;
    const gx = light(x + step, y) - light(x - step, y);
    const gy = light(x, y + step) - light(x, y - step);
    const edge = smoothstep(0.03, 0.18, distance(gx, gy));
    const px = x * pixels;
    const py = y * pixels;
    const hatch = noise.at((px + py) * 0.28, (px - py) * 0.04) * 0.34 + noise.at(px * 0.45, py * 0.45) * 0.12;
    const gray = clamp(mix(0.28, 0.99, value) + hatch * (1 - value) * 1.1 - edge * 0.45);
    out.data[i] = gray;
    out.data[i + 1] = gray * 0.99;
    out.data[i + 2] = gray * 0.975;
  });
  return out;
};

/** Flat triangles, each of the mean colour beneath it. */
export const drawFacets: Filter = (canvas, { random }) => {
  const { size } = canvas;
  const cells = 24;
  const points: [number, number][] = [];
  for (let j = 0; j <= cells; j++)
    for (let i = 0; i <= cells; i++) {
      const border = i === 0 || j === 0 || i === cells || j === cells;
      const [dx, dy] = [random.range(-0.36, 0.36), random.range(-0.36, 0.36)];
      points.push([((i + (border ? 0 : dx)) / cells) * size, ((j + (border ? 0 : dy)) / cells) * size]);
    }
  const out = createCanvas(size);
  const facet = (a: number, b: number, c: number): void =>
    fillFacet(canvas, out, [points[a]!, points[b]!, points[c]!], 1 + random.range(-0.07, 0.07));
  for (let j = 0; j < cells; j++)
    for (let i = 0; i < cells; i++) {
      const a = j * (cells + 1) + i;
      const [b, c, d] = [a + 1, a + cells + 1, a + cells + 2];
      if (random.chance(0.5)) {
        facet(a, b, c);
        facet(b, d, c);
      } else {
        facet(a, b, d);
        facet(a, d, c);
      }
    }
  grade(out, { saturation: 1.15, contrast: 1.08 });
  return out;
};

function fillFacet(from: Canvas, to: Canvas, corners: readonly [number, number][], brightness: number): void {
  const { size } = from;
  const [[ax, ay], [bx, by], [cx, cy]] = corners as [[number, number], [number, number], [number, number]];
  const doubled = (bx - ax) * (cy - ay) - (cx - ax) * (by - ay);
  const inside: number[] = [];
  const sum: Scratch = [0, 0, 0];
  const bottom = Math.min(size - 1, Math.ceil(Math.max(ay, by, cy)));
  const right = Math.min(size - 1, Math.ceil(Math.max(ax, bx, cx)));
  for (let y = Math.max(0, Math.floor(Math.min(ay, by, cy))); y <= bottom; y++)
    for (let x = Math.max(0, Math.floor(Math.min(ax, bx, cx))); x <= right; x++) {
      const px = x + 0.5;
      const py = y + 0.5;
      const p = ((bx - px) * (cy - py) - (cx - px) * (by - py)) / doubled;
      const q = ((cx - px) * (ay - py) - (ax - px) * (cy - py)) / doubled;
      if (p < -0.001 || q < -0.001 || p + q > 1.001) continue;
      const i = (y * size + x) * 3;
      inside.push(i);
      for (let c = 0; c < 3; c++) sum[c] = sum[c]! + from.data[i + c]!;
    }
  for (const i of inside) for (let c = 0; c < 3; c++) to.data[i + c] = clamp((sum[c]! / inside.length) * brightness);
}

const NEON: readonly Rgb[] = ["#0d0221", "#2b0a4f", "#7b1fa2", "#e6399b", "#ff7a70", "#ffd36e", "#fff5c9"].map(hex);

/** Violet to yellow by brightness, a bloom, and scan lines. */
export const drawSynthwave: Filter = (canvas) => {
  const { data } = canvas;
  const k: Scratch = [0, 0, 0];
  const light = brightness(canvas);
  everywhere(canvas, (_u, _v, i) => {
    rampInto(k, NEON, light[i / 3]! ** 0.9 * 1.02);
    for (let c = 0; c < 3; c++) data[i + c] = mix(k[c]!, data[i + c]!, 0.12);
  });
  bloom(canvas, 0.4);
  const rows = canvas.size / 64;
  everywhere(canvas, (_u, _v, i, _x, y) => darken(canvas, i, Math.floor(y / rows) % 2 ? 1 : 0.9));
  return canvas;
};
