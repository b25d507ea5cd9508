// Words to ids: the two tokenizers and what they have in common. CLIP's vocabulary is read by `clip-vocabulary.ts` (Node).

export type { AddedWord } from "./added-words.ts";
export {
  CLIP_END,
  CLIP_MERGES,
  CLIP_START,
  CLIP_VOCABULARY_SIZE,
  type ClipTokenizer,
  type ClipTokenizerOptions,
  clipTokenizer,
} from "./clip-bpe.ts";
export type { Encoding, Piece, Tokenizer, UnknownWord } from "./tokenizer.ts";
export { splitWords, type WordTokenizer, type WordVocabulary, wordTokenizer, wordVocabulary } from "./words.ts";
