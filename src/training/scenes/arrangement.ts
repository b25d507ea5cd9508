// Arrangements: things set in a setting, one to four, left or right, near or far, beside, before, above or under another.
import type { ColorName } from "./palette.ts";
import type { Place } from "./pen.ts";
import type { Random } from "./rng.ts";
import { layRails, SETTING_RECORDS, type Setting } from "./settings.ts";
import type { Stage } from "./stage.ts";
import type { Asked, Plan } from "./subjects.ts";
import { type Footing, THING_RECORDS, type ThingName, toneOf } from "./things.ts";

/** How a subject can be arranged: as which things, in which settings, and in what share of its pictures. */
export interface Arrangement {
  readonly things: readonly ThingName[];
  readonly settings: readonly Setting[];
  readonly share: number;
}

/** How a thing stands to another. */
export const RELATIONS = ["left of", "right of", "next to", "in front of", "behind", "above", "under"] as const;
/** A relation. */
export type Relation = (typeof RELATIONS)[number];

const AIR: readonly ThingName[] = ["moon", "balloon", "dragon"];
const TALL: readonly ThingName[] = ["house", "tree", "pine", "castle", "lighthouse", "windmill"];
const SMALL: readonly ThingName[] = ["dog", "horse", "rabbit", "kitten", "robot", "car", "mushroom"];
const TABLE: readonly ThingName[] = ["apple", "cup", "book"];
const OPEN: readonly Setting[] = ["meadow", "meadow", "snow", "autumn", "beach", "mountains", "desert"];

/** The others that a thing can be set against, by relation. */
export function others(thing: ThingName, relation: Relation): readonly ThingName[] {
  const { footing, tall } = THING_RECORDS[thing] as { footing: Footing; tall?: boolean };
  const beside = relation === "left of" || relation === "right of" || relation === "next to";
  const found = ((): readonly ThingName[] => {
    if (footing === "ground") {
      if (beside) return [...TALL, ...SMALL];
      if (relation === "in front of") return tall ? [] : TALL;
      if (relation === "behind") return tall ? SMALL : [];
      if (relation === "under") return tall ? AIR : [...AIR, "tree"];
      return [];
    }
    if (footing === "table") return beside ? TABLE : [];
    if (footing === "air") return relation === "above" ? [...TALL, "sailboat"] : [];
    if (footing === "water") return relation === "under" ? AIR : [];
    return [];
  })();
  return found.filter((other) => other !== thing);
}

