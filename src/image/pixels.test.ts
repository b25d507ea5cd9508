// Tensors to bytes and back, cutting and laying out; everything on pictures that are not square.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { tensor } from "../tensor/tensor.ts";
import { centerCrop, contactSheet, crop, flatten, fromPixels, type Pixels, pixels, plain, toPixels } from "./pixels.ts";
import { type Filter, resize } from "./resize.ts";

/** A picture whose samples tell where they are: red = x, green = y, blue = 7. */
const grid = (width: number, height: number): Pixels =>
  pixels(
    width,
    height,
    3,
    Uint8Array.from({ length: width * height * 3 }, (_, i) => {
      const at = Math.floor(i / 3);
      return [at % width, Math.floor(at / width), 7][i % 3];
    }),
  );
const at = (p: Pixels, x: number, y: number) => [
  ...p.data.subarray((y * p.width + x) * p.channels, (y * p.width + x + 1) * p.channels),
];

test("a tensor's planes become interleaved samples, width and height kept apart", () => {
  const [width, height] = [3, 2];
  const batch = tensor(
    Float32Array.from({ length: 2 * 3 * 6 }, (_, i) => (i / 35) * 2 - 1),
    [2, 3, height, width],
  );
  const [, second] = toPixels(batch);
  expect([second.width, second.height, second.channels]).toEqual([3, 2, 3]);
  const byte = (i: number) => Math.round((i / 35) * 255);
  expect(at(second, 2, 1)).toEqual([byte(18 + 5), byte(24 + 5), byte(30 + 5)]);
  expect(at(second, 0, 1)).toEqual([byte(18 + 3), byte(24 + 3), byte(30 + 3)]);
});

test("rounding is half to even, clamping at black and white", () => {
  const of = (values: number[]) =>
    [...toPixels(tensor([...values, ...values, ...values], [1, 3, 1, values.length]))[0].data].filter(
      (_, i) => i % 3 === 0,
    );
  expect(of([-1, 1, -5, 5, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, 0])).toEqual([
    0, 255, 0, 255, 0, 255, 128,
  ]);
  expect(of([1 / 255 - 1, 5 / 255 - 1, 0.999])).toEqual([0, 2, 255]); // 0.5 and 2.5 fall to the even side
  expect(() => of([Number.NaN])).toThrow(/NaN/);
  expect(() => toPixels(tensor([1], [1, 1, 1, 1]))).toThrow("wants a tensor [batch,3,height,width], not [1,1,1,1]");
});

test("bytes survive the way through a tensor", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 9 }),
      fc.integer({ min: 1, max: 9 }),
      fc.infiniteStream(fc.nat(255)),
      (w, h, bytes) => {
        const pictures = [0, 1].map(() => pixels(w, h, 3, Uint8Array.from(bytes.take(w * h * 3))));
        expect(toPixels(fromPixels(pictures))).toEqual(pictures);
      },
    ),
  );
  const all = pixels(
    16,
    16,
    4,
    Uint8Array.from({ length: 1024 }, (_, i) => i >> 2),
  );
  const x = fromPixels(all);
  expect(x.shape).toEqual([1, 3, 16, 16]);
  expect([x.data[0], x.data[255]]).toEqual([-1, 1]);
  expect([...toPixels(x)[0].data]).toEqual(Array.from({ length: 768 }, (_, i) => Math.floor(i / 3)));
  expect(() => fromPixels([plain(2, 3), plain(3, 2)])).toThrow(/2x3 and 3x2 cannot share a batch/);
  expect(() => fromPixels([])).toThrow(RangeError);
});

test("pictures that are none", () => {
  expect(() => pixels(2, 2, 3, new Uint8Array(11))).toThrow(/takes 12 bytes; 11/);
  for (const side of [0, -1, 1.5, Number.NaN]) expect(() => plain(side, 1)).toThrow(RangeError);
});

test("crop takes the box it was given", () => {
  const part = crop(grid(7, 5), { x: 2, y: 1, width: 4, height: 3 });
  expect([part.width, part.height]).toEqual([4, 3]);
  expect([at(part, 0, 0), at(part, 3, 2)]).toEqual([
    [2, 1, 7],
    [5, 3, 7],
  ]);
  for (const box of [
    { x: 4, y: 0, width: 4, height: 1 },
    { x: 0, y: 3, width: 1, height: 3 },
    { x: -1, y: 0, width: 1, height: 1 },
    { x: 0, y: 0, width: 0, height: 1 },
    { x: 0.5, y: 0, width: 1, height: 1 },
  ])
    expect(() => crop(grid(7, 5), box)).toThrow(/is not inside a picture of 7x5/);
});

test("the centred part has the proportions asked for", () => {
  const wide = centerCrop(grid(10, 4), 1, 1);
  expect([wide.width, wide.height, at(wide, 0, 0)]).toEqual([4, 4, [3, 0, 7]]);
  const tall = centerCrop(grid(10, 4), 64, 128);
  expect([tall.width, tall.height, at(tall, 0, 0)]).toEqual([2, 4, [4, 0, 7]]);
});

test("flatten puts transparent pixels on the ground", () => {
  const p = pixels(3, 1, 4, Uint8Array.of(10, 20, 30, 255, 10, 20, 30, 0, 100, 100, 100, 51));
  expect([...flatten(p, [200, 0, 50]).data]).toEqual([10, 20, 30, 200, 0, 50, 180, 20, 60]);
});

