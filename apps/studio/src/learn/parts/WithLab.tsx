// What a chapter shows until the model is there.
import { type ReactNode, useEffect } from "react";
import { type Lab, openLab, useOpening } from "../work/lab.ts";

/** Opens the laboratory and draws `children` with it; until then it says how far that is. */
export function WithLab({ children }: { readonly children: (lab: Lab) => ReactNode }) {
  const opening = useOpening();
  useEffect(() => void openLab(), []);
  if (opening.state === "open") return children(opening.lab);
  if (opening.state === "failed")
    return (
      <p className="banner" role="alert">
        The model cannot be used here. {opening.why}{" "}
        <button type="button" onClick={() => void openLab()}>
          Try again
        </button>
      </p>
    );
  const loaded = opening.state === "opening" ? opening.loaded : 0;
  return (
    <p className="quiet" role="status">
      Fetching the model, once, to run it in this page … {(loaded / 1e6).toFixed(1)} MB
    </p>
  );
}
