// PNG: known files, every colour type against pixels packed by hand, damage, bombs, texts.
import { deflateSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Pixels, pixels, plain } from "./pixels.ts";
import { decodePng, encodePng } from "./png.ts";
import { type Chunk, crc32, readChunks, writeChunks } from "./png-chunks.ts";
import { encodeText, readText, withText } from "./png-text.ts";

const latin1 = (text: string) => Uint8Array.from(text, (c) => c.charCodeAt(0));
const somePixels: fc.Arbitrary<Pixels> = fc
  .tuple(
    fc.integer({ min: 1, max: 12 }),
    fc.integer({ min: 1, max: 12 }),
    fc.constantFrom<3 | 4>(3, 4),
    fc.infiniteStream(fc.nat(255)),
  )
  .map(([w, h, c, bytes]) => pixels(w, h, c, Uint8Array.from(bytes.take(w * h * c))));

/** A PNG from unpacked rows, each led by its filter. */
function png(
  width: number,
  height: number,
  depth: number,
  color: number,
  rows: number[],
  extra: Chunk[] = [],
  interlace = 0,
): Uint8Array {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([depth, color, 0, 0, interlace], 8);
  const packed = deflateSync(Uint8Array.from(rows));
  const half = packed.length >> 1; // two IDAT chunks, as large pictures have many
  return writeChunks([
    { type: "IHDR", data: header },
    ...extra,
    { type: "IDAT", data: packed.subarray(0, half) },
    { type: "IDAT", data: packed.subarray(half) },
    { type: "IEND", data: new Uint8Array(0) },
  ]);
}
const decoded = (bytes: Uint8Array) => {
  const { picture } = decodePng(bytes);
  return [picture.width, picture.height, picture.channels, [...picture.data]];
};

test("the checksum of the specification's own example", () => {
  expect(crc32(latin1("123456789"))).toBe(0xcbf43926);
  expect(crc32(latin1("IEND"))).toBe(0xae426082);
});

test("a PNG made elsewhere", () => {
  // Pillow 13: Image.new("RGB", (2, 1), (255, 0, 16)).save(…)
  const file = Buffer.from(
    "iVBORw0KGgoAAAANSUhEUgAAAAIAAAABCAIAAAB7QOjdAAAAD0lEQVR4nGP8zyDAwMAAAAZIARGRiOagAAAAAElFTkSuQmCC",
    "base64",
  );
  expect(decoded(file)).toEqual([2, 1, 3, [255, 0, 16, 255, 0, 16]]);
});

test("what is encoded is decoded, and encoded again gives the same bytes", () => {
  fc.assert(
    fc.property(somePixels, fc.integer({ min: 0, max: 9 }), (picture, level) => {
      const bytes = encodePng(picture, { level, text: { parameters: "é" } });
      const read = decodePng(bytes);
      expect(read.picture).toEqual(picture);
      expect(read.text).toEqual({ parameters: "é" });
      expect(Buffer.compare(encodePng(picture, { level, text: { parameters: "é" } }), bytes)).toBe(0);
    }),
  );
});

test("adaptive filters pack a gradient well", () => {
  const data = Uint8Array.from(
    { length: 64 * 48 * 3 },
    (_, i) => (Math.floor(i / 3) % 64) * 2 + Math.floor(i / 192) + (i % 3) * 20,
  );
  const picture = pixels(64, 48, 3, data);
  expect(encodePng(picture).length).toBeLessThan(400);
  expect(decodePng(encodePng(picture)).picture).toEqual(picture);
});

