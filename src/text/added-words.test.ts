// Added words: where they are found in a text, and that what lies between is left alone.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type AddedWord, splitAtWords } from "./added-words.ts";

const word = (name: string, count: number, first: number, ...spellings: string[]): AddedWord => ({
  name,
  spellings: [name, ...spellings],
  ids: Array.from({ length: count }, (_, i) => first + i),
});
const words = [
  word("EasyNegative", 2, 100, "embedding:EasyNegative"),
  word("easy", 1, 102),
  word("<cat-toy>", 1, 103),
  word("bad-hands-5", 3, 104),
  word("two words", 1, 107),
  word("Élan", 1, 108),
];
const split = splitAtWords(words);
const cut = (text: string): string[] =>
  split(text).map((part) => (typeof part === "string" ? part : `[${part.map(({ id }) => id).join(" ")}]`));

describe("an added word", () => {
  test("becomes its pieces, the first of which says how many there are", () => {
    expect(split("a EasyNegative.")).toEqual([
      "a ",
      [
        { text: "EasyNegative", id: 100, together: 2 },
        { text: "EasyNegative", id: 101 },
      ],
      ".",
    ]);
  });
  test("is found in any case and in every spelling, the longest first", () => {
    expect(cut("EASYNEGATIVE, easy")).toEqual(["", "[100 101]", ", ", "[102]", ""]);
    expect(cut("x embedding:easynegative")).toEqual(["x ", "[100 101]", ""]);
    expect(cut("two \n words")).toEqual(["", "[107]", ""]);
    expect(cut("e\u0301lan")).toEqual(["", "[108]", ""]);
  });
  test("does not begin or end between letters, but beside anything else", () => {
    expect(cut("uneasy easyly éeasy")).toEqual(["uneasy easyly éeasy"]);
    expect(cut("(easy:1.2)")).toEqual(["(", "[102]", ":1.2)"]);
    expect(cut("_easy_ 3easy4")).toEqual(["_", "[102]", "_ 3", "[102]", "4"]);
    expect(cut("a<cat-toy>b, bad-hands-52")).toEqual(["a", "[103]", "b, ", "[104 105 106]", "2"]);
  });
  test("takes every character of its name for itself", () => {
    const odd = splitAtWords([word("a.b*(c)[d]|e\\f/g{2}^$+?", 1, 1)]);
    expect(odd("A.B*(C)[D]|E\\F/G{2}^$+?")).toHaveLength(3);
    expect(odd("axb*(c)[d]|e\\f/g{2}^$+?")).toHaveLength(1);
  });
});

describe("any text", () => {
  test("without added words is one part, as it was", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        expect(splitAtWords([])(text)).toEqual([text]);
      }),
    );
  });
  test("between added words is kept", () => {
    const between = fc.string({ unit: "grapheme" }).filter((text) => !/easy|toy|hands|words|lan/i.test(text));
    fc.assert(
      fc.property(between, between, (a, b) => {
        const parts = cut(`${a} EasyNegative ${b}`);
        expect(parts).toEqual([`${a} `.normalize("NFC"), "[100 101]", ` ${b}`.normalize("NFC")]);
      }),
    );
  });
});
