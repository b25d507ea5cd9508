// Words to draw: typed, and taken when Enter or the button says so; with a seed that can be thrown anew.
import { Dices } from "lucide-react";
import { useId, useState } from "react";
import { newSeed } from "../work/lab.ts";

/** What is to be drawn. */
export interface Subject {
  readonly prompt: string;
  readonly seed: number;
}

/** A form for a subject. */
export function Prompt({
  subject,
  label = "A picture of",
  onChange,
}: {
  readonly subject: Subject;
  readonly label?: string;
  readonly onChange: (subject: Subject) => void;
}) {
  const id = useId();
  const [typed, setTyped] = useState(subject.prompt);
  return (
    <form
      className="prompt"
      onSubmit={(event) => {
        event.preventDefault();
        onChange({ ...subject, prompt: typed });
      }}
    >
      <label htmlFor={id}>{label}</label>
      <input id={id} value={typed} autoComplete="off" onChange={(event) => setTyped(event.target.value)} />
      <button type="submit" className="primary">
        Draw
      </button>
      <button
        type="button"
        className="plain number"
        aria-label={`Seed ${subject.seed}: throw another`}
        onClick={() => onChange({ prompt: typed, seed: newSeed() })}
      >
        <Dices aria-hidden="true" /> {subject.seed}
      </button>
    </form>
  );
}
