// Gradient noise and its fractal sums, from which every texture of the painted world is made.
import { clamp } from "./color.ts";
import type { Random } from "./rng.ts";

/** A field of gradient noise (Perlin 2002 fade), seeded once per picture. */
export interface Noise {
  /** Noise at a point, about −1 … 1, mean 0. */
  at(x: number, y: number): number;
  /** Fractal sum of octaves (each twice as fine and half as strong), about −1 … 1. */
  fbm(x: number, y: number, octaves: number): number;
  /** Ridged fractal sum: 1 on the crests, towards 0 in the valleys. */
  ridge(x: number, y: number, octaves: number): number;
  /** As `ridge`, with every octave however small the picture: for outlines that other things stand on. */
  outline(x: number, y: number, octaves: number): number;
  /** A fixed random value in 0 … 1 for a pair of integers. */
  hash(i: number, j: number): number;
}

/**
 * Makes a noise field. `dropped` octaves are left out of the fractal sums, the finest first: a small picture cannot show
 * them. At least one octave stays.
 */
export function createNoise(random: Random, dropped = 0): Noise {
  const order = Array.from({ length: 256 }, (_, i) => i);
  for (let i = 255; i > 0; i--) {
    const j = random.int(i + 1);
    const swap = order[i]!;
    order[i] = order[j]!;
    order[j] = swap;
  }
  const perm = Uint8Array.from({ length: 512 }, (_, i) => order[i & 255]!);
  const gradX = Float64Array.from({ length: 256 }, (_, i) => Math.cos((i / 256) * 2 * Math.PI));
  const gradY = Float64Array.from({ length: 256 }, (_, i) => Math.sin((i / 256) * 2 * Math.PI));

  const at = (x: number, y: number): number => {
    const cellX = Math.floor(x);
    const cellY = Math.floor(y);
    const fx = x - cellX;
    const fy = y - cellY;
    const left = perm[cellX & 255]!;
    const right = perm[(cellX + 1) & 255]!;
    const j0 = cellY & 255;
    const j1 = (cellY + 1) & 255;
    const k00 = perm[left + j0]!;
    const k10 = perm[right + j0]!;
    const k01 = perm[left + j1]!;
    const k11 = perm[right + j1]!;
    const a = gradX[k00]! * fx + gradY[k00]! * fy;
    const b = gradX[k10]! * (fx - 1) + gradY[k10]! * fy;
    const c = gradX[k01]! * fx + gradY[k01]! * (fy - 1);
    const d = gradX[k11]! * (fx - 1) + gradY[k11]! * (fy - 1);
    const u = fx * fx * fx * (fx * (fx * 6 - 15) + 10);
    const v = fy * fy * fy * (fy * (fy * 6 - 15) + 10);
    const top = a + (b - a) * u;
    return (top + (c + (d - c) * u - top) * v) * 1.5;
  };

  const ridged = (x: number, y: number, octaves: number): number => {
    let sum = 0;
    let amplitude = 0.5;
    let total = 0;
    let weight = 1;
    for (let i = 0; i < octaves; i++) {
      let n = 1 - Math.abs(at(x, y));
      n *= n;
      sum += amplitude * n * weight;
      total += amplitude;
      weight = clamp(n * 1.6);
      amplitude *= 0.5;
      x = x * 2.07 + 31.7;
      y = y * 2.07 + 3.9;
    }
    return sum / total;
  };

  return {
    at,
    fbm: (x, y, octaves) => {
      const kept = Math.max(1, octaves - dropped);
      let sum = 0;
      let amplitude = 0.5;
      for (let i = 0; i < kept; i++) {
        sum += amplitude * at(x, y);
        amplitude *= 0.5;
        x = x * 2.03 + 17.1;
        y = y * 2.03 + 9.3;
      }
      return sum / (1 - 0.5 ** octaves);
    },
    ridge: (x, y, octaves) => ridged(x, y, Math.max(1, octaves - dropped)),
    outline: ridged,
    hash: (i, j) => perm[perm[i & 255]! + (j & 255)]! / 255,
  };
}
