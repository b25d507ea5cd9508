// Numbers as people read them: credits, seconds, sizes, days.
const plain = (value: number, digits: number): string => value.toLocaleString("en", { maximumFractionDigits: digits });

/** 1000 → "1 credit"; of a balance nothing is rounded away. */
export function credits(milli: number): string {
  const value = milli / 1000;
  return `${plain(value, 3)} credit${value === 1 ? "" : "s"}`;
}

/** -200 → "−0.2", 200000 → "+200": credits that came or went. */
export const amount = (milli: number): string =>
  `${milli > 0 ? "+" : milli < 0 ? "−" : ""}${plain(Math.abs(milli) / 1000, 3)}`;

/** A space at which no line is broken. */
const NBSP = "\u00a0";

/** 0.42 → "0.4 s", 75 → "1 min 15 s". */
export function duration(seconds: number): string {
  if (seconds < 10) return `${plain(Math.max(seconds, 0.1), 1)}${NBSP}s`;
  if (seconds < 60) return `${Math.round(seconds)}${NBSP}s`;
  const minutes = Math.floor(Math.round(seconds) / 60);
  if (minutes >= 60) return `${Math.floor(minutes / 60)}${NBSP}h ${minutes % 60}${NBSP}min`;
  const rest = Math.round(seconds) % 60;
  return rest === 0 ? `${minutes}${NBSP}min` : `${minutes}${NBSP}min ${rest}${NBSP}s`;
}

/** A moment, in the reader's own language and zone. */
export const moment = (time: number): string =>
  new Date(time).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });

/** "1 picture", "3 pictures". */
export const counted = (count: number, word: string): string => `${plain(count, 0)} ${word}${count === 1 ? "" : "s"}`;
