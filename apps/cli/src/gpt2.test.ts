// GPT-2's pieces: the ids of the introductions, and pieces that join to the text.

import { expect, test } from "vitest";
import { gpt2Pieces } from "./gpt2.ts";

test("keeps case and leading spaces", async () => {
  expect(await gpt2Pieces("A dream of a distant galaxy")).toEqual([
    { text: "A", id: 32 },
    { text: " dream", id: 4320 },
    { text: " of", id: 286 },
    { text: " a", id: 257 },
    { text: " distant", id: 12899 },
    { text: " galaxy", id: 16161 },
  ]);
});

test("spells out bytes that are no whole character, and takes any text", async () => {
  expect((await gpt2Pieces("🐱")).map((piece) => piece.text)).toEqual(["\\xF0\\x9F", "\\x90", "\\xB1"]);
  expect((await gpt2Pieces("<|endoftext|>")).map((piece) => piece.text).join("")).toBe("<|endoftext|>");
  expect(await gpt2Pieces("")).toEqual([]);
});
