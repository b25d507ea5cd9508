// The stage: what every drawing function is handed.
import { type Canvas, createCanvas } from "./canvas.ts";
import { createNoise, type Noise } from "./noise.ts";
import { createLight, type Light, type Time } from "./palette.ts";
import { createRandom, type Random } from "./rng.ts";

/** A picture being drawn, with its randomness and its light. Coordinates are 0 … 1, y downwards. */
export interface Stage {
  canvas: Canvas;
  readonly random: Random;
  readonly noise: Noise;
  readonly light: Light;
  /** The width of one pixel in coordinates. */
  readonly pixel: number;
}

/** Sets up a stage. No draw from `random` may depend on the size, so that a seed lays out one scene at every size. */
export function createStage(seed: number, size: number, time: Time): Stage {
  const random = createRandom(seed);
  const noise = createNoise(random, size < 256 ? 1 : 0);
  return { canvas: createCanvas(size), random, noise, light: createLight(random, time), pixel: 1 / size };
}

/** The values of a function of u at every pixel column, so that loops over pixels need not recompute it. */
export function columns({ canvas }: Stage, profile: (u: number) => number): Float32Array {
  const out = new Float32Array(canvas.size);
  for (let x = 0; x < canvas.size; x++) out[x] = profile((x + 0.5) / canvas.size);
  return out;
}
