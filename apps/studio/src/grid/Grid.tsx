// Grid: the same picture over and over with two things changed, and what each cell took and cost.

import type { Quote } from "@dreamgrain/server/contract";
import { useQueries } from "@tanstack/react-query";
import { Grid3x3, Square } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { useLocation, useParams } from "wouter";
import { post } from "../api/client.ts";
import { useModels, useStill } from "../api/queries.ts";
import { useLive } from "../api/use-live.ts";
import { requestOf } from "../create/form.ts";
import { edit, useCreate } from "../create/store.ts";
import { Choice } from "../shell/Choice.tsx";
import { useHotkeys } from "../shell/hotkeys.ts";
import { cancelAll } from "../shell/jobs.ts";
import { complain } from "../shell/notes.ts";
import { counted, credits, duration } from "../shell/words.ts";
import { type AxisName, axes, type Cell, cellsOf, costKey, valuesOf } from "./axes.ts";
import { sendCells } from "./draw.ts";
import { Sheet, useLists } from "./Sheet.tsx";
import { type Typed, useGrid } from "./store.ts";
import "./grid.css";

/** For a model that draws in one quality. */
const SEEDS: Typed = { name: "seed", text: "1-3" };

const ideas: readonly { readonly title: string; readonly x: Typed; readonly y: Typed }[] = [
  {
    title: "What are steps worth?",
    x: { name: "steps", text: "1, 2, 4, 8, 16, 32" },
    y: { name: "quality", text: "fast, best" },
  },
  { title: "How hard to guide?", x: { name: "guidance", text: "0, 1, 2, 4, 8, 16" }, y: SEEDS },
  {
    title: "Which sampler, how many steps?",
    x: { name: "steps", text: "3, 6, 12, 24" },
    y: { name: "sampler", text: "euler, euler_a, heun, dpmpp2m" },
  },
];

/** /grid, and /grid/:group for one that was drawn. */
export default function Grid() {
  const { group } = useParams<{ group?: string }>();
  const [, go] = useLocation();
  const { x, y, group: latest } = useGrid();
  const form = useCreate((state) => state.form);
  const models = useModels();
  const model = models.find(({ id }) => id === form.model) ?? models[0];
  const oneQuality = model?.fewSteps === null;
  useEffect(() => {
    if (oneQuality && y.name === "quality") useGrid.setState({ y: SEEDS });
  }, [oneQuality, y.name]);
  const [sending, setSending] = useState<{ readonly sent: number; readonly of: number }>();
  const stop = useRef<AbortController>(undefined);
  const without = (other: AxisName): readonly AxisName[] => (oneQuality ? [other, "quality"] : [other]);
  const shown = group ?? latest;
  const planned = plan(form, x, y);
  const total = useTotal(typeof planned === "string" ? [] : planned, models.length > 0);
  useEffect(() => () => stop.current?.abort(), []);
  const drawAll = (): void => {
    if (typeof planned === "string" || sending) return;
    const name = `grid-${Date.now().toString(36)}`;
    useGrid.setState({ group: name });
    go(`/grid/${name}`);
    stop.current = new AbortController();
    setSending({ sent: 0, of: planned.length });
    sendCells(planned, name, (sent) => setSending({ sent, of: planned.length }), stop.current.signal)
      .catch(complain)
      .finally(() => setSending(undefined));
  };
  const cancel = (): void => {
    stop.current?.abort();
    if (shown) void cancelAll(shown);
  };
  useHotkeys({ draw: drawAll, drawFirst: drawAll });
  return (
    <section className="page grid-page">
      <h1>Grid</h1>
      <p className="lede">
        The same picture with two things changed: see what steps, guidance and seeds do, and what they cost.
      </p>
      <form
        className="axes"
        onSubmit={(event) => {
          event.preventDefault();
          drawAll();
        }}
      >
        <label className="grid-prompt">
          Prompt
          <input
            data-main-field
            value={form.prompt}
            placeholder="a castle on a hill at night"
            onChange={(event) => edit({ prompt: event.target.value })}
          />
        </label>
        <AxisField
          label="Across"
          typed={x}
          without={without(y.name)}
          onChange={(typed) => useGrid.setState({ x: typed })}
        />
        <AxisField
          label="Down"
          typed={y}
          without={without(x.name)}
          onChange={(typed) => useGrid.setState({ y: typed })}
        />
        <div className="ideas">
          {ideas.map(({ title, x, y }) => (
            <button key={title} type="button" className="chip" onClick={() => useGrid.setState({ x, y })}>
              {title}
            </button>
          ))}
        </div>
        <div className="do">
          <p className={typeof planned === "string" ? "quote bad" : "quote"} aria-live="polite">
            {typeof planned === "string" ? (
              planned
            ) : sending ? (
              `Sent ${sending.sent} of ${sending.of}`
            ) : (
              <>
                {counted(planned.length, "picture")}
                {total}
              </>
            )}
          </p>
          {(sending || shown) && <StopButton group={shown} sending={sending !== undefined} onStop={cancel} />}
          <button
            type="submit"
            className="primary"
            disabled={typeof planned === "string" || sending !== undefined || models.length === 0}
          >
            <Grid3x3 aria-hidden="true" /> Draw the grid
          </button>
        </div>
      </form>
      {shown && <Sheet key={shown} group={shown} />}
    </section>
  );
}

