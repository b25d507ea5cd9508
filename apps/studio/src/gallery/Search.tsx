// The search: by the words of prompts, or by what pictures show where the server can tell.
import { Search as Glass, X } from "lucide-react";
import { useEffect, useState } from "react";
import type { Filter } from "../api/pictures.ts";
import { useServer, useStill } from "../api/queries.ts";

/** One field, and a switch between words and meaning. */
export function Search({ filter, onChange }: { readonly filter: Filter; readonly onChange: (filter: Filter) => void }) {
  const { data: server } = useServer();
  const [words, setWords] = useState("");
  const [by, setBy] = useState<"text" | "meaning">("text");
  const still = useStill(words, 200);
  const meaning = server?.meaning;
  // biome-ignore lint/correctness/useExhaustiveDependencies: only what was typed changes the filter.
  useEffect(() => {
    const text = still.trim();
    if (text !== (filter[by] ?? "")) onChange(text === "" ? {} : { [by]: text });
  }, [still, by]);
  // Whatever else is shown, stars, the bin, what is like another picture, is not what the words say.
  useEffect(() => {
    if (filter.text === undefined && filter.meaning === undefined) setWords("");
  }, [filter]);
  return (
    <search className="search">
      <label className="search-field">
        <span className="hidden">{by === "text" ? "Search the words of prompts" : "Search what pictures show"}</span>
        <Glass aria-hidden="true" />
        <input
          data-main-field
          type="search"
          value={words}
          placeholder={by === "text" ? "Words of a prompt" : "What it shows"}
          onChange={(event) => setWords(event.target.value)}
        />
      </label>
      <fieldset className="switch">
        <legend className="hidden">Search by</legend>
        <button type="button" aria-pressed={by === "text"} onClick={() => setBy("text")}>
          Words
        </button>
        <button
          type="button"
          aria-pressed={by === "meaning"}
          disabled={!meaning?.available}
          title={meaning?.available ? undefined : (meaning?.reason ?? undefined)}
          onClick={() => setBy("meaning")}
        >
          Meaning
        </button>
      </fieldset>
      {filter.similar !== undefined && (
        <button type="button" onClick={() => onChange({})}>
          <X aria-hidden="true" /> Similar to one
        </button>
      )}
    </search>
  );
}
