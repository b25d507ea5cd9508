// Likeness: how near the words of a text are to each other, by themselves and in their sentence.
import { type CSSProperties, useEffect, useState } from "react";
import { complain } from "../../shell/notes.ts";
import type { Lab } from "../work/lab.ts";
import { cosine } from "../work/vectors.ts";
import { type WordVectors, wordVectors } from "../work/words.ts";

/** More words than this make a table that nobody reads. */
const MOST = 12;

/** A table of cosines. */
export function Likeness({ lab, text }: { readonly lab: Lab; readonly text: string }) {
  const [vectors, setVectors] = useState<WordVectors>();
  const [how, setHow] = useState<"alone" | "inContext">("alone");
  useEffect(() => {
    let current = true;
    wordVectors(lab, text).then((found) => {
      if (current) setVectors(found);
    }, complain);
    return () => {
      current = false;
    };
  }, [lab, text]);
  const words = vectors?.words.slice(0, MOST) ?? [];
  const cell = (i: number, j: number): number => {
    const [a, b] = [vectors?.[how][i], vectors?.[how][j]];
    return a && b ? cosine(a, b) : 0;
  };
  return (
    <section className="lesson" aria-label="Embeddings">
      <h2>Embeddings</h2>
      <p>
        How alike are the words to the model? 1 means one direction, 0 nothing in common.{" "}
        {how === "alone"
          ? "By themselves, a word is the same wherever it stands."
          : "In its sentence, a word has heard those before it, and the two meanings of one word come apart."}
      </p>
      <fieldset className="choices">
        <legend className="hidden">Which vectors</legend>
        <button type="button" aria-pressed={how === "alone"} onClick={() => setHow("alone")}>
          By themselves
        </button>
        <button type="button" aria-pressed={how === "inContext"} onClick={() => setHow("inContext")}>
          In this sentence
        </button>
      </fieldset>
      {words.length === 0 ? (
        <p className="quiet">None of these words is known to the model.</p>
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
        <section className="scroll" tabIndex={0} aria-label="Likeness of the words">
          <table className="heat number">
            <thead>
              <tr>
                <td />
                {words.map((word, j) => (
                  // biome-ignore lint/suspicious/noArrayIndexKey: words are told apart by their place alone
                  <th key={j} scope="col">
                    {word}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {words.map((word, i) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: as above
                <tr key={i}>
                  <th scope="row">{word}</th>
                  {words.map((_, j) => (
                    // biome-ignore lint/suspicious/noArrayIndexKey: as above
                    <td key={j} style={{ "--heat": Math.max(0, cell(i, j)) } as CSSProperties}>
                      {cell(i, j).toFixed(2)}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
    </section>
  );
}
