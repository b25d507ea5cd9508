// The word tokenizer: rows of ids, other forms of known words, and the truth about unknown ones.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { inflections } from "./inflections.ts";
import { FIRST_WORD, splitWords, wordTokenizer, wordVocabulary } from "./words.ts";

const words = [
  ..."a red gray boat cat mountains city cities wolf leaf painting running glow evening color morning four".split(" "),
  ..."watercolor centre sailboat , 3 church rose".split(" "),
];
const synonyms = { ship: "sailboat", crimson: "red", the: "", regatta: "red sailboat , gray sailboat" };
const tokenizer = wordTokenizer({ words, length: 10, synonyms });
const read = (text: string) =>
  tokenizer
    .encode(text)
    .pieces.map((piece) => piece.text)
    .join(" ");

describe("a row", () => {
  test("is start, words, end, padding", () => {
    const { ids, pieces, dropped, unknown, notices } = tokenizer.encode("A red  CAT, 3");
    expect(ids.shape).toEqual([1, 10]);
    expect([...ids.data]).toEqual([1, 4, 5, 8, words.indexOf(",") + 4, words.indexOf("3") + 4, 2, 0, 0, 0]);
    expect(pieces[1]).toEqual({ text: "red", id: 5 });
    expect({ dropped, unknown, notices }).toEqual({ dropped: 0, unknown: [], notices: [] });
    expect(tokenizer.decode(ids.data)).toBe("a red cat , 3");
  });

  test("takes added words too, with ids beyond its own", () => {
    const more = tokenizer.adding([{ name: "Style", spellings: ["style"], ids: [50, 51] }]);
    const { ids, pieces, added, unknown } = more.encode("a red STYLE cat, stylé");
    expect([...ids.data.slice(1, 6)]).toEqual([4, 5, 50, 51, 8]);
    expect(pieces[2]).toEqual({ text: "Style", id: 50, together: 2 });
    expect([added, unknown.map(({ word }) => word)]).toEqual([["Style"], ["stylé"]]);
    expect(more.encode(`${"cat ".repeat(7)}style boat`)).toMatchObject({ dropped: 3, added: ["Style"] });
    expect(tokenizer.encode("style").unknown).toHaveLength(1);
  });

  test("of no words is start and end", () => {
    expect([...tokenizer.encode(" .\n").ids.data]).toEqual([1, 2, 0, 0, 0, 0, 0, 0, 0, 0]);
    expect(tokenizer.encode("").notices).toEqual([]);
  });

  test("that is too short for the prompt drops the end and says so", () => {
    const { ids, dropped, notices } = tokenizer.encode("cat ".repeat(9_998) + "boat boat");
    expect([...ids.data]).toEqual([1, 8, 8, 8, 8, 8, 8, 8, 8, 2]);
    expect(dropped).toBe(9_992);
    expect(notices).toEqual([
      'The prompt has 10000 tokens and the model reads 8: the last 9992 were left out, from "cat" on.',
    ]);
    expect(tokenizer.encode("a red cat a red cat a red boat").notices[0]).toContain(
      'the last one was left out, from "boat"',
    );
  });
});

describe("other forms of known words", () => {
  test.each([
    ["boats cats", "boat cat"],
    ["cat's cats' cat’s", "cat cat cat"],
    ["mountain", "mountains"],
    ["city cities", "city cities"],
    ["wolves leaves churches roses", "wolf leaf church rose"],
    ["run paint", "running painting"],
    ["glowing glowed glows", "glow glow glow"],
    ["grey gray", "gray gray"],
    ["watercolour colours coloured centers", "watercolor color color centre"],
    ["ROSÉ Cate\u0301", "rose"],
    ["ship ships crimson the boat", "sailboat sailboat red boat"],
    ["regatta", "red sailboat , gray sailboat"],
  ])("%s → %s", (text, expected) => expect(read(text)).toBe(expected));

  test("but not of words that only look alike", () => {
    for (const word of ["for", "mourning", "bed", "ring", "constructor", "as", "rosy"]) expect(read(word)).toBe("");
  });

  test("the word itself comes first, whatever it is", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (word) => {
        expect(inflections(word).next().value).toBe(word);
      }),
    );
  });
});

