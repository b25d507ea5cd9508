// Curves and letters, as pixels.
import { describe, expect, it } from "vitest";
import { type Pixels, plain } from "../image/pixels.ts";
import { letter, letteringWidth, wrapped } from "./lettering.ts";
import { curveOf, plot, ticks } from "./plot.ts";
import { SHEET } from "./prompts.ts";
import { captioned } from "./sheet.ts";

const at = ({ data, width, channels }: Pixels, x: number, y: number): number[] => [
  ...data.subarray((y * width + x) * channels, (y * width + x) * channels + 3),
];

describe("letters", () => {
  it("are where they should be and cut off at the edges", () => {
    const paper = plain(7, 5, [0, 0, 0]);
    letter(paper, "Lt", 0, 0, [255, 255, 255]);
    const rows = Array.from({ length: 5 }, (_, y) =>
      Array.from({ length: 7 }, (_, x) => (at(paper, x, y)[0] > 0 ? "#" : ".")).join(""),
    );
    expect(rows).toEqual(["#...###", "#....#.", "#....#.", "#....#.", "###..#."]);
    expect(() => letter(paper, "wide", -5, 3, [1, 1, 1], 3)).not.toThrow();
    expect(letteringWidth("Lt")).toBe(7);
    expect(letteringWidth("", 2)).toBe(0);
  });
  it("exist for every prompt of the sheet, which fit their captions", () => {
    for (const [i, prompt] of SHEET.entries()) {
      const lines = wrapped(`${i + 1} ${prompt}`, 32);
      expect(lines.join(" ")).toBe(`${i + 1} ${prompt}`);
      expect(lines.length).toBeLessThanOrEqual(4);
      expect(prompt).toMatch(/^[a-z0-9 ,.'-]+$/);
    }
    expect(wrapped("", 5)).toEqual([]);
    expect(wrapped("enormously", 4)).toEqual(["enor"]);
  });
  it("stand beneath a picture, a small one with larger pixels", () => {
    const card = captioned(plain(64, 48, [9, 8, 7]), "");
    expect([card.width, card.height]).toEqual([128, 96 + 4 + 28]);
    expect(at(card, 127, 95)).toEqual([9, 8, 7]);
    expect(at(card, 0, 96)).not.toEqual([9, 8, 7]);
    expect(captioned(plain(200, 90, [9, 8, 7]), "").width).toBe(200);
  });
});

describe("ticks", () => {
  it("are round, even, and enclose the values", () => {
    expect(ticks([0, 1800], 8)).toEqual([0, 500, 1000, 1500, 2000]);
    expect(ticks([0.13, 0.52], 6)).toEqual([0.1, 0.2, 0.3, 0.4, 0.5, 0.6]);
    expect(ticks([-3, 3], 3)).toEqual([-4, -2, 0, 2, 4]);
    expect(ticks([5, 5], 4).length).toBeGreaterThan(1);
  });
});

describe("plot", () => {
  const curves = [
    {
      name: "a",
      points: [
        [0, 1],
        [100, 0],
      ] as const,
    },
  ];
  it("draws a falling line from the top left to the bottom right", () => {
    const picture = plot(curves, { width: 200, height: 120 });
    const blue = (x: number, y: number): boolean => at(picture, x, y).join() === "36,87,201";
    const rowsOf = (x: number): number[] => [...Array(120).keys()].filter((y) => y >= 26 && blue(x, y));
    const columns = [...Array(200).keys()].filter((x) => rowsOf(x).length > 0);
    const [first, last] = [columns[0], columns[columns.length - 1]];
    expect(last - first).toBeGreaterThan(100);
    expect(columns.length).toBe(last - first + 1);
    expect(rowsOf(first)[0]).toBe(26);
    expect(rowsOf(last)[0]).toBe(120 - 40);
  });
  it("refuses what it cannot draw", () => {
    expect(() => plot([])).toThrow(/no point/);
    expect(() => plot([{ name: "a", points: [[0, Number.NaN]] }])).toThrow(/not finite/);
  });
  it("reads logs; after a resume the later line of a step counts", () => {
    const log = '{"step":20,"smooth":3}\n{"step":40,"smooth":2}\n\n{"step":20,"smooth":2.5}\n{"note":"resumed"}\n';
    expect(curveOf("a", log)).toEqual({
      name: "a",
      points: [
        [20, 2.5],
        [40, 2],
      ],
    });
    expect(() => curveOf("a", log, "loss")).toThrow(/"loss"/);
  });
});
