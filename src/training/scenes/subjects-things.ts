// The subjects that are things in a setting, and the places and people that have compositions of their own.
import type { ColorName, Season, Time } from "./palette.ts";
import type { Setting } from "./settings.ts";
import type { SubjectRecord } from "./subjects.ts";
import { THINGS, type ThingName } from "./things.ts";

const ANY_TIME: readonly Time[] = ["dawn", "day", "golden", "sunset", "dusk", "night", "storm", "fog"];
const SEASONS: readonly Season[] = ["spring", "summer", "autumn", "winter"];
const BACKINGS: readonly ColorName[] = [
  "red",
  "orange",
  "yellow",
  "green",
  "teal",
  "blue",
  "purple",
  "pink",
  "white",
  "gray",
];

/** A subject that is always arranged: as one of the things, in one of the settings. */
const arranged = (
  weight: number,
  things: readonly ThingName[],
  settings: readonly Setting[],
  bare: readonly string[],
) => ({
  weight,
  times: ANY_TIME,
  openSky: true,
  colors: [...new Set(things.flatMap((name): readonly ColorName[] => THINGS[name].colors))],
  details: { backing: BACKINGS },
  arranged: { things, settings, share: 1 },
  bare,
  main: "",
});

export const THING_SUBJECTS = {
  dog: arranged(
    1.3,
    ["dog"],
    ["meadow", "meadow", "snow", "autumn", "beach", "forest", "city", "plain", "plain"],
    ["dog", "a dog", "a puppy", "puppy"],
  ),
  horse: arranged(
    1.2,
    ["horse"],
    ["meadow", "meadow", "snow", "autumn", "beach", "mountains", "desert", "plain"],
    ["horse", "a horse"],
  ),
  rabbit: arranged(
    1.1,
    ["rabbit"],
    ["meadow", "meadow", "snow", "autumn", "forest", "plain", "plain"],
    ["rabbit", "a rabbit", "a bunny"],
  ),
  owl: arranged(1.1, ["owl"], ["branch", "branch", "branch", "plain"], ["owl", "an owl"]),
  fish: arranged(1.1, ["fish"], ["reef", "reef", "reef", "plain"], ["fish", "a fish", "a tropical fish"]),
  butterfly: arranged(1.1, ["butterfly"], ["plain", "plain", "meadow", "forest"], ["butterfly", "a butterfly"]),
  flower: arranged(
    1.4,
    ["rose", "rose", "tulip", "daisy", "sunflower"],
    ["plain", "plain", "meadow"],
    ["flower", "a flower"],
  ),
  mushroom: arranged(1, ["mushroom"], ["forest", "forest", "meadow", "autumn", "plain"], ["mushroom", "a mushroom"]),
  apple: arranged(0.9, ["apple"], ["table", "table", "plain"], ["apple", "an apple"]),
  cup: arranged(0.9, ["cup"], ["table", "table", "plain"], ["coffee", "a cup of coffee", "a cup"]),
  book: arranged(0.9, ["book"], ["table", "table", "plain"], ["book", "a book", "an open book"]),
  car: arranged(1.3, ["car"], ["road", "road", "city", "desert", "snow", "beach", "plain"], ["car", "a car"]),
  train: arranged(
    1.1,
    ["train"],
    ["rails", "rails", "snow", "autumn", "mountains", "desert"],
    ["train", "a train", "a steam train"],
  ),
  rocket: arranged(1.1, ["rocket"], ["space", "space", "sky"], ["rocket", "a rocket", "a space rocket"]),
  robot: arranged(1.2, ["robot"], ["plain", "plain", "city", "meadow", "desert", "forest"], ["robot", "a robot"]),
  dragon: arranged(1.2, ["dragon"], ["sky", "sky", "sky", "plain"], ["dragon", "a dragon"]),
  windmill: arranged(
    1,
    ["windmill"],
    ["meadow", "meadow", "autumn", "snow", "beach", "mountains"],
    ["windmill", "a windmill"],
  ),
  portrait: {
    weight: 1.3,
    colors: ["red", "orange", "yellow", "green", "teal", "blue", "purple", "pink", "white", "black"],
    details: {
      person: ["woman", "woman", "man"],
      hair: ["black", "brown", "blond", "red", "gray"],
      hat: ["hat", "none", "none", "none"],
      backing: BACKINGS,
    },
    settle: (plan, random) => {
      while (plan.details.backing === plan.color) plan.details.backing = random.pick(BACKINGS);
    },
    bare: ["portrait", "a portrait", "a person"],
    main: "[|a portrait of ]{person} with {hair} hair",
    extras: "{hat} on a {backing} background",
    slots: {
      person: {
        woman: "a [woman|young woman|lady] in a {color} [dress|blouse]",
        man: "a [man|young man] in a {color} [coat|jacket]",
      },
      hair: { black: "black", brown: "brown", blond: "[blond|golden]", red: "red", gray: "gray" },
      hat: { hat: "and a hat", none: "" },
    },
  },
  bridge: {
    weight: 1,
    times: ANY_TIME,
    openSky: true,
    colors: ["gray", "brown", "red", "orange", "white", "blue", "green"],
    details: { kind: ["stone", "stone", "hanging"] },
    settle: (plan, random, asked) => {
      const stone = plan.color === "gray" || plan.color === "brown" || plan.color === "white";
      if (asked.details?.kind === undefined)
        plan.details.kind = stone && (plan.color !== "white" || random.chance(0.5)) ? "stone" : "hanging";
      else if (asked.color === undefined && (plan.details.kind === "stone") !== stone)
        plan.color = plan.details.kind === "stone" ? "gray" : "red";
    },
    bare: ["bridge", "a bridge"],
    main: "{kind}",
    extras: "[over a river|across a river|over the water]",
    slots: { kind: { stone: "[a|an old] {color} [stone |stone |]bridge", hanging: "a {color} [suspension |]bridge" } },
  },
  waterfall: {
    weight: 1,
    times: ANY_TIME,
    openSky: true,
    seasons: SEASONS,
    details: { trees: ["pine", "none"] },
    bare: ["waterfall", "a waterfall"],
    main: "a [|huge |beautiful ]waterfall [|in the mountains|on a cliff]",
    extras: "{trees} {season}",
    slots: {
      trees: { pine: "[with pine trees|among pine trees]", none: "" },
      season: { spring: "in spring", summer: "in summer", autumn: "in autumn", winter: "[in winter|in the snow]" },
    },
  },
  road: {
    weight: 1,
    times: ANY_TIME,
    openSky: true,
    seasons: SEASONS,
    details: { land: ["fields", "fields", "desert", "mountains"], trees: ["yes", "no"] },
    settle: (plan, _random, asked) => {
      if (plan.details.land === "desert" && asked.season !== undefined && asked.season !== "summer")
        plan.details.land = "fields";
      if (plan.details.land === "desert") {
        plan.season = "summer";
        plan.details.trees = "no";
      }
    },
    bare: ["road", "a road", "an empty road"],
    main: "[a road|a long road|an empty road] {land}",
    extras: "{trees} {season}",
    slots: {
      land: {
        fields: "[through the fields|into the distance]",
        desert: "[through the desert|in the desert]",
        mountains: "[into the mountains|to the mountains]",
      },
      trees: { yes: "[with trees|between trees]", no: "" },
      season: { spring: "in spring", summer: "in summer", autumn: "in autumn", winter: "[in winter|in the snow]" },
    },
  },
} as const satisfies Record<string, SubjectRecord>;
