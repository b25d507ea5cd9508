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

/** A picture twice as large, each pixel as four, with its number and its prompt beneath it. */
export function captioned(picture: Pixels, text: string): Pixels {
  const [width, height] = [2 * picture.width, 2 * picture.height];
  const card = plain(width, height + 4 + 7 * LINES, GROUND);
  card.data.set(resize(picture, width, height, "nearest").data);
  for (const [i, line] of wrapped(text, Math.floor(width / 4))
    .slice(0, LINES)
    .entries())
    letter(card, line, 0, height + 4 + 7 * i, INK);
  return card;
}

/** A sheet of drawings [n,3,h,w], one for each prompt, in order. */
export const promptSheet = (pictures: Tensor, prompts: readonly string[], columns = 8): Pixels =>
  contactSheet(
    toPixels(pictures).map((picture, i) => captioned(picture, `${i + 1} ${prompts[i]}`)),
    { columns, gap: 6, ground: GROUND },
  );

/** The list that lies beside a sheet. */
export const promptList = (prompts: readonly string[], firstSeed: number): string =>
  markdownTable(
    ["picture", "seed", "prompt"],
    prompts.map((prompt, i) => [`${i + 1}`, `${firstSeed + i}`, prompt]),
  );
