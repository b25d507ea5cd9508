// Pictures as bytes: from and to tensors, cut, laid out. Resizing is in `resize.ts`, files in `png.ts`.
import { showShape, size, type Tensor } from "../tensor/tensor.ts";

/** A picture of 8-bit sRGB samples, rows from the top, channels interleaved: RGB, or RGBA with straight alpha. */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly channels: 3 | 4;
  /** width · height · channels bytes. */
  readonly data: Uint8Array;
}

/** Red, green, blue, 0…255. */
export type Color = readonly [red: number, green: number, blue: number];

/**
 * A picture over `data`, not copied.
 * @throws RangeError when a side is no positive whole number or the bytes do not fit.
 */
export function pixels(width: number, height: number, channels: 3 | 4, data: Uint8Array): Pixels {
  if (!(Number.isInteger(width) && Number.isInteger(height) && width > 0 && height > 0))
    throw new RangeError(`picture: ${width}x${height} is no size; both sides must be whole and at least 1`);
  if (data.length !== width * height * channels)
    throw new RangeError(
      `picture: ${width}x${height} with ${channels} channels takes ${width * height * channels} bytes; ${data.length} were given`,
    );
  return { width, height, channels, data };
}

/** A picture of one colour, without alpha. */
export function plain(width: number, height: number, color: Color = [0, 0, 0]): Pixels {
  const picture = pixels(width, height, 3, new Uint8Array(width * height * 3));
  for (let i = 0; i < picture.data.length; i++) picture.data[i] = color[i % 3];
  return picture;
}

/**
 * The pictures of a batch [B,3,H,W] with values −1 (black) to 1 (white); what lies beyond is clamped. Each sample is
 * 255·clamp(x/2 + ½), computed in float32 and rounded half to even, as diffusers does.
 * @throws RangeError on another shape, and on NaN: a picture of it would hide that the model failed.
 */
export function toPixels(batch: Tensor): Pixels[] {
  const [count, channels, height, width] = batch.shape;
  if (batch.shape.length !== 4 || channels !== 3)
    throw new RangeError(`picture: wants a tensor [batch,3,height,width], not ${showShape(batch.shape)}`);
  const area = height * width;
  return Array.from({ length: count }, (_, b) => {
    const data = new Uint8Array(area * 3);
    for (let c = 0; c < 3; c++) {
      const plane = batch.data.subarray((b * 3 + c) * area, (b * 3 + c + 1) * area);
      for (let i = 0; i < area; i++) data[i * 3 + c] = toByte(plane[i]);
    }
    return pixels(width, height, 3, data);
  });
}

function toByte(x: number): number {
  if (Number.isNaN(x)) throw new RangeError("picture: the tensor holds NaN; the model that made it has failed");
  const scaled = Math.fround(255 * Math.min(1, Math.max(0, Math.fround(x / 2 + 0.5))));
  const floor = Math.floor(scaled);
  const rest = scaled - floor;
  return rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? floor + 1 : floor;
}

/**
 * Pictures of one size as a batch [B,3,H,W] with values −1…1: 2·(byte/255) − 1 in float32. Alpha is left out; put the
 * picture on a ground with `flatten` first where that matters.
 * @throws RangeError when there is none or their sizes differ.
 */
export function fromPixels(pictures: Pixels | readonly Pixels[]): Tensor {
  const all = "data" in pictures ? [pictures] : pictures;
  const [first] = all;
  if (!first) throw new RangeError("picture: a batch needs at least one picture");
  const { width, height } = first;
  const area = width * height;
  const shape = [all.length, 3, height, width];
  const data = new Float32Array(size(shape));
  for (const [b, picture] of all.entries()) {
    if (picture.width !== width || picture.height !== height)
      throw new RangeError(
        `picture: ${showSize(first)} and ${showSize(picture)} cannot share a batch; resize them first`,
      );
    for (let c = 0; c < 3; c++)
      for (let i = 0, to = (b * 3 + c) * area; i < area; i++, to++)
        data[to] = 2 * Math.fround(picture.data[i * picture.channels + c] / 255) - 1;
  }
  return { dtype: "f32", shape, data };
}

