// English words in other forms: plurals, possessives, -ing and -ed, British and American spellings.

/** Each rule turns a word that the pattern fits into other forms of it. The likeliest rules stand first. */
const RULES: readonly (readonly [pattern: RegExp, ...replacements: string[]])[] = [
  [/'s$/, ""],
  // one, not many
  [/(?<=...)s$/, ""],
  [/(?<=...)ies$/, "y"],
  [/(?<=..)ves$/, "f", "fe"],
  [/(?<=[sxzo]|ch|sh)es$/, ""],
  // many, not one
  [/(?<=...)$/, "s"],
  [/(?<=..[^aeiou])y$/, "ies"],
  [/(?<=..)fe?$/, "ves"],
  [/(?<=.[sxzo]|ch|sh)$/, "es"],
  // the verb, not its participle
  [/(?<=...)(?:ing|ed)$/, "", "e"],
  [/(?<=..)([b-df-hj-np-tv-z])\1(?:ing|ed)$/, "$1"],
  // the participle, not its verb
  [/(?<=...)$/, "ing", "ed"],
  [/(?<=...)e$/, "ing", "ed"],
  [/(?<=.[aeiou])([bdgklmnprt])$/, "$1$1ing", "$1$1ed"],
];

/** British and American spellings, both ways. What stands before keeps "mourning" from being "morning". */
const SPELLINGS: readonly (readonly [pattern: RegExp, replacement: string])[] = [
  [/grey/, "gray"],
  [/gray/, "grey"],
  [/(?<=...)our/, "or"],
  [/(?<=...)or/, "our"],
  [/(?<=...)tre$/, "ter"],
  [/(?<=...)ter$/, "tre"],
  [/(?<=...)is(?=e$|ed$|ing$)/, "iz"],
  [/(?<=...)iz(?=e$|ed$|ing$)/, "is"],
  [/jewellery/, "jewelry"],
  [/jewelry/, "jewellery"],
];

/**
 * The forms under which a lower-case word may be known, itself first, then the likeliest: "boats", "boat", …; "colour",
 * "color", …. Many of them are no words at all; only those in a vocabulary count.
 */
export function* inflections(word: string): Generator<string, void, void> {
  yield word;
  if (word.length > 40) return;
  const plain = word.normalize("NFD").replace(/\p{M}/gu, "");
  if (plain !== word) yield plain;
  yield* spellings(plain);
  for (const [pattern, ...replacements] of RULES) {
    if (!pattern.test(plain)) continue;
    for (const replacement of replacements) {
      const form = plain.replace(pattern, replacement);
      yield form;
      yield* spellings(form);
    }
  }
}

function* spellings(word: string): Generator<string, void, void> {
  for (const [pattern, replacement] of SPELLINGS) if (pattern.test(word)) yield word.replace(pattern, replacement);
}
