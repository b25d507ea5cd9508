// Terminals: which pictures each can show, and what is sent to it.
import { decodePng, plain } from "dreamgrain/node";
import { expect, it } from "vitest";
import { bar, spell } from "./progress.ts";
import { graphicsOf, halfBlocks, inTerminal, lively } from "./terminal.ts";

it.each([
  [{}, "none"],
  [{ TERM: "xterm-kitty" }, "kitty"],
  [{ TERM_PROGRAM: "iTerm.app", COLORTERM: "truecolor" }, "iterm"],
  [{ TERM: "xterm-256color", COLORTERM: "truecolor" }, "blocks"],
  [{ TERM: "tmux-256color", TMUX: "x", KITTY_WINDOW_ID: "1", COLORTERM: "truecolor" }, "blocks"],
  [{ TERM: "xterm-kitty", NO_COLOR: "1" }, "none"],
])("%j shows pictures by %s", (env, graphics) => expect(graphicsOf(env)).toBe(graphics));

it("rewrites lines only before a person", () => {
  expect(lively({ isTTY: true }, {})).toBe(true);
  for (const env of [{ CI: "true" }, { TERM: "dumb" }]) expect(lively({ isTTY: true }, env)).toBe(false);
  expect(lively({}, {})).toBe(false);
});

it("puts two pixels into a character", () => {
  const picture = plain(1, 2, [1, 2, 3]);
  picture.data.set([7, 8, 9], 3);
  expect(halfBlocks(picture)).toBe("\x1b[38;2;1;2;3m\x1b[48;2;7;8;9m▀\x1b[0m\n");
  expect(inTerminal(plain(8, 8), "blocks", 6, 3).split("\n")).toHaveLength(4);
});

it("sends kitty a PNG in pieces of which only the last ends it", () => {
  const noise = plain(64, 64);
  for (let i = 0; i < noise.data.length; i++) noise.data[i] = (Math.abs(Math.sin(i * 12.9898)) * 43758.5453) & 255;
  const pieces = inTerminal(noise, "kitty", 32, 16)
    .split("\x1b_G")
    .slice(1)
    .map((piece) => piece.slice(0, piece.indexOf("\x1b")).split(";"));
  expect(pieces.length).toBeGreaterThan(1);
  expect(pieces.map(([head]) => /m=(\d)/.exec(head!)![1]).join("")).toBe("1".repeat(pieces.length - 1) + "0");
  const png = Buffer.from(pieces.map(([, data]) => data).join(""), "base64");
  expect(decodePng(png).picture.data).toEqual(noise.data);
});

it("spells bars and times", () => {
  expect([bar(0, 4, 4), bar(2, 4, 4), bar(4, 4, 4)]).toEqual(["────", "━━──", "━━━━"]);
  expect([0.04, 9.9, 12.3, 200].map(spell)).toEqual(["0.0 s", "9.9 s", "12 s", "3 min 20 s"]);
});
