// Styles of few tones: stained glass, ink wash, flat poster.
import { blur, createCanvas, everywhere, grade } from "./canvas.ts";
import { clamp, distance, mix, smoothstep } from "./color.ts";
import type { Filter } from "./filters.ts";
import { bloom, brightness, reader } from "./finish.ts";

const CELLS = 13;

/**
 * Panes of one colour between dark leads. Panes are superpixels (Achanta et al. 2012, SLIC: nearest seed by place and
 * colour), so that their borders follow the things.
 */
export const drawStainedGlass: Filter = (canvas, { random }) => {
  const { size, data } = canvas;
  const step = size / CELLS;
  const soft = blur(canvas, Math.max(1, Math.round(size / 128)));
  const seeds = Array.from({ length: CELLS * CELLS }, (_, n) => {
    const x = ((n % CELLS) + 0.5 + random.range(-0.3, 0.3)) * step;
    const y = (Math.floor(n / CELLS) + 0.5 + random.range(-0.3, 0.3)) * step;
    const i = (Math.floor(y) * size + Math.floor(x)) * 3;
    return { x, y, r: soft.data[i]!, g: soft.data[i + 1]!, b: soft.data[i + 2]! };
  });
  const label = new Int16Array(size * size);
  const assign = (): void =>
    everywhere(canvas, (_u, _v, i, x, y) => {
      const [column, row] = [Math.floor(x / step), Math.floor(y / step)];
      let nearest = 9;
      for (let b = Math.max(0, row - 1); b <= Math.min(CELLS - 1, row + 1); b++)
        for (let a = Math.max(0, column - 1); a <= Math.min(CELLS - 1, column + 1); a++) {
          const seed = seeds[b * CELLS + a]!;
          const away = ((x - seed.x) ** 2 + (y - seed.y) ** 2) / (step * step);
          const hue =
            (soft.data[i]! - seed.r) ** 2 + (soft.data[i + 1]! - seed.g) ** 2 + (soft.data[i + 2]! - seed.b) ** 2;
          const far = away + hue * 12;
          if (far >= nearest) continue;
          nearest = far;
          label[i / 3] = b * CELLS + a;
        }
    });
  for (let round = 0; round < 2; round++) {
    assign();
    const sums = seeds.map(() => [0, 0, 0, 0, 0, 0] as [number, number, number, number, number, number]);
    everywhere(canvas, (_u, _v, i, x, y) => {
      const sum = sums[label[i / 3]!]!;
      sum[0]++;
      sum[1] += x;
      sum[2] += y;
      for (let c = 0; c < 3; c++) sum[3 + c] = sum[3 + c]! + soft.data[i + c]!;
    });
    sums.forEach(([n, x, y, r, g, b], at) => {
      if (n > 0) seeds[at] = { x: x / n, y: y / n, r: r / n, g: g / n, b: b / n };
    });
  }
  const leads = createCanvas(size);
  const at = (x: number, y: number): number => label[Math.min(size - 1, y) * size + Math.min(size - 1, x)]!;
  everywhere(canvas, (u, v, i, x, y) => {
    const seed = seeds[label[i / 3]!]!;
    const lead = at(x, y) !== at(x + 1, y) || at(x, y) !== at(x, y + 1) ? 1 : 0;
    leads.data[i] = lead;
    const glow = 1.08 + 0.12 * (0.5 - distance(u - 0.5, v - 0.5));
    data[i] = seed.r * glow;
    data[i + 1] = seed.g * glow;
    data[i + 2] = seed.b * glow;
  });
  grade(canvas, { saturation: 1.4, contrast: 1.12, brightness: 0.03 });
  bloom(canvas, 0.2);
  const wide = blur(leads, Math.max(1, Math.round(size / 256)));
  everywhere(canvas, (_u, _v, i) => {
    const lead = smoothstep(0.25, 0.6, wide.data[i]!);
    for (let c = 0; c < 3; c++) data[i + c] = mix(data[i + c]!, 0.08, lead * 0.92);
  });
  return canvas;
};

/** Washes of four tones of black ink on warm paper, with brushed outlines. */
export const drawInk: Filter = (canvas, { noise }) => {
  const { size, data } = canvas;
  const step = Math.max(1, Math.round(size / 128));
  grade(canvas, { contrast: 1.15, brightness: 0.06 });
  const soft = blur(canvas, step);
  const light = brightness(soft);
  const near = reader(light, size);
  everywhere(canvas, (u, v, i, x, y) => {
    const value = clamp(light[i / 3]! + 0.05 * noise.fbm(u * 5, v * 5, 3));
    const band = Math.floor(value * 4);
    const tone = (band + smoothstep(0.35, 0.65, value * 4 - band)) / 4;
    const gx = near(x + step, y) - near(x - step, y);
    const gy = near(x, y + step) - near(x, y - step);
    const edge = smoothstep(0.06, 0.22, distance(gx, gy) * (1 + 0.4 * noise.at(u * 9, v * 9)));
    const ink = clamp(mix(0.16, 0.97, tone) * (1 - 0.8 * edge));
    data[i] = ink;
    data[i + 1] = ink * 0.975;
    data[i + 2] = ink * 0.93;
  });
  return canvas;
};

/** Flat areas of few tones without texture, as in a screen-printed poster. */
export const drawPoster: Filter = (canvas) => {
  const { size, data } = canvas;
  const soft = blur(canvas, Math.max(1, Math.round(size / 128)));
  grade(soft, { saturation: 1.2, contrast: 1.1 });
  const light = brightness(soft);
  const levels = 5;
  everywhere(canvas, (_u, _v, i) => {
    const value = Math.max(0.004, light[i / 3]!);
    const band = Math.floor(value * levels);
    const tone = (band + 0.15 + 0.7 * smoothstep(0.42, 0.58, value * levels - band)) / levels;
    for (let c = 0; c < 3; c++) data[i + c] = clamp(soft.data[i + c]! * (tone / value));
  });
  return canvas;
};