describe("every kind of PNG", () => {
  test("grey of 1, 2, 4, 8 and 16 bits", () => {
    const grey = (...values: number[]) => values.flatMap((v) => [v, v, v]);
    expect(decoded(png(3, 1, 1, 0, [0, 0b10100000]))).toEqual([3, 1, 3, grey(255, 0, 255)]);
    expect(decoded(png(3, 1, 2, 0, [0, 0b00011100]))).toEqual([3, 1, 3, grey(0, 85, 255)]);
    expect(decoded(png(3, 1, 4, 0, [0, 0x0f, 0x80]))).toEqual([3, 1, 3, grey(0, 255, 136)]);
    expect(decoded(png(2, 1, 8, 0, [1, 7, 3]))).toEqual([2, 1, 3, grey(7, 10)]);
    expect(decoded(png(3, 1, 16, 0, [0, 0xff, 0xff, 0x80, 0x80, 0, 129]))).toEqual([3, 1, 3, grey(255, 128, 1)]);
  });
  test("colour, with and without alpha, 8 and 16 bits", () => {
    expect(decoded(png(1, 2, 8, 2, [0, 1, 2, 3, 2, 1, 1, 1]))).toEqual([1, 2, 3, [1, 2, 3, 2, 3, 4]]);
    expect(decoded(png(1, 1, 16, 2, [0, 1, 1, 2, 2, 3, 3]))).toEqual([1, 1, 3, [1, 2, 3]]);
    expect(decoded(png(1, 1, 8, 6, [0, 1, 2, 3, 4]))).toEqual([1, 1, 4, [1, 2, 3, 4]]);
    expect(decoded(png(1, 1, 16, 6, [0, 1, 1, 2, 2, 3, 3, 4, 4]))).toEqual([1, 1, 4, [1, 2, 3, 4]]);
    expect(decoded(png(2, 1, 8, 4, [0, 9, 4, 8, 0]))).toEqual([2, 1, 4, [9, 9, 9, 4, 8, 8, 8, 0]]);
  });
  test("palettes, and transparency by palette and by colour", () => {
    const palette = { type: "PLTE", data: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9) };
    expect(decoded(png(5, 1, 2, 3, [0, 0b00011000, 0b01000000], [palette]))).toEqual([
      5,
      1,
      3,
      [1, 2, 3, 4, 5, 6, 7, 8, 9, 1, 2, 3, 4, 5, 6],
    ]);
    const alpha = { type: "tRNS", data: Uint8Array.of(0, 100) };
    expect(decoded(png(3, 1, 8, 3, [0, 0, 1, 2], [palette, alpha]))).toEqual([
      3,
      1,
      4,
      [1, 2, 3, 0, 4, 5, 6, 100, 7, 8, 9, 255],
    ]);
    const key = { type: "tRNS", data: Uint8Array.of(0, 4, 0, 5, 0, 6) };
    expect(decoded(png(2, 1, 8, 2, [0, 4, 5, 6, 4, 5, 7], [key]))).toEqual([2, 1, 4, [4, 5, 6, 0, 4, 5, 7, 255]]);
    expect(() => decodePng(png(1, 1, 8, 3, [0, 3], [palette]))).toThrow(/colour 3 is not in the palette/);
    expect(() => decodePng(png(1, 1, 8, 3, [0, 3]))).toThrow(/palette is missing/);
  });
  test("interlaced: the seven passes of Adam7 on a 9x5 picture", () => {
    const starts = [
      [0, 0, 8, 8],
      [4, 0, 8, 8],
      [0, 4, 4, 8],
      [2, 0, 4, 4],
      [0, 2, 2, 4],
      [1, 0, 2, 2],
      [0, 1, 1, 2],
    ];
    const rows: number[] = [];
    for (const [x0, y0, dx, dy] of starts)
      for (let y = y0; y < 5; y += dy) {
        if (x0 >= 9) continue;
        rows.push(0);
        for (let x = x0; x < 9; x += dx) rows.push(x, y, 50);
      }
    const { picture } = decodePng(png(9, 5, 8, 2, rows, [], 1));
    const expected = Array.from({ length: 45 }, (_, i) => [i % 9, Math.floor(i / 9), 50]).flat();
    expect([...picture.data]).toEqual(expected);
    expect(decoded(png(1, 1, 8, 2, [0, 5, 6, 7], [], 1))).toEqual([1, 1, 3, [5, 6, 7]]);
  });
});

describe("what is no sound PNG is refused", () => {
  const sound = encodePng(plain(3, 2, [1, 2, 3]));
  test.each<[string, Uint8Array, RegExp]>([
    ["a JPEG", latin1("\xff\xd8\xff\xe0\0\x10JFIF"), /no PNG: it is a JPEG/],
    ["a WebP", latin1("RIFF\0\0\0\0WEBPVP8 "), /it is a WebP/],
    ["nothing", new Uint8Array(0), /it is empty/],
    ["a cut file", sound.subarray(0, sound.length - 6), /cut short/],
    ["a file without its end", sound.subarray(0, sound.length - 12), /cut short/],
    [
      "a huge chunk length",
      (() => {
        const b = sound.slice();
        b[33] = 0xff;
        return b;
      })(),
      /cut short inside its IDAT chunk/,
    ],
    [
      "a changed byte",
      (() => {
        const b = sound.slice();
        b[45] ^= 1;
        return b;
      })(),
      /checksum of the IDAT chunk at byte 33/,
    ],
    ["no pixels", writeChunks(readChunks(sound).filter((c) => c.type !== "IDAT")), /no pixels/],
    ["no header", writeChunks(readChunks(sound).slice(1)), /first chunk is IDAT/],
    ["too few rows", png(1, 2, 8, 2, [0, 1, 2, 3]), /8 bytes of pixels were expected, 4 are there/],
    ["too many rows", png(1, 1, 8, 2, [0, 1, 2, 3, 0, 1, 2, 3]), /cannot be unpacked/],
    ["an unknown filter", png(1, 1, 8, 2, [5, 1, 2, 3]), /filter 5 does not exist/],
    ["an unknown colour type", png(1, 1, 8, 5, [0, 1]), /colour type 5/],
    ["a depth a type cannot have", png(1, 1, 4, 2, [0, 1]), /with 4 bits/],
    ["no width", png(0, 1, 8, 2, [0]), /0x1 is no size/],
    ["a bomb by size", png(4097, 4097, 8, 2, [0]), /4097x4097 is more than the 16777216 pixels/],
    [
      "a bomb by data",
      png(
        1,
        1,
        8,
        2,
        Array.from({ length: 1e6 }, () => 0),
      ),
      /cannot be unpacked/,
    ],
  ])("%s", (_, bytes, message) => {
    expect(() => decodePng(bytes)).toThrow(message);
  });
});

