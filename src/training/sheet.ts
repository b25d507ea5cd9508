// sheet: pictures with their prompts beneath them, on one.
import { type Color, contactSheet, type Pixels, plain, toPixels } from "../image/pixels.ts";
import { resize } from "../image/resize.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { letter, wrapped } from "./lettering.ts";
import { markdownTable } from "./statistics.ts";

const GROUND: Color = [24, 24, 27];
const INK: Color = [214, 214, 208];
/** Lines of a caption: the longest prompt of the sheet in letters of three pixels. */
const LINES = 4;

/** How wide a picture is on a sheet, or nearly; small ones are drawn with larger pixels. */
const WIDTH = 128;

/** A picture with a text beneath it. */
export function captioned(picture: Pixels, text: string): Pixels {
  const scale = Math.max(1, Math.round(WIDTH / picture.width));
  const [width, height] = [scale * picture.width, scale * picture.height];
  const card = plain(width, height + 4 + 7 * LINES, GROUND);
  card.data.set(resize(picture, width, height, "nearest").data);
  for (const [i, line] of wrapped(text, Math.floor(width / 4))
    .slice(0, LINES)
    .entries())
    letter(card, line, 0, height + 4 + 7 * i, INK);
  return card;
}

/** A sheet of drawings [n,3,h,w], a line of text beneath each, in order. */
export const promptSheet = (pictures: Tensor, texts: readonly string[], columns = 10): Pixels =>
  contactSheet(
    toPixels(pictures).map((picture, i) => captioned(picture, texts[i])),
    { columns, gap: 6, ground: GROUND },
  );

/** The list that lies beside a sheet. */
export const promptList = (prompts: readonly string[], firstSeed: number): string =>
  markdownTable(
    ["picture", "seed", "prompt"],
    prompts.map((prompt, i) => [`${i + 1}`, `${firstSeed + i}`, prompt]),
  );