/** "512x768": width first. */
export const showSize = ({ width, height }: Pixels): string => `${width}x${height}`;

/** The picture on a ground of one colour (white unless told), without alpha. */
export function flatten(picture: Pixels, ground: Color = [255, 255, 255]): Pixels {
  if (picture.channels === 3) return picture;
  const { width, height, data } = picture;
  const out = plain(width, height);
  for (let i = 0; i < width * height; i++) {
    const alpha = data[i * 4 + 3] / 255;
    for (let c = 0; c < 3; c++) out.data[i * 3 + c] = Math.round(alpha * data[i * 4 + c] + (1 - alpha) * ground[c]);
  }
  return out;
}

/** A rectangle in pixels from the top left corner. */
export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/**
 * A copy of a part of the picture.
 * @throws RangeError when the box is empty or reaches outside.
 */
export function crop(picture: Pixels, { x, y, width, height }: Box): Pixels {
  const whole = [x, y, width, height].every(Number.isInteger);
  if (!whole || x < 0 || y < 0 || width < 1 || height < 1 || x + width > picture.width || y + height > picture.height)
    throw new RangeError(`crop: ${width}x${height} at ${x},${y} is not inside a picture of ${showSize(picture)}`);
  const { channels, data } = picture;
  const out = new Uint8Array(width * height * channels);
  for (let row = 0; row < height; row++) {
    const from = ((y + row) * picture.width + x) * channels;
    out.set(data.subarray(from, from + width * channels), row * width * channels);
  }
  return pixels(width, height, channels, out);
}

/** The largest centred part with the proportions of width : height. */
export function centerCrop(picture: Pixels, width: number, height: number): Pixels {
  const fit = Math.min(picture.width / width, picture.height / height);
  const w = Math.min(picture.width, Math.max(1, Math.round(width * fit)));
  const h = Math.min(picture.height, Math.max(1, Math.round(height * fit)));
  return crop(picture, { x: (picture.width - w) >> 1, y: (picture.height - h) >> 1, width: w, height: h });
}

export interface SheetOptions {
  /** Pictures in a row; unless told, as many as make the sheet about square. As many as there are makes a strip. */
  readonly columns?: number;
  /** Pixels between pictures, and around all of them; 4 unless told. */
  readonly gap?: number;
  /** The colour of the gaps; near-black unless told. */
  readonly ground?: Color;
}

/**
 * Many pictures on one, row by row, each centred in a cell as large as the largest. Transparent parts show the ground.
 * @throws RangeError when there is no picture.
 */
export function contactSheet(pictures: readonly Pixels[], options: SheetOptions = {}): Pixels {
  if (pictures.length === 0) throw new RangeError("contact sheet: needs at least one picture");
  const { columns = Math.ceil(Math.sqrt(pictures.length)), gap = 4, ground = [24, 24, 27] } = options;
  if (!Number.isInteger(columns) || columns < 1 || !Number.isInteger(gap) || gap < 0)
    throw new RangeError(`contact sheet: ${columns} columns with a gap of ${gap} cannot be laid out`);
  const cellWidth = Math.max(...pictures.map((p) => p.width));
  const cellHeight = Math.max(...pictures.map((p) => p.height));
  const across = Math.min(columns, pictures.length);
  const down = Math.ceil(pictures.length / columns);
  const sheet = plain(gap + across * (cellWidth + gap), gap + down * (cellHeight + gap), ground);
  for (const [i, picture] of pictures.entries()) {
    const left = gap + (i % columns) * (cellWidth + gap) + ((cellWidth - picture.width) >> 1);
    const top = gap + Math.floor(i / columns) * (cellHeight + gap) + ((cellHeight - picture.height) >> 1);
    const opaque = flatten(picture, ground);
    for (let row = 0; row < opaque.height; row++) {
      const line = opaque.data.subarray(row * opaque.width * 3, (row + 1) * opaque.width * 3);
      sheet.data.set(line, ((top + row) * sheet.width + left) * 3);
    }
  }
  return sheet;
}
