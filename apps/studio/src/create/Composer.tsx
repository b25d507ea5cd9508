// The words: prompt and negative prompt, how they are read, what the picture will cost and take, and the button.
import { CornerDownLeft, Minus, Square, WandSparkles } from "lucide-react";
import { type KeyboardEvent, useRef, useState } from "react";
import { useModels, useQuote, useServer, useTokens } from "../api/queries.ts";
import { useLive } from "../api/use-live.ts";
import { hotkeys, matches, written } from "../shell/hotkeys.ts";
import { cancelCurrent } from "../shell/jobs.ts";
import { complain } from "../shell/notes.ts";
import { credits, duration } from "../shell/words.ts";
import { replaced, requestOf } from "./form.ts";
import { draw, edit, useCreate } from "./store.ts";

/** The bar under the picture; at the thumb on a phone. */
export function Composer() {
  const form = useCreate((state) => state.form);
  const { data: server } = useServer();
  const models = useModels();
  const active = useLive((live) => live.order.length > 0);
  const [avoiding, setAvoiding] = useState(form.negative !== "");
  const shownNegative = avoiding || form.negative !== "";
  const quote = useQuote(requestOf(form), models.length > 0);
  const pressed = (): void => void draw().catch(complain);
  const refused = quote.error?.message;
  return (
    <form
      className="composer"
      onSubmit={(event) => {
        event.preventDefault();
        pressed();
      }}
    >
      <div className="words">
        <Words
          name="prompt"
          label="Prompt"
          placeholder="a red sailboat at dusk, watercolor"
          limit={server?.limits.promptLength}
        />
        {shownNegative && (
          <Words
            name="negative"
            label="Avoid"
            placeholder="what should not be there"
            limit={server?.limits.promptLength}
          />
        )}
      </div>
      <Unread />
      <div className="do">
        <button
          type="button"
          className="plain small"
          aria-expanded={shownNegative}
          onClick={() => {
            setAvoiding(!shownNegative);
            if (shownNegative) edit({ negative: "" });
          }}
        >
          <Minus aria-hidden="true" />
          Avoid
        </button>
        <p className={refused || quote.data?.affordable === false ? "quote bad" : "quote"} aria-live="polite">
          {refused ?? <Cost quote={quote.data} accounts={server?.accounts ?? false} />}
        </p>
        {active && (
          <button
            type="button"
            className="cancel"
            onClick={cancelCurrent}
            title={written(hotkeys.cancel.keys).join(" ")}
          >
            <Square aria-hidden="true" />
            <span>Cancel</span>
          </button>
        )}
        <button
          type="submit"
          className="primary generate"
          title={written(hotkeys.draw.keys).join(" ")}
          disabled={models.length === 0}
        >
          {active ? <CornerDownLeft aria-hidden="true" /> : <WandSparkles aria-hidden="true" />}
          {active ? "Add to queue" : form.count > 1 ? `Generate ${form.count}` : "Generate"}
        </button>
      </div>
    </form>
  );
}

/** What the button will cost and take. */
function Cost({
  quote,
  accounts,
}: {
  readonly quote: ReturnType<typeof useQuote>["data"];
  readonly accounts: boolean;
}) {
  if (!quote) return null;
  const { seconds, wait, price, affordable, measured } = quote;
  return (
    <>
      <span className="number">
        {measured ? "" : "about "}
        {duration(seconds)}
      </span>
      {wait > 1 && <span className="number aside"> · begins in {duration(wait)}</span>}
      <span> · </span>
      <span className="number">{credits(price)}</span>
      {!accounts && <span className="aside"> (free here)</span>}
      {!affordable && <span> · more than you have</span>}
    </>
  );
}

/** One field of words, with how many tokens they are. It grows with what is in it; Alt and arrows go through earlier prompts. */
function Words({
  name,
  label,
  placeholder,
  limit,
}: {
  readonly name: "prompt" | "negative";
  readonly label: string;
  readonly placeholder: string;
  readonly limit: number | undefined;
}) {
  const text = useCreate((state) => state.form[name]);
  const history = useCreate((state) => state.history);
  const model = useCreate((state) => state.form.model);
  const reading = useTokens(text, model).data?.readings[0];
  const at = useRef(-1);
  const draft = useRef("");
  const used = reading?.pieces.length ?? 0;
  const room = reading ? reading.perRow * Math.max(1, reading.rows) : undefined;
  const go = (event: KeyboardEvent, way: 1 | -1): void => {
    const to = at.current + way;
    if (name !== "prompt" || to < -1 || to >= history.length) return;
    event.preventDefault();
    if (at.current === -1) draft.current = text;
    at.current = to;
    edit({ prompt: to === -1 ? draft.current : (history[to] ?? "") });
  };
  return (
    <label className={`field-words ${name}`}>
      <span className="name">{label}</span>
      <textarea
        {...(name === "prompt" && { "data-main-field": true })}
        rows={1}
        value={text}
        placeholder={placeholder}
        maxLength={limit ?? 4000}
        spellCheck
        autoCapitalize="none"
        enterKeyHint="done"
        onChange={(event) => {
          at.current = -1;
          edit({ [name]: event.target.value });
        }}
        onKeyDown={(event) => {
          const pressed = event.nativeEvent;
          if (matches(hotkeys.older.keys, pressed)) go(event, 1);
          if (matches(hotkeys.newer.keys, pressed)) go(event, -1);
        }}
      />
      {room !== undefined && (
        <span className={reading && reading.dropped > 0 ? "tokens bad" : "tokens"}>
          <span className="number">
            {used}/{room}
          </span>{" "}
          <span className="unit">tokens</span>
        </span>
      )}
    </label>
  );
}

/** Words that the model does not know, each with the nearest that it does. */
function Unread() {
  const { prompt, model } = useCreate((state) => state.form);
  const reading = useTokens(prompt, model).data?.readings[0];
  if (!reading || (reading.unknown.length === 0 && reading.dropped === 0)) return null;
  return (
    <p className="unread">
      {reading.dropped > 0 && <span>The last {reading.dropped} tokens find no room. </span>}
      {reading.unknown.length > 0 && <span>Not in this model's words: </span>}
      {reading.unknown.map(({ word, nearest }) => (
        <span key={word} className="unknown">
          <s>{word}</s>
          {nearest !== undefined && (
            <button type="button" className="chip" onClick={() => edit({ prompt: replaced(prompt, word, nearest) })}>
              {nearest}
            </button>
          )}
        </span>
      ))}
    </p>
  );
}
