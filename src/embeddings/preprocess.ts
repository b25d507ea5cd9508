// preprocess: a picture of any size as the vision encoder wants it. transformers: CLIPImageProcessor.
import { crop, flatten, type Pixels } from "../image/pixels.ts";
import { type Filter, resize } from "../image/resize.ts";
import { type Tensor, tensor } from "../tensor/tensor.ts";

/** How pictures are made ready. */
export interface Preprocessing {
  /** Pixels along each side of what the encoder takes. */
  readonly side: number;
  /** How they are made that size. */
  readonly filter: Filter;
  /** What is taken from red, green and blue (0…1), and what they are divided by then. */
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

/**
 * A picture [1,3,side,side] for a vision encoder: on white where it is transparent, its shorter edge made `side` pixels long,
 * the middle of the longer one kept, its colours normalised.
 */
export function preprocess(picture: Pixels, { side, filter, mean, std }: Preprocessing): Tensor {
  const square = middle(flatten(picture), side, filter);
  const area = side * side;
  const data = new Float32Array(3 * area);
  for (let c = 0; c < 3; c++)
    for (let i = 0; i < area; i++) data[c * area + i] = (square.data[3 * i + c] / 255 - mean[c]) / std[c];
  return tensor(data, [1, 3, side, side]);
}

function middle(picture: Pixels, side: number, filter: Filter): Pixels {
  const { width, height } = picture;
  const shorter = Math.min(width, height);
  // As transformers rounds: down.
  const long = (edge: number): number => Math.floor((side * edge) / shorter);
  // One direction after the other, since Pillow rounds and cuts off what overshoots after each.
  const narrow = resize(picture, long(width), height, filter);
  const fitted = resize(narrow, long(width), long(height), filter);
  const box = { x: (fitted.width - side) >> 1, y: (fitted.height - side) >> 1, width: side, height: side };
  return crop(fitted, box);
}
