// The things that can be set anywhere, beside, before or above one another: their words, colours, sizes and drawings.
import { butterfly, dog, fish, horse, owl, rabbit, sittingCat } from "./animals.ts";
import { castle, house, lighthouse } from "./buildings.ts";
import { mixRgb, type Rgb, scaleRgb, WHITE } from "./color.ts";
import { balloon, sailboat } from "./craft.ts";
import { dragon, robot } from "./figures.ts";
import { type ColorName, FOLIAGE, lit, named } from "./palette.ts";
import { type Pen, type Place, penAt } from "./pen.ts";
import { leafyTree, pine } from "./plants.ts";
import { glow } from "./shapes.ts";
import { planet } from "./space.ts";
import type { Box, Stage } from "./stage.ts";
import { apple, book, cup, type FlowerKind, flower, mushroom } from "./still-life.ts";
import { windmill } from "./structures.ts";
import { car, rocket, train } from "./vehicles.ts";

/** What a thing stands on, which decides what it can be set beside. */
export type Footing = "ground" | "table" | "water" | "air" | "reef";

/** A thing that can be set anywhere. */
export interface Thing {
  /** Caption templates with `{color}`, for one and for several. */
  readonly one: string;
  readonly many: string;
  readonly footing: Footing;
  readonly colors: readonly ColorName[];
  /** Its unit as a share of the picture when it stands alone and near, and its width in units. */
  readonly size: number;
  readonly reach: number;
  /** Whether smaller things can stand before it. */
  readonly tall?: boolean;
  /** How a colour looks on it, where that is not the colour by itself. */
  readonly tones?: Partial<Record<ColorName, Rgb>>;
  /** Draws it at a place and returns its bounds. A place's y is the foot, or the middle of what floats. */
  readonly draw: (stage: Stage, place: Place, color: Rgb) => Box;
}

/** The colours of fur, feathers and manes. */
export const FUR = {
  white: [0.94, 0.93, 0.9],
  black: [0.16, 0.15, 0.17],
  orange: [0.92, 0.56, 0.2],
  gray: [0.58, 0.6, 0.64],
  brown: [0.48, 0.32, 0.2],
} as const satisfies Partial<Record<ColorName, Rgb>>;

const PAINTS: readonly ColorName[] = [
  "red",
  "orange",
  "yellow",
  "green",
  "teal",
  "blue",
  "purple",
  "pink",
  "white",
  "black",
];
const FURS: readonly ColorName[] = ["white", "black", "orange", "gray", "brown"];

/** A drawing with one pen. */
const penned =
  (draw: (pen: Pen, color: Rgb, stage: Stage) => void) =>
  (stage: Stage, place: Place, color: Rgb): Box => {
    const pen = penAt(stage, place);
    draw(pen, color, stage);
    return pen.bounds();
  };

/** The bounds of a thing whose drawing knows them by its place alone: reaches left, up, right and down, in units. */
const around = ({ x, y, size }: Place, left: number, up: number, right: number, down: number): Box => [
  x - left * size,
  y - up * size,
  x + right * size,
  y + down * size,
];

const grown = (kind: FlowerKind): Thing["draw"] => penned((pen, color) => flower(pen, kind, color));

const ROOFS: readonly Rgb[] = [
  [0.5, 0.18, 0.13],
  [0.3, 0.26, 0.26],
  [0.24, 0.3, 0.42],
];
const CASTLE_ROOFS: readonly Rgb[] = [
  [0.22, 0.3, 0.7],
  [0.68, 0.2, 0.17],
  [0.18, 0.45, 0.32],
];

