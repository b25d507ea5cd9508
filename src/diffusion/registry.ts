// Names: the samplers and schedules by every spelling that the world uses for them, and the nearest one to a misspelling.
import { nearest } from "../spelling/spelling.ts";
import { type SamplerEntry, samplers } from "./known-samplers.ts";
import { type ScheduleEntry, schedules } from "./known-schedules.ts";

export { type SamplerEntry, type ScheduleEntry, samplers, schedules };

/** What a thing is called. */
export interface Named {
  /** How people write it, as A1111's menus do. */
  readonly title: string;
  /** Other spellings; case, spaces and punctuation do not matter, and + is p. */
  readonly aliases: readonly string[];
}

/** A key of `samplers`. */
export type SamplerName = keyof typeof samplers;
export type ScheduleName = keyof typeof schedules;

/**
 * The sampler of a name, in anybody's spelling: "DPM++ 2M", "dpmpp_2m", "k_euler_a", "DDIMScheduler".
 * @throws RangeError `sampler "dpm++2x" is unknown. Did you mean "dpmpp2m"?`
 */
export const samplerNamed = (name: string): SamplerEntry => samplers[lookUp("sampler", name, samplers)];

/** The schedule of a name, in anybody's spelling. @throws RangeError with the nearest name. */
export const scheduleNamed = (name: string): ScheduleEntry => schedules[lookUp("schedule", name, schedules)];

/**
 * A sampler, and the schedule that its name ends in if it does: "DPM++ 2M Karras" (A1111 before 1.9), "dpmpp_2m_k"
 * (InvokeAI), "ddim_trailing" (stable-diffusion.cpp).
 * @throws RangeError with the nearest sampler when there is none of this name
 */
export function walkNamed(name: string): { readonly sampler: SamplerName; readonly schedule?: ScheduleName } {
  const known = spellingsOf(samplers);
  const whole = plain(name);
  for (const [ending, schedule] of known.has(whole) ? [] : spellingsOf(schedules)) {
    const sampler = whole.endsWith(ending) ? known.get(whole.slice(0, -ending.length)) : undefined;
    if (sampler !== undefined) return { sampler, schedule };
  }
  return { sampler: lookUp("sampler", name, samplers) };
}

/** The key of `entries` that a spelling stands for. @throws RangeError with the nearest key when none does. */
export function lookUp<K extends string>(kind: string, name: string, entries: Readonly<Record<K, Named>>): K {
  const spellings = spellingsOf(entries);
  const found = spellings.get(plain(name));
  if (found !== undefined) return found;
  const close = nearest(plain(name), [...spellings.keys()]);
  const hint =
    close === undefined ? `Known: ${Object.keys(entries).join(", ")}.` : `Did you mean "${spellings.get(close)}"?`;
  throw new RangeError(`${kind} "${name}" is unknown. ${hint}`);
}

/** Every spelling of the entries, and the key of each. */
function spellingsOf<K extends string>(entries: Readonly<Record<K, Named>>): Map<string, K> {
  const spellings = new Map<string, K>();
  for (const key of Object.keys(entries) as K[])
    for (const spelling of [key, entries[key].title, ...entries[key].aliases]) spellings.set(plain(spelling), key);
  return spellings;
}

const plain = (spelling: string): string =>
  spelling
    .toLowerCase()
    .replaceAll("+", "p")
    .replace(/[^a-z0-9]/g, "");
