// Between: a walk from one text to another, or from one seed to another.
import type { Pixels } from "dreamgrain/web";
import { useEffect, useId, useState } from "react";
import { drawBetween, type Item } from "../work/collection.ts";
import type { Lab } from "../work/lab.ts";
import { useSettled, useTask } from "../work/task.ts";
import { Shown } from "./Canvas.tsx";
import { Range } from "./Range.tsx";

/** `waiting` while the collection is being drawn, which goes first. */
export function Between({
  lab,
  items,
  waiting,
}: {
  readonly lab: Lab;
  readonly items: readonly Item[];
  readonly waiting: boolean;
}) {
  const [from, setFrom] = useState(0);
  const [to, setTo] = useState(2);
  const [words, setWords] = useState(0.5);
  const [noise, setNoise] = useState(0);
  const [middle, setMiddle] = useState<Pixels>();
  const chosen = `${words} ${noise}`;
  const settled = useSettled(chosen);
  const walking = useTask();
  const [a, b] = [items[from], items[to]];
  const [first, second] = [a && `${a.prompt} ${a.seed}`, b && `${b.prompt} ${b.seed}`];
  // biome-ignore lint/correctness/useExhaustiveDependencies: an item is a new object when its picture comes; its text and seed count
  useEffect(() => {
    if (waiting || !a || !b) return;
    const [ofWords = 0, ofNoise = 0] = settled.split(" ").map(Number);
    walking.run(async (signal) => {
      const place = { from: a, to: b, words: ofWords, noise: ofNoise };
      const { pixels } = await drawBetween(lab, place, signal, setMiddle);
      setMiddle(pixels);
    });
  }, [lab, waiting, first, second, settled, walking.run]);

  const percent = (value: number): string => `${Math.round(value * 100)} %`;
  return (
    <section className="lesson" aria-label="Between two points">
      <h2>Between two points</h2>
      <div className="ends">
        <Choice label="From" items={items} value={from} onChange={setFrom} />
        <Choice label="To" items={items} value={to} onChange={setTo} />
      </div>
      <div className="pictures three" aria-busy={walking.busy || settled !== chosen}>
        <Shown pixels={a?.picture?.pixels} label={a?.prompt ?? ""} caption={a?.prompt ?? ""} />
        <Shown
          pixels={middle}
          label={`${percent(words)} of the way in words, ${percent(noise)} in noise`}
          caption="Between"
        />
        <Shown pixels={b?.picture?.pixels} label={b?.prompt ?? ""} caption={b?.prompt ?? ""} />
      </div>
      <Range
        label="Way between the words"
        value={words}
        least={0}
        most={1}
        step={0.05}
        said={percent(words)}
        onChange={setWords}
      />
      <Range
        label="Way between the seeds"
        value={noise}
        least={0}
        most={1}
        step={0.05}
        said={percent(noise)}
        onChange={setNoise}
      />
    </section>
  );
}

function Choice({
  label,
  items,
  value,
  onChange,
}: {
  readonly label: string;
  readonly items: readonly Item[];
  readonly value: number;
  readonly onChange: (index: number) => void;
}) {
  const id = useId();
  return (
    <div>
      <label htmlFor={id}>{label}</label>
      <select id={id} value={value} onChange={(event) => onChange(Number(event.target.value))}>
        {items.map((item, i) => (
          <option key={item.id} value={i}>
            {item.prompt}
          </option>
        ))}
      </select>
    </div>
  );
}
