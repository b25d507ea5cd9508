// Finishing touches that several styles share: bloom, vignette, brightness plane.
import { blur, type Canvas, darken, everywhere } from "./canvas.ts";
import { clamp, distance, luminance, smoothstep } from "./color.ts";

/** Adds a soft halo around what is bright, in place. */
export function bloom(canvas: Canvas, strength: number): void {
  const radius = Math.max(1, Math.round(canvas.size / 36));
  const soft = blur(blur(canvas, radius), radius);
  const { data } = canvas;
  for (let i = 0; i < data.length; i++) {
    const value = clamp(data[i]!);
    const halo = clamp(soft.data[i]!);
    data[i] = value + strength * halo * halo * (1 - value);
  }
}

/** Darkens the corners, in place. */
export function vignette(canvas: Canvas, strength: number): void {
  everywhere(canvas, (u, v, i) => darken(canvas, i, 1 - strength * smoothstep(0.35, 0.8, distance(u - 0.5, v - 0.5))));
}

/** The brightness of every pixel. */
export function brightness({ data }: Canvas): Float32Array {
  const out = new Float32Array(data.length / 3);
  for (let i = 0; i < out.length; i++) out[i] = luminance(data[i * 3]!, data[i * 3 + 1]!, data[i * 3 + 2]!);
  return out;
}

/** A lookup of a plane by column and row, held at the borders. */
export const reader =
  (plane: Float32Array, size: number) =>
  (x: number, y: number): number => {
    const column = x < 0 ? 0 : x >= size ? size - 1 : x | 0;
    const row = y < 0 ? 0 : y >= size ? size - 1 : y | 0;
    return plane[row * size + column]!;
  };
