// What captions claim is in the picture: their words, read by a lexicon of their own, against what the painter drew.
import { expect, describe as group, test } from "vitest";
import { COLORS, type ColorName, caption, describe, drawnIn, paintScene, type Scene, STYLES, words } from "./index.ts";
import { named } from "./palette.ts";
import { createRandom } from "./rng.ts";
import type { Box, Drawn } from "./stage.ts";
import { STYLE_RECORDS } from "./styles.ts";

/** Nouns of captions, and the things that they may mean. */
const NOUNS: Readonly<Record<string, readonly string[]>> = Object.fromEntries(
  Object.entries({
    dog: "dog dogs puppy puppies",
    horse: "horse horses",
    rabbit: "rabbit rabbits bunny bunnies",
    "kitten cat": "cat cats kitten kittens",
    owl: "owl owls",
    fish: "fish",
    butterfly: "butterfly butterflies",
    rose: "rose roses",
    "tulip meadow": "tulip tulips",
    "daisy meadow": "daisy daisies",
    "sunflower meadow": "sunflower sunflowers",
    mushroom: "mushroom mushrooms toadstool",
    apple: "apple apples",
    cup: "cup cups coffee",
    book: "book books",
    car: "car cars",
    train: "train trains locomotive",
    rocket: "rocket rockets",
    robot: "robot robots",
    dragon: "dragon dragons",
    windmill: "windmill windmills",
    house: "house houses cottage",
    castle: "castle castles",
    lighthouse: "lighthouse lighthouses",
    sailboat: "sailboat sailboats sails boat boats",
    balloon: "balloon balloons",
    pine: "pine",
    "tree branch": "tree trees",
    bridge: "bridge",
    waterfall: "waterfall",
    road: "road street",
    rails: "rails tracks",
    branch: "branch",
    table: "table",
    reef: "reef coral",
    "desert dunes": "desert dunes",
    "pyramid pyramids": "pyramid pyramids",
    cactus: "cactus cactuses",
    volcano: "volcano",
    mountains: "mountains mountain",
    city: "city skyline skyscrapers",
    rainbow: "rainbow",
    aurora: "aurora northern",
    clouds: "cloudy",
    "meadow flowers": "meadow",
    water: "sea ocean water waves river lake",
    beach: "beach",
    woman: "woman lady",
    man: "man",
    hair: "hair",
    background: "background",
    nebula: "nebula",
    galaxy: "galaxy",
    "planet moon": "planet moon",
    "stars sun": "stars starry",
    birds: "birds seagulls",
    wanderer: "wanderer traveler",
  }).flatMap(([things, nouns]) => nouns.split(" ").map((noun) => [noun, things.split(" ")])),
);

const NUMBERS: Readonly<Record<string, number>> = { two: 2, three: 3, four: 4 };

/** Scenes of things in a setting, every style among them. */
const arrangedScenes = (count: number): Scene[] =>
  Array.from({ length: count }, (_, n) => describe(n, { style: n % 3 ? "plain" : STYLES[n % STYLES.length]! })).filter(
    ({ plan }) => plan.details.thing !== undefined,
  );

const nearest = (fill: readonly number[]): ColorName =>
  COLORS.map((name) => {
    const [r, g, b] = named(name);
    return { name, away: (r - fill[0]!) ** 2 + (g - fill[1]!) ** 2 + (b - fill[2]!) ** 2 };
  }).sort((a, b) => a.away - b.away)[0]!.name;

const middle = ([left, top, right, bottom]: Box): [number, number] => [(left + right) / 2, (top + bottom) / 2];

