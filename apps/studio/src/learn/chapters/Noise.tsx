// Noise: a picture drowns, level by level, in its pixels and in its latents.
import { cpuGenerator, networkInput, type Picture, type Pixels } from "dreamgrain/web";
import { useEffect, useMemo, useState } from "react";
import { Shown } from "../parts/Canvas.tsx";
import { Curious } from "../parts/Curious.tsx";
import { Equation } from "../parts/Equation.tsx";
import { Plot } from "../parts/Plot.tsx";
import { Prompt, type Subject } from "../parts/Prompt.tsx";
import { Range } from "../parts/Range.tsx";
import { WithLab } from "../parts/WithLab.tsx";
import { drawing, type Lab, rough, shown } from "../work/lab.ts";
import { useTask } from "../work/task.ts";

/** The chapter. */
export default function Noise() {
  return (
    <>
      <p>
        A diffusion model learns from pictures that are spoilt on purpose: a little noise, more noise, until nothing of
        the picture is left. Drag the level and watch it drown, once in its pixels and once in its <em>latents</em>, the
        small, squeezed picture that the model really works on. Learning to undo one such step is all that it was
        taught.
      </p>
      <WithLab>{(lab) => <Drowning lab={lab} />}</WithLab>
      <Curious files={["src/diffusion/forward.ts", "src/diffusion/noise-table.ts"]}>
        <Equation>
          <msub>
            <mi>x</mi>
            <mi>t</mi>
          </msub>
          <mo>=</mo>
          <msub>
            <mi>a</mi>
            <mi>t</mi>
          </msub>
          <msub>
            <mi>x</mi>
            <mn>0</mn>
          </msub>
          <mo>+</mo>
          <msub>
            <mi>b</mi>
            <mi>t</mi>
          </msub>
          <mi>ε</mi>
          <mspace width="2em" />
          <mi>ε</mi>
          <mo>∼</mo>
          <mi mathvariant="normal">N</mi>
          <mo>(</mo>
          <mn>0</mn>
          <mo>,</mo>
          <mi>I</mi>
          <mo>)</mo>
        </Equation>
        <p>
          The picture x₀ fades by a, the noise ε grows by b, and σ is b/a. The curves show a and b at all the times that
          this model knows.
        </p>
      </Curious>
    </>
  );
}

function Drowning({ lab }: { readonly lab: Lab }) {
  const { model, engine } = lab;
  const { table, prediction } = model;
  const last = table.timesteps - 1;
  const [subject, setSubject] = useState<Subject>({ prompt: "a red sailboat at dusk", seed: 7 });
  const [picture, setPicture] = useState<Picture>();
  const [coming, setComing] = useState<Pixels>();
  const [time, setTime] = useState(Math.round(last * 0.4));
  const [decoded, setDecoded] = useState<Pixels>();
  const draw = useTask();
  const decode = useTask();

  useEffect(() => {
    draw.run(async (signal) => {
      setPicture(undefined);
      const drawn = await drawing(lab, subject, signal, ({ denoised }) => setComing(rough(model, denoised)));
      setPicture(drawn);
      setComing(undefined);
    });
  }, [lab, model, subject, draw.run]);

  const noise = useMemo(() => {
    if (!picture) return undefined;
    const random = cpuGenerator(subject.seed + 1);
    return { latents: random.randn(picture.latents.shape), pixels: random.randn(picture.pixels.shape) };
  }, [picture, subject.seed]);
  const sigma = table.sigma(time);
  const drowned = useMemo(
    () =>
      picture &&
      noise && {
        pixels: shown(networkInput(prediction, picture.pixels, noise.pixels, sigma)),
        latents: networkInput(prediction, picture.latents, noise.latents, sigma),
      },
    [picture, noise, prediction, sigma],
  );
  useEffect(() => {
    if (!drowned) return;
    decode.run(async (signal) => {
      await new Promise((resolve) => setTimeout(resolve, 60)); // a slider that is dragged asks often
      signal.throwIfAborted();
      const pixels = shown(await engine.decode(drowned.latents));
      signal.throwIfAborted();
      setDecoded(pixels);
    });
  }, [drowned, engine, decode.run]);

  const curves = useMemo(() => {
    const times = Array.from({ length: 101 }, (_, i) => (i / 100) * last);
    const kept = (t: number): number => prediction.in(table.sigma(t));
    return [
      { name: "what is left of the picture", points: times.map((t) => [t, kept(t)] as const) },
      { name: "how much is noise", points: times.map((t) => [t, kept(t) * table.sigma(t)] as const) },
    ];
  }, [table, prediction, last]);
  const left = prediction.in(sigma);

  return (
    <section className="lesson" aria-label="A picture drowns">
      <Prompt subject={subject} onChange={setSubject} />
      <div className="pictures three" aria-busy={draw.busy || decode.busy}>
        <Shown
          pixels={coming ?? drowned?.pixels}
          label={coming ? "The picture, being drawn" : `The picture's pixels at time ${time}`}
          caption={coming ? "Drawing …" : "Noise on the pixels"}
        />
        <Shown
          blocks
          pixels={drowned && rough(model, drowned.latents)}
          label={`The latents at time ${time}, in rough colours`}
          caption="The same noise on the latents"
        />
        <Shown pixels={drowned && decoded} label="The noisy latents, decoded" caption="… and what they decode to" />
      </div>
      <Range
        label="How noisy"
        value={time}
        least={0}
        most={last}
        said={`time ${time}: σ = ${sigma < 10 ? sigma.toFixed(2) : sigma.toFixed(0)}, ${Math.round(left * 100)} % of the picture`}
        onChange={setTime}
      />
      <Plot
        curves={curves}
        most={[last, 1]}
        at={time}
        label="Over the model's times the picture fades from all to nothing while the noise grows from nothing to all"
      />
    </section>
  );
}
