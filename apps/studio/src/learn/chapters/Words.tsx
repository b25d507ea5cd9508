// Words: how a text becomes tokens, tokens become vectors, and which words each place of a picture listens to.
import { useEffect, useId, useState } from "react";
import { complain } from "../../shell/notes.ts";
import { Curious } from "../parts/Curious.tsx";
import { Equation } from "../parts/Equation.tsx";
import { Likeness } from "../parts/Likeness.tsx";
import { Listening } from "../parts/Listening.tsx";
import { WithLab } from "../parts/WithLab.tsx";
import type { Lab } from "../work/lab.ts";
import { hue, type Reading, readings } from "../work/readings.ts";
import { useSettled } from "../work/task.ts";

/** The chapter. */
export default function Words() {
  return (
    <>
      <p>
        A model cannot read. Your text is cut into <em>tokens</em>, each a number in a list, and the same piece is
        always the same number. Every number stands for a vector, and at every step of the drawing each place of the
        picture asks all the vectors which of them concern it.
      </p>
      <WithLab>{(lab) => <Cut lab={lab} />}</WithLab>
      <Curious
        files={["src/text/words.ts", "src/text/clip-bpe.ts", "src/models/clip-text.ts", "src/models/attention-maps.ts"]}
      >
        <Equation>
          <mtext>attention</mtext>
          <mo>=</mo>
          <mtext>softmax</mtext>
          <mo>(</mo>
          <mfrac>
            <mrow>
              <mi>Q</mi>
              <msup>
                <mi>K</mi>
                <mi>T</mi>
              </msup>
            </mrow>
            <msqrt>
              <mi>d</mi>
            </msqrt>
          </mfrac>
          <mo>)</mo>
          <mi>V</mi>
        </Equation>
        <p>
          Q is what the places of the picture ask for, K what the words offer, V what they say. The maps show the
          softmax, averaged over the layers and steps of a drawing (Vaswani et al., 2017).
        </p>
      </Curious>
    </>
  );
}

function Cut({ lab }: { readonly lab: Lab }) {
  const id = useId();
  const [text, setText] = useState("a red boat on a lake at dusk");
  const [read, setRead] = useState<readonly Reading[]>([]);
  const settled = useSettled(text, 400);
  useEffect(() => {
    let current = true;
    readings(lab.model, text).then((all) => {
      if (current) setRead(all);
    }, complain);
    return () => {
      current = false;
    };
  }, [lab, text]);
  return (
    <>
      <section className="lesson" aria-label="Tokens">
        <h2>Tokens</h2>
        <div className="prompt">
          <label htmlFor={id}>Type anything</label>
          <input
            id={id}
            value={text}
            autoComplete="off"
            maxLength={300}
            onChange={(event) => setText(event.target.value)}
          />
        </div>
        <dl className="readings">
          {read.map(({ who, pieces, notices }) => (
            <div key={who}>
              <dt>
                {who} <span className="quiet number">{pieces.length}</span>
              </dt>
              <dd>
                <ol>
                  {pieces.map((piece, i) => (
                    // biome-ignore lint/suspicious/noArrayIndexKey: tokens are told apart by their place alone
                    <li key={i} className="token" style={{ "--hue": hue(piece.id) } as React.CSSProperties}>
                      <span>{piece.text.replace("</w>", "").replaceAll(" ", "·") || " "}</span>
                      <span className="number">{piece.id}</span>
                    </li>
                  ))}
                </ol>
                {notices.map((notice) => (
                  <p key={notice} className="quiet">
                    {notice}
                  </p>
                ))}
              </dd>
            </div>
          ))}
        </dl>
      </section>
      <Likeness lab={lab} text={settled} />
      <Listening lab={lab} text={settled} />
    </>
  );
}
