// Describing a scene from a seed: its plan, its attributes, its captions. Nothing is drawn here.
import { arrange } from "./arrangement.ts";
import { type Length, writeCaption } from "./captions.ts";
import { asFixed, HELD_OUT, isHeldOut } from "./held-out.ts";
import type { ColorName, Season, Time } from "./palette.ts";
import { createRandom, deriveSeed, type Random } from "./rng.ts";
import { STYLE_RECORDS, STYLES, type Style } from "./styles.ts";
import { type Plan, SUBJECT_RECORDS, SUBJECTS, type Subject } from "./subjects.ts";

/** What can be seen in a picture; an attribute is absent where the subject has none or the style hides it. */
export interface Attributes {
  style: Style;
  time?: Time;
  /** The dominant colour of the subject. */
  color?: ColorName;
  season?: Season;
  count?: number;
}

/** A described picture: enough to paint it and to caption it. */
export interface Scene {
  seed: number;
  subject: Subject;
  attributes: Attributes;
  captions: Record<Length, string>;
  /** Everything the painter draws, whether the style lets it be seen or not. */
  plan: Plan;
}

/** What may be asked of a scene; the rest follows from the seed. */
export interface Fixed {
  subject?: Subject;
  style?: Style;
  time?: Time;
  color?: ColorName;
  season?: Season;
  count?: number;
  /** Values of the subject's details by name (`{ garment: "raincoat" }`). */
  details?: Readonly<Record<string, string>>;
}

/** Whether held-out combinations may appear ("any", the default), must not ("avoid"), or must ("only"). */
export interface DescribeOptions {
  heldOut?: "any" | "avoid" | "only";
}

/**
 * Describes the scene of a seed. Cheap: nothing is drawn.
 *
 * A fixed time, season or count that the subject does not have is left out (see the scene's attributes); a fixed colour,
 * time, season, count or detail outside what the subject offers throws a RangeError that lists what it offers.
 */
export function describe(seed: number, fixed: Fixed = {}, { heldOut = "any" }: DescribeOptions = {}): Scene {
  for (let attempt = 0; attempt < 200; attempt++) {
    const random = createRandom(deriveSeed(seed, attempt));
    const asked = heldOut === "only" ? withHeldOut(fixed, random) : fixed;
    const scene = draft(seed, asked, random);
    if (heldOut === "any" || isHeldOut(scene) === (heldOut === "only")) return scene;
  }
  throw new RangeError(
    `no scene with heldOut "${heldOut}" after 200 tries for ${JSON.stringify(fixed)}: ask for fewer fixed attributes`,
  );
}

/** Draws a caption: long, medium or short in 40, 35 and 25 of 100 cases, with fresh synonyms each time. */
export function caption(scene: Scene, random: () => number): string {
  const stream = createRandom(Math.floor(random() * 4294967296));
  const length = stream.weighted<Length>([
    ["long", 40],
    ["medium", 35],
    ["short", 25],
  ]);
  return writeCaption(scene.subject, scene.attributes.style, scene.plan, length, stream);
}

function withHeldOut(fixed: Fixed, random: Random): Fixed {
  const fitting = HELD_OUT.filter((combination) =>
    (["subject", "style", "time", "color"] as const).every(
      (key) => fixed[key] === undefined || combination[key] === undefined || fixed[key] === combination[key],
    ),
  );
  if (fitting.length === 0)
    throw new RangeError(`no held-out combination has ${JSON.stringify(fixed)}: see HELD_OUT for those there are`);
  const picked = asFixed(random.pick(fitting));
  return { ...fixed, ...picked, details: { ...fixed.details, ...picked.details } };
}