group("what captions claim", () => {
  test("is drawn: nouns, colours, numbers and relations of arranged scenes, read from their words", () => {
    const random = createRandom(3);
    const seen = { nouns: 0, colors: 0, counts: 0, relations: 0 };
    for (const scene of arrangedScenes(900)) {
      const drawn = drawnIn(scene);
      const boxed = drawn.filter((item): item is Drawn & { box: Box } => item.box !== undefined);
      for (const text of [...Object.values(scene.captions), caption(scene, random)]) {
        // What belongs to a style, and the setting that reads like a relation.
        const told = text.replace(
          /black and white pencil|black ink|in front of (snowy )?mountains|under a ([a-z]+ sky|rainbow)|,/g,
          "",
        );
        const list = told.split(" ");
        const claims: { things: readonly string[]; color?: string; at: number }[] = [];
        let color: string | undefined;
        for (const [at, word] of list.entries()) {
          if ((COLORS as readonly string[]).includes(word)) color = word;
          const things = NOUNS[word];
          if (!things || (word === "tree" && list[at - 1] === "pine")) continue;
          seen.nouns++;
          expect(
            drawn.some(({ thing }) => things.includes(thing)),
            `"${word}" in "${text}"`,
          ).toBe(true);
          claims.push({ things, at, ...(color && { color }) });
          color = undefined;
        }
        const first = claims[0];
        const mine = first && boxed.filter(({ thing }) => first.things.includes(thing));
        for (const { things, color: said } of claims) {
          if (!said) continue;
          const those = drawn.filter((item) => things.includes(item.thing) && item.color !== undefined);
          if (those.length === 0) continue;
          seen.colors++;
          expect(
            those.some((item) => item.color === said && nearest(item.fill!) === said),
            `${said} in "${text}"`,
          ).toBe(true);
        }
        const number = list.map((word) => NUMBERS[word]).find((n) => n !== undefined);
        if (number !== undefined) {
          seen.counts++;
          expect(mine!.length, text).toBe(number);
        }
        const [relation] = told.match(/left of|right of|in front of|behind|above|over a|under a|below/) ?? [];
        const other = boxed.find(
          ({ thing }) => !first?.things.includes(thing) && claims.some(({ things }) => things.includes(thing)),
        );
        if (!relation || !mine?.[0] || !other || scene.plan.details.relation === "none") continue;
        seen.relations++;
        const [[x, y], [otherX, otherY]] = [middle(mine[0].box), middle(other.box)];
        const nearer = mine[0].box[3] - other.box[3];
        if (relation === "left of") expect(mine[0].box[2], text).toBeLessThan(otherX);
        else if (relation === "right of") expect(mine[0].box[0], text).toBeGreaterThan(otherX);
        else if (relation === "in front of") expect(nearer, text).toBeGreaterThan(0.05);
        else if (relation === "behind") expect(nearer, text).toBeLessThan(-0.05);
        else if (relation === "above" || relation === "over a") expect(y, text).toBeLessThan(otherY - 0.15);
        else expect(y, text).toBeGreaterThan(otherY + 0.05);
        expect(Math.abs(x - otherX) + Math.abs(y - otherY)).toBeGreaterThan(0.02);
      }
    }
    expect(Math.min(...Object.values(seen)), JSON.stringify(seen)).toBeGreaterThan(80);
  });

  test("left, right and far are where they say; everything named is inside the picture", () => {
    let count = 0;
    for (const scene of arrangedScenes(900)) {
      const boxed = drawnIn(scene).flatMap(({ box }) => (box ? [box] : []));
      for (const box of boxed) {
        const [x, y] = middle(box);
        expect(Math.min(x, 1 - x, y, 1 - y), scene.captions.long).toBeGreaterThan(0.05);
      }
      const { place, depth } = scene.plan.details;
      const [left, , right] = boxed.at(-1)!;
      if (place === "left") expect((left + right) / 2).toBeLessThan(0.36);
      if (place === "right") expect((left + right) / 2).toBeGreaterThan(0.64);
      if (depth === "far") expect(right - left).toBeLessThan(0.5);
      if (place !== "none" || depth !== "none") count++;
    }
    expect(count).toBeGreaterThan(50);
  });

  test("is drawn in every weather that is named", () => {
    const said = { rain: "rain", snow: "snowfall", rainbow: "rainbow", aurora: "aurora", clouds: "clouds" };
    const found = new Set<string>();
    for (let n = 0; n < 700; n++) {
      const scene = describe(n);
      const drawn = drawnIn(scene).map(({ thing }) => thing);
      for (const [word, thing] of Object.entries(said)) {
        const claim = word === "snow" ? "falling snow" : word === "clouds" ? "cloudy" : word;
        if (!new RegExp(`\\b${claim}\\b`).test(scene.captions.long)) continue;
        expect(drawn, scene.captions.long).toContain(thing);
        found.add(word);
      }
    }
    expect(found).toEqual(new Set(Object.keys(said)));
  });

  test("is never a colour that the style loses", () => {
    for (const style of STYLES.filter((name) => !STYLE_RECORDS[name].keepsColor))
      for (let n = 0; n < 60; n++)
        expect(describe(n, { subject: "car", style }).captions.long).not.toMatch(
          /\b(red|orange|yellow|green|teal|blue|purple|pink)\b(?! (meadow|field))/,
        );
  });
});

test("the lexicon's nouns are words of captions", () => {
  const known = new Set(words());
  expect(Object.keys(NOUNS).filter((noun) => !known.has(noun))).toEqual([]);
});

test("noting what is drawn leaves the picture alone", () => {
  const scene = describe(5, { subject: "dog", style: "plain" });
  expect(drawnIn(scene).some(({ thing }) => thing === "dog")).toBe(true);
  expect(paintScene(scene, 64)).toEqual(paintScene(scene, 64));
});
