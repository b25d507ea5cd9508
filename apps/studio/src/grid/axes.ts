// The axes of a grid: what can differ from cell to cell, how its values are typed, the requests of the cells. Pure.
import type { DrawRequest, Job } from "@dreamgrain/server/contract";
import type { Quality } from "../create/form.ts";

/** What may differ along an axis. */
export const axes = {
  steps: { title: "Steps", example: "2, 5, 10, 20, 40" },
  guidance: { title: "Guidance", example: "1, 2, 4, 8" },
  sampler: { title: "Sampler", example: "euler, dpmpp2m, heun" },
  schedule: { title: "Schedule", example: "trailing, karras, linspace" },
  quality: { title: "Quality", example: "fast, best" },
  seed: { title: "Seed", example: "1-4" },
  strength: { title: "Strength", example: "0.2-0.8 [4]" },
  words: { title: "Words", example: "dusk, dawn, storm" },
} as const;
export type AxisName = keyof typeof axes;

/** An axis with the values that were typed for it. */
export interface Axis {
  readonly name: AxisName;
  readonly values: readonly string[];
}

/** The most values of an axis; a grid of two such is as much as one can look at. */
export const MOST_VALUES = 24;
const LONGEST = 60;

/**
 * The values that a text stands for: a list with commas, where `1-5` is every whole number between, `1-10 (+3)` every third,
 * `1-8 [4]` four spread evenly. As A1111's grids read it.
 * @throws RangeError saying what is wrong with it
 */
export function valuesOf(name: AxisName, text: string): string[] {
  const parts = text
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");
  const numbers = name === "steps" || name === "guidance" || name === "seed" || name === "strength";
  const values = [...new Set(numbers ? parts.flatMap((part) => numbersOf(name, part)) : parts)];
  if (values.length === 0) throw new RangeError(`${axes[name].title}: type values, such as ${axes[name].example}`);
  if (values.length > MOST_VALUES)
    throw new RangeError(`${axes[name].title}: ${values.length} values are too many; at most ${MOST_VALUES}`);
  const odd = name === "quality" ? values.find((value) => !isQuality(value)) : undefined;
  if (odd !== undefined)
    throw new RangeError(`Quality: “${odd}” is none; type values, such as ${axes.quality.example}`);
  const long = values.find((value) => value.length > LONGEST);
  if (long) throw new RangeError(`${axes[name].title}: “${long.slice(0, 20)}…” is longer than ${LONGEST} characters`);
  return values;
}

/** Whether a word is a quality that models may have. */
const isQuality = (word: string): word is Quality => word === "fast" || word === "best";

const plainNumber = String.raw`-?\d+(?:\.\d+)?`;
const range = new RegExp(
  String.raw`^(${plainNumber})\s*-\s*(${plainNumber})\s*(?:\(\s*([+-]?\d+(?:\.\d+)?)\s*\)|\[\s*(\d+)\s*\])?$`,
);

function numbersOf(name: AxisName, part: string): string[] {
  const wrong = (why: string): never => {
    throw new RangeError(`${axes[name].title}: “${part}” ${why}, such as ${axes[name].example}`);
  };
  const whole = name === "steps" || name === "seed";
  if (name === "seed" && /^[+-]?\d{1,40}$/.test(part)) return [part];
  const match = range.exec(part);
  if (!match) {
    if (!new RegExp(`^${plainNumber}$`).test(part)) return wrong("is no number or range");
    if (whole && !Number.isInteger(Number(part))) return wrong("is no whole number");
    return [`${Number(part)}`];
  }
  const [from, to] = [Number(match[1]), Number(match[2])];
  const count = match[4] === undefined ? undefined : Number(match[4]);
  const by = match[3] === undefined ? 1 : Math.abs(Number(match[3]));
  if (by === 0) return wrong("never ends");
  const many = count ?? Math.floor(Math.abs(to - from) / by + 1e-9) + 1;
  if (many > MOST_VALUES) return wrong(`has ${many} values, more than ${MOST_VALUES}`);
  const step = count === undefined ? by * Math.sign(to - from) : (to - from) / Math.max(1, count - 1);
  return Array.from({ length: many }, (_, i) => from + i * step).map(
    (value) => `${whole ? Math.round(value) : Number(value.toFixed(4))}`,
  );
}

