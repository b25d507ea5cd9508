// The pen: figures cover what they should, smooth lines go through their points, things are mirrored about their foot.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { area, penAt, smooth } from "./pen.ts";
import type { Point } from "./shapes.ts";
import { createStage } from "./stage.ts";

const covered = (points: readonly Point[]): number => {
  const stage = createStage(1, 64, "day");
  area(stage, points, [1, 1, 1]);
  return stage.canvas.data.reduce((sum, v) => sum + v, 0) / 3 / 64 ** 2;
};
const share = fc.double({ min: 0, max: 1, noNaN: true });

describe("area", () => {
  test("covers a rectangle's own share of the picture, wherever it lies between the pixels", () => {
    fc.assert(
      fc.property(share, share, share, (x, y, w) => {
        const [left, top, width] = [0.05 + 0.4 * x, 0.05 + 0.4 * y, 0.05 + 0.4 * w];
        const [right, bottom] = [left + width, top + 0.3];
        const covers = covered([
          [left, top],
          [right, top],
          [right, bottom],
          [left, bottom],
        ]);
        // A pixel's row is four lines: what a border takes of a row is known to a quarter.
        expect(Math.abs(covers - width * 0.3)).toBeLessThan((width * 0.26) / 64 + 1e-6);
      }),
    );
  });
  test("covers half of a square that a diagonal halves, and nothing outside the picture", () => {
    expect(
      covered([
        [0, 0],
        [1, 0],
        [0, 1],
      ]),
    ).toBeCloseTo(0.5, 2);
    expect(
      covered([
        [2, 0.2],
        [3, 0.2],
        [3, 0.4],
      ]),
    ).toBe(0);
  });
});

test("a smooth line goes through every point it was given", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(share, share), { minLength: 3, maxLength: 9 }), fc.boolean(), (points, closed) => {
      const line = smooth(points, closed);
      for (const point of points) expect(line).toContainEqual(point);
    }),
  );
});

test("a flipped thing is the mirror image, and bounds are where it was drawn", () => {
  const drawn = (flip: boolean) => {
    const stage = createStage(3, 64, "day");
    const pen = penAt(stage, { x: 0.5, y: 0.8, size: 0.5, flip }, 0);
    pen.shape([-0.2, 0, 0.6, 0, 0.1, 0.8], [1, 1, 1], 0);
    return { data: stage.canvas.data, bounds: pen.bounds() };
  };
  const [right, left] = [drawn(false), drawn(true)];
  expect(right.bounds.map((v) => Number(v.toFixed(6)))).toEqual([0.4, 0.4, 0.8, 0.8]);
  for (let y = 0; y < 64; y++)
    for (let x = 0; x < 64; x++) expect(left.data[(y * 64 + x) * 3]).toBeCloseTo(right.data[(y * 64 + 63 - x) * 3]!, 5);
});
