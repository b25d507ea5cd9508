// dreamgrain samplers: the samplers and the schedules, by all their names.
import {
  samplers as knownSamplers,
  schedules as knownSchedules,
  type SamplerEntry,
  type ScheduleEntry,
} from "dreamgrain";
import { print } from "./draw.ts";
import { table } from "./table.ts";

/** The command `dreamgrain samplers`. */
export function samplers({ json = false }: { readonly json?: boolean }): void {
  print(json ? jsonLines() : tables());
}

const allSamplers: readonly (readonly [string, SamplerEntry])[] = Object.entries(knownSamplers);
const allSchedules: readonly (readonly [string, ScheduleEntry])[] = Object.entries(knownSchedules);

/** One JSON object per line: every sampler, then every schedule. */
export const jsonLines = (): string =>
  [
    ...allSamplers.map(([name, { title, calls, random, cite, aliases }]) => ({
      ...{ sampler: name, title, calls, random, cite, aliases },
    })),
    ...allSchedules.map(([name, { title, cite, aliases }]) => ({ schedule: name, title, cite, aliases })),
  ]
    .map((line) => JSON.stringify(line))
    .join("\n");

/** Two tables for people: what is walked, and over which levels. */
export function tables(): string {
  const walks = allSamplers.map(([name, { title, calls, random, cite, aliases }]) => [
    ...[name, title, `${calls}`, random ? "fresh" : "", cite, aliases.join(", ")],
  ]);
  const levels = allSchedules.map(([name, { title, cite = "", aliases }]) => [name, title, cite, aliases.join(", ")]);
  return [
    table([["sampler", "title", "calls a step", "noise", "source", "also called"], ...walks]),
    "",
    table([["schedule", "title", "source", "also called"], ...levels]),
    "",
    "Case, spaces and punctuation do not matter. A sampler's name may end in a schedule's: DPM++ 2M Karras.",
  ].join("\n");
}