export const THINGS = {
  dog: {
    one: "a [|happy |little ]{color} [dog|dog|puppy]",
    many: "{color} [dogs|puppies]",
    footing: "ground",
    colors: FURS,
    size: 0.56,
    reach: 1.45,
    tones: FUR,
    draw: penned(dog),
  },
  horse: {
    one: "a [|beautiful ]{color} horse",
    many: "{color} horses",
    footing: "ground",
    colors: FURS,
    size: 0.66,
    reach: 1.2,
    tones: FUR,
    draw: penned(horse),
  },
  rabbit: {
    one: "a [|little |cute ]{color} [rabbit|rabbit|bunny]",
    many: "{color} [rabbits|bunnies]",
    footing: "ground",
    colors: FURS,
    size: 0.62,
    reach: 0.9,
    tones: FUR,
    draw: penned(rabbit),
  },
  kitten: {
    one: "a [|little ]{color} [cat|kitten]",
    many: "{color} [cats|kittens]",
    footing: "ground",
    colors: FURS,
    size: 0.5,
    reach: 0.8,
    tones: FUR,
    draw: penned(sittingCat),
  },
  owl: {
    one: "a [|wise ]{color} owl",
    many: "{color} owls",
    footing: "ground",
    colors: ["brown", "gray", "white", "orange", "black"],
    size: 0.6,
    reach: 0.8,
    tones: FUR,
    draw: penned(owl),
  },
  fish: {
    one: "a [|tropical ]{color} fish",
    many: "{color} fish",
    footing: "reef",
    colors: ["red", "orange", "yellow", "green", "teal", "blue", "purple", "pink", "black"],
    size: 0.66,
    reach: 1.05,
    draw: penned(fish),
  },
  butterfly: {
    one: "a [|beautiful ]{color} butterfly",
    many: "{color} butterflies",
    footing: "air",
    colors: ["red", "orange", "yellow", "green", "teal", "blue", "purple", "pink", "white"],
    size: 0.72,
    reach: 1.05,
    draw: penned(butterfly),
  },
  rose: {
    one: "a [|single |beautiful ]{color} rose",
    many: "{color} roses",
    footing: "ground",
    colors: ["red", "pink", "white", "yellow", "orange", "purple"],
    size: 0.8,
    reach: 0.66,
    draw: grown("rose"),
  },
  tulip: {
    one: "a {color} tulip",
    many: "{color} tulips",
    footing: "ground",
    colors: ["red", "pink", "white", "yellow", "orange", "purple"],
    size: 0.8,
    reach: 0.6,
    draw: grown("tulip"),
  },
  daisy: {
    one: "a {color} daisy",
    many: "{color} daisies",
    footing: "ground",
    colors: ["white", "pink", "blue", "purple", "yellow"],
    size: 0.8,
    reach: 0.62,
    draw: grown("daisy"),
  },
  sunflower: {
    one: "a {color} sunflower",
    many: "{color} sunflowers",
    footing: "ground",
    colors: ["yellow"],
    size: 0.8,
    reach: 0.66,
    draw: grown("sunflower"),
  },
  mushroom: {
    one: "a [|big ]{color} [mushroom|mushroom|toadstool]",
    many: "{color} mushrooms",
    footing: "ground",
    colors: ["red", "orange", "brown", "blue", "purple", "yellow", "pink"],
    size: 0.56,
    reach: 0.9,
    draw: penned(mushroom),
  },
  apple: {
    one: "a {color} apple",
    many: "{color} apples",
    footing: "table",
    colors: ["red", "green", "yellow"],
    size: 0.5,
    reach: 0.96,
    draw: penned(apple),
  },
  cup: {
    one: "a {color} cup of coffee",
    many: "{color} cups of coffee",
    footing: "table",
    colors: PAINTS,
    size: 0.56,
    reach: 1.06,
    draw: penned(cup),
  },
  book: {
    one: "an open {color} book",
    many: "open {color} books",
    footing: "table",
    colors: ["red", "green", "blue", "purple", "brown", "black", "orange"],
    size: 0.66,
    reach: 1.1,
    draw: penned(book),
  },
  car: {
    one: "a [|little |shiny ]{color} car",
    many: "{color} cars",
    footing: "ground",
    colors: PAINTS,
    size: 0.78,
    reach: 1.04,
    draw: penned((pen, color, { light }) => car(pen, color, light.lamps)),
  },
  train: {
    one: "a {color} [train|steam train|steam locomotive]",
    many: "{color} trains",
    footing: "ground",
    colors: ["red", "green", "blue", "black", "purple", "orange", "teal", "yellow"],
    size: 0.88,
    reach: 1.06,
    draw: penned((pen, color, { light }) => train(pen, color, light.lamps)),
  },
  rocket: {
    one: "a {color} [rocket|rocket|space rocket]",
    many: "{color} rockets",
    footing: "air",
    colors: ["red", "orange", "yellow", "green", "teal", "blue", "purple", "pink"],
    size: 0.56,
    reach: 0.66,
    draw(stage, { x, y, size }, color) {
      const foot = { x, y: y + size * 0.35, size };
      const pen = penAt(stage, foot);
      rocket(pen, penAt(stage, foot, 0), color, true);
      return pen.bounds();
    },
  },
  robot: {
    one: "a [|friendly |little ]{color} robot",
    many: "{color} robots",
    footing: "ground",
    colors: [...PAINTS, "gray"],
    size: 0.66,
    reach: 0.86,
    draw(stage, place, color) {
      const pen = penAt(stage, place);
      robot(pen, penAt(stage, place, 0), color);
      return pen.bounds();
    },
  },
  dragon: {
    one: "a [|mighty ]{color} dragon",
    many: "{color} dragons",
    footing: "air",
    colors: ["red", "green", "blue", "purple", "black", "orange", "teal", "white"],
    size: 0.7,
    reach: 1.5,
    draw(stage, place, color) {
      const pen = penAt(stage, place);
      dragon(pen, color, penAt(stage, place, 0));
      return pen.bounds();
    },
  },
  windmill: {
    one: "[a|an old] {color} windmill",
    many: "{color} windmills",
    footing: "ground",
    colors: ["white", "red", "brown", "gray", "blue", "yellow", "green"],
    size: 0.66,
    reach: 0.7,
    tall: true,
    draw: penned((pen, color, { random, light }) => windmill(pen, color, random.range(0.2, 1.4), light.lamps)),
  },
  house: {
    one: "a [|little |small ]{color} [house|house|cottage]",
    many: "{color} houses",
    footing: "ground",
    colors: ["white", "yellow", "red", "blue", "pink", "brown", "green", "purple", "orange", "gray"],
    size: 0.56,
    reach: 1.16,
    tall: true,
    draw(stage, place, color) {
      const roof = stage.random.pick(ROOFS);
      house(stage, place.x, place.y, place.size, mixRgb(color, WHITE, 0.1), roof, false);
      return around(place, 0.57, 1.14, 0.57, 0);
    },
  },
  tree: {
    one: "a [|big |tall ]{color} tree",
    many: "{color} trees",
    footing: "ground",
    colors: ["green", "orange", "red", "yellow", "pink"],
    size: 0.66,
    reach: 0.86,
    tall: true,
    tones: {
      pink: [0.98, 0.66, 0.79],
      green: FOLIAGE.summer[0],
      orange: [0.93, 0.52, 0.14],
      red: [0.8, 0.18, 0.12],
      yellow: [0.95, 0.78, 0.16],
    },
    draw(stage, place, color) {
      leafyTree(stage, place.x, place.y, place.size, lit(stage.light, color, 0.75));
      return around(place, 0.4, 1, 0.4, 0);
    },
  },
  pine: {
    one: "a [|tall ]{color} pine tree",
    many: "{color} pine trees",
    footing: "ground",
    colors: ["green"],
    size: 0.66,
    reach: 0.5,
    tall: true,
    tones: { green: [0.14, 0.43, 0.24] },
    draw(stage, place, color) {
      pine(stage, place.x, place.y, place.size, lit(stage.light, color, 0.85));
      return around(place, 0.22, 1, 0.22, 0);
    },
  },
  castle: {
    one: "a {color} [castle|castle|medieval castle]",
    many: "{color} castles",
    footing: "ground",
    colors: ["gray", "white", "brown", "pink", "blue", "yellow"],
    size: 0.56,
    reach: 1.1,
    tall: true,
    tones: {
      gray: [0.56, 0.56, 0.6],
      brown: [0.56, 0.38, 0.25],
      pink: [0.96, 0.6, 0.74],
      blue: [0.3, 0.44, 0.82],
      yellow: [0.95, 0.8, 0.36],
    },
    draw(stage, place, color) {
      castle(stage, place.x, place.y, place.size, color, stage.random.pick(CASTLE_ROOFS));
      return around(place, 0.55, 1.46, 0.55, 0);
    },
  },
  lighthouse: {
    one: "a {color} [striped |]lighthouse",
    many: "{color} lighthouses",
    footing: "ground",
    colors: ["red", "blue", "black", "green", "orange"],
    size: 0.6,
    reach: 0.4,
    tall: true,
    draw(stage, place, color) {
      lighthouse(stage, place.x, place.y, place.size, color);
      return around(place, 0.13, 1.02, 0.13, 0);
    },
  },
  sailboat: {
    one: "a {color} [sailboat|sailing boat]",
    many: "{color} [sailboats|sailing boats]",
    footing: "water",
    colors: ["white", "red", "orange", "yellow", "blue", "green", "purple", "pink", "black"],
    size: 0.56,
    reach: 1.1,
    draw(stage, place, color) {
      sailboat(stage, place.x, place.y, place.size, color, place.flip ?? false);
      return around(place, 0.5, 1.14, 0.5, 0.08);
    },
  },
  balloon: {
    one: "a {color} hot air balloon",
    many: "{color} hot air balloons",
    footing: "air",
    colors: ["red", "orange", "yellow", "green", "teal", "blue", "purple", "pink"],
    size: 0.5,
    reach: 0.9,
    draw(stage, { x, y, size }, color) {
      const radius = size * 0.42;
      balloon(stage, x, y - size * 0.1, radius, [color, scaleRgb(color, 0.8)]);
      return [x - radius, y - size * 0.1 - radius, x + radius, y - size * 0.1 + radius * 1.45];
    },
  },
  moon: {
    one: "a [|full ]{color} moon",
    many: "{color} moons",
    footing: "air",
    colors: ["white", "yellow", "red"],
    size: 0.46,
    reach: 1,
    tones: { white: [0.93, 0.93, 0.9], yellow: [1, 0.84, 0.3], red: [0.85, 0.25, 0.17] },
    draw(stage, { x, y, size }, color) {
      const radius = size * 0.42;
      glow(stage, x, y, scaleRgb(color, 0.6), radius * 0.9, 0.35);
      planet(stage, x, y, radius, {
        kind: "rock",
        colors: [scaleRgb(color, 0.62), scaleRgb(color, 0.85), color],
        full: true,
      });
      return [x - radius, y - radius, x + radius, y + radius];
    },
  },
} as const satisfies Record<string, Thing>;

/** The name of a thing. */
export type ThingName = keyof typeof THINGS;
/** The things by name. */
export const THING_RECORDS: Readonly<Record<ThingName, Thing>> = THINGS;

/** The value of a colour on a thing, before light falls on it. */
export const toneOf = (thing: ThingName, color: ColorName): Rgb => THING_RECORDS[thing].tones?.[color] ?? named(color);
