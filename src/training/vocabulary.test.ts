// The shipped vocabulary: it reads every caption whole, and common words for common things.
import { describe, expect, it } from "vitest";
import { configs } from "../models/specs.ts";
import { wordTokenizer } from "../text/words.ts";
import { trainingScene } from "./dataset.ts";
import { random } from "./random.ts";
import { caption } from "./scenes/index.ts";
import { shippedVocabulary } from "./vocabulary.ts";

const vocabulary = shippedVocabulary();
const tokenizer = wordTokenizer(vocabulary);
const read = (text: string): string =>
  tokenizer
    .encode(text)
    .pieces.map((p) => p.text)
    .join(" ");

describe("the shipped vocabulary", () => {
  it("fits the shipped text encoder", () => {
    expect(tokenizer.vocabularySize).toBeLessThanOrEqual(configs.small.text_encoder.vocab_size);
    expect(tokenizer.length).toBe(configs.small.text_encoder.max_position_embeddings);
  });

  it("reads captions without a notice", () => {
    const { next } = random(2, "captions");
    for (let i = 0; i < 500; i++) {
      const text = caption(trainingScene(i), next);
      const { notices, dropped } = tokenizer.encode(text);
      expect(notices, text).toEqual([]);
      expect(dropped, text).toBe(0);
    }
  });

  it("reads the classic prompt, and other words for what it knows", () => {
    const classic = "A dream of a distant galaxy, by Caspar David Friedrich, matte painting trending on artstation HQ";
    expect(read(classic)).toBe(classic.toLowerCase().replaceAll(",", " ,"));
    expect(read("a stunning photo of a ship near Saturn, 8k")).toBe("a of a sailboat planet rings ,");
    expect(tokenizer.encode("a stunning photo of a ship near Saturn, 8k").notices).toEqual([]);
  });

  it("says what it does not know", () => {
    expect(tokenizer.encode("a violin").unknown.map(({ word }) => word)).toEqual(["violin"]);
  });
});
