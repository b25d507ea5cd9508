// Tiles: a large picture decoded in overlapping squares that fade into each other, as diffusers' tiled_decode does.
import { type Tensor, tensor } from "../tensor/tensor.ts";

/** Where tiles of `side` begin along an axis of `length`: three quarters apart, the last one flush with the end. */
export function tileStarts(length: number, side: number): number[] {
  if (length <= side) return [0];
  const stride = Math.max(1, Math.floor(side * 0.75));
  const count = Math.ceil((length - side) / stride);
  return Array.from({ length: count + 1 }, (_, i) => Math.min(i * stride, length - side));
}

/**
 * Latents [1,c,h,w] decoded in squares of `side` latents. Where squares overlap each counts by how far a pixel is inside it.
 * @param decode a square of latents to pixels, `factor` times as wide; called for one square after another
 */
export async function decodeTiled(
  latents: Tensor,
  side: number,
  factor: number,
  decode: (square: Tensor) => Promise<Tensor>,
): Promise<Tensor> {
  const [, , height, width] = latents.shape;
  const [high, wide] = [Math.min(side, height), Math.min(side, width)];
  const [H, W] = [height * factor, width * factor];
  const weight = new Float32Array(H * W);
  let sum = new Float32Array(0);
  let channels = 0;
  for (const top of tileStarts(height, side))
    for (const left of tileStarts(width, side)) {
      const part = await decode(crop(latents, top, left, high, wide));
      channels = part.shape[1];
      if (sum.length === 0) sum = new Float32Array(channels * H * W);
      const down = ramp(high * factor, top > 0, top + high < height);
      const along = ramp(wide * factor, left > 0, left + wide < width);
      for (let y = 0; y < high * factor; y++)
        for (let x = 0; x < wide * factor; x++) {
          const at = (top * factor + y) * W + left * factor + x;
          const k = down[y] * along[x];
          weight[at] += k;
          for (let c = 0; c < channels; c++)
            sum[c * H * W + at] += k * part.data[(c * high * factor + y) * wide * factor + x];
        }
    }
  for (let c = 0; c < channels; c++) for (let i = 0; i < H * W; i++) sum[c * H * W + i] /= weight[i];
  return tensor(sum, [1, channels, H, W]);
}

/** How much each pixel of a square counts: 1 inside, less towards a side that borders on another square. */
function ramp(length: number, before: boolean, after: boolean): Float32Array {
  const over = Math.max(1, Math.floor(length / 4));
  return Float32Array.from({ length }, (_, i) =>
    Math.min(1, before ? (i + 0.5) / over : 1, after ? (length - i - 0.5) / over : 1),
  );
}

function crop(x: Tensor, top: number, left: number, height: number, width: number): Tensor {
  const [, channels, H, W] = x.shape;
  const out = new Float32Array(channels * height * width);
  for (let c = 0; c < channels; c++)
    for (let y = 0; y < height; y++) {
      const from = (c * H + top + y) * W + left;
      out.set(x.data.subarray(from, from + width), (c * height + y) * width);
    }
  return tensor(out, [1, channels, height, width]);
}
