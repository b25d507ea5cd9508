// What a terminal can show: colours, lines that are rewritten, and pictures by whichever protocol it speaks.
import { encodePng, type Pixels, resize } from "dreamgrain/node";

/** How a terminal shows pictures. */
export type Graphics = "kitty" | "iterm" | "blocks" | "none";

type Environment = Readonly<Record<string, string | undefined>>;

/** Whether lines may be rewritten: a terminal with a person before it. */
export const lively = (stream: { readonly isTTY?: boolean }, env: Environment = process.env): boolean =>
  stream.isTTY === true && !env.CI && env.TERM !== "dumb";

/** The best way to show pictures that a terminal's environment promises. */
export function graphicsOf(env: Environment = process.env): Graphics {
  if (env.NO_COLOR) return "none";
  const multiplexed = env.TMUX !== undefined || /^(screen|tmux)/.test(env.TERM ?? "");
  if (!multiplexed) {
    if (env.KITTY_WINDOW_ID || env.TERM === "xterm-kitty" || env.TERM_PROGRAM === "ghostty") return "kitty";
    if (env.TERM_PROGRAM === "iTerm.app" || env.TERM_PROGRAM === "WezTerm") return "iterm";
  }
  return /^(truecolor|24bit)$/.test(env.COLORTERM ?? "") ? "blocks" : "none";
}

/** A picture as text that leaves the cursor at the start of the line below it. */
export function inTerminal(picture: Pixels, graphics: Graphics, columns: number, rows: number): string {
  if (graphics === "none") return "";
  if (graphics === "blocks") return halfBlocks(resize(picture, columns, 2 * rows, "bilinear"));
  const png = Buffer.from(encodePng(picture)).toString("base64");
  return `${graphics === "kitty" ? kitty(png, columns, rows) : iterm(png, columns, rows)}\n`;
}

/** Two pixels to a character: the upper in the colour of "▀", the lower in the background's. */
export function halfBlocks({ width, height, channels, data }: Pixels): string {
  const color = (x: number, y: number): string => {
    const at = (y * width + x) * channels;
    return `${data[at]};${data[at + 1]};${data[at + 2]}`;
  };
  let text = "";
  for (let y = 0; y + 1 < height; y += 2) {
    for (let x = 0; x < width; x++) text += `\x1b[38;2;${color(x, y)}m\x1b[48;2;${color(x, y + 1)}m▀`;
    text += "\x1b[0m\n";
  }
  return text;
}

/** sw.kovidgoyal.net/kitty/graphics-protocol: PNG data in pieces of 4096; one id, so that each replaces the last. */
function kitty(png: string, columns: number, rows: number): string {
  const pieces = png.match(/.{1,4096}/g) ?? [];
  return pieces
    .map((piece, i) => {
      const more = i < pieces.length - 1 ? 1 : 0;
      const head = i === 0 ? `a=T,f=100,q=2,i=7227,p=1,c=${columns},r=${rows},m=${more}` : `m=${more}`;
      return `\x1b_G${head};${piece}\x1b\\`;
    })
    .join("");
}

/** iterm2.com/documentation-images. */
const iterm = (png: string, columns: number, rows: number): string =>
  `\x1b]1337;File=inline=1;width=${columns};height=${rows};preserveAspectRatio=1:${png}\x07`;
