// Denoise: a walk from noise to a picture, in as many steps as one likes, each of them laid open.
import { combine, type Pixels, type Step, scale, type Tensor } from "dreamgrain/web";
import { useEffect, useState } from "react";
import { Canvas, Shown } from "../parts/Canvas.tsx";
import { Curious } from "../parts/Curious.tsx";
import { Equation } from "../parts/Equation.tsx";
import { Prompt, type Subject } from "../parts/Prompt.tsx";
import { Range } from "../parts/Range.tsx";
import { WithLab } from "../parts/WithLab.tsx";
import { drawing, type Lab, rough, shown } from "../work/lab.ts";
import { useSettled, useTask } from "../work/task.ts";

/** The chapter. */
export default function Denoise() {
  return (
    <>
      <p>
        Drawing is the way back. It begins with nothing but noise; at every step the model says which part of what it
        sees is noise, a little of that is taken away, and it looks again. With one step it can only guess a blur. Give
        it more and see from when on the picture hardly changes.
      </p>
      <WithLab>{(lab) => <Walk lab={lab} />}</WithLab>
      <Curious files={["src/diffusion/samplers.ts", "src/diffusion/denoise.ts", "src/pipelines/text-to-image.ts"]}>
        <Equation>
          <msub>
            <mi>x</mi>
            <mrow>
              <mi>i</mi>
              <mo>+</mo>
              <mn>1</mn>
            </mrow>
          </msub>
          <mo>=</mo>
          <msub>
            <mi>x</mi>
            <mi>i</mi>
          </msub>
          <mo>+</mo>
          <mo>(</mo>
          <msub>
            <mi>σ</mi>
            <mrow>
              <mi>i</mi>
              <mo>+</mo>
              <mn>1</mn>
            </mrow>
          </msub>
          <mo>−</mo>
          <msub>
            <mi>σ</mi>
            <mi>i</mi>
          </msub>
          <mo>)</mo>
          <mfrac>
            <mrow>
              <msub>
                <mi>x</mi>
                <mi>i</mi>
              </msub>
              <mo>−</mo>
              <mi>D</mi>
              <mo>(</mo>
              <msub>
                <mi>x</mi>
                <mi>i</mi>
              </msub>
              <mo>;</mo>
              <msub>
                <mi>σ</mi>
                <mi>i</mi>
              </msub>
              <mo>)</mo>
            </mrow>
            <msub>
              <mi>σ</mi>
              <mi>i</mi>
            </msub>
          </mfrac>
        </Equation>
        <p>
          D is the clean picture that the network takes x for. The fraction is the noise that it finds in x, and the
          walk follows it from one noise level σ down to the next: Euler's method.
        </p>
      </Curious>
    </>
  );
}

/** The size at which a walk is one walk, and quick. */
function onePass({ defaults, compose }: Lab["model"]) {
  const { width, height } = compose ?? defaults;
  return { width, height };
}

interface Frame {
  readonly step: Step;
  readonly noisy: Pixels;
  readonly noise: Pixels;
  readonly guess: Pixels;
}

interface Result {
  readonly steps: number;
  readonly pixels: Pixels;
}

function Walk({ lab }: { readonly lab: Lab }) {
  const { model, engine } = lab;
  const [subject, setSubject] = useState<Subject>({ prompt: "a red sailboat at dusk", seed: 3 });
  const [steps, setSteps] = useState(model.defaults.steps);
  const [frames, setFrames] = useState<readonly Frame[]>([]);
  const [at, setAt] = useState(0);
  const [clean, setClean] = useState<{ readonly frame: Frame; readonly pixels: Pixels }>();
  const [results, setResults] = useState<readonly Result[]>([]);
  const wanted = useSettled(steps);
  const walk = useTask();
  const decode = useTask();

  useEffect(() => {
    walk.run(async (signal) => {
      const seen: Frame[] = [];
      setFrames([]);
      setAt(0);
      const request = { ...subject, ...onePass(model), steps: wanted, guidance: 1, sampler: "euler" };
      const { pixels } = await drawing(lab, request, signal, (step) => {
        seen.push(frameOf(lab, step));
        setFrames([...seen]);
        setAt(seen.length - 1);
      });
      setResults((all) =>
        [...all.filter((result) => result.steps !== wanted), { steps: wanted, pixels: shown(pixels) }].sort(
          (a, b) => a.steps - b.steps,
        ),
      );
    });
  }, [lab, model, subject, wanted, walk.run]);

  const frame = frames[at];
  useEffect(() => {
    if (!frame || walk.busy) return;
    decode.run(async (signal) => {
      const pixels = shown(await engine.decode(frame.step.denoised));
      signal.throwIfAborted();
      setClean({ frame, pixels });
    });
  }, [frame, engine, walk.busy, decode.run]);

  const sigma = frame?.step.sigma ?? 0;
  return (
    <section className="lesson" aria-label="A walk from noise to a picture">
      <Prompt
        subject={subject}
        onChange={(next) => {
          setResults([]);
          setSubject(next);
        }}
      />
      <Range label="Steps" value={steps} least={1} most={50} onChange={setSteps} />
      <div className="pictures three" aria-busy={walk.busy || decode.busy || wanted !== steps}>
        <Shown
          blocks
          pixels={frame?.noisy}
          label={`The noisy latents at step ${at + 1}`}
          caption="What the model sees"
        />
        <Shown
          blocks
          pixels={frame?.noise}
          label={`The noise that it finds at step ${at + 1}`}
          caption="What it takes for noise"
        />
        <Shown
          pixels={clean && clean.frame === frame ? clean.pixels : frame?.guess}
          label={`The clean picture that it expects at step ${at + 1}`}
          caption="The picture it expects"
        />
      </div>
      <Range
        label="Look at step"
        value={Math.min(at, Math.max(frames.length - 1, 0)) + 1}
        least={1}
        most={Math.max(frames.length, 1)}
        said={
          walk.busy ? `${frames.length} of ${wanted} …` : `${at + 1} of ${frames.length}, σ = ${sigma.toPrecision(2)}`
        }
        disabled={walk.busy || frames.length < 2}
        onChange={(step) => setAt(step - 1)}
      />
      {results.length > 0 && (
        <ol className="shelf" aria-label="The same seed in so many steps">
          {results.map((result) => (
            <li key={result.steps}>
              <button
                type="button"
                aria-pressed={result.steps === steps}
                aria-label={`Walk in ${result.steps} steps again`}
                onClick={() => setSteps(result.steps)}
              >
                <Canvas pixels={result.pixels} label={`After ${result.steps} steps`} />
                {result.steps}
              </button>
            </li>
          ))}
        </ol>
      )}
      <p className="quiet">Every number of steps that you try stays here, to compare.</p>
    </section>
  );
}

/** A step in colours: x at the scale that the network sees, the noise in it, and the clean latents. */
function frameOf({ model }: Lab, step: Step): Frame {
  const { x, denoised, sigma } = step;
  const noise: Tensor = combine([1 / sigma, x], [-1 / sigma, denoised]);
  return {
    step,
    noisy: rough(model, scale(x, 1 / Math.hypot(1, sigma))),
    noise: rough(model, noise),
    guess: rough(model, denoised),
  };
}
