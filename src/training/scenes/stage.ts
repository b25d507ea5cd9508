// The stage: what every drawing function is handed.
import { type Canvas, createCanvas } from "./canvas.ts";
import type { Rgb } from "./color.ts";
import { createNoise, type Noise } from "./noise.ts";
import { type ColorName, createLight, type Light, type Time } from "./palette.ts";
import { createRandom, type Random } from "./rng.ts";

/** The left, upper, right and lower bounds of something drawn, in 0 … 1. */
export type Box = readonly [left: number, top: number, right: number, bottom: number];

/** Something that was drawn: what captions may claim. */
export interface Drawn {
  readonly thing: string;
  readonly box?: Box;
  /** The colour it was asked in, and the colour it was given before the light fell on it. */
  readonly color?: ColorName | undefined;
  readonly fill?: Rgb;
}

/** A picture being drawn, with its randomness and its light. Coordinates are 0 … 1, y downwards. */
export interface Stage {
  canvas: Canvas;
  readonly random: Random;
  readonly noise: Noise;
  readonly light: Light;
  /** The width of one pixel in coordinates. */
  readonly pixel: number;
  /** What has been drawn so far, the farthest first. */
  readonly drawn: Drawn[];
}

/** Sets up a stage. No draw from `random` may depend on the size, so that a seed lays out one scene at every size. */
export function createStage(seed: number, size: number, time: Time): Stage {
  const random = createRandom(seed);
  const noise = createNoise(random, size < 256 ? 1 : 0);
  return { canvas: createCanvas(size), random, noise, light: createLight(random, time), pixel: 1 / size, drawn: [] };
}

/** The values of a function of u at every pixel column, so that loops over pixels need not recompute it. */
export function columns({ canvas }: Stage, profile: (u: number) => number): Float32Array {
  const out = new Float32Array(canvas.size);
  for (let x = 0; x < canvas.size; x++) out[x] = profile((x + 0.5) / canvas.size);
  return out;
}
