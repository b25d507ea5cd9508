// How pictures of made things are composed: sailboat, city, house, lighthouse, castle, balloons; and the cat.
import { castle, city, headland, house, lighthouse } from "./buildings.ts";
import { blur, everywhere, put } from "./canvas.ts";
import { cat, type Garment } from "./cat.ts";
import { distance, hsl, mix, mixRgb, type Rgb, scaleRgb, WHITE } from "./color.ts";
import { type Composition, meadowColors, planSky } from "./compositions-land.ts";
import { balloon, sailboat } from "./craft.ts";
import { ground, mountains, ridgeline, rocks } from "./land.ts";
import { type ColorName, FOLIAGE, GRASS, lit, named } from "./palette.ts";
import { leafyTree, pine, woods } from "./plants.ts";
import { stars } from "./sky.ts";
import { nebula } from "./space.ts";
import type { Stage } from "./stage.ts";
import type { Plan } from "./subjects.ts";
import { water } from "./water.ts";

export const drawSailboat: Composition = (stage, plan) => {
  const { random } = stage;
  const horizon = random.range(0.45, 0.6);
  planSky(stage, plan, horizon);
  if (random.chance(0.4)) mountains(stage, 1, horizon - 0.06, { snow: 0, amplitude: 0.45, fog: 2.2 });
  water(stage, horizon);
  const size = random.range(0.32, 0.6);
  const x = random.range(0.32, 0.68);
  const y = random.range(Math.max(horizon + 0.1, 0.66), 0.84);
  sailboat(stage, x, y, size, named(plan.color ?? "white"), random.chance(0.5));
};

export const drawCity: Composition = (stage, plan) => {
  const { random, light } = stage;
  const horizon = random.range(0.66, 0.8);
  planSky(stage, plan, horizon);
  city(stage, horizon, { neon: plan.details.look === "neon", height: random.range(0.9, 1.4) });
  if (plan.details.water === "river") water(stage, horizon);
  else
    ground(stage, () => horizon, lit(light, [0.22, 0.23, 0.26], 0.8), lit(light, [0.32, 0.33, 0.36], 0.8), {
      fog: 0.2,
    });
};

const MEADOW_FLOWERS: readonly Rgb[] = [
  [1, 0.4, 0.5],
  [1, 0.9, 0.3],
  [0.9, 0.9, 1],
];

export const drawHouse: Composition = (stage, plan) => {
  const { random, light } = stage;
  const season = plan.season ?? "summer";
  const winter = season === "winter";
  const horizon = random.range(0.5, 0.62);
  planSky(stage, plan, horizon);
  if (random.chance(0.4)) mountains(stage, 2, horizon - 0.1, { snow: 0.4, fog: 1.2 });
  const [far, near] = GRASS[season];
  const rise = (u: number): number => horizon + 0.02 + 0.05 * Math.sin(u * 3 + light.sunX * 6);
  const strewn = plan.details.flowers === "yes" ? { flowers: MEADOW_FLOWERS } : {};
  ground(stage, rise, lit(light, far, 0.85), lit(light, near, 0.85), strewn);
  const row = { rows: 1, height: 0.2, crowd: 0.6, front: horizon + 0.08 };
  if (random.chance(0.4)) woods(stage, winter ? "pine" : "leafy", season, horizon + 0.05, row);
  const size = random.range(0.34, 0.54);
  const x = random.range(0.36, 0.64);
  const y = random.range(0.76, 0.86);
  const roof = random.pick<Rgb>([
    [0.5, 0.18, 0.13],
    [0.3, 0.26, 0.26],
    [0.24, 0.3, 0.42],
    [0.6, 0.35, 0.15],
  ]);
  house(stage, x, y, size, mixRgb(named(plan.color ?? "white"), WHITE, 0.1), roof, winter);
  if (plan.details.tree !== "tree") return;
  const treeX = x + (x > 0.5 ? -1 : 1) * size * 0.78;
  if (winter) pine(stage, treeX, y + 0.03, size * 0.9, lit(light, [0.14, 0.32, 0.22], 0.85));
  else leafyTree(stage, treeX, y + 0.03, size * 1.05, lit(light, FOLIAGE[season][random.int(2)]!, 0.8));
};

