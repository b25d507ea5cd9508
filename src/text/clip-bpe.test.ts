// CLIP's tokenizer against ids from Hugging Face's transformers, the rules that models differ in, and any string at all.

import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { CLIP_END, CLIP_START, CLIP_VOCABULARY_SIZE, clipTokenizer, normalized } from "./clip-bpe.ts";
import { clipMerges } from "./clip-vocabulary.ts";

interface Golden {
  readonly cases: readonly { text: string; sd1: number[]; sd2?: number[]; count: number }[];
}

const golden: Golden = JSON.parse(readFileSync(new URL("../../test/golden/clip-tokens.json", import.meta.url), "utf8"));
const merges = clipMerges();
const sd1 = clipTokenizer(merges);
const sd2 = clipTokenizer(merges, { pad: 0 });
const open = clipTokenizer(merges, { pad: 0, padIsSpecial: false });

const contents = (text: string, tokenizer = sd1) => tokenizer.pieces(text).map((piece) => piece.id);
const texts = (text: string) => sd1.pieces(text).map((piece) => piece.text);
const row = (ids: readonly number[], pad: number) => [...ids, ...new Array<number>(77 - ids.length).fill(pad)];

test("equals transformers on every golden string", () => {
  const differs = golden.cases.filter(
    ({ text, sd1: one, sd2: two, count }) =>
      `${sd1.encode(text).ids.data}` !== `${row(one, CLIP_END)}` ||
      `${sd2.encode(text).ids.data}` !== `${row(two ?? [...one, CLIP_END], 0)}` ||
      sd1.pieces(text).length !== count,
  );
  expect(differs.map(({ text }) => text)).toEqual([]);
  expect(golden.cases.length).toBeGreaterThan(250);
});

describe("rules", () => {
  test("a row is start, pieces, end, padding", () => {
    const { ids, pieces, dropped, notices } = sd1.encode("a photo of a cat");
    expect(ids.shape).toEqual([1, 77]);
    expect([...ids.data]).toEqual(row([49406, 320, 1125, 539, 320, 2368, 49407], 49407));
    expect(pieces.at(-1)).toEqual({ text: "cat</w>", id: 2368 });
    expect({ dropped, notices }).toEqual({ dropped: 0, notices: [] });
    expect([...sd2.encode("a photo of a cat").ids.data]).toEqual(row([49406, 320, 1125, 539, 320, 2368, 49407], 0));
  });

  test("an exclamation mark is the padding of SD 2 unless asked otherwise", () => {
    expect(contents("wow!!")).toEqual([2781, 748]);
    expect(contents("wow!!", sd2)).toEqual([2781, 0, 0]);
    expect(contents("wow!!", open)).toEqual([2781, 748]);
    expect(contents("!", open)).toEqual([256]);
    expect(open.encode("!").ids.data[76]).toBe(0);
  });

  test("contractions, single digits, accents and case", () => {
    expect(texts("It's 42")).toEqual(["it</w>", "'s</w>", "4</w>", "2</w>"]);
    expect(contents("IT'S")).toEqual(contents("it's"));
    expect(contents("cafe\u0301 ДОМ")).toEqual(contents("CAFÉ дом"));
    expect(contents(" two\t\nwords ")).toEqual(contents("two words"));
  });

  test("bytes that are no whole character are spelt out", () => {
    expect(texts("🐱")).toEqual(["🐱</w>"]);
    expect(texts("ა")).toEqual(["\\xE1\\x83", "\\x90</w>"]);
  });

  test("what does not fit is counted and said, and the end stays", () => {
    const { ids, pieces, dropped, notices } = sd1.encode("dream ".repeat(74) + "cat dog bird");
    expect(pieces.length).toBe(75);
    expect(dropped).toBe(2);
    expect(ids.data[76]).toBe(CLIP_END);
    expect(notices).toEqual([
      'The prompt has 77 tokens and the model reads 75: the last 2 were left out, from "dog" on.',
    ]);
    expect(sd1.encode("dream ".repeat(10_000)).dropped).toBe(9_925);
    expect(sd1.encode("x".repeat(20_000)).ids.data[76]).toBe(CLIP_END);
  });

  describe("in several rows", () => {
    const long = clipTokenizer(merges, { rows: 3 });
    const words = (n: number, word = "dream"): string => Array.from({ length: n }, () => word).join(" ");
    const rows = (text: string): number[] => long.encode(text).ends.map((end) => end - 1);

    test("a short prompt is read as in one", () => {
      for (const text of ["", "a cat", words(75)]) {
        const { notices: _, ...one } = sd1.encode(text);
        expect(long.encode(text)).toMatchObject(one);
      }
    });
    test("a long one fills row after row, each with its start and its end", () => {
      const { ids, ends, pieces, dropped } = long.encode(words(160));
      expect(ids.shape).toEqual([3, 77]);
      expect(ends).toEqual([76, 76, 11]);
      for (const [r, end] of ends.entries()) {
        expect(ids.data[77 * r]).toBe(CLIP_START);
        expect(ids.data[77 * r + end]).toBe(CLIP_END);
      }
      expect([pieces.length, dropped]).toEqual([160, 0]);
      const cut = long.encode(words(300));
      expect([cut.pieces.length, cut.dropped]).toEqual([225, 75]);
      expect(cut.notices[0]).toMatch(/has 300 tokens and the model reads 225: the last 75 were left out/);
    });
    test("a row is broken after a comma among its last twenty", () => {
      expect(rows(`${words(60)}, ${words(30)}`)).toEqual([61, 30]);
      expect(rows(`${words(55)}, ${words(30)}`)).toEqual([56, 30]);
      expect(rows(`${words(54)}, ${words(30)}`)).toEqual([75, 10]);
      expect(rows(`${words(75)}, ${words(3)}`)).toEqual([75, 4]);
    });
    test("an added word stands in one of them, and moves to the next where it has no room", () => {
      const style = { name: "style", spellings: ["style"], ids: Array.from({ length: 8 }, (_, i) => 49_408 + i) };
      const reader = long.adding([style]);
      const read = (text: string): number[] => reader.encode(text).ends.map((end) => end - 1);
      expect(read("a style cat")).toEqual([10]);
      expect([...reader.encode("A Style cat").ids.data.slice(0, 11)]).toEqual([CLIP_START, 320, ...style.ids, 2368]);
      expect(read(`${words(67)} style ${words(3)}`)).toEqual([75, 3]);
      expect(read(`${words(68)} style ${words(3)}`)).toEqual([68, 11]);
      expect(read(`${words(68)}, style`)).toEqual([69, 8]);
      expect(read(`${words(70)}, ${words(4)} style`)).toEqual([71, 12]);
      const cut = reader.encode(`${words(225)} style`);
      expect([cut.pieces.length, cut.dropped, cut.added]).toEqual([225, 8, ["style"]]);
      expect(sd1.adding([style]).encode(`${words(70)} style`)).toMatchObject({ dropped: 8, added: ["style"] });
      expect(long.encode("a style cat").added).toEqual([]);
    });
    test("BREAK begins a new one", () => {
      expect(rows("a cat BREAK a dog")).toEqual([2, 2]);
      expect(rows("a cat\nBREAK\nBREAK a dog")).toEqual([2, 0, 2]);
      expect(rows("unBREAKable breakfast")).toHaveLength(1);
      expect([...long.encode("a cat BREAK a dog").ids.data.slice(77, 80)]).toEqual([
        ...sd1.encode("a dog").ids.data.slice(0, 3),
      ]);
    });
  });

  test("vocabulary: 49,408 ids, each read as something", () => {
    expect(CLIP_VOCABULARY_SIZE).toBe(49_408);
    expect(sd1.decode([320, 2984])).toBe("a dream");
    expect(sd1.decode([49406, 320, 2984, 49407, 49407])).toBe("a dream");
    expect(sd2.decode([49406, 320, 2984, 49407, 0])).toBe("a dream");
    expect(() => sd1.decode([49_408])).toThrow("49408 is no id");
  });

  test("wrong vocabularies and options are refused", () => {
    expect(() => clipTokenizer(merges.slice(1))).toThrow("48893 merges were given");
    expect(() => clipTokenizer([...merges.slice(1), "i n"])).toThrow(/merge \d+, ".*", joins pieces/);
    expect(() => clipTokenizer(merges, { pad: 50_000 })).toThrow("pad is 50000");
    expect(() => clipTokenizer(merges, { length: 1 })).toThrow("length is 1");
    expect(() => clipTokenizer(merges, { rows: 0 })).toThrow("0 rows");
  });
});

