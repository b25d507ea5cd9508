// Picture guidance: a walk that does not begin with noise alone, but with a picture under some of it.
import { fitted, type Pixels } from "dreamgrain/web";
import { ImagePlus } from "lucide-react";
import { useEffect, useState } from "react";
import { complain } from "../../shell/notes.ts";
import { Shown } from "../parts/Canvas.tsx";
import { Curious } from "../parts/Curious.tsx";
import { Equation } from "../parts/Equation.tsx";
import { Prompt, type Subject } from "../parts/Prompt.tsx";
import { Range } from "../parts/Range.tsx";
import { WithLab } from "../parts/WithLab.tsx";
import { drawing, type Lab, rough, shown } from "../work/lab.ts";
import { pixelsOf } from "../work/pixels.ts";
import { useSettled, useTask } from "../work/task.ts";

/** The chapter. */
export default function PictureGuidance() {
  return (
    <>
      <p>
        Words are not the only way to say what you want. Put a picture under some noise and begin the walk there: with
        little noise almost all of it stays, with much only its large shapes and colours do. Between the two the words
        repaint it.
      </p>
      <WithLab>{(lab) => <Repainted lab={lab} />}</WithLab>
      <Curious files={["src/pipelines/guide.ts", "src/diffusion/forward.ts"]}>
        <Equation>
          <msub>
            <mi>x</mi>
            <mtext>start</mtext>
          </msub>
          <mo>=</mo>
          <mi>E</mi>
          <mo>(</mo>
          <mtext>picture</mtext>
          <mo>)</mo>
          <mo>+</mo>
          <msub>
            <mi>σ</mi>
            <mtext>strength</mtext>
          </msub>
          <mi>ε</mi>
        </Equation>
        <p>
          E is the encoder that turns a picture into latents; the strength says at which noise level σ the walk begins
          (Meng et al., 2022).
        </p>
      </Curious>
    </>
  );
}

function Repainted({ lab }: { readonly lab: Lab }) {
  const { model } = lab;
  const [subject, setSubject] = useState<Subject>({ prompt: "a house in winter", seed: 5 });
  const [source, setSource] = useState<Pixels>();
  const [strength, setStrength] = useState(0.6);
  const [result, setResult] = useState<Pixels>();
  const [notice, setNotice] = useState("");
  const wanted = useSettled(strength);
  const first = useTask();
  const again = useTask();

  useEffect(() => {
    first.run(async (signal) => {
      const { pixels } = await drawing(lab, { prompt: "a red sailboat at dusk", seed: 7 }, signal, ({ denoised }) =>
        setSource(rough(model, denoised)),
      );
      setSource(shown(pixels));
    });
  }, [lab, model, first.run]);
  const ready = source !== undefined && !first.busy;
  useEffect(() => {
    if (!ready) return;
    again.run(async (signal) => {
      const request = { ...subject, image: source, strength: wanted };
      const drawn = await drawing(lab, request, signal, ({ denoised }) => setResult(rough(model, denoised)));
      setResult(shown(drawn.pixels));
      setNotice(drawn.notices.join(" "));
    });
  }, [lab, model, subject, source, wanted, ready, again.run]);

  const take = async (chosen: File | undefined): Promise<void> => {
    if (!chosen) return;
    first.stop();
    setSource(fitted(await pixelsOf(chosen, chosen.name), model.defaults));
  };
  return (
    <section className="lesson" aria-label="A picture repainted">
      <Prompt subject={subject} label="Make of it" onChange={setSubject} />
      <div className="pictures two" aria-busy={first.busy || again.busy || wanted !== strength}>
        <Shown
          pixels={source}
          label="The picture that it begins with"
          caption={first.busy ? "Drawing one …" : "Begin with"}
        />
        <Shown pixels={result} label={`Repainted at strength ${wanted}`} caption={`Repainted, strength ${wanted}`} />
      </div>
      <Range
        label="How much noise"
        value={strength}
        least={0.05}
        most={1}
        step={0.05}
        said={`strength ${strength}`}
        onChange={setStrength}
      />
      <div className="row">
        <label className="file">
          <ImagePlus aria-hidden="true" /> Begin with a picture of yours
          <input
            className="hidden"
            type="file"
            accept="image/*"
            onChange={(event) => void take(event.target.files?.[0]).catch(complain)}
          />
        </label>
        <span className="quiet">It stays in this page.</span>
      </div>
      {notice && <p className="quiet">{notice}</p>}
    </section>
  );
}