/** One cell: where it stands and what it asks for. */
export interface Cell {
  readonly column: number;
  readonly row: number;
  readonly request: DrawRequest;
  /** What the server keeps with the job, so that the grid can be put together again. */
  readonly label: string;
}

/** The cells of a grid over a request, row by row. */
export function cellsOf(base: DrawRequest, x: Axis, y: Axis): Cell[] {
  return y.values.flatMap((yValue, row) =>
    x.values.map((xValue, column) => ({
      column,
      row,
      request: { ...withValue(withValue(base, x, xValue), y, yValue), count: 1 },
      label: JSON.stringify([x.name, column, xValue, y.name, row, yValue]),
    })),
  );
}

/** A request with one value. Words stand in place of the axis' first words in the prompt, or before it where it lacks them. */
function withValue(request: DrawRequest, { name, values }: Axis, value: string): DrawRequest {
  if (name === "steps" || name === "guidance" || name === "strength") return { ...request, [name]: Number(value) };
  if (name === "quality") return isQuality(value) ? { ...request, quality: value } : request;
  if (name !== "words") return { ...request, [name]: value };
  const [first = ""] = values;
  const prompt = request.prompt ?? "";
  if (prompt.includes(first)) return { ...request, prompt: prompt.replaceAll(first, value) };
  return { ...request, prompt: [value, prompt].filter((part) => part !== "").join(", ") };
}

/** What is alike in cost: cells that differ in seed or words alone. */
export function costKey({ seed, prompt, negative, variation, ...rest }: DrawRequest): string {
  return JSON.stringify(Object.entries(rest).sort(([a], [b]) => a.localeCompare(b)));
}

/** A grid as its jobs tell it. */
export interface Drawn {
  readonly x: Axis;
  readonly y: Axis;
  /** By row and column. */
  readonly jobs: readonly (readonly (Job | undefined)[])[];
}

/** The grid that jobs of one group make up; undefined when their labels are of another kind. */
export function drawnOf(jobs: readonly Job[]): Drawn | undefined {
  const placed = jobs.flatMap((job) => {
    const place = placeOf(job.label);
    return place ? [{ job, ...place }] : [];
  });
  const [first] = placed;
  if (!first) return undefined;
  const alike = placed.filter((one) => one.x === first.x && one.y === first.y);
  const along = (at: "column" | "row", value: "xValue" | "yValue"): string[] => {
    const values: string[] = [];
    for (const one of alike) values[one[at]] = one[value];
    return Array.from(values, (one) => one ?? "");
  };
  const x = { name: first.x, values: along("column", "xValue") };
  const y = { name: first.y, values: along("row", "yValue") };
  const find = (row: number, column: number): Job | undefined =>
    alike.find((one) => one.row === row && one.column === column)?.job;
  return { x, y, jobs: y.values.map((_, row) => x.values.map((_, column) => find(row, column))) };
}

function placeOf(label: string | null) {
  try {
    const [x, column, xValue, y, row, yValue] = JSON.parse(label ?? "") as unknown[];
    const known = (name: unknown): name is AxisName => typeof name === "string" && Object.hasOwn(axes, name);
    const index = (value: unknown): value is number =>
      Number.isInteger(value) && (value as number) >= 0 && (value as number) < MOST_VALUES;
    if (!known(x) || !known(y) || !index(column) || !index(row)) return undefined;
    if (typeof xValue !== "string" || typeof yValue !== "string") return undefined;
    return { x, column, xValue, y, row, yValue };
  } catch {
    return undefined;
  }
}