export const drawLighthouse: Composition = (stage, plan) => {
  const { random, light } = stage;
  const horizon = random.range(0.54, 0.64);
  planSky(stage, plan, horizon);
  water(stage, horizon, { waves: true, chop: light.time === "storm" ? 1.8 : 1 });
  const right = random.chance(0.5);
  const x = right ? random.range(0.6, 0.76) : random.range(0.24, 0.4);
  const crest = ridgeline(stage, 0.84, 0.1, 3);
  const cliff = (u: number): number => {
    const share = headland(u, right);
    return share <= 0 ? 2 : mix(1.05, crest(u), share);
  };
  const height = random.range(0.5, 0.66);
  lighthouse(stage, x, cliff(x) + 0.03, height, named(plan.color ?? "red"));
  const stone: Rgb = random.chance(0.5) ? [0.42, 0.36, 0.32] : [0.3, 0.42, 0.26];
  rocks(stage, cliff, lit(light, stone, 0.8));
};

const STONE: Partial<Record<ColorName, Rgb>> = {
  gray: [0.56, 0.56, 0.6],
  white: [0.95, 0.94, 0.92],
  brown: [0.56, 0.38, 0.25],
  pink: [0.96, 0.6, 0.74],
  blue: [0.36, 0.5, 0.85],
  yellow: [0.95, 0.8, 0.36],
};
const ROOFS: Record<string, Rgb> = {
  blue: [0.22, 0.3, 0.7],
  red: [0.68, 0.2, 0.17],
  green: [0.18, 0.45, 0.32],
  purple: [0.45, 0.24, 0.6],
};

export const drawCastle: Composition = (stage, plan) => {
  const { random, light, noise } = stage;
  const horizon = random.range(0.6, 0.7);
  planSky(stage, plan, horizon);
  mountains(stage, 2, horizon - 0.12, { snow: 0.4, fog: 1.25 });
  const hill = (u: number): number => 0.82 - 0.12 * Math.exp(-((u - 0.5) ** 2) / 0.06) + noise.fbm(u * 4, 2, 5) * 0.03;
  const x = random.range(0.44, 0.56);
  const stone = STONE[plan.color ?? "gray"] ?? [0.6, 0.6, 0.6];
  castle(stage, x, 0.78, random.range(0.42, 0.58), stone, ROOFS[plan.details.roof ?? "blue"] ?? [0.3, 0.35, 0.62]);
  const [far, near] = meadowColors(stage);
  ground(stage, hill, far, near);
  if (plan.details.trees !== "yes") return;
  for (let n = 0; n < 8; n++) {
    const treeX = random();
    const foot = hill(treeX) + random.range(0.06, 0.18);
    pine(stage, treeX, foot, random.range(0.1, 0.2), lit(light, [0.12, 0.28, 0.18], 0.85), 0.05);
  }
};

export const drawBalloon: Composition = (stage, plan) => {
  const { random, noise } = stage;
  const horizon = random.range(0.7, 0.84);
  planSky(stage, plan, horizon);
  mountains(stage, 2, horizon - 0.06, { snow: 0.2, fog: 1.3, amplitude: 0.6 });
  const [far, near] = meadowColors(stage);
  if (random.chance(0.5)) ground(stage, (u) => 0.9 + noise.fbm(u * 3, 1, 5) * 0.05, far, near);
  const count = plan.count ?? 1;
  const first = named(plan.color ?? "red");
  const { second } = plan.details;
  const stripes = [first, second === "same" || !second ? scaleRgb(first, 0.8) : named(second as ColorName)];
  for (let n = 0; n < count; n++) {
    const radius = count === 1 ? random.range(0.18, 0.26) : random.range(0.24, 0.3) / count ** 0.75;
    const x = count === 1 ? random.range(0.35, 0.65) : (n + 0.5) / count + random.range(-0.03, 0.03);
    balloon(stage, x, count === 1 ? random.range(0.3, 0.42) : random.range(0.18, 0.55), radius, stripes);
  }
};

