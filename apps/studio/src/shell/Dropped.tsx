// A picture dropped anywhere: its settings come back, or the next picture begins with it.
import { useEffect, useState } from "react";
import { useLocation } from "wouter";
import { beginWith } from "../create/store.ts";
import { complain, note } from "./notes.ts";
import { restore } from "./restore.ts";

/** The two places to drop on, shown while a file is over the page. */
export function Dropped() {
  const [over, setOver] = useState<"no" | "restore" | "begin">("no");
  const [, go] = useLocation();
  useEffect(() => {
    const carriesFile = (event: DragEvent): boolean => event.dataTransfer?.types.includes("Files") ?? false;
    const place = (event: DragEvent) => (event.clientX < window.innerWidth / 2 ? "restore" : "begin");
    const move = (event: DragEvent): void => {
      if (!carriesFile(event)) return;
      event.preventDefault();
      setOver(place(event));
    };
    const leave = (event: DragEvent): void => {
      if (event.relatedTarget === null) setOver("no");
    };
    const drop = (event: DragEvent): void => {
      if (!carriesFile(event)) return;
      event.preventDefault();
      setOver("no");
      const file = event.dataTransfer?.files[0];
      if (!file) return;
      go("/");
      if (place(event) === "restore") void restore(file);
      else beginWith(file).then(() => note("The next picture begins with the one that you dropped."), complain);
    };
    const paste = (event: ClipboardEvent): void => {
      const file = event.clipboardData?.files[0];
      if (!file) return;
      event.preventDefault();
      go("/");
      void restore(file);
    };
    window.addEventListener("dragover", move);
    window.addEventListener("dragleave", leave);
    window.addEventListener("drop", drop);
    window.addEventListener("paste", paste);
    return () => {
      window.removeEventListener("dragover", move);
      window.removeEventListener("dragleave", leave);
      window.removeEventListener("drop", drop);
      window.removeEventListener("paste", paste);
    };
  }, [go]);
  if (over === "no") return null;
  return (
    <div className="drop" aria-hidden="true">
      <div data-over={over === "restore"}>
        <strong>Restore its settings</strong>
        <span>of dreamgrain, A1111, ComfyUI or InvokeAI</span>
      </div>
      <div data-over={over === "begin"}>
        <strong>Begin with it</strong>
        <span>the next picture starts from this one</span>
      </div>
    </div>
  );
}