/** Sets the details of an arrangement, agreeing with what was asked; leaves a plan alone that is to have its own composition. */
export function arrange(plan: Plan, random: Random, asked: Asked, { things, settings, share }: Arrangement): void {
  const { details } = plan;
  const want = asked.details ?? {};
  const told = ["thing", "setting", "place", "depth", "relation", "other", "shade"].some(
    (key) => want[key] !== undefined,
  );
  const draw = random();
  if (!told && draw >= share) return;
  const able = things.filter((name) => asked.color === undefined || THING_RECORDS[name].colors.includes(asked.color));
  if (able.length === 0) return;
  const thing = (want.thing as ThingName | undefined) ?? random.pick(able);
  const { colors } = THING_RECORDS[thing];
  details.thing = thing;
  if (!plan.color || !colors.includes(plan.color)) plan.color = random.pick(colors);

  const possible = RELATIONS.filter((relation) => others(thing, relation).length > 0);
  const count = asked.count ?? (random.chance(0.3) ? 2 + random.int(3) : 1);
  const relate =
    want.relation !== "none" &&
    possible.length > 0 &&
    (share < 1 ? count === 1 || random.chance(0.6) : random.chance(0.4));
  const relation = (want.relation as Relation | "none" | undefined) ?? (relate ? random.pick(possible) : "none");
  details.relation = relation;
  details.place = "none";
  details.depth = "none";
  if (relation !== "none") {
    const fits = others(thing, relation);
    if (fits.length === 0)
      throw new RangeError(`${thing} cannot be ${relation} anything: expected one of ${possible.join(", ") || "none"}`);
    const night = asked.time === undefined || asked.time === "night";
    const choice = fits.filter((name) => night || name !== "moon");
    details.other = want.other ?? random.pick(choice);
    if (!fits.includes(details.other as ThingName))
      throw new RangeError(`${thing} cannot be ${relation} "${details.other}": expected one of ${fits.join(", ")}`);
    const shades = THING_RECORDS[details.other as ThingName].colors;
    const contrasting = shades.filter((color) => color !== plan.color);
    details.shade = want.shade ?? random.pick(contrasting.length > 0 ? contrasting : shades);
    plan.count = 1;
  } else {
    plan.count = count;
    if (plan.count === 1) {
      const where = random();
      if (want.place) details.place = want.place;
      else if (where < 0.3) details.place = random.pick(["left", "right", "center"]);
      else if (where < 0.5) details.depth = random.pick(["near", "far"]);
      if (want.depth) details.depth = want.depth;
    }
  }
  const outside = (name: Setting): boolean => SETTING_RECORDS[name].outdoors;
  const pale = plan.color === "white" || details.shade === "white";
  const offered = settingsFor(thing, relation, details.other as ThingName | undefined, settings).filter(
    (name) => (asked.time === undefined || outside(name)) && !(pale && name === "snow"),
  );
  details.setting = want.setting ?? random.pick(offered.length > 0 ? offered : settings);
  const { season, outdoors } = SETTING_RECORDS[details.setting as Setting];
  const wanted = asked.season;
  if (season) plan.season = season;
  else delete plan.season;
  if (wanted && wanted !== plan.season && OPEN.some((name) => offered.includes(name))) {
    details.setting = wanted === "winter" ? "snow" : wanted === "autumn" ? "autumn" : "meadow";
    plan.season = wanted === "spring" ? "summer" : wanted;
  }
  if (!outdoors) delete plan.time;
  if (thing === "moon" || details.other === "moon") plan.time = "night";
  details.backing ??= "blue";
  while (details.backing === plan.color || details.backing === details.shade)
    details.backing = random.pick<ColorName>(["yellow", "teal", "blue", "purple", "pink", "white", "gray"]);
}

function settingsFor(
  thing: ThingName,
  relation: Relation | "none",
  other: ThingName | undefined,
  own: readonly Setting[],
): readonly Setting[] {
  if (relation === "none") return own;
  const { footing } = THING_RECORDS[thing];
  if (footing === "table") return ["table", "plain"];
  if (footing === "water" || other === "sailboat") return ["sea"];
  return OPEN;
}

/** Draws the arrangement of a plan. */
export function drawArrangement(stage: Stage, plan: Plan): void {
  const { details } = plan;
  SETTING_RECORDS[details.setting as Setting].draw(stage, plan);
  const set = layout(stage, plan).sort((a, b) => a.order - b.order);
  for (const { name, color, place } of set) {
    if (name === "train") layRails(stage, place.y);
    if (THING_RECORDS[name].footing === "ground" || THING_RECORDS[name].footing === "table") shadow(stage, name, place);
    const fill = toneOf(name, color);
    const box = THING_RECORDS[name].draw(stage, place, fill);
    stage.drawn.push({ thing: name, box, color, fill });
  }
}

interface SetThing {
  readonly name: ThingName;
  readonly color: ColorName;
  readonly place: Place;
  /** What is farther is drawn first. */
  readonly order: number;
}

