// Train it: a small network learns a shape while one watches: losses fall, samples gather.
import { type HostedRuntime, inWorker } from "dreamgrain/web";
import { Pause, Play, RotateCcw } from "lucide-react";
import { useCallback, useEffect, useRef, useState } from "react";
import { Curious } from "../parts/Curious.tsx";
import { Equation } from "../parts/Equation.tsx";
import { Plot } from "../parts/Plot.tsx";
import { Range } from "../parts/Range.tsx";
import { Scatter } from "../parts/Scatter.tsx";
import { useTask } from "../work/task.ts";
import { freshState, learn, PARAMETERS, type Points, sampler, shapes } from "../work/toy.ts";

/** The chapter. */
export default function Train() {
  return (
    <>
      <p>
        Training is guessing and being corrected. This little network sees points of a shape under noise, says where the
        noise lies, and every one of its {PARAMETERS.toLocaleString("en")} numbers is nudged a little so that next time
        the answer is less wrong. Start it, and watch points drawn from pure noise find the shape. The model of the
        other chapters learned in the same way, from pictures.
      </p>
      <Toy />
      <Curious
        files={["src/training/train.ts", "src/training/vjp.ts", "src/training/adamw.ts", "src/diffusion/forward.ts"]}
      >
        <Equation>
          <mi>L</mi>
          <mo>=</mo>
          <msup>
            <mrow>
              <mo>|</mo>
              <msub>
                <mi>F</mi>
                <mi>θ</mi>
              </msub>
              <mo>(</mo>
              <mo>(</mo>
              <mn>1</mn>
              <mo>−</mo>
              <mi>s</mi>
              <mo>)</mo>
              <mi>x</mi>
              <mo>+</mo>
              <mi>s</mi>
              <mi>ε</mi>
              <mo>,</mo>
              <mi>s</mi>
              <mo>)</mo>
              <mo>−</mo>
              <mo>(</mo>
              <mi>ε</mi>
              <mo>−</mo>
              <mi>x</mi>
              <mo>)</mo>
              <mo>|</mo>
            </mrow>
            <mn>2</mn>
          </msup>
        </Equation>
        <p>
          Flow matching (Liu et al., 2022): the network F is asked which way leads from a point x to the noise ε. The
          loss cannot reach 0, because many points could have made the same noisy one. Gradients are drawn as graphs of
          the same operations as the network, and AdamW takes the steps.
        </p>
      </Curious>
    </>
  );
}

/** Steps between two looks at the loss, and two looks at the samples. */
const [LOOK, DRAW] = [10, 50];

function Toy() {
  const [shape, setShape] = useState("moons");
  const [points, setPoints] = useState<Points>(shapes.moons ?? new Float32Array());
  const [rate, setRate] = useState(-2.5);
  const [steps, setSteps] = useState(0);
  const [losses, setLosses] = useState<readonly (readonly [number, number])[]>([]);
  const [samples, setSamples] = useState<Points>();
  const state = useRef(freshState(1));
  const speed = useRef(10 ** rate);
  const runtime = useRef<HostedRuntime>(undefined);
  const training = useTask();
  speed.current = 10 ** rate;
  useEffect(() => {
    // Its own worker, so that it does not wait for the pictures of other chapters; nothing here is large enough for a graphics card.
    runtime.current = inWorker({ engine: { name: "ort-web", options: { provider: "wasm", threads: 1 } } });
    return () => void runtime.current?.[Symbol.asyncDispose]();
  }, []);

  const go = useCallback(
    (on: Points) =>
      training.run(async (signal) => {
        const engine = runtime.current;
        if (!engine) return;
        const mine = state.current;
        const draw = await sampler(engine);
        let sum = 0;
        for await (const { step, loss } of learn(engine, mine, on, () => speed.current)) {
          if (signal.aborted) break;
          sum += loss;
          if (step % LOOK === 0) {
            const mean = sum / LOOK;
            sum = 0;
            setSteps(step);
            setLosses((all) => thinned([...all, [step, mean]]));
          }
          if (step % DRAW === 0) {
            const drawn = await draw(mine, 9);
            if (signal.aborted) break;
            setSamples(drawn);
          }
        }
      }),
    [training.run],
  );
  const reset = (): void => {
    training.stop();
    state.current = freshState(1);
    setSteps(0);
    setLosses([]);
    setSamples(undefined);
  };
  const last = losses.at(-1);
  const first = losses[0];
  return (
    <section className="lesson" aria-label="A toy that learns">
      <div className="row">
        <button type="button" className="primary" onClick={() => (training.busy ? training.stop() : go(points))}>
          {training.busy ? <Pause aria-hidden="true" /> : <Play aria-hidden="true" />}
          {training.busy ? "Pause" : steps === 0 ? "Train" : "Go on"}
        </button>
        <button type="button" onClick={reset}>
          <RotateCcw aria-hidden="true" /> Forget all
        </button>
        <fieldset className="choices">
          <legend className="hidden">Shape to learn</legend>
          {Object.entries(shapes).map(([name, of]) => (
            <button
              key={name}
              type="button"
              aria-pressed={shape === name}
              onClick={() => {
                setShape(name);
                setPoints(of);
                if (training.busy) go(of);
              }}
            >
              {name}
            </button>
          ))}
        </fieldset>
      </div>
      <div className="pictures two">
        <figure className="shown">
          <Scatter
            points={points}
            samples={samples}
            label={`The shape, and ${samples ? "points that the network draws" : "nothing drawn yet"}`}
            onDraw={(drawn) => {
              setShape("");
              setPoints(drawn);
              if (training.busy) go(drawn);
            }}
          />
          <figcaption>Grey: what it learns from; draw your own there. Coloured: what it draws.</figcaption>
        </figure>
        <div>
          <Plot
            curves={[{ name: "loss", points: losses.map(([step, loss]) => [step - (first?.[0] ?? 0), loss] as const) }]}
            most={[Math.max(1, (last?.[0] ?? 1) - (first?.[0] ?? 0)), Math.max(0.5, ...losses.map(([, loss]) => loss))]}
            label={last ? `The loss, from ${first?.[1].toFixed(2)} to ${last[1].toFixed(2)}` : "The loss, nothing yet"}
          />
          <dl className="facts number">
            <div>
              <dt>Steps</dt>
              <dd data-steps={steps}>{steps}</dd>
            </div>
            <div>
              <dt>Loss</dt>
              <dd>{last ? last[1].toFixed(3) : "–"}</dd>
            </div>
          </dl>
          <Range
            label="How large each nudge is"
            value={rate}
            least={-4}
            most={-1}
            step={0.25}
            said={`learning rate ${(10 ** rate).toPrecision(1)}`}
            onChange={setRate}
          />
        </div>
      </div>
    </section>
  );
}

/** Most points of a curve; older ones are thinned out. */
const MOST = 400;

const thinned = (curve: readonly (readonly [number, number])[]): readonly (readonly [number, number])[] =>
  curve.length <= MOST ? curve : curve.filter((_, i) => i % 2 === 0 || i === curve.length - 1);
