// lettering: the smallest legible letters, three pixels wide and five high, for captions and the numbers on an axis.
import type { Color, Pixels } from "../image/pixels.ts";

/** Each glyph as five rows of three pixels, a row to an octal digit. */
const GLYPHS: Readonly<Record<string, string>> = {
  "0": "75557",
  "1": "26227",
  "2": "71747",
  "3": "71717",
  "4": "55711",
  "5": "74717",
  "6": "74757",
  "7": "71122",
  "8": "75757",
  "9": "75717",
  A: "25755",
  B: "65656",
  C: "34443",
  D: "65556",
  E: "74647",
  F: "74644",
  G: "34553",
  H: "55755",
  I: "72227",
  J: "11152",
  K: "55655",
  L: "44447",
  M: "57755",
  N: "65555",
  O: "25552",
  P: "65644",
  Q: "25573",
  R: "65655",
  S: "34216",
  T: "72222",
  U: "55557",
  V: "55552",
  W: "55775",
  X: "55255",
  Y: "55222",
  Z: "71247",
  ".": "00002",
  ",": "00024",
  "-": "00700",
  "+": "02720",
  ":": "02020",
  "%": "51245",
  "/": "11244",
  "(": "24442",
  ")": "21112",
  "=": "07070",
  "'": "22000",
  "?": "71202",
  " ": "00000",
};

/** How wide a text is at a scale, in pixels; its height is 5·scale. */
export const letteringWidth = (text: string, scale = 1): number => Math.max(0, (4 * [...text].length - 1) * scale);

/**
 * Write a text into a picture, its top left corner at (x, y); what reaches beyond the edges is cut off. Letters are written
 * as capitals, characters without a glyph as "?".
 */
export function letter(into: Pixels, text: string, x: number, y: number, color: Color, scale = 1): void {
  for (const [k, char] of [...text.toUpperCase()].entries()) {
    const rows = GLYPHS[char] ?? GLYPHS["?"];
    for (let j = 0; j < 5 * scale; j++)
      for (let i = 0; i < 3 * scale; i++) {
        if (((Number(rows[Math.floor(j / scale)]) >> (2 - Math.floor(i / scale))) & 1) === 0) continue;
        dot(into, x + 4 * k * scale + i, y + j, color);
      }
  }
}

/** Colour one pixel, if it is inside. */
export function dot(into: Pixels, x: number, y: number, color: Color): void {
  if (x < 0 || y < 0 || x >= into.width || y >= into.height) return;
  const at = (y * into.width + x) * into.channels;
  for (let c = 0; c < 3; c++) into.data[at + c] = color[c];
  if (into.channels === 4) into.data[at + 3] = 255;
}

/** A text in lines of at most `length` characters, broken between words; a longer word stands alone and is cut. */
export function wrapped(text: string, length: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(/\s+/).filter((w) => w !== "")) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= length) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word.slice(0, length));
  }
  return lines;
}
