// Pictures in files, as pixels.
import type { Pixels } from "dreamgrain/web";

/** Pixels of a side that are more than enough. */
const MOST_SIDE = 1024;

/** A picture file's pixels, as the browser reads them. @throws Error that calls it by its `name` when it is no picture */
export async function pixelsOf(file: Blob, name: string): Promise<Pixels> {
  const bitmap = await createImageBitmap(file).catch(() => {
    throw new Error(`${name} is no picture that this browser can read.`);
  });
  const shrink = Math.min(1, MOST_SIDE / Math.max(bitmap.width, bitmap.height));
  const [width, height] = [bitmap.width, bitmap.height].map((side) => Math.max(1, Math.round(side * shrink)));
  if (!width || !height) throw new Error(`${name} has no pixels.`);
  const context = new OffscreenCanvas(width, height).getContext("2d");
  if (!context) throw new Error("This browser gives no canvas to read the picture with.");
  context.drawImage(bitmap, 0, 0, width, height);
  const { data } = context.getImageData(0, 0, width, height);
  return { width, height, channels: 4, data: new Uint8Array(data.buffer) };
}
