// augment: small changes to a picture that leave what it shows as it is, so that a judge does not lean on single pixels.
import type { Random } from "./random.ts";

/**
 * The picture [3,side,side], mirrored if told, shifted by up to 4 pixels (edges repeated; every place of a grid of 2, 4 or 8 pixels is as likely), softened as decoders soften, a little brighter or darker, with a little more or less contrast, a little noise.
 * Values stay in −1…1.
 */
export function augmented(picture: Float32Array, side: number, random: Random, { mirror = false } = {}): Float32Array {
  const [dx, dy] = [random.below(8) - 4, random.below(8) - 4];
  const moved = shifted(picture, side, dx, dy, mirror);
  const soft = random.next() < 0.4 ? blurred(moved, side, 0.7 * random.next()) : moved;
  const contrast = 1 + 0.08 * random.uniform();
  const brightness = 0.05 * random.uniform();
  const noise = random.next() < 0.2 ? 0.04 * random.next() : 0;
  for (let i = 0; i < soft.length; i++) {
    const value = soft[i] * contrast + brightness + (noise > 0 ? noise * random.normal() : 0);
    soft[i] = Math.min(1, Math.max(-1, value));
  }
  return soft;
}

/** What was at (x − dx, y − dy) is now at (x, y); pixels at the edge are repeated. A mirrored picture is mirrored first. */
export function shifted(picture: Float32Array, side: number, dx: number, dy: number, mirror: boolean): Float32Array {
  const out = new Float32Array(picture.length);
  const inside = (v: number): number => Math.min(side - 1, Math.max(0, v));
  for (let c = 0; c < 3; c++)
    for (let y = 0; y < side; y++) {
      const row = (c * side + inside(y - dy)) * side;
      for (let x = 0; x < side; x++) {
        const from = inside(x - dx);
        out[(c * side + y) * side + x] = picture[row + (mirror ? side - 1 - from : from)];
      }
    }
  return out;
}

/** Mixed with its neighbours: [a/4, 1 − a/2, a/4] along both axes, for a in 0…1. */
export function blurred(picture: Float32Array, side: number, a: number): Float32Array {
  const pass = (from: Float32Array, along: number, across: number): Float32Array => {
    const out = new Float32Array(from.length);
    for (let c = 0; c < 3; c++)
      for (let j = 0; j < side; j++) {
        const start = c * side * side + j * across;
        for (let i = 0; i < side; i++) {
          const at = start + i * along;
          const before = from[i > 0 ? at - along : at];
          const after = from[i < side - 1 ? at + along : at];
          out[at] = (1 - a / 2) * from[at] + (a / 4) * (before + after);
        }
      }
    return out;
  };
  return pass(pass(picture, 1, side), side, 1);
}
