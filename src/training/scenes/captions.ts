// Captions: words for everything a plan says, long, medium or short, from templates with synonyms.
import { arrangedWords, arrangementTemplates } from "./arrangement.ts";
import { COLORS, type Time } from "./palette.ts";
import type { Random } from "./rng.ts";
import { STYLE_RECORDS, type Style } from "./styles.ts";
import { type Plan, SUBJECT_RECORDS, type Subject } from "./subjects.ts";

/** How much a caption says. */
export type Length = "long" | "medium" | "short";

const TIME_WORDS: Record<Time, string> = {
  dawn: "[at dawn|at sunrise|in the early morning]",
  day: "[on a sunny day|in daylight|at noon|under a blue sky]",
  golden: "[at golden hour|in the late afternoon|in golden light]",
  sunset: "[at sunset|at sunset|in the evening]",
  dusk: "[at dusk|at twilight]",
  night: "[at night|at night|at midnight|in the night]",
  storm: "[in a storm|under a stormy sky]",
  fog: "[in the fog|on a misty morning|in the mist]",
};
const SKY_WORDS: Record<string, string> = {
  clear: "",
  few: "",
  clouds: "[with dramatic clouds|under a cloudy sky|with big clouds]",
  rainbow: "[with a rainbow|under a rainbow|with a rainbow in the sky]",
  moon: "[under the moon|in moonlight|with the moon in the sky]",
  aurora: "[under the northern lights|with an aurora in the sky]",
  stars: "[under the stars|with stars in the sky|under a starry sky]",
};
const WEATHER_WORDS: Record<string, string> = {
  rain: "in the rain",
  snow: "[in falling snow|with falling snow]",
  none: "",
};
/** Details whose value is a colour: unsaid in styles that lose colours. */
const COLOR_DETAILS = ["roof", "second", "clothing", "backing", "fur", "shade", "hair"];

/** Writes a caption of a plan. Its words are all in `words()`. */
export function writeCaption(subject: Subject, style: Style, plan: Plan, length: Length, random: Random): string {
  const record = SUBJECT_RECORDS[subject];
  const arranged = arrangedWords(plan);
  const { main, extras = "" } = arranged ?? record;
  const { keepsColor, keepsTime, phrases, tags } = STYLE_RECORDS[style];
  const values = new Map<string, string>();
  for (const [key, value] of Object.entries(plan.details)) {
    if (!keepsColor && key === "backing") values.set(key, "plain");
    if (!keepsColor && COLOR_DETAILS.includes(key)) continue;
    values.set(key, arranged?.slots.get(key) ?? record.slots?.[key]?.[value] ?? value);
  }
  if (plan.color && keepsColor) values.set("color", record.slots?.color?.[plan.color] ?? plan.color);
  if (plan.season) values.set("season", record.slots?.season?.[plan.season] ?? plan.season);
  if (plan.count) values.set("count", record.slots?.count?.[String(plan.count)] ?? String(plan.count));
  const fill = (template: string): string => expand(template, values, random);

  const time = plan.time && keepsTime ? TIME_WORDS[plan.time] : "";
  const sky = SKY_WORDS[plan.details.sky ?? "clear"] ?? "";
  const weather = WEATHER_WORDS[plan.details.weather ?? "none"] ?? "";
  if (length === "short") {
    const draw = random();
    const noun = random.pick(record.bare);
    if (draw < 0.45) return tidy(noun);
    if (draw < 0.7) return tidy(fill(main));
    if (draw < 0.85) return tidy(`${noun} ${fill(time)}`);
    return tidy(fill(random.pick(tags)).replace("{x}", noun));
  }
  let scene = main;
  if (length === "long") scene += ` ${extras} ${weather} ${sky} ${time}`;
  else {
    if (random.chance(0.4)) scene += ` ${extras}`;
    if (random.chance(0.3)) scene += ` ${random.chance(0.5) ? sky : weather}`;
    scene += ` ${time}`;
  }
  return tidy(fill(random.pick(phrases)).replace("{x}", fill(scene)));
}

/** Every word that a caption can contain, sorted. */
export function captionWords(): string[] {
  const words = new Set<string>(["a", "an", "plain"]);
  const take = (text: string): void => {
    for (const word of text.replace(/\{[a-z]*\}/gi, " ").match(/[a-z]+/g) ?? []) words.add(word);
  };
  for (const color of COLORS) take(color);
  for (const table of [TIME_WORDS, SKY_WORDS, WEATHER_WORDS]) for (const text of Object.values(table)) take(text);
  for (const { phrases, tags } of Object.values(STYLE_RECORDS)) for (const text of [...phrases, ...tags]) take(text);
  for (const text of arrangementTemplates()) take(text);
  for (const record of Object.values(SUBJECT_RECORDS)) {
    for (const text of [...record.bare, record.main, record.extras ?? ""]) take(text);
    for (const slot of Object.values(record.slots ?? {})) for (const text of Object.values(slot)) take(text);
  }
  return [...words].sort();
}

// Expands a template: `[a|b]` one alternative (they nest), `{slot}` its value's template, `{x}` left for the style.
function expand(template: string, values: ReadonlyMap<string, string>, random: Random): string {
  let at = 0;
  const sequence = (): string => {
    let out = "";
    while (at < template.length) {
      const char = template[at]!;
      if (char === "|" || char === "]") return out;
      at++;
      if (char === "[") out += choice();
      else if (char === "{") {
        const end = template.indexOf("}", at);
        const slot = template.slice(at, end);
        at = end + 1;
        out += slot === "x" ? "{x}" : expand(values.get(slot) ?? "", values, random);
      } else out += char;
    }
    return out;
  };
  const choice = (): string => {
    const options = [sequence()];
    while (template[at] === "|") {
      at++;
      options.push(sequence());
    }
    if (template[at] !== "]") throw new SyntaxError(`caption template has an unclosed "[": ${template}`);
    at++;
    return random.pick(options);
  };
  return sequence();
}

// Single spaces, no space before a comma, "an" before vowels.
const tidy = (text: string): string =>
  text
    .replace(/\s+/g, " ")
    .replace(/ ,/g, ",")
    .trim()
    .replace(/\ba (?=[aeiou])/g, "an ");
