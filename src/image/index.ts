// Pictures: pixels, resizing, the texts inside PNGs. Everything here runs in browsers; PNG coding is in `png.ts` (Node).
export { pixelHash } from "./hash.ts";
export { type Infotext, type NewInfotext, parseInfotext, parseSize, writeInfotext } from "./infotext.ts";
export {
  type Box,
  type Color,
  centerCrop,
  contactSheet,
  crop,
  flatten,
  fromPixels,
  type Pixels,
  pixels,
  plain,
  type SheetOptions,
  showSize,
  toPixels,
} from "./pixels.ts";
export { isPng } from "./png-chunks.ts";
export { packPng } from "./png-packed.ts";
export { type PngText, type ReadTextOptions, readText, withText } from "./png-text.ts";
export { type Filter, fitted, resize } from "./resize.ts";
