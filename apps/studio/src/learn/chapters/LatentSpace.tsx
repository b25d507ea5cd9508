// Latent space: texts and pictures as points, who is near whom, and a walk from one to another.
import type { Embedder } from "dreamgrain/web";
import { useEffect, useId, useMemo, useState } from "react";
import { complain } from "../../shell/notes.ts";
import { Between } from "../parts/Between.tsx";
import { Curious } from "../parts/Curious.tsx";
import { Equation } from "../parts/Equation.tsx";
import { Points } from "../parts/Points.tsx";
import { WithLab } from "../parts/WithLab.tsx";
import {
  described,
  drawBetween,
  type Item,
  keptItems,
  nearest,
  type Point,
  pointOf,
  pointsIn,
  type Space,
  titleOf,
  understood,
} from "../work/collection.ts";
import { type Lab, newSeed, openEye } from "../work/lab.ts";
import { useTask } from "../work/task.ts";
import { principal } from "../work/vectors.ts";

/** The chapter. */
export default function LatentSpace() {
  return (
    <>
      <p>
        To the model a text is a point in a space of many dimensions, and so is a picture. What is alike lies close
        together, and between any two points there are others: walk there, and a castle turns into a boat without ever
        ceasing to be a picture.
      </p>
      <WithLab>{(lab) => <Collection lab={lab} />}</WithLab>
      <Curious
        files={[
          "src/models/clip-text.ts",
          "src/models/vae.ts",
          "src/embeddings/distance.ts",
          "src/diffusion/variation.ts",
        ]}
      >
        <Equation>
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
        </Equation>
        <p>
          The cosine between two vectors; of texts and of latents less the mean of all. A text's vector is what the text
          encoder says at its end, a picture's are its latents; for meaning, both come from a small CLIP (Radford et
          al., 2021). The plane is that of the two principal components. Seeds are mixed along a great circle, so that
          noise stays noise.
        </p>
      </Curious>
    </>
  );
}

/** Where the collection begins: families of things, so that there is something to find; fewer of them beside a gallery. */
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
const FEWEST = 4;

/** What the spaces are called, and what is to be known of each. */
const SPACES: Readonly<Record<Space, { readonly name: string; readonly hint: string }>> = {
  text: { name: "The texts", hint: "As the text encoder reads them: this is what guides a drawing." },
  picture: { name: "The pictures", hint: "As latents: they know what is where, not what it means." },
  meaning: {
    name: "Both, by meaning",
    hint: "Another small model puts texts and pictures into one space, so that words find pictures.",
  },
};

function Collection({ lab }: { readonly lab: Lab }) {
  const id = useId();
  const [items, setItems] = useState<readonly Item[]>([]);
  const [eye, setEye] = useState<Embedder>();
  const [space, setSpace] = useState<Space>("text");
  const [selected, setSelected] = useState<{ readonly index: number; readonly what: Point["what"] }>({
    index: 0,
    what: "text",
  });
  const [typed, setTyped] = useState("");
  const drawing = useTask();
  const looking = useTask();

  useEffect(() => {
    let current = true;
    const begin = async (): Promise<Item[]> => {
      const kept = await keptItems(lab, complain).catch((problem: unknown) => {
        complain(problem);
        return [];
      });
      const first = FIRST.slice(0, Math.max(FEWEST, FIRST.length - kept.length));
      return [...(await Promise.all(first.map((prompt, i) => described(lab, prompt, 20 + i)))), ...kept];
    };
    begin().then((first) => {
      if (current) setItems(first);
    }, complain);
    openEye(lab).then((found) => {
      if (current) setEye(found);
    }, complain);
    return () => {
      current = false;
    };
  }, [lab]);
  const change = (item: Item, more: Partial<Item>): void =>
    setItems((all) => all.map((one) => (one.id === item.id ? { ...one, ...more } : one)));
  const next = items.find((item) => !item.picture);
  const nextKey = next?.id;
  // biome-ignore lint/correctness/useExhaustiveDependencies: an item is a new object when something is known of it; its id counts
  useEffect(() => {
    if (!next) return;
    drawing.run(async (signal) => {
      const place = { from: next, to: next, words: 0, noise: 0 };
      change(next, { picture: await drawBetween(lab, place, signal, () => {}) });
    });
  }, [lab, nextKey, drawing.run]);
  const strange = eye && items.find(({ meaning, picture }) => !meaning || (picture && !meaning.picture));
  // biome-ignore lint/correctness/useExhaustiveDependencies: as above, and `change` is the same for every drawing of the page
  useEffect(() => {
    if (!eye || !strange) return;
    looking.run(async (signal) => {
      const meaning = await understood(eye, strange);
      if (!signal.aborted) change(strange, { meaning });
    });
  }, [eye, strange, looking.run]);

  const points = useMemo(() => pointsIn(space, items), [items, space]);
  const places = useMemo(() => principal(points.map(({ vector }) => vector)), [points]);
  const chosen = items[selected.index];
  const kept = items.filter((item) => item.kept);
  const drawn = useMemo(() => items.filter((item) => !item.kept), [items]);
  const mine = chosen && pointOf(points, chosen, space === "meaning" ? selected.what : space);
  const near = useMemo(() => (mine ? nearest(space, points, mine) : []), [space, points, mine]);
  const choose = ({ item, what }: Point): void => setSelected({ index: items.indexOf(item), what });
  const named = ({ item, what }: Point): string =>
    space !== "meaning" ? titleOf(item) : what === "text" ? `“${titleOf(item)}”` : `the picture of ${titleOf(item)}`;

  const add = async (): Promise<void> => {
    const prompt = typed.trim();
    if (prompt === "") return;
    const item = await described(lab, prompt, newSeed());
    setItems((all) => [...all, item]);
    setSelected({ index: items.length, what: "text" });
    setTyped("");
  };
  return (
    <>
      <section className="lesson" aria-label="The space">
        <fieldset className="choices">
          <legend className="hidden">Points of</legend>
          {(["text", "picture", ...(eye ? (["meaning"] as const) : [])] as const).map((name) => (
            <button key={name} type="button" aria-pressed={space === name} onClick={() => setSpace(name)}>
              {SPACES[name].name}
            </button>
          ))}
        </fieldset>
        <p className="quiet">{SPACES[space].hint}</p>
        {items.length > 0 && (
          <p className="quiet">
            {kept.length > 0
              ? `Of your gallery, the newest ${kept.length === 1 ? "picture is" : `${kept.length} pictures are`} among them.`
              : "Pictures that you make in Create will be among them."}
          </p>
        )}
        <div className="space">
          <Points
            points={points.map((point, i) => ({ point, place: places[i] ?? [0, 0] }))}
            labelled={space === "meaning"}
            selected={mine}
            onSelect={choose}
          />
          <div>
            <h3>{mine ? `Nearest to ${space === "meaning" ? named(mine) : `“${titleOf(mine.item)}”`}` : "Nearest"}</h3>
            <ol className="bars" aria-live="polite">
              {near.slice(0, 7).map(({ point, likeness }) => (
                <li
                  key={`${point.item.id} ${point.what}`}
                  style={{ "--part": Math.max(0, likeness) } as React.CSSProperties}
                >
                  <button type="button" className="plain" onClick={() => choose(point)}>
                    {named(point)}
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
      {drawn.length > 1 && <Between lab={lab} items={drawn} waiting={drawing.busy} />}
    </>
  );
}
