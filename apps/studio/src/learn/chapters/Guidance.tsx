// Guidance: the same noise without words, with words, and with more of the words than the model learned.
import type { Pixels } from "dreamgrain/web";
import { useEffect, useState } from "react";
import { Shown } from "../parts/Canvas.tsx";
import { Curious } from "../parts/Curious.tsx";
import { Equation } from "../parts/Equation.tsx";
import { Prompt, type Subject } from "../parts/Prompt.tsx";
import { Range } from "../parts/Range.tsx";
import { WithLab } from "../parts/WithLab.tsx";
import { drawing, type Lab, rough, shown } from "../work/lab.ts";
import { useSettled, useTask } from "../work/task.ts";

/** The chapter. */
export default function Guidance() {
  return (
    <>
      <p>
        At every step the model is asked twice: what do you see with these words, and what without any? The difference
        is what the words want, and guidance says how far to go that way. At 0 nobody listens to the words; at 1 the
        model does as it learned; far beyond that it shouts.
      </p>
      <WithLab>{(lab) => <Guided lab={lab} />}</WithLab>
      <Curious files={["src/diffusion/guidance.ts", "src/pipelines/together.ts"]}>
        <Equation>
          <mi>D</mi>
          <mo>=</mo>
          <msub>
            <mi>D</mi>
            <mo>∅</mo>
          </msub>
          <mo>+</mo>
          <mi>g</mi>
          <mo>(</mo>
          <msub>
            <mi>D</mi>
            <mtext>words</mtext>
          </msub>
          <mo>−</mo>
          <msub>
            <mi>D</mi>
            <mo>∅</mo>
          </msub>
          <mo>)</mo>
        </Equation>
        <p>
          Classifier-free guidance (Ho and Salimans, 2022): D with words and D without, computed in one run, and g, the
          guidance that you chose.
        </p>
      </Curious>
    </>
  );
}

function Guided({ lab }: { readonly lab: Lab }) {
  const { model } = lab;
  const [subject, setSubject] = useState<Subject>({ prompt: "a yellow boat in the snow", seed: 11 });
  const [guidance, setGuidance] = useState(model.defaults.guidance);
  const [none, setNone] = useState<Pixels>();
  const [learned, setLearned] = useState<Pixels>();
  const [guided, setGuided] = useState<Pixels>();
  const wanted = useSettled(guidance);
  const fixed = useTask();
  const moving = useTask();

  useEffect(() => {
    moving.run(async (signal) => {
      setGuided(
        shown(
          (
            await drawing(lab, { ...subject, guidance: wanted }, signal, ({ denoised }) =>
              setGuided(rough(model, denoised)),
            )
          ).pixels,
        ),
      );
    });
  }, [lab, model, subject, wanted, moving.run]);
  useEffect(() => {
    fixed.run(async (signal) => {
      setNone(undefined);
      setLearned(undefined);
      const { seed, prompt } = subject;
      const bare = await drawing(lab, { seed, quality: "best" }, signal, ({ denoised }) =>
        setNone(rough(model, denoised)),
      );
      setNone(shown(bare.pixels));
      const plain = await drawing(lab, { seed, prompt, guidance: 1 }, signal, ({ denoised }) =>
        setLearned(rough(model, denoised)),
      );
      setLearned(shown(plain.pixels));
    });
  }, [lab, model, subject, fixed.run]);

  return (
    <section className="lesson" aria-label="With and without words">
      <Prompt subject={subject} onChange={setSubject} />
      <Range label="Guidance" value={guidance} least={0} most={20} step={0.5} onChange={setGuidance} />
      <div className="pictures three" aria-busy={moving.busy || fixed.busy || wanted !== guidance}>
        <Shown pixels={none} label="The same seed without words" caption="No words at all" />
        <Shown pixels={learned} label="The same seed at guidance 1" caption="Guidance 1, as it learned" />
        <Shown pixels={guided} label={`The same seed at guidance ${wanted}`} caption={`Guidance ${wanted}`} />
      </div>
    </section>
  );
}
