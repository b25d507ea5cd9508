// A slider with its name and what its value means.
import { type CSSProperties, useId } from "react";

/** `said` is the value in words, shown beside the name and read out. */
export function Range({
  label,
  value,
  least,
  most,
  step = 1,
  said = `${value}`,
  disabled = false,
  onChange,
}: {
  readonly label: string;
  readonly value: number;
  readonly least: number;
  readonly most: number;
  readonly step?: number;
  readonly said?: string;
  readonly disabled?: boolean;
  readonly onChange: (value: number) => void;
}) {
  const id = useId();
  const at = `${((value - least) / Math.max(most - least, 1e-9)) * 100}%`;
  return (
    <div className="range">
      <label htmlFor={id}>{label}</label>
      <output htmlFor={id} className="number">
        {said}
      </output>
      <input
        id={id}
        type="range"
        min={least}
        max={most}
        step={step}
        value={value}
        disabled={disabled}
        aria-valuetext={said}
        style={{ "--at": at } as CSSProperties}
        onChange={(event) => onChange(Number(event.target.value))}
      />
    </div>
  );
}
