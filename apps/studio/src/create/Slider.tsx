// A number with a name: a slider for the hand, a field for the exact value.
import { type ReactNode, useId, useState } from "react";
import { rounded } from "./form.ts";

/** `value` is shown where nothing is chosen too; `onReset` (where something is) goes back to what the model likes. */
export function Slider({
  label,
  value,
  least,
  most,
  step = 1,
  far = most,
  hint,
  onChange,
  onReset,
}: {
  readonly label: string;
  readonly value: number;
  readonly least: number;
  /** Of the slider. */
  readonly most: number;
  readonly step?: number;
  /** Of the field. */
  readonly far?: number;
  readonly hint?: ReactNode;
  readonly onChange: (value: number) => void;
  readonly onReset?: (() => void) | undefined;
}) {
  const id = useId();
  const [typed, setTyped] = useState<string>();
  const part = ((Math.min(Math.max(value, least), most) - least) / (most - least)) * 100;
  const take = (text: string): void => {
    const number = Number(text.replace(",", "."));
    setTyped(undefined);
    if (text.trim() === "") onReset?.();
    else if (Number.isFinite(number)) onChange(rounded(Math.min(far, Math.max(least, number)), step));
  };
  return (
    <div className="slider">
      <label htmlFor={id}>{label}</label>
      <input
        className="value number"
        inputMode="decimal"
        aria-label={`${label}, exactly`}
        value={typed ?? String(value)}
        onChange={(event) => setTyped(event.target.value)}
        onBlur={(event) => typed !== undefined && take(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === "Enter" && !event.ctrlKey && !event.metaKey) {
            event.preventDefault();
            take(event.currentTarget.value);
          }
          if (event.key === "Escape") setTyped(undefined);
        }}
      />
      <input
        id={id}
        type="range"
        min={least}
        max={most}
        step={step}
        value={Math.min(value, most)}
        style={{ "--at": `${part}%` } as React.CSSProperties}
        onChange={(event) => onChange(Number(event.target.value))}
        onDoubleClick={onReset}
      />
      {hint && <p className="hint">{hint}</p>}
    </div>
  );
}
