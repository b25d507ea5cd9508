// Two pictures over each other, with a line to draw across, and what they differ in.
import type { Picture } from "@dreamgrain/server/contract";
import { X } from "lucide-react";
import { useState } from "react";
import { Dialog } from "../shell/Dialog.tsx";
import { differences } from "./walking.ts";

/** Settings whose names say little. */
const titles: Readonly<Record<string, string>> = {
  hires: "two passes",
  clipSkip: "clip skip",
  imageGuidance: "picture guidance",
};

/** Open with two pictures. */
export function Compare({
  open,
  one,
  two,
  onClose,
}: {
  readonly open: boolean;
  readonly one: Picture | undefined;
  readonly two: Picture | undefined;
  readonly onClose: () => void;
}) {
  return (
    <Dialog open={open && one !== undefined && two !== undefined} onClose={onClose} label="Compare" className="compare">
      {one && two && <Pair one={one} two={two} onClose={onClose} />}
    </Dialog>
  );
}

function Pair({ one, two, onClose }: { readonly one: Picture; readonly two: Picture; readonly onClose: () => void }) {
  const [at, setAt] = useState(50);
  const differing = differences(one.settings, two.settings);
  return (
    <>
      <header>
        <h2>Compare</h2>
        <button type="button" className="icon" aria-label="Close" onClick={onClose}>
          <X aria-hidden="true" />
        </button>
      </header>
      <div
        className="over"
        style={{ "--at": `${at}%`, aspectRatio: `${one.width} / ${one.height}` } as React.CSSProperties}
      >
        <img src={two.url} alt={`Right: ${two.settings.prompt ?? "no words"}`} />
        <img src={one.url} alt={`Left: ${one.settings.prompt ?? "no words"}`} className="left" />
        <span className="line" />
        <input
          type="range"
          min={0}
          max={100}
          step={0.5}
          value={at}
          aria-label="How much of the left picture is shown"
          onChange={(event) => setAt(Number(event.target.value))}
        />
      </div>
      <table>
        <thead>
          <tr>
            <th scope="col">Differs in</th>
            <th scope="col">Left</th>
            <th scope="col">Right</th>
          </tr>
        </thead>
        <tbody>
          {differing.map(({ name, one, two }) => (
            <tr key={name}>
              <th scope="row">{titles[name] ?? name}</th>
              <td className="number">{one}</td>
              <td className="number">{two}</td>
            </tr>
          ))}
          {differing.length === 0 && (
            <tr>
              <td colSpan={3}>Nothing: they were made from the same.</td>
            </tr>
          )}
        </tbody>
      </table>
    </>
  );
}
