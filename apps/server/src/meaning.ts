// Meaning: where a model of words and pictures plugs in, so that pictures are found by what they show.
import { Failed } from "./failures.ts";

/** Whether pictures can be found by meaning. There is no such model yet. */
export const meaning = {
  available: false,
  reason: "this version has no model that knows both words and pictures; search by words instead",
  unavailable: (): Failed => new Failed("unavailable", `search by meaning: ${meaning.reason}`),
} as const;