describe("any string", () => {
  const anything = fc.oneof(
    fc.string({ unit: fc.integer({ min: 0, max: 0x10ffff }).map((code) => String.fromCodePoint(code)) }),
    fc.string({ unit: "grapheme", maxLength: 200 }),
    fc.string({ unit: "binary-ascii", maxLength: 200 }),
    fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 50 }).map((units) => String.fromCharCode(...units)),
  );

  test("gives a full row of ids in range that starts, ends and adds up", () => {
    fc.assert(
      fc.property(anything, fc.constantFrom(sd1, sd2, open), (text, tokenizer) => {
        const { ids, pieces, dropped } = tokenizer.encode(text);
        expect(ids.data.length).toBe(77);
        expect(ids.data[0]).toBe(CLIP_START);
        expect(ids.data[pieces.length + 1]).toBe(CLIP_END);
        expect(ids.data.every((id) => id >= 0 && id < CLIP_VOCABULARY_SIZE)).toBe(true);
        expect(pieces.length + dropped).toBe(tokenizer.pieces(text).length);
      }),
    );
  });

  test("loses nothing but white space and case", () => {
    fc.assert(
      fc.property(anything, (text) => {
        expect(sd1.decode(contents(text)).replaceAll(" ", "")).toBe(normalized(text).replaceAll(" ", ""));
      }),
    );
  });

  test("of plain words comes back as it was", () => {
    const word = fc.string({
      unit: fc.constantFrom(..."abcdefghijklmnopqrstuvwxyzéßдλ猫"),
      minLength: 1,
      maxLength: 20,
    });
    fc.assert(
      fc.property(fc.array(word), (words) => {
        expect(sd1.decode(contents(words.join(" ").toUpperCase()))).toBe(normalized(words.join(" ").toUpperCase()));
      }),
    );
  });

  test("does not depend on what was encoded before", () => {
    fc.assert(
      fc.property(anything, anything, (a, b) => {
        expect(contents(`${a} ${b}`)).toEqual([...contents(`${a} `), ...contents(` ${b}`)]);
      }),
    );
  });
});