function StopButton({
  group,
  sending,
  onStop,
}: {
  readonly group: string | undefined;
  readonly sending: boolean;
  readonly onStop: () => void;
}) {
  const active = useGroupActive(group);
  if (!sending && !active) return null;
  return (
    <button type="button" onClick={onStop}>
      <Square aria-hidden="true" /> Cancel
    </button>
  );
}

const useGroupActive = (group: string | undefined): boolean =>
  useLive((live) => group !== undefined && live.order.some((id) => live.jobs[id]?.group === group));

/** The cells, or what is wrong with what was typed. */
function plan(form: ReturnType<typeof useCreate.getState>["form"], x: Typed, y: Typed): Cell[] | string {
  try {
    const axis = ({ name, text }: Typed) => ({ name, values: valuesOf(name, text) });
    if (x.name === y.name) return "Both axes change the same thing.";
    if ((x.name === "strength" || y.name === "strength") && !form.image)
      return "Strength needs a picture to begin with; choose one in Create.";
    return cellsOf(requestOf(form), axis(x), axis(y));
  } catch (error) {
    return (error as Error).message;
  }
}

/** What a whole grid takes and costs: one quote for all cells that cost alike. */
function useTotal(cells: readonly Cell[], enabled: boolean): string {
  const still = useStill(cells, 300);
  const kinds = new Map<string, { readonly cell: Cell; count: number }>();
  for (const cell of still) {
    const key = costKey(cell.request);
    const kind = kinds.get(key);
    if (kind) kind.count++;
    else kinds.set(key, { cell, count: 1 });
  }
  const quotes = useQueries({
    queries: [...kinds].map(([key, { cell }]) => ({
      queryKey: ["quote", key],
      queryFn: () => post<Quote>("/v1/quotes", { request: cell.request }),
      enabled,
      staleTime: 5000,
      retry: false,
    })),
  });
  const failed = quotes.find(({ error }) => error)?.error;
  if (failed) return ` · ${failed.message}`;
  if (quotes.length === 0 || quotes.some(({ data }) => !data)) return "";
  let [seconds, price] = [0, 0];
  for (const [index, { count }] of [...kinds.values()].entries()) {
    seconds += (quotes[index]?.data?.seconds ?? 0) * count;
    price += (quotes[index]?.data?.price ?? 0) * count;
  }
  return ` · ${duration(seconds)} · ${credits(price)}`;
}

/** What an axis changes, and its values: typed, or chosen where there is a list. */
function AxisField({
  label,
  typed,
  without,
  onChange,
}: {
  readonly label: string;
  readonly typed: Typed;
  /** What is not to be chosen here. */
  readonly without: readonly AxisName[];
  readonly onChange: (typed: Typed) => void;
}) {
  const list = useLists()[typed.name];
  const chosen = typed.text.split(",").map((part) => part.trim());
  return (
    <fieldset className="axis">
      <legend className="hidden">{label}</legend>
      <Choice
        label={label}
        value={typed.name}
        options={(Object.keys(axes) as AxisName[])
          .filter((name) => !without.includes(name))
          .map((name) => [name, axes[name].title])}
        onChange={(name) => onChange({ name: name as AxisName, text: axes[name as AxisName].example })}
      />
      {list ? (
        <div className="axis-list">
          {list.map(({ name, title }) => (
            <button
              key={name}
              type="button"
              className="chip"
              aria-pressed={chosen.includes(name)}
              onClick={() =>
                onChange({
                  ...typed,
                  text: (chosen.includes(name) ? chosen.filter((one) => one !== name) : [...chosen, name])
                    .filter(Boolean)
                    .join(", "),
                })
              }
            >
              {title}
            </button>
          ))}
        </div>
      ) : (
        <label className="axis-values">
          Values
          <input
            value={typed.text}
            placeholder={axes[typed.name].example}
            onChange={(event) => onChange({ ...typed, text: event.target.value })}
          />
        </label>
      )}
    </fieldset>
  );
}