test("a contact sheet places pictures row by row, centred in their cells", () => {
  const ground = [1, 2, 3] as const;
  const sheet = contactSheet([plain(4, 2, [10, 0, 0]), plain(2, 2, [20, 0, 0]), plain(4, 2, [30, 0, 0])], {
    columns: 2,
    gap: 3,
    ground,
  });
  expect([sheet.width, sheet.height]).toEqual([3 + 2 * 7, 3 + 2 * 5]);
  expect([at(sheet, 3, 3), at(sheet, 6, 4), at(sheet, 7, 3)]).toEqual([
    [10, 0, 0],
    [10, 0, 0],
    [1, 2, 3],
  ]);
  expect([at(sheet, 10, 3), at(sheet, 11, 3), at(sheet, 12, 4), at(sheet, 13, 4)]).toEqual([
    [1, 2, 3],
    [20, 0, 0],
    [20, 0, 0],
    [1, 2, 3],
  ]);
  expect([at(sheet, 3, 8), at(sheet, 12, 8)]).toEqual([
    [30, 0, 0],
    [1, 2, 3],
  ]);
  const strip = contactSheet([plain(5, 7), plain(5, 7), plain(5, 7)], { columns: 3, gap: 0 });
  expect([strip.width, strip.height]).toEqual([15, 7]);
  expect(contactSheet([plain(5, 7)], { columns: 9, gap: 1 }).width).toBe(7);
  expect(() => contactSheet([])).toThrow(RangeError);
});

describe("resize", () => {
  const filters: Filter[] = ["nearest", "area", "bilinear", "bicubic", "lanczos"];
  test.each(filters)("%s keeps one colour one colour, at any size", (filter) => {
    fc.assert(
      fc.property(fc.tuple(...[1, 2, 3, 4].map(() => fc.integer({ min: 1, max: 12 }))), ([w, h, w2, h2]) => {
        expect(resize(plain(w, h, [200, 3, 77]), w2, h2, filter)).toEqual(plain(w2, h2, [200, 3, 77]));
      }),
    );
  });
  test.each(filters)("%s to the same size changes nothing", (filter) => {
    expect(resize(grid(9, 4), 9, 4, filter)).toEqual(grid(9, 4));
  });
  test.each(filters)("%s commutes with turning the picture over its diagonal", (filter) => {
    const turn = (p: Pixels) =>
      pixels(
        p.height,
        p.width,
        3,
        Uint8Array.from({ length: p.data.length }, (_, i) => {
          const n = Math.floor(i / 3);
          return p.data[((n % p.height) * p.width + Math.floor(n / p.height)) * 3 + (i % 3)];
        }),
      );
    const noise = pixels(
      6,
      9,
      3,
      Uint8Array.from({ length: 162 }, (_, i) => (i * i * 31 + i * 17) % 256),
    );
    const [a, b] = [resize(noise, 4, 13, filter), turn(resize(turn(noise), 13, 4, filter))];
    for (const [i, v] of a.data.entries()) expect(Math.abs(v - b.data[i])).toBeLessThanOrEqual(1);
  });
  const row = (...samples: number[]) =>
    pixels(samples.length, 1, 3, Uint8Array.from(samples.flatMap((v) => [v, v, v])));
  const reds = (p: Pixels) => [...p.data].filter((_, i) => i % 3 === 0);
  test("known rows", () => {
    expect(reds(resize(row(0, 100, 200, 40), 2, 1, "area"))).toEqual([50, 120]);
    expect(reds(resize(row(0, 90, 240), 2, 1, "area"))).toEqual([30, 190]); // (0·1 + 90·½)/1.5, (90·½ + 240·1)/1.5
    expect(reds(resize(row(10, 20), 4, 1, "nearest"))).toEqual([10, 10, 20, 20]);
    expect(reds(resize(row(1, 2, 3, 4, 5), 2, 1, "nearest"))).toEqual([2, 4]);
    expect(reds(resize(row(0, 100), 4, 1, "bilinear"))).toEqual([0, 25, 75, 100]);
  });
  test("as Pillow 13 does, within its rounding", () => {
    const samples = row(0, 255, 30, 80, 255, 255, 0, 10, 90, 200);
    // Image.fromarray(...).resize((n, 1), Image.BILINEAR | BICUBIC | LANCZOS | BOX)
    const pillow: [Filter, number, number[]][] = [
      ["bilinear", 4, [115, 147, 108, 103]],
      ["bilinear", 13, [0, 167, 160, 40, 78, 208, 255, 186, 0, 8, 56, 128, 200]],
      ["bicubic", 4, [106, 155, 108, 99]],
      ["bicubic", 13, [0, 185, 179, 20, 76, 217, 255, 198, 0, 0, 50, 133, 205]],
      ["lanczos", 4, [93, 168, 108, 89]],
      ["lanczos", 13, [0, 186, 197, 3, 73, 212, 255, 191, 0, 0, 46, 139, 206]],
      ["area", 5, [128, 55, 255, 5, 145]],
    ];
    for (const [filter, width, expected] of pillow)
      for (const [i, v] of reds(resize(samples, width, 1, filter)).entries())
        expect(Math.abs(v - expected[i])).toBeLessThanOrEqual(1);
  });
  test("hidden colour does not bleed out of transparent pixels", () => {
    const p = pixels(2, 1, 4, Uint8Array.of(255, 0, 0, 0, 0, 0, 100, 255));
    expect([...resize(p, 1, 1, "area").data]).toEqual([0, 0, 100, 128]);
    expect([...resize(pixels(1, 1, 4, Uint8Array.of(9, 9, 9, 0)), 2, 1, "bilinear").data]).toEqual([
      0, 0, 0, 0, 0, 0, 0, 0,
    ]);
  });
  test("no size", () => {
    for (const side of [0, -1, 2.5, Number.NaN]) expect(() => resize(grid(2, 2), side, 2)).toThrow(RangeError);
  });
});
