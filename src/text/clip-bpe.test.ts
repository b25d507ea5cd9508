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