/** Where each thing of a plan stands. */
function layout(stage: Stage, { color, count = 1, details }: Plan): SetThing[] {
  const { random } = stage;
  const name = details.thing as ThingName;
  const own = THING_RECORDS[name];
  const set = (thing: ThingName, of: ColorName, x: number, y: number, size: number): SetThing => ({
    name: thing,
    color: of,
    place: { x, y, size, flip: random.chance(0.5) },
    order: y,
  });
  const paint = color ?? own.colors[0]!;
  const base = footOf(own.footing, details.setting as Setting);
  const relation = details.relation as Relation | "none";
  if (relation !== "none") {
    const other = details.other as ThingName;
    return related(random, set, { name, paint, other, shade: details.shade as ColorName, relation, base });
  }
  const floats = own.footing === "air" || own.footing === "reef";
  if (count > 1) {
    // Two rows, the farther one drawn first, leave more room for each; a branch has room for one.
    const rows = details.setting !== "branch";
    const size = Math.min(own.size * 0.85, (rows && count > 2 ? 1.3 : 0.95) / count / own.reach);
    const step = rows && count > 2 ? (floats ? 0.28 : 0.14) : 0;
    return Array.from({ length: count }, (_, n) => {
      const x = (n + 0.5) / count + random.range(-0.02, 0.02);
      const y = base + (n % 2 ? -0.5 : floats ? 0.5 : 0.2) * step + random.range(-0.02, 0.02) * (rows ? 1 : 0);
      return set(name, paint, x, y, size * random.range(0.92, 1));
    });
  }
  const { place, depth } = details;
  if (place === "left" || place === "right") {
    const size = Math.min(own.size * 0.72, 0.44 / own.reach);
    return [set(name, paint, place === "left" ? random.range(0.23, 0.29) : random.range(0.71, 0.77), base, size)];
  }
  if (depth === "far")
    return [
      set(
        name,
        paint,
        random.range(0.4, 0.6),
        floats ? base - 0.06 : details.setting === "table" ? base : base - 0.12,
        own.size * 0.4,
      ),
    ];
  const size = Math.min(own.size * (depth === "near" ? 1.18 : random.range(0.84, 1)), 1.02 / own.reach);
  const x = place === "center" ? 0.5 : random.range(0.45, 0.55);
  return [set(name, paint, x, base + (floats ? 0 : depth === "near" ? 0.04 : 0), size)];
}

function footOf(footing: Footing, setting: Setting): number {
  if (footing === "air" || footing === "reef") return setting === "reef" ? 0.47 : 0.46;
  if (footing === "water") return 0.8;
  if (footing === "table") return 0.84;
  if (setting === "branch") return 0.81;
  if (setting === "plain" || setting === "space") return 0.86;
  return 0.87;
}

function related(
  random: Random,
  set: (thing: ThingName, of: ColorName, x: number, y: number, size: number) => SetThing,
  what: { name: ThingName; paint: ColorName; other: ThingName; shade: ColorName; relation: Relation; base: number },
): SetThing[] {
  const { name, paint, other, shade, relation, base } = what;
  const [own, its] = [THING_RECORDS[name], THING_RECORDS[other]];
  const fitted = (thing: typeof own, most: number): number => Math.min(thing.size * 0.74, most / thing.reach);
  if (relation === "left of" || relation === "right of" || relation === "next to") {
    const left = relation === "left of" || (relation === "next to" && random.chance(0.5));
    const [x, otherX] = left ? [0.27, 0.74] : [0.73, 0.26];
    return [
      set(name, paint, x + random.range(-0.02, 0.02), base + random.range(-0.02, 0.02), fitted(own, 0.42)),
      set(other, shade, otherX + random.range(-0.02, 0.02), base + random.range(-0.02, 0.02), fitted(its, 0.42)),
    ];
  }
  if (relation === "above" || relation === "under") {
    const x = random.range(0.4, 0.6);
    const grounded = relation === "above" ? its : own;
    const tree = relation === "under" && other === "tree";
    if (tree)
      return [
        set(other, shade, x, base - 0.03, 0.82),
        set(name, paint, x + random.range(-0.04, 0.04), base + 0.06, Math.min(own.size * 0.5, 0.34 / own.reach)),
      ];
    const foot = grounded.footing === "water" ? 0.8 : 0.92;
    const low = set(
      relation === "above" ? other : name,
      relation === "above" ? shade : paint,
      x,
      foot,
      Math.min(grounded.size * 0.66, 0.5 / grounded.reach),
    );
    const floating = relation === "above" ? own : its;
    const high = set(
      relation === "above" ? name : other,
      relation === "above" ? paint : shade,
      x + random.range(-0.06, 0.06),
      random.range(0.2, 0.24),
      Math.min(floating.size * 0.56, 0.5 / floating.reach),
    );
    return relation === "above" ? [high, low] : [low, high];
  }
  const front = relation === "in front of" ? own : its;
  const [frontName, frontPaint, backName, backPaint] =
    relation === "in front of" ? [name, paint, other, shade] : [other, shade, name, paint];
  const back = THING_RECORDS[backName];
  const x = random.range(0.45, 0.55);
  const behind = set(backName, backPaint, x, base - 0.12, Math.min(back.size * 1.02, 0.76 / back.reach));
  const before = set(
    frontName,
    frontPaint,
    x + random.pick([-1, 1]) * random.range(0.04, 0.12),
    base + 0.07,
    Math.min(front.size * 0.52, 0.42 / front.reach),
  );
  return relation === "in front of" ? [before, behind] : [behind, before];
}