describe("texts", () => {
  const picture = encodePng(plain(2, 2));
  test("tEXt where Latin-1 will do, iTXt otherwise, byte by byte", () => {
    expect(encodeText("parameters", "né\n")).toEqual({ type: "tEXt", data: latin1("parameters\0n\xe9\n") });
    expect(encodeText("k", "猫")).toEqual({ type: "iTXt", data: Uint8Array.of(0x6b, 0, 0, 0, 0, 0, 0xe7, 0x8c, 0xab) });
    expect(encodeText("k", "a\tb").type).toBe("iTXt"); // tEXt has no control characters but the line feed
  });
  test("any text survives, and the pixels with it", () => {
    const text = fc.string({ unit: "binary" }).filter((s) => !s.includes("\0"));
    const keyword = fc.stringMatching(/^[!-~]([ -~]{0,3}[!-~])?$/).filter((k) => !k.includes("  ") && !/^\d+$/.test(k));
    fc.assert(
      fc.property(
        fc.dictionary(keyword, text, { maxKeys: 5 }),
        fc.dictionary(keyword, text, { maxKeys: 3 }),
        (first, second) => {
          const once = withText(picture, first);
          expect(Object.entries(readText(once)).sort()).toEqual(Object.entries(first).sort());
          const twice = withText(once, second);
          expect(Object.entries(readText(twice)).sort()).toEqual(Object.entries({ ...first, ...second }).sort());
          expect(decodePng(twice).picture).toEqual(plain(2, 2));
        },
      ),
      { numRuns: 40 },
    );
    expect(readChunks(withText(picture, { a: "b" })).map((c) => c.type)).toEqual(["IHDR", "tEXt", "IDAT", "IEND"]);
  });
  const withChunks = (...extra: Chunk[]) => {
    const [header, ...rest] = readChunks(picture);
    return writeChunks([header, ...extra, ...rest]);
  };
  test("compressed texts are read where there is a decompressor, and capped", () => {
    const z = (text: string) => deflateSync(Buffer.from(text));
    const ztxt = { type: "zTXt", data: Buffer.concat([latin1("workflow\0\0"), z("{}")]) };
    const itxt = { type: "iTXt", data: Buffer.concat([latin1("prompt\0\x01\0de\0\xc3\xbc\0"), z("für")]) };
    const bomb = { type: "zTXt", data: Buffer.concat([latin1("bomb\0\0"), z("a".repeat(5 * 2 ** 20))]) };
    const bytes = withChunks(ztxt, bomb, itxt);
    expect(decodePng(bytes).text).toEqual({ workflow: "{}", prompt: "für" });
    expect(readText(bytes)).toEqual({});
  });
  test("texts that break the rules are passed over, the first of a keyword counts, their number is capped", () => {
    const t = (data: string, type = "tEXt") => ({ type, data: latin1(data) });
    const bytes = withChunks(
      t("no separator"),
      t("\0empty keyword"),
      t(`${"k".repeat(80)}\0x`),
      t("bad\0\0\0\0\0\xff", "iTXt"),
      t("cut\0\0\0en", "iTXt"),
      t("odd\0\x07x", "zTXt"),
      t("broken\0\0junk", "zTXt"),
      t("__proto__\0x"),
      t("a\0first"),
      t("a\0second"),
      t("b\0\0\0\0\0ok", "iTXt"),
    );
    expect(Object.entries(decodePng(bytes).text)).toEqual([
      ["__proto__", "x"],
      ["a", "first"],
      ["b", "ok"],
    ]);
    expect(Object.keys(readText(bytes, { maxTexts: 2 }))).toEqual(["__proto__", "a"]);
    expect(readText(bytes, { maxBytes: 1 })).toEqual({ ["__proto__"]: "x" });
  });
  test("texts PNG cannot keep are not written", () => {
    for (const [keyword, text] of [
      ["", "x"],
      ["k".repeat(80), "x"],
      [" a", "x"],
      ["a  b", "x"],
      ["猫", "x"],
      ["a\0", "x"],
      ["a", "x\0"],
      ["a", "\ud800"],
    ])
      expect(() => encodeText(keyword, text)).toThrow(RangeError);
  });
});