describe("unknown words", () => {
  test("are left out, reported once, with the nearest known word", () => {
    const { unknown, notices, pieces } = tokenizer.encode("a bota and a morningg raincoat raincoat");
    expect(unknown).toEqual([
      { word: "bota", nearest: "boat" },
      { word: "and" },
      { word: "morningg", nearest: "morning" },
      { word: "raincoat" },
    ]);
    expect(pieces.length).toBe(2);
    expect(notices).toEqual([
      'The model does not know "bota" (did you mean "boat"?), "and", "morningg" (did you mean "morning"?), "raincoat" ' +
        "and reads the prompt without them.",
    ]);
  });

  test("when nothing is left the notice says that nothing guides the picture", () => {
    expect(tokenizer.encode("xylophone").notices).toEqual([
      'The model does not know "xylophone" and reads the prompt without it; ' +
        "no word of the prompt is left, so nothing guides the picture.",
    ]);
    expect(tokenizer.encode("猫が好き").unknown).toEqual([{ word: "猫が好き" }]);
  });

  test("a long list of them is cut short", () => {
    const { unknown, notices } = tokenizer.encode(Array.from("bcdefghijklm", (c) => `zz${c}zz`).join(" "));
    expect(unknown.length).toBe(12);
    expect(notices[0]).toContain('"zzizz", 4 more and reads');
  });
});

test("any string gives a full row of ids in range, and nothing is lost unsaid", () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string({ unit: "grapheme" }),
        fc.array(fc.constantFrom(...words, "zebra", ".")).map((w) => w.join(" ")),
      ),
      (text) => {
        const { ids, pieces, dropped, unknown } = tokenizer.encode(text);
        expect(ids.data.length).toBe(10);
        expect(ids.data[0]).toBe(1);
        expect(ids.data[pieces.length + 1]).toBe(2);
        expect(ids.data.every((id) => id >= 0 && id < tokenizer.vocabularySize)).toBe(true);
        const read = splitWords(text).filter((word) => word !== "the" && !unknown.some((u) => u.word === word));
        expect(pieces.length + dropped).toBe(read.length);
      },
    ),
  );
});

test("every word of the vocabulary reads as itself", () => {
  words.forEach((word, i) => {
    expect([...tokenizer.encode(word).ids.data.slice(0, 3)]).toEqual([1, FIRST_WORD + i, 2]);
  });
});

test("vocabularies that cannot work are refused", () => {
  const made = (...list: string[]) => wordTokenizer({ words: list, length: 8 });
  expect(() => made("cat", "cat")).toThrow('"cat" is listed twice');
  expect(() => made("Cat")).toThrow('"Cat" is not one lower-case word');
  expect(() => made("pixel-art")).toThrow("is not one lower-case word");
  expect(() => made("")).toThrow("is not one lower-case word");
  expect(() => wordTokenizer({ words, length: 2 })).toThrow("length is 2");
  expect(() => wordTokenizer({ words, length: 8, synonyms: { tiger: "lion" } })).toThrow('leads to "lion"');
  expect(() => wordTokenizer({ words, length: 8, synonyms: { "hot air": "red" } })).toThrow('"hot air" is not one');
  expect(wordVocabulary({ words: ["a"], length: 4, other: 1 })).toEqual({ words: ["a"], length: 4, synonyms: {} });
  expect(() => wordVocabulary({ words: "a" })).toThrow('"words" must be a list of strings');
  expect(() => wordVocabulary({ words: [] })).toThrow('"length" must be a number');
  expect(() => wordVocabulary({ words: [], length: 4, synonyms: { a: 1 } })).toThrow('"synonyms" must map');
  expect(() => wordVocabulary(null)).toThrow('"words" must be');
  expect(() => tokenizer.decode([99])).toThrow("99 is no id; they go from 0 to");
});
