// Create: words, and the picture coming out of the noise. The picture first, the words under the thumb, the rest beside.
import { useEffect } from "react";
import { useSearchParams } from "wouter";
import { useHotkeys } from "../shell/hotkeys.ts";
import { Composer } from "./Composer.tsx";
import { drawnSeed } from "./form.ts";
import { Panel } from "./Panel.tsx";
import { Queue } from "./Queue.tsx";
import { Stage } from "./Stage.tsx";
import { Strip } from "./Strip.tsx";
import { edit, useCreate } from "./store.ts";
import "./create.css";

/** /. A shared text (`?prompt=`, the manifest's share target) becomes the prompt. */
export default function Create() {
  const [search, setSearch] = useSearchParams();
  const shared = search.get("prompt");
  useEffect(() => {
    if (shared === null) return;
    edit({ prompt: shared });
    setSearch({}, { replace: true });
  }, [shared, setSearch]);
  useHotkeys({
    dice: () => edit({ seed: drawnSeed(), locked: true }),
    lock: () => edit({ locked: !useCreate.getState().form.locked }),
  });
  return (
    <div className="create">
      <h1 className="hidden">Create</h1>
      <Stage />
      <Strip />
      <Composer />
      <aside className="side" aria-label="Settings and queue">
        <Panel />
        <Queue />
      </aside>
    </div>
  );
}
