// The text A1111 keeps in a picture under `parameters`: prompt, negative prompt, one line of settings. Written and parsed
// as stable-diffusion-webui 1.10 does (modules/processing.py create_infotext, modules/infotext_utils.py).

/** What a picture was asked to be. */
export interface Infotext {
  readonly prompt: string;
  /** Empty when there is none. */
  readonly negative: string;
  /** `Steps`, `Sampler`, `CFG scale`, `Seed`, `Size` … as text, in the order of the line. No prototype when parsed. */
  readonly settings: Readonly<Record<string, string>>;
}

/** What may be written: numbers are spelt as JavaScript spells them, undefined leaves the setting out. */
export interface NewInfotext {
  readonly prompt: string;
  readonly negative?: string;
  readonly settings: Readonly<Record<string, string | number | undefined>>;
}

/** A1111's order; other settings follow in the order given, before the last two. */
const order = [
  ...["Steps", "Sampler", "Schedule type", "CFG scale", "Distilled CFG Scale", "Image CFG scale", "Seed"],
  ...["Face restoration", "Size", "Model hash", "Model", "FP8 weight", "Cache FP16 weight for LoRA", "VAE hash", "VAE"],
  ...["Variation seed", "Variation seed strength", "Seed resize from", "Denoising strength", "Conditional mask weight"],
  ...["Clip skip", "ENSD", "Token merging ratio", "Token merging ratio hr", "Init image hash", "RNG", "Tiling"],
];
const last = ["Version", "User"];

/** Fewer settings than this are taken for prompt text by every reader. */
const fewest = 3;

/**
 * The text for the keyword `parameters`.
 * @throws RangeError for a setting whose name no reader would find (letters, digits, spaces, - and /; two at least), and
 * for one or two settings, which readers take for a part of the prompt.
 */
export function writeInfotext({ prompt, negative = "", settings }: NewInfotext): string {
  const given = new Map(Object.entries(settings).filter(([, value]) => value !== undefined));
  const others = [...given.keys()].filter((key) => !order.includes(key) && !last.includes(key));
  const keys = [...order, ...others, ...last].filter((key) => given.has(key));
  for (const key of keys)
    if (!/^[\p{L}\p{N}_][\p{L}\p{N}_ \-/]*[\p{L}\p{N}_\-/]$/u.test(key))
      throw new RangeError(`infotext: ${JSON.stringify(key)} cannot be the name of a setting`);
  if (keys.length > 0 && keys.length < fewest)
    throw new RangeError(`infotext: ${keys.length} settings would be read as prompt text; give at least ${fewest}`);
  const lines = [prompt];
  if (negative !== "") lines.push(`Negative prompt: ${negative}`);
  if (keys.length > 0) lines.push(keys.map((key) => `${key}: ${quote(String(given.get(key)))}`).join(", "));
  return lines.join("\n");
}

/** A1111 quotes what holds `,` `:` or a line break; we also quote what its parser would trim or take for a quotation. */
const quote = (value: string): string =>
  /[,\n:]/.test(value) || value.startsWith('"') || value !== value.trim() || value === ""
    ? JSON.stringify(value)
    : value;

/**
 * Reads such a text. The last line is the settings if it holds three or more; what follows `Negative prompt:` is negative;
 * lines are trimmed, as A1111 does. A repeated setting: the last counts.
 */
export function parseInfotext(text: string): Infotext {
  const lines = text.trim().split("\n");
  const pairs = [...readPairs(lines[lines.length - 1])];
  if (pairs.length >= fewest) lines.pop();
  const settings: Record<string, string> = Object.create(null);
  if (pairs.length >= fewest) for (const [key, value] of pairs) settings[key] = value;
  const parts = { prompt: [] as string[], negative: [] as string[] };
  let into = parts.prompt;
  for (const untrimmed of lines) {
    let line = untrimmed.trim();
    if (line.startsWith("Negative prompt:")) {
      into = parts.negative;
      line = line.slice("Negative prompt:".length).trim();
    }
    if (into.length > 0 || line !== "") into.push(line);
  }
  return { prompt: parts.prompt.join("\n"), negative: parts.negative.join("\n"), settings };
}

const word = /[\p{L}\p{N}_]/u;
const keyCharacter = /[\p{L}\p{N}_ \-/]/u;

/**
 * The matches of A1111's `\s*(\w[\w \-/]+):\s*("(?:\\.|[^\\"])+"|[^,]*)(?:,|$)`, found from colon to colon so that a long
 * line takes linear time, which the expression itself does not.
 */
function* readPairs(line: string): Generator<[key: string, value: string]> {
  const quoted = /\s*("(?:\\.|[^\\"])+")(?:,|$)/y;
  for (let at = 0, colon = line.indexOf(":"); colon >= 0; colon = line.indexOf(":", Math.max(at, colon + 1))) {
    let start = colon;
    while (start > at && keyCharacter.test(line[start - 1])) start--;
    while (start < colon && !word.test(line[start])) start++;
    if (colon - start < 2) continue;
    quoted.lastIndex = colon + 1;
    const match = quoted.exec(line);
    const comma = line.indexOf(",", colon);
    const end = comma < 0 ? line.length : comma;
    const value = match ? match[1] : line.slice(colon + 1, end).trimStart();
    at = (match ? quoted.lastIndex - (line[quoted.lastIndex - 1] === "," ? 1 : 0) : end) + 1;
    yield [line.slice(start, colon), unquote(value)];
  }
}

function unquote(value: string): string {
  if (value.length < 2 || !value.startsWith('"') || !value.endsWith('"')) return value;
  try {
    const text: unknown = JSON.parse(value);
    return typeof text === "string" ? text : value;
  } catch {
    return value;
  }
}

/** Width and height of a value like `512x768`, or undefined when it is none. */
export function parseSize(value: string): { width: number; height: number } | undefined {
  const match = /^(\d{1,5})x(\d{1,5})$/.exec(value.trim());
  return match ? { width: Number(match[1]), height: Number(match[2]) } : undefined;
}