/** A soft shadow under what stands. */
function shadow(stage: Stage, name: ThingName, { x, y, size }: Place): void {
  const half = THING_RECORDS[name].reach * size * 0.5;
  const { canvas } = stage;
  const low = size * 0.05;
  for (let row = 0; row < canvas.size; row++) {
    const v = (row + 0.5) / canvas.size;
    const down = (v - y) / low;
    if (Math.abs(down) > 1) continue;
    for (let column = 0; column < canvas.size; column++) {
      const across = ((column + 0.5) / canvas.size - x) / half;
      const near = 1 - across * across - down * down;
      if (near <= 0) continue;
      const i = (row * canvas.size + column) * 3;
      const keep = 1 - 0.35 * near;
      for (let c = 0; c < 3; c++) canvas.data[i + c] = canvas.data[i + c]! * keep;
    }
  }
}

const PLACE_WORDS: Readonly<Record<string, string>> = {
  left: "on the left[| side]",
  right: "on the right[| side]",
  center: "in the [center|middle]",
  none: "",
};
const DEPTH_WORDS: Readonly<Record<string, string>> = {
  near: "[close up|in the foreground]",
  far: "[far away|in the distance]",
  none: "",
};
const RELATION_WORDS: Readonly<Record<Relation | "none", string>> = {
  "left of": "[to the left of|left of]",
  "right of": "[to the right of|right of]",
  "next to": "[next to|beside]",
  "in front of": "in front of",
  behind: "behind",
  above: "[above|over]",
  under: "[under|below]",
  none: "",
};
const NUMBERS = ["", "", "two", "three", "four"] as const;

/** The caption templates of an arranged plan, and the words of its details; undefined where it has its own composition. */
export function arrangedWords({
  count = 1,
  details,
}: Plan): { readonly main: string; readonly extras: string; readonly slots: ReadonlyMap<string, string> } | undefined {
  if (!details.thing) return undefined;
  const { one, many } = THING_RECORDS[details.thing as ThingName];
  const relation = details.relation as Relation | "none";
  const other = relation === "none" ? "" : THING_RECORDS[details.other as ThingName].one.replace("{color}", "{shade}");
  return {
    main: `${count > 1 ? `${NUMBERS[count]} ${many}` : one} {relation} ${other}`,
    extras: "{place} {depth} {setting}",
    slots: new Map([
      ["relation", RELATION_WORDS[relation]],
      ["place", PLACE_WORDS[details.place ?? "none"]!],
      ["depth", DEPTH_WORDS[details.depth ?? "none"]!],
      ["setting", SETTING_RECORDS[details.setting as Setting].words],
    ]),
  };
}

/** Every template that arrangements use. */
export const arrangementTemplates = (): readonly string[] => [
  ...Object.values(THING_RECORDS).flatMap(({ one, many }) => [one, many]),
  ...Object.values(SETTING_RECORDS).map(({ words }) => words),
  ...[PLACE_WORDS, DEPTH_WORDS, RELATION_WORDS].flatMap((table) => Object.values(table)),
  ...NUMBERS,
];
