// Listening: a picture, and for each word where it was heard; for each place, which words it listened to.
import type { Pixels } from "dreamgrain/web";
import { type CSSProperties, useEffect, useState } from "react";
import { type Lab, newSeed } from "../work/lab.ts";
import { type Heard, listen } from "../work/listening.ts";
import { useTask } from "../work/task.ts";
import { Canvas } from "./Canvas.tsx";

interface Told extends Heard {
  readonly words: readonly string[];
}

/** Steps of a drawing that is listened to: what words do is decided early. */
const STEPS = 12;

/** Draws the text, and shows its attention. */
export function Listening({ lab, text }: { readonly lab: Lab; readonly text: string }) {
  const [seed, setSeed] = useState(4);
  const [coming, setComing] = useState<Pixels>();
  const [told, setTold] = useState<Told>();
  const [word, setWord] = useState<number>();
  const [place, setPlace] = useState<readonly [x: number, y: number]>([0.5, 0.5]);
  const task = useTask();
  useEffect(() => {
    task.run(async (signal) => {
      setWord(undefined);
      const words = lab.model.texts[0].tokenizer.encode(text).pieces.map((piece) => piece.text);
      const heard = await listen(lab, text, { seed, steps: STEPS }, signal, (rough) => setComing(rough));
      setComing(undefined);
      setTold({ ...heard, words });
    });
  }, [lab, text, seed, task.run]);

  const shown = coming ?? (told && (word === undefined ? told.picture : lit(told, word)));
  const here = told && heardAt(told, place);
  const move = (dx: number, dy: number): void =>
    setPlace(([x, y]) => [Math.min(0.99, Math.max(0, x + dx)), Math.min(0.99, Math.max(0, y + dy))]);
  return (
    <section className="lesson" aria-label="Who listens to whom">
      <h2>Who listens to whom</h2>
      <p>
        The picture of your text, drawn just now. Choose a word and see where it was heard; move over the picture, or
        use the arrow keys on it, and see what that place listened to.
      </p>
      <div className="listening" aria-busy={task.busy}>
        <div
          className="region"
          role="application"
          // biome-ignore lint/a11y/noNoninteractiveTabindex: it is moved about in by arrow keys
          tabIndex={0}
          aria-label="The picture; arrow keys move to another place"
          aria-describedby="heard-here"
          onPointerMove={(event) => {
            const box = event.currentTarget.getBoundingClientRect();
            setPlace([
              Math.min(0.99, Math.max(0, (event.clientX - box.left) / box.width)),
              Math.min(0.99, Math.max(0, (event.clientY - box.top) / box.height)),
            ]);
          }}
          onKeyDown={(event) => {
            const by = told ? 1 / told.width : 0.1;
            const ways: Readonly<Record<string, readonly [number, number]>> = {
              ArrowLeft: [-by, 0],
              ArrowRight: [by, 0],
              ArrowUp: [0, -by],
              ArrowDown: [0, by],
            };
            const way = ways[event.key];
            if (!way) return;
            event.preventDefault();
            move(...way);
          }}
        >
          <Canvas
            pixels={shown}
            label={word === undefined || !told ? text : `Where “${told.words[word]}” was heard is bright`}
          />
          {told && !coming && (
            <span
              className="place"
              style={
                {
                  "--x": Math.floor(place[0] * told.width) / told.width,
                  "--y": Math.floor(place[1] * told.height) / told.height,
                  "--w": 1 / told.width,
                  "--h": 1 / told.height,
                } as CSSProperties
              }
            />
          )}
        </div>
        <div>
          <fieldset className="choices">
            <legend>Where was heard …</legend>
            {told?.words.map((name, i) => (
              <button
                // biome-ignore lint/suspicious/noArrayIndexKey: words are told apart by their place alone
                key={i}
                type="button"
                aria-pressed={word === i}
                onClick={() => setWord(word === i ? undefined : i)}
              >
                {name}
              </button>
            ))}
          </fieldset>
          <h3>This place listened to</h3>
          <ol className="bars" id="heard-here" aria-live="polite">
            {here?.slice(0, 6).map(({ name, share, i }) => (
              <li key={i} style={{ "--part": share } as CSSProperties}>
                {name} <span className="number">{Math.round(share * 100)} %</span>
              </li>
            ))}
          </ol>
          <button type="button" onClick={() => setSeed(newSeed())}>
            Draw another
          </button>
        </div>
      </div>
    </section>
  );
}

/** Of the attention that a place paid to words, the share of each; those that were heard most come first. */
function heardAt({ maps, words, width, height }: Told, [x, y]: readonly [number, number]) {
  const at = Math.floor(y * height) * width + Math.floor(x * width);
  const all = words.map((name, i) => ({ name, i, share: maps[i + 1]?.[at] ?? 0 })); // after the token that starts a row
  const sum = all.reduce((total, { share }) => total + share, 0);
  return all.map((one) => ({ ...one, share: sum > 0 ? one.share / sum : 0 })).sort((a, b) => b.share - a.share);
}

/** What lights a picture up: red, green and blue that are added where a word was heard most. */
const GLOW = [110, 55, 10];

/** The picture, lit where a word was heard: bright and glowing where most, dark where least. */
function lit({ picture, maps, width, height }: Told, word: number): Pixels {
  const map = maps[word + 1] ?? new Float32Array(width * height);
  const [least, most] = [Math.min(...map), Math.max(...map)];
  const at = (x: number, y: number): number =>
    map[Math.min(height - 1, Math.max(0, y)) * width + Math.min(width - 1, Math.max(0, x))] ?? 0;
  const data = new Uint8Array(picture.data.length);
  for (let y = 0; y < picture.height; y++)
    for (let x = 0; x < picture.width; x++) {
      // Between the middles of four places, as far as it lies from each.
      const [px, py] = [((x + 0.5) / picture.width) * width - 0.5, ((y + 0.5) / picture.height) * height - 0.5];
      const [left, top] = [Math.floor(px), Math.floor(py)];
      const [fx, fy] = [px - left, py - top];
      const value =
        (at(left, top) * (1 - fx) + at(left + 1, top) * fx) * (1 - fy) +
        (at(left, top + 1) * (1 - fx) + at(left + 1, top + 1) * fx) * fy;
      const heard = most > least ? (value - least) / (most - least) : 0;
      const i = (y * picture.width + x) * picture.channels;
      for (const [c, glow] of GLOW.entries())
        data[i + c] = Math.min(255, (picture.data[i + c] ?? 0) * (0.2 + 0.8 * heard) + glow * heard ** 2);
    }
  return { ...picture, data };
}
