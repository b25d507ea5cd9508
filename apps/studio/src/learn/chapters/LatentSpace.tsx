// Latent space: texts and pictures as points, who is near whom, and a walk from one to another.
import { useEffect, useId, useMemo, useState } from "react";
import { complain } from "../../shell/notes.ts";
import { Between } from "../parts/Between.tsx";
import { Curious } from "../parts/Curious.tsx";
import { Points } from "../parts/Points.tsx";
import { WithLab } from "../parts/WithLab.tsx";
import { described, drawBetween, type Item } from "../work/collection.ts";
import { type Lab, newSeed } from "../work/lab.ts";
import { useTask } from "../work/task.ts";
import { centred, cosine, principal } from "../work/vectors.ts";

/** The chapter. */
export default function LatentSpace() {
  return (
    <>
      <p>
        To the model a text is a point in a space of many dimensions, and so is a picture. What is alike lies close
        together, and between any two points there are others: walk there, and a castle turns into a boat without ever
        ceasing to be a picture.
      </p>
      <WithLab>{(lab) => <Space lab={lab} />}</WithLab>
      <Curious files={["src/models/clip-text.ts", "src/models/vae.ts", "src/diffusion/variation.ts"]}>
        <math display="block">
          <mtext>likeness</mtext>
          <mo>=</mo>
          <mfrac>
            <mrow>
              <mi>a</mi>
              <mo>·</mo>
              <mi>b</mi>
            </mrow>
            <mrow>
              <mtext>‖a‖</mtext>
              <mspace width="0.2em" />
              <mtext>‖b‖</mtext>
            </mrow>
          </mfrac>
        </math>
        <p>
          The cosine between two vectors, less the mean of all. A text's vector is what the text encoder says at its
          end; a picture's are its latents, which know what is where but not what it means. The plane is that of the two
          principal components. Seeds are mixed along a great circle, so that noise stays noise.
        </p>
      </Curious>
    </>
  );
}

/** Where the collection begins: families of things, so that there is something to find. */
const FIRST = [
  "a red boat at dusk",
  "a blue boat at night",
  "a castle at night",
  "a castle in winter",
  "a house in the snow",
  "a red house in autumn",
  "a galaxy",
  "a forest in autumn",
];

type Kind = "text" | "picture";

function Space({ lab }: { readonly lab: Lab }) {
  const id = useId();
  const [items, setItems] = useState<readonly Item[]>([]);
  const [kind, setKind] = useState<Kind>("text");
  const [selected, setSelected] = useState(0);
  const [typed, setTyped] = useState("");
  const drawing = useTask();

  useEffect(() => {
    let current = true;
    Promise.all(FIRST.map((prompt, i) => described(lab, prompt, 20 + i))).then((first) => {
      if (current) setItems(first);
    }, complain);
    return () => {
      current = false;
    };
  }, [lab]);
  const next = items.find((item) => !item.picture);
  useEffect(() => {
    if (!next) return;
    drawing.run(async (signal) => {
      const place = { from: next, to: next, words: 0, noise: 0 };
      const picture = await drawBetween(lab, place, signal, () => {});
      setItems((all) => all.map((item) => (item === next ? { ...item, picture } : item)));
    });
  }, [lab, next, drawing.run]);

  const there = useMemo(() => items.filter((item) => kind === "text" || item.picture), [items, kind]);
  const vectors = useMemo(
    () => there.map((item) => (kind === "text" ? item.text : (item.picture?.latents ?? new Float32Array()))),
    [there, kind],
  );
  const places = useMemo(() => principal(vectors), [vectors]);
  const chosen = items[selected];
  const at = chosen ? there.indexOf(chosen) : -1;
  const near = useMemo(() => {
    const plain = centred(vectors);
    const mine = plain[at];
    if (!mine) return [];
    return there
      .map((item, i) => ({ item, likeness: cosine(mine, plain[i] ?? mine) }))
      .filter(({ item }) => item !== there[at])
      .sort((a, b) => b.likeness - a.likeness);
  }, [there, vectors, at]);

  const add = async (): Promise<void> => {
    const prompt = typed.trim();
    if (prompt === "") return;
    const item = await described(lab, prompt, newSeed());
    setItems((all) => [...all, item]);
    setSelected(items.length);
    setTyped("");
  };
  return (
    <>
      <section className="lesson" aria-label="The space">
        <fieldset className="choices">
          <legend className="hidden">Points of</legend>
          <button type="button" aria-pressed={kind === "text"} onClick={() => setKind("text")}>
            The texts
          </button>
          <button type="button" aria-pressed={kind === "picture"} onClick={() => setKind("picture")}>
            The pictures
          </button>
        </fieldset>
        <div className="space">
          <Points
            points={there.map((item, i) => ({ item, place: places[i] ?? [0, 0] }))}
            selected={chosen}
            onSelect={(item) => setSelected(items.indexOf(item))}
          />
          <div>
            <h3>{chosen ? `Nearest to “${chosen.prompt}”` : "Nearest"}</h3>
            <ol className="bars" aria-live="polite">
              {near.slice(0, 7).map(({ item, likeness }) => (
                <li
                  key={`${item.prompt} ${item.seed}`}
                  style={{ "--part": Math.max(0, likeness) } as React.CSSProperties}
                >
                  <button type="button" className="plain" onClick={() => setSelected(items.indexOf(item))}>
                    {item.prompt}
                  </button>
                  <span className="number">{likeness.toFixed(2)}</span>
                </li>
              ))}
            </ol>
            {near.length === 0 && <p className="quiet">Its picture is being drawn …</p>}
          </div>
        </div>
        <form
          className="prompt"
          onSubmit={(event) => {
            event.preventDefault();
            void add().catch(complain);
          }}
        >
          <label htmlFor={id}>Add a point</label>
          <input id={id} value={typed} autoComplete="off" onChange={(event) => setTyped(event.target.value)} />
          <button type="submit" className="primary">
            Add
          </button>
        </form>
      </section>
      {items.length > 1 && <Between lab={lab} items={items} waiting={drawing.busy} />}
    </>
  );
}
