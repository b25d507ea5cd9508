// The subjects of the painted world: what each may vary, and the words for it (drawings: compositions-*.ts).
import type { Arrangement } from "./arrangement.ts";
import type { ColorName, Season, Time } from "./palette.ts";
import type { Random } from "./rng.ts";
import { THING_SUBJECTS } from "./subjects-things.ts";

/** Everything decided about a picture before it is drawn. */
export interface Plan {
  time?: Time;
  color?: ColorName;
  season?: Season;
  count?: number;
  /** Further choices by name, as the subject's record lists them; `sky` and `weather` where it has an open sky. */
  details: Record<string, string>;
}

/** What a caller has asked for, so that the other choices can agree with it. */
export type Asked = Readonly<Partial<Plan>>;

/**
 * A kind of picture. Templates: `[a|b]` is one of the alternatives, `{slot}` the attribute or detail of that name in the
 * words of `slots`, or as it stands; a slot without a value leaves nothing.
 */
export interface SubjectRecord {
  weight: number;
  /** The times of day that apply; none if absent. */
  times?: readonly Time[];
  colors?: readonly ColorName[];
  seasons?: readonly Season[];
  counts?: readonly number[];
  /** Choices by name; repeat a value to make it likelier. */
  details?: Readonly<Record<string, readonly string[]>>;
  /** Whether the picture has a sky with clouds, a moon, stars … and weather. */
  openSky?: boolean;
  /** How it can be arranged with other things, instead of its own composition. */
  arranged?: Arrangement;
  /** Makes the choices agree with one another and with what was asked. */
  settle?: (plan: Plan, random: Random, asked: Asked) => void;
  /** Bare nouns, for the shortest captions. */
  bare: readonly string[];
  main: string;
  /** What long captions add. */
  extras?: string;
  slots?: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

const ANY_TIME: readonly Time[] = ["dawn", "day", "golden", "sunset", "dusk", "night", "storm", "fog"];
const SEASONS: readonly Season[] = ["spring", "summer", "autumn", "winter"];
const VIVID: readonly ColorName[] = ["red", "orange", "yellow", "green", "teal", "blue", "purple", "pink"];
const FURS: readonly ColorName[] = ["white", "black", "orange", "gray", "brown"];
const GOLDEN = { yellow: "[golden|yellow]" };

const records = {
  mountains: {
    weight: 1.1,
    times: ANY_TIME,
    openSky: true,
    details: { kind: ["snow", "rock", "green"], peaks: ["one", "many", "many"], water: ["lake", "none", "none"] },
    bare: ["mountains", "a mountain", "mountain landscape"],
    main: "{peaks}",
    extras: "{water}",
    slots: {
      peaks: {
        one: "a [|lonely |huge ]{kind} [mountain|mountain peak]",
        many: "[{kind} mountains|a {kind} mountain range|a landscape of {kind} mountains]",
      },
      kind: { snow: "[snowy|snow capped]", rock: "rocky", green: "green" },
      water: { lake: "[by a lake|reflected in a lake]", none: "" },
    },
  },
  sea: {
    weight: 0.9,
    times: ANY_TIME,
    openSky: true,
    details: { birds: ["yes", "no", "no"] },
    bare: ["sea", "the sea", "ocean", "the ocean"],
    main: "[the sea|the ocean|sea waves|the open sea]",
    extras: "{birds}",
    slots: { birds: { yes: "with [birds|seagulls]", no: "" } },
  },
  sailboat: {
    weight: 1.3,
    times: ANY_TIME,
    openSky: true,
    colors: ["white", "red", "orange", "yellow", "blue", "green", "purple", "pink", "black"],
    arranged: { things: ["sailboat"], settings: ["sea"], share: 0.35 },
    bare: ["sailboat", "a sailboat", "a boat", "a sailing boat"],
    main: "[a [sailboat|sailing boat|boat] with {color} sails|a {color} sailboat]",
    extras: "on the [sea|water|ocean]",
  },
  island: {
    weight: 0.9,
    times: ANY_TIME,
    openSky: true,
    details: { kind: ["palm", "rock", "pine"] },
    bare: ["island", "an island", "an island in the sea"],
    main: "{kind}",
    extras: "in the [sea|ocean]",
    slots: {
      kind: {
        palm: "a [tropical |]island with palm trees",
        rock: "a rocky island",
        pine: "a [small |]island with pine trees",
      },
    },
  },
  forest: {
    weight: 1.1,
    times: ANY_TIME,
    openSky: true,
    seasons: SEASONS,
    details: { kind: ["pine", "leafy"], path: ["path", "none"] },
    bare: ["forest", "a forest", "the woods", "trees"],
    main: "a {season} {kind}",
    extras: "{path}",
    slots: {
      season: { spring: "[spring|green]", summer: "[summer|green]", autumn: "autumn", winter: "[snowy|winter]" },
      kind: { pine: "pine forest", leafy: "[forest|wood]" },
      path: { path: "with a path", none: "" },
    },
  },
  desert: {
    weight: 0.9,
    times: ANY_TIME,
    openSky: true,
    details: { feature: ["pyramid", "pyramids", "cactus", "cactuses", "none", "none"] },
    bare: ["desert", "a desert", "sand dunes"],
    main: "[a desert|desert dunes|sand dunes|a sandy desert] {feature}",
    slots: {
      feature: {
        pyramid: "with a pyramid",
        pyramids: "with pyramids",
        cactus: "with a cactus",
        cactuses: "with cactuses",
        none: "",
      },
    },
  },
  city: {
    weight: 1.1,
    times: ANY_TIME,
    openSky: true,
    details: { look: ["plain", "plain", "neon"], water: ["river", "none"] },
    settle: (plan) => {
      if (!["night", "dusk", "storm"].includes(plan.time ?? "")) plan.details.look = "plain";
    },
    bare: ["city", "a city", "a city skyline", "skyscrapers"],
    main: "{look}",
    extras: "{water}",
    slots: {
      look: {
        plain: "[a city skyline|a city|a big city with skyscrapers]",
        neon: "[a cyberpunk city|a neon city|a futuristic city with neon lights]",
      },
      water: { river: "[by the river|by the water|reflected in the water]", none: "" },
    },
  },
  house: {
    weight: 1.3,
    times: ANY_TIME,
    openSky: true,
    seasons: SEASONS,
    colors: ["white", "yellow", "red", "blue", "pink", "brown", "green", "purple", "orange", "gray"],
    details: { flowers: ["yes", "no"], tree: ["tree", "tree", "none"] },
    settle: (plan) => {
      if (plan.season !== "spring") plan.details.flowers = "no";
    },
    arranged: { things: ["house"], settings: ["meadow", "snow", "autumn", "beach", "mountains"], share: 0.4 },
    bare: ["house", "a house", "a cottage", "a little house"],
    main: "a [|little |small ]{color} [house|house|cottage]",
    extras: "{flowers} {tree} {season}",
    slots: {
      flowers: { yes: "in a flower meadow", no: "" },
      tree: { tree: "[beside a tree|next to a tree|with a tree]", none: "" },
      season: { spring: "in spring", summer: "in summer", autumn: "in autumn", winter: "[in the snow|in winter]" },
    },
  },
  tree: {
    weight: 1,
    times: ANY_TIME,
    openSky: true,
    colors: ["green", "orange", "red", "yellow", "pink"],
    seasons: SEASONS,
    details: { flowers: ["yes", "no", "no"] },
    settle: settleTree,
    arranged: { things: ["tree"], settings: ["meadow", "autumn", "beach", "mountains"], share: 0.35 },
    bare: ["tree", "a tree", "a lonely tree"],
    main: "{season}",
    extras: "[on a hill|in a field] {flowers}",
    slots: {
      season: {
        spring: "a {color} [cherry tree|cherry blossom tree|blooming cherry tree]",
        summer: "a [lonely |big |]{color} tree",
        autumn: "[an autumn tree with {color} leaves|a {color} autumn tree|a {color} tree in autumn]",
        winter: "a bare tree in [winter|the snow]",
      },
      flowers: { yes: "with flowers", no: "" },
    },
  },
  meadow: {
    weight: 0.9,
    times: ANY_TIME,
    openSky: true,
    colors: ["purple", "red", "yellow", "pink", "white", "blue"],
    settle: (plan) => {
      plan.details.flower = plan.color ?? "purple";
    },
    bare: ["meadow", "a meadow", "a field of flowers", "flowers"],
    main: "{flower}",
    slots: {
      flower: {
        purple: "[a field of {color} lavender|a {color} lavender field|a meadow of {color} flowers]",
        red: "[a field of {color} poppies|a {color} poppy field|a meadow of {color} flowers]",
        yellow: "[a field of {color} sunflowers|a {color} sunflower field|a meadow of {color} flowers]",
        pink: "[a field of {color} tulips|a {color} tulip field|a meadow of {color} flowers]",
        white: "[a field of {color} daisies|a meadow of {color} flowers]",
        blue: "[a field of {color} cornflowers|a meadow of {color} flowers]",
      },
    },
  },
  lighthouse: {
    weight: 0.9,
    times: ANY_TIME,
    openSky: true,
    colors: ["red", "blue", "black", "green", "orange"],
    arranged: { things: ["lighthouse"], settings: ["meadow", "snow", "autumn", "beach", "mountains"], share: 0.35 },
    bare: ["lighthouse", "a lighthouse", "a lighthouse by the sea"],
    main: "a {color} [striped |]lighthouse",
    extras: "[on a cliff|by the sea|on the coast]",
  },
  castle: {
    weight: 1.3,
    times: ANY_TIME,
    openSky: true,
    colors: ["gray", "white", "brown", "pink", "blue", "yellow"],
    details: { roof: ["blue", "red", "green", "purple"], trees: ["yes", "no"] },
    arranged: { things: ["castle"], settings: ["meadow", "snow", "autumn", "beach", "mountains"], share: 0.35 },
    bare: ["castle", "a castle", "a medieval castle", "a fairytale castle"],
    main: "a {color} [castle|castle|medieval castle|fairytale castle]",
    extras: "[with {roof} roofs|] [on a hill|in the mountains] {trees}",
    slots: { trees: { yes: "with pine trees", no: "" } },
  },
  volcano: {
    weight: 0.9,
    times: ANY_TIME,
    openSky: true,
    details: { state: ["lava", "lava", "lava", "snow"], water: ["sea", "none"] },
    bare: ["volcano", "a volcano"],
    main: "{state}",
    extras: "{water}",
    slots: {
      state: {
        lava: "[an erupting volcano|a volcano erupting with lava|a volcano with lava and smoke]",
        snow: "a snowy volcano",
      },
      water: { sea: "by the sea", none: "" },
    },
  },
  balloon: {
    weight: 1,
    times: ANY_TIME,
    openSky: true,
    colors: VIVID,
    counts: [1, 1, 2, 3, 4],
    details: { second: ["white", "yellow", "white", "same"] },
    settle: (plan) => {
      if (plan.color === plan.details.second) plan.details.second = "same";
    },
    arranged: { things: ["balloon"], settings: ["sky"], share: 0.35 },
    bare: ["balloon", "hot air balloon"],
    main: "{count}",
    extras: "[in the sky|over the mountains|]",
    slots: {
      count: {
        1: "a {color} {second} hot air balloon",
        2: "two {color} {second} hot air balloons",
        3: "three {color} {second} hot air balloons",
        4: "four {color} {second} hot air balloons",
      },
      second: { white: "[and white|]", yellow: "[and yellow|]", same: "" },
    },
  },
  galaxy: {
    weight: 1.5,
    colors: ["blue", "purple", "yellow", "teal", "pink", "red"],
    details: { foreground: ["none", "none", "none", "none", "wanderer", "mountains"] },
    bare: ["galaxy", "a galaxy", "a distant galaxy", "a spiral galaxy", "a dream of a distant galaxy"],
    main: "[a |a distant |a beautiful |a dream of a distant |a dream of a ]{color} [galaxy|spiral galaxy|galaxy]",
    extras: "[in space|with stars|] {foreground}",
    slots: {
      color: GOLDEN,
      foreground: {
        none: "",
        wanderer: "[above a lone wanderer|seen by a wanderer in the mountains]",
        mountains: "over the mountains",
      },
    },
  },
  nebula: {
    weight: 0.9,
    colors: ["blue", "purple", "orange", "green", "pink", "red"],
    bare: ["nebula", "a nebula", "a cosmic cloud"],
    main: "a {color} [nebula|nebula|cosmic cloud]",
    extras: "[in space|with stars|]",
  },
  planet: {
    weight: 1.2,
    colors: VIVID,
    details: {
      kind: ["gas", "earth", "rock", "gas", "earth"],
      ring: ["rings", "none"],
      moon: ["moon", "none", "none"],
    },
    bare: ["planet", "a planet", "a planet in space"],
    main: "a {color} {kind} {ring}",
    extras: "{moon} [in space|among the stars]",
    slots: {
      color: GOLDEN,
      kind: {
        gas: "[planet|gas giant|gas planet]",
        earth: "[planet|planet with oceans]",
        rock: "[planet|rocky planet]",
      },
      ring: { rings: "with [rings|a ring]", none: "" },
      moon: { moon: "with a moon", none: "" },
    },
  },
  moon: {
    weight: 0.8,
    colors: ["gray", "gray", "red", "blue", "yellow"],
    arranged: { things: ["moon"], settings: ["meadow", "sea", "mountains", "desert"], share: 0.4 },
    bare: ["moon", "the moon", "the moon in space"],
    main: "[the|a] {color} moon",
    extras: "[in space|with craters|among the stars]",
    slots: { color: GOLDEN },
  },
  sun: {
    weight: 0.8,
    times: ["dawn", "golden", "sunset"],
    colors: ["orange", "red", "blue", "yellow"],
    details: { place: ["space", "space", "sea", "land"] },
    openSky: true,
    settle: settleSun,
    bare: ["sun", "the sun"],
    main: "{place}",
    slots: {
      place: {
        space: "[the {color} sun|a {color} star] [in space|with flames]",
        sea: "[a big sun|the sun] [over the sea|over the horizon]",
        land: "[a big sun|the sun] [over the mountains|over the horizon]",
      },
    },
  },
  alien: {
    weight: 0.9,
    colors: VIVID,
    details: { ring: ["rings", "none"], water: ["lake", "none"] },
    bare: ["alien landscape", "an alien world", "an alien planet"],
    main: "[an alien landscape|an alien world|a fantasy alien landscape] with a {color} sky",
    extras: "and a planet {ring} {water}",
    slots: { ring: { rings: "with rings", none: "" }, water: { lake: "[above a lake|over the water]", none: "" } },
  },
  wanderer: {
    weight: 0.8,
    times: ANY_TIME,
    openSky: true,
    bare: ["wanderer", "a wanderer", "a lone wanderer"],
    main: "[a wanderer above a sea of fog|a lone wanderer in the mountains|a traveler looking at misty mountains]",
  },
  cat: {
    weight: 1.8,
    times: ANY_TIME,
    openSky: true,
    details: {
      garment: ["raincoat", "raincoat", "raincoat", "sweater", "scarf", "hat", "wizard hat", "none", "none", "none"],
      background: ["plain", "plain", "plain", "city", "meadow", "beach", "space", "castle", "mountains", "snow"],
      backing: ["red", "orange", "yellow", "green", "teal", "blue", "purple", "pink", "white", "gray"],
      fur: FURS,
      clothing: ["red", "orange", "yellow", "green", "teal", "blue", "purple", "pink", "white", "black"],
    },
    colors: ["red", "orange", "yellow", "green", "teal", "blue", "purple", "pink", "white", "black", "gray", "brown"],
    settle: settleCat,
    arranged: { things: ["kitten"], settings: ["meadow", "snow", "autumn", "beach", "mountains"], share: 0.3 },
    bare: ["cat", "a cat", "a kitten", "kitten"],
    main: "{garment}",
    extras: "{background}",
    slots: {
      garment: {
        raincoat: "a [{fur}|] [cat|cat|kitten] [wearing|wearing|in] a {color} raincoat",
        sweater: "a [{fur}|] [cat|cat|kitten] [wearing|wearing|in] a {color} sweater",
        scarf: "a {color} [cat|cat|kitten] wearing a {clothing} scarf",
        hat: "a {color} [cat|cat|kitten] wearing a {clothing} hat",
        "wizard hat": "a {color} [cat|cat|kitten] wearing a {clothing} wizard hat",
        none: "a {color} [cat|cat|kitten]",
      },
      background: {
        plain: "on a {backing} background",
        city: "in the city",
        meadow: "in a meadow",
        beach: "on the beach",
        space: "in space",
        castle: "in front of a castle",
        mountains: "[in the mountains|in front of mountains]",
        snow: "in the snow",
      },
    },
  },
  ...THING_SUBJECTS,
} as const satisfies Record<string, SubjectRecord>;

/** The name of a subject. */
export type Subject = keyof typeof records;
/** The subjects' records by name. */
export const SUBJECT_RECORDS: Readonly<Record<Subject, SubjectRecord>> = records;
/** The subjects, as a judge classifies them. */
export const SUBJECTS = Object.keys(records) as readonly Subject[];

function settleTree(plan: Plan, random: Random, asked: Asked): void {
  const ofColor = (color: ColorName | undefined): Season =>
    color === "pink" ? "spring" : color === "green" ? "summer" : "autumn";
  if (asked.color !== undefined) plan.season = ofColor(plan.color);
  else if (plan.season === "winter") delete plan.color;
  else if (plan.season === "spring") plan.color = "pink";
  else if (plan.season === "summer") plan.color = "green";
  else plan.color = random.pick<ColorName>(["orange", "red", "yellow"]);
  if (plan.season !== "spring") plan.details.flowers = "no";
}

function settleSun(plan: Plan, random: Random, asked: Asked): void {
  if (asked.color !== undefined) plan.details.place = "space";
  else if (asked.time !== undefined && plan.details.place === "space")
    plan.details.place = random.pick(["sea", "land"]);
  if (plan.details.place === "space") delete plan.time;
  else delete plan.color;
}

function settleCat(plan: Plan, random: Random, asked: Asked): void {
  const { details } = plan;
  const coat = (): boolean => details.garment === "raincoat" || details.garment === "sweater";
  if (asked.color !== undefined && !coat() && !FURS.includes(asked.color)) details.garment = "raincoat";
  if (coat()) {
    if (asked.color === undefined) plan.color = details.clothing as ColorName;
    details.clothing = plan.color ?? "yellow";
  } else {
    if (asked.color === undefined) plan.color = details.fur as ColorName;
    details.fur = plan.color ?? "gray";
    while (details.clothing === details.fur) details.clothing = random.pick(VIVID);
  }
  const plain = (): boolean => details.background === "plain" || details.background === "space";
  if (asked.time !== undefined && plain()) details.background = random.pick(["city", "meadow", "beach"]);
  if (plain()) delete plan.time;
  while (details.backing === plan.color) details.backing = random.pick(VIVID);
}
