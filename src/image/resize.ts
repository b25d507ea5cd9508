// Resizing pictures: one separable resampler, five kernels.
import { type Color, centerCrop, flatten, type Pixels, pixels } from "./pixels.ts";

/** How the samples of the new picture are made from the old: see `kernels`. */
export type Filter = "nearest" | "area" | "bilinear" | "bicubic" | "lanczos";

interface Kernel {
  readonly reach: number;
  readonly weight: (distance: number) => number;
}

/**
 * Each kernel by its weight at a distance, in old pixels when enlarging and in new pixels when reducing (so that reducing
 * averages over all that is covered, as Pillow does), and by how far it reaches.
 */
const kernels: Readonly<Record<"bilinear" | "bicubic" | "lanczos", Kernel>> = {
  bilinear: { reach: 1, weight: (d) => Math.max(0, 1 - Math.abs(d)) },
  bicubic: { reach: 2, weight: (d) => cubic(Math.abs(d)) },
  lanczos: { reach: 3, weight: (d) => (Math.abs(d) < 3 ? sinc(d) * sinc(d / 3) : 0) },
};
/** Keys 1981, with a = −½. */
const cubic = (d: number): number =>
  d < 1 ? (1.5 * d - 2.5) * d * d + 1 : d < 2 ? ((-0.5 * d + 2.5) * d - 4) * d + 2 : 0;
const sinc = (x: number): number => (x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x));

/** For one output sample: the first input sample it looks at and the weight of each from there on; they sum to 1. */
interface Tap {
  readonly first: number;
  readonly weights: Float64Array;
}

/**
 * The picture at another size. `nearest` repeats or drops pixels; `area` averages what each new pixel covers, exactly;
 * `bilinear`, `bicubic` and `lanczos` are Pillow's (widened when reducing). Colour under transparency does not bleed.
 * @throws RangeError when a side is no positive whole number.
 */
export function resize(picture: Pixels, width: number, height: number, filter: Filter = "area"): Pixels {
  const { channels } = picture;
  const out = pixels(width, height, channels, new Uint8Array(Math.max(0, width * height * channels) || 0));
  const across = taps(picture.width, width, filter);
  const down = taps(picture.height, height, filter);
  const source = premultiplied(picture);
  const narrow = new Float32Array(width * picture.height * channels);
  for (let y = 0; y < picture.height; y++)
    for (let x = 0; x < width; x++) {
      const { first, weights } = across[x];
      for (let c = 0; c < channels; c++) {
        let sum = 0;
        for (let k = 0, at = (y * picture.width + first) * channels + c; k < weights.length; k++, at += channels)
          sum += weights[k] * source[at];
        narrow[(y * width + x) * channels + c] = sum;
      }
    }
  const row = width * channels;
  const line = new Float64Array(row);
  for (let y = 0; y < height; y++) {
    const { first, weights } = down[y];
    line.fill(0);
    for (let k = 0; k < weights.length; k++)
      for (let i = 0, at = (first + k) * row; i < row; i++, at++) line[i] += weights[k] * narrow[at];
    for (let i = 0; i < row; i++) out.data[y * row + i] = sample(line, i, channels);
  }
  return out;
}

/** The picture cropped about its centre to the proportions of a size, and made that size; on a ground where it is transparent. */
export function fitted(
  picture: Pixels,
  { width, height }: Pick<Pixels, "width" | "height">,
  { filter = "lanczos", ground }: { readonly filter?: Filter; readonly ground?: Color } = {},
): Pixels {
  const opaque = flatten(picture, ground);
  if (opaque.width === width && opaque.height === height) return opaque;
  return resize(centerCrop(opaque, width, height), width, height, filter);
}

/** A byte of the result: clamped, rounded, and divided by the alpha beside it where there is one. */
function sample(line: Float64Array, i: number, channels: number): number {
  let value = line[i];
  if (channels === 4 && i % 4 !== 3) {
    const alpha = line[i - (i % 4) + 3];
    value = alpha > 0 ? (value * 255) / alpha : 0;
  }
  return Math.round(Math.min(255, Math.max(0, value)));
}

function premultiplied({ data, channels }: Pixels): ArrayLike<number> {
  if (channels === 3) return data;
  const out = Float32Array.from(data);
  for (let i = 0; i < out.length; i += 4) for (let c = 0; c < 3; c++) out[i + c] *= data[i + 3] / 255;
  return out;
}

function taps(from: number, to: number, filter: Filter): Tap[] {
  const scale = from / to;
  return Array.from({ length: to }, (_, i) => {
    if (filter === "nearest")
      return { first: Math.min(from - 1, Math.floor((i + 0.5) * scale)), weights: Float64Array.of(1) };
    const wide = Math.max(1, scale);
    const center = (i + 0.5) * scale;
    const reach = filter === "area" ? scale / 2 : kernels[filter].reach * wide;
    const first = Math.max(0, Math.floor(center - reach));
    const last = Math.min(from, Math.max(first + 1, Math.ceil(center + reach)));
    const weights = Float64Array.from({ length: last - first }, (_, k) => {
      const at = first + k;
      if (filter === "area") return Math.max(0, Math.min(at + 1, center + reach) - Math.max(at, center - reach));
      return kernels[filter].weight((at + 0.5 - center) / wide);
    });
    const sum = weights.reduce((a, b) => a + b, 0);
    return { first, weights: weights.map((w) => w / sum) };
  });
}