function draft(seed: number, fixed: Fixed, random: Random): Scene {
  const subject = fixed.subject ?? random.weighted(SUBJECTS.map((name) => [name, SUBJECT_RECORDS[name].weight]));
  const style = fixed.style ?? random.weighted(STYLES.map((name) => [name, STYLE_RECORDS[name].share]));
  if (!SUBJECT_RECORDS[subject]) throw new RangeError(`unknown subject "${subject}": expected ${SUBJECTS.join(", ")}`);
  if (!STYLE_RECORDS[style]) throw new RangeError(`unknown style "${style}": expected ${STYLES.join(", ")}`);
  const plan = drawPlan(subject, fixed, random);
  const { keepsColor, keepsTime } = STYLE_RECORDS[style];
  const attributes: Attributes = { style };
  if (plan.time && keepsTime) attributes.time = plan.time;
  if (plan.color && keepsColor) attributes.color = plan.color;
  if (plan.season) attributes.season = plan.season;
  if (plan.count) attributes.count = plan.count;
  const write = (length: Length): string => writeCaption(subject, style, plan, length, random);
  const captions = { long: write("long"), medium: write("medium"), short: write("short") };
  return { seed, subject, attributes, captions, plan };
}

function drawPlan(subject: Subject, fixed: Fixed, random: Random): Plan {
  const record = SUBJECT_RECORDS[subject];
  const plan: Plan = { details: {} };
  const choose = <T extends string | number>(what: string, offered: readonly T[], asked: T | undefined): T => {
    const drawn = random.pick(offered);
    if (asked === undefined) return drawn;
    if (!offered.includes(asked))
      throw new RangeError(`${subject} has no ${what} "${asked}": expected one of ${[...new Set(offered)].join(", ")}`);
    return asked;
  };
  if (record.times) plan.time = chooseTime(record.times, fixed.time, random);
  if (record.colors) plan.color = choose("color", record.colors, fixed.color);
  else if (fixed.color) throw new RangeError(`${subject} has no color: leave color out`);
  if (record.seasons) plan.season = choose("season", record.seasons, fixed.season);
  if (record.counts) plan.count = choose("count", record.counts, fixed.count);
  for (const [name, offered] of Object.entries(record.details ?? {}))
    plan.details[name] = choose(name, offered, fixed.details?.[name]);
  const asked = { ...fixed, details: { ...fixed.details } };
  record.settle?.(plan, random, asked);
  if (record.arranged) arrange(plan, random, asked, record.arranged);
  if ((record.openSky || plan.details.setting) && plan.time) {
    plan.details.sky = fixed.details?.sky ?? chooseSky(plan, random);
    const draw = random();
    const wet = plan.time === "storm" && draw < 0.5;
    const snowing = plan.season === "winter" && plan.time !== "storm" && draw < 0.4;
    plan.details.weather = wet ? "rain" : snowing ? "snow" : "none";
    const coat = plan.details.garment === "raincoat" && plan.time !== "night" && draw < 0.6;
    if (coat) plan.details.weather = "rain";
  }
  return plan;
}

// Day, sunset and night are seen more than the rest.
const TIME_WEIGHTS: Record<Time, number> = {
  dawn: 1.2,
  day: 2.2,
  golden: 1.4,
  sunset: 1.8,
  dusk: 1.2,
  night: 1.9,
  storm: 0.9,
  fog: 0.8,
};

function chooseTime(offered: readonly Time[], asked: Time | undefined, random: Random): Time {
  const drawn = random.weighted(offered.map((time) => [time, TIME_WEIGHTS[time]]));
  if (asked === undefined) return drawn;
  if (!offered.includes(asked)) throw new RangeError(`no time "${asked}" here: expected one of ${offered.join(", ")}`);
  return asked;
}

function chooseSky({ time, details }: Plan, random: Random): string {
  if (time === "storm" || time === "fog") return "clear";
  // A moon that is one of the things is the only one.
  if (details.thing === "moon" || details.other === "moon") return "stars";
  if (time === "night")
    return random.weighted([
      ["moon", 0.5],
      ["stars", 0.35],
      ["aurora", 0.15],
    ] as const);
  return random.weighted([
    ["clear", 0.35],
    ["few", 0.28],
    ["clouds", 0.32],
    // A rainbow stands opposite the sun, by day.
    ["rainbow", time === "day" || time === "golden" ? 0.12 : 0],
  ] as const);
}