const FUR: Partial<Record<string, Rgb>> = {
  white: [0.94, 0.93, 0.9],
  black: [0.16, 0.15, 0.17],
  orange: [0.92, 0.56, 0.2],
  gray: [0.58, 0.6, 0.64],
  brown: [0.48, 0.32, 0.2],
};

export const drawCat: Composition = (stage, plan) => {
  const { random } = stage;
  const { details } = plan;
  catBackground(stage, plan);
  const striped = (details.fur === "orange" || details.fur === "gray") && random.chance(0.7);
  const eyes = random.pick<Rgb>([
    [0.95, 0.8, 0.2],
    [0.4, 0.75, 0.35],
    [0.35, 0.65, 0.95],
  ]);
  cat(stage, {
    fur: FUR[details.fur ?? "gray"] ?? [0.58, 0.6, 0.64],
    striped,
    eyes,
    garment: (details.garment ?? "none") as Garment,
    garmentColor: named((details.clothing ?? "yellow") as ColorName),
    x: random.range(0.45, 0.55),
    size: random.range(0.9, 1.12),
  });
};

function catBackground(stage: Stage, plan: Plan): void {
  const { canvas, light, noise } = stage;
  const { background, backing } = plan.details;
  if (background === "plain") {
    const color = mixRgb(named((backing ?? "blue") as ColorName), WHITE, 0.25);
    everywhere(canvas, (u, v, i) =>
      put(canvas, i, scaleRgb(color, 1.08 - 0.3 * distance(u - 0.5, v - 0.45) + noise.fbm(u * 3, v * 3, 3) * 0.07)),
    );
    return;
  }
  if (background === "space") {
    everywhere(canvas, (_u, _v, i) => put(canvas, i, [0.01, 0.01, 0.04]));
    nebula(stage, [hsl(0.65, 0.7, 0.3), hsl(0.8, 0.7, 0.5), hsl(0.55, 0.7, 0.5)], 0.6);
    stars(stage, 120);
    return;
  }
  planSky(stage, plan, 0.6);
  if (background === "city") {
    city(stage, 0.8, { height: 1.1 });
    ground(stage, () => 0.8, lit(light, [0.22, 0.23, 0.26], 0.8), lit(light, [0.32, 0.33, 0.36], 0.8), { fog: 0.2 });
  } else if (background === "meadow") {
    const [far, near] = meadowColors(stage);
    ground(stage, () => 0.6, far, near, { flowers: MEADOW_FLOWERS });
    stage.drawn.push({ thing: "meadow" });
  } else if (background === "castle") {
    castle(stage, stage.random.pick([0.24, 0.76]), 0.72, 0.5, [0.6, 0.6, 0.64], [0.3, 0.34, 0.62]);
    const [far, near] = meadowColors(stage);
    ground(stage, () => 0.7, far, near);
    stage.drawn.push({ thing: "castle" });
  } else if (background === "mountains") {
    mountains(stage, 3, 0.56, { snow: 0.7 });
    const [far, near] = meadowColors(stage);
    ground(stage, () => 0.74, far, near);
  } else if (background === "snow") {
    const [far, near] = GRASS.winter;
    ground(stage, () => 0.6, lit(light, far, 0.85), lit(light, near, 0.85));
    woods(stage, "pine", "winter", 0.62, { rows: 1, height: 0.26, crowd: 0.8, front: 0.64 });
    stage.drawn.push({ thing: "snow" });
  } else {
    stage.drawn.push({ thing: "beach" });
    water(stage, 0.5);
    ground(stage, () => 0.72, lit(light, [0.9, 0.8, 0.58], 0.8), lit(light, [0.96, 0.87, 0.66], 0.8));
  }
  stage.canvas = blur(canvas, Math.max(1, Math.round(canvas.size / 128)));
}
