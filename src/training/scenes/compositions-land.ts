// How the landscapes are composed: mountains to meadow, volcano, wanderer, alien world.
import { clamp, hsl, mix, mixRgb, type Rgb, scaleRgb, WHITE } from "./color.ts";
import { wanderer } from "./craft.ts";
import { dunes, ground, mountains, pyramid, ridgeline, rocks, volcano } from "./land.ts";
import { FOLIAGE, GRASS, lit, named } from "./palette.ts";
import { cactus, leafyTree, palm, pine, type WoodKind, woods } from "./plants.ts";
import { type Point, polygon } from "./shapes.ts";
import { birds, clouds, openSky, type SkyKind, skyGradient, stars } from "./sky.ts";
import { planet } from "./space.ts";
import type { Stage } from "./stage.ts";
import type { Plan } from "./subjects.ts";
import { water } from "./water.ts";

/** Draws a plan on a stage. */
export type Composition = (stage: Stage, plan: Plan) => void;

/** The sky a plan asks for, above the horizon. */
export const planSky = (stage: Stage, plan: Plan, horizon: number, discScale = 1): void =>
  openSky(stage, horizon, (plan.details.sky ?? "clear") as SkyKind, discScale);

/** The far and near colours of green ground in this light. */
export const meadowColors = ({ light }: Stage): readonly [Rgb, Rgb] => [
  lit(light, [0.24, 0.4, 0.18], 0.85),
  lit(light, [0.38, 0.5, 0.22], 0.85),
];

export const drawMountains: Composition = (stage, plan) => {
  const { random, light, noise } = stage;
  const { kind, peaks, water: lake } = plan.details;
  const horizon = random.range(0.5, 0.66);
  planSky(stage, plan, horizon);
  const snow = random.range(0.55, 0.95);
  const red = random.chance(0.5);
  mountains(stage, peaks === "one" ? 1 : 2 + random.int(3), horizon, {
    snow: kind === "snow" ? snow : kind === "green" ? 0.12 : 0,
    big: peaks === "one",
    ...(kind === "green" ? { green: [0.3, 0.5, 0.22] } : {}),
    ...(kind === "rock" && red ? { color: [0.52, 0.32, 0.24] } : {}),
  });
  if (lake === "lake") {
    water(stage, random.range(0.7, 0.78), { color: [0.05, 0.2, 0.3] });
    return;
  }
  if (!random.chance(0.6)) return;
  const y = random.range(0.82, 0.9);
  const white = kind === "snow" && random.chance(0.4);
  const far: Rgb = white ? [0.9, 0.93, 0.97] : [0.2, 0.34, 0.16];
  const near: Rgb = kind === "snow" ? [0.75, 0.8, 0.9] : [0.34, 0.44, 0.2];
  ground(stage, (u) => y + noise.fbm(u * 3, 3, 5) * 0.05, lit(light, far, 0.85), lit(light, near, 0.85));
  if (random.chance(0.6))
    for (let n = 4 + random.int(9); n > 0; n--)
      pine(
        stage,
        random(),
        y + random.range(0.02, 0.12),
        random.range(0.1, 0.24),
        lit(light, [0.1, 0.25, 0.17], 0.85),
        0.08,
      );
};

export const drawSea: Composition = (stage, plan) => {
  const { random, light } = stage;
  const horizon = random.range(0.42, 0.62);
  const storm = light.time === "storm";
  planSky(stage, plan, horizon);
  const color = random.pick<Rgb>([
    [0.05, 0.22, 0.36],
    [0.03, 0.3, 0.36],
    [0.04, 0.16, 0.3],
  ]);
  water(stage, horizon, { color, chop: storm ? 2 : 1, waves: random.chance(0.4) || storm });
  if (plan.details.birds === "yes") birds(stage, 4 + random.int(5), horizon);
};

export const drawIsland: Composition = (stage, plan) => {
  const { random, light } = stage;
  const { kind } = plan.details;
  const horizon = random.range(0.48, 0.58);
  planSky(stage, plan, horizon);
  water(stage, horizon, { color: [0.03, 0.36, 0.42] });
  const x = random.range(0.35, 0.65);
  const half = random.range(0.24, 0.38);
  const y = random.range(horizon + 0.1, horizon + 0.2);
  if (kind === "rock") {
    const crest = ridgeline(stage, y - 0.1, 0.4, 3);
    const shape = (u: number): number => {
      const d = Math.abs(u - x) / half;
      return d < 1 ? mix(Math.min(crest(u), y - 0.04), y, d * d) : 2;
    };
    rocks(stage, shape, lit(light, [0.46, 0.4, 0.36], 0.8), y + 0.012);
    const foot = (u: number): number => (Math.abs(u - x) < half ? y - 0.01 : 2);
    rocks(stage, foot, lit(light, [0.25, 0.24, 0.24], 0.8), y + 0.012);
  } else {
    const shore = Array.from(
      { length: 25 },
      (_, n): Point => [x - half + (2 * half * n) / 24, y - Math.sin((n / 24) * Math.PI) * 0.09],
    );
    const sand = lit(light, [0.95, 0.85, 0.62], 0.7);
    const grass = lit(light, kind === "palm" ? [0.55, 0.68, 0.3] : [0.28, 0.45, 0.24], 0.8);
    const outline: Point[] = [...shore, [x + half, y + 0.012], [x - half, y + 0.012]];
    polygon(stage, outline, (_u, v) => (v > y - 0.03 ? sand : grass));
    for (let n = kind === "palm" ? 2 + random.int(3) : 5 + random.int(5); n > 0; n--) {
      const treeX = x + random.range(-0.6, 0.6) * half;
      if (kind === "palm") palm(stage, treeX, y - 0.05, random.range(0.24, 0.38));
      else pine(stage, treeX, y - 0.04, random.range(0.14, 0.27), lit(light, [0.12, 0.32, 0.18], 0.85), 0.05);
    }
  }
  const surf: Point[] = [
    [x - half, y + 0.008],
    [x + half, y + 0.008],
    [x + half * 0.8, y + 0.02],
    [x - half * 0.8, y + 0.02],
  ];
  polygon(stage, surf, lit(light, [0.9, 0.96, 0.98], 0.6), 0.5);
};

export const drawForest: Composition = (stage, plan) => {
  const { random, light, noise } = stage;
  const season = plan.season ?? "summer";
  const horizon = random.range(0.5, 0.62);
  planSky(stage, plan, horizon + 0.1);
  if (random.chance(0.35)) mountains(stage, 2, horizon - 0.08, { snow: 0.4, fog: 1.3 });
  const [far, near] = GRASS[season];
  const floor = (u: number): number => horizon + noise.fbm(u * 2, 5, 5) * 0.03;
  ground(stage, floor, lit(light, scaleRgb(far, 0.85), 0.85), lit(light, scaleRgb(near, 0.85), 0.85));
  const path = plan.details.path === "path";
  if (path) {
    const earth = lit(light, [0.66, 0.53, 0.36], 0.8);
    const outline: Point[] = [
      [0.5, horizon + 0.02],
      [0.52, horizon + 0.02],
      [0.66, 0.75],
      [0.8, 1.02],
      [0.25, 1.02],
      [0.42, 0.75],
    ];
    polygon(stage, outline, (u, v) => scaleRgb(earth, 0.85 + 0.2 * noise.at(u * 40, v * 40)), 0.9);
  }
  const clearing = random.chance(0.4) ? 0.1 : 0;
  const height = random.range(0.42, 0.66);
  woods(stage, plan.details.kind as WoodKind, season, horizon + 0.03, { gap: path ? 0.19 : clearing, height });
  if (light.time === "fog")
    clouds(stage, 1, 0.3, { bright: [0.9, 0.92, 0.92], dark: [0.8, 0.83, 0.84], opacity: 0.45 });
};

export const drawDesert: Composition = (stage, plan) => {
  const { random } = stage;
  const { feature } = plan.details;
  const horizon = random.range(0.44, 0.56);
  planSky(stage, plan, horizon);
  const sand = random.pick<Rgb>([
    [0.93, 0.72, 0.42],
    [0.88, 0.55, 0.34],
    [0.95, 0.82, 0.6],
  ]);
  const pyramids = feature === "pyramid" ? 1 : feature === "pyramids" ? 2 + random.int(2) : 0;
  for (let n = 0; n < pyramids; n++) {
    const x = (n + 0.5) / pyramids + random.range(-0.3, 0.3) / pyramids;
    pyramid(
      stage,
      x,
      horizon + 0.06 + n * 0.02,
      pyramids === 1 ? random.range(0.16, 0.27) : random.range(0.12, 0.2),
      sand,
    );
  }
  dunes(stage, horizon + 0.05, sand);
  const cacti = feature === "cactus" ? 1 : feature === "cactuses" ? 2 + random.int(3) : 0;
  for (let n = 0; n < cacti; n++)
    cactus(
      stage,
      (n + 0.5) / cacti + random.range(-0.3, 0.3) / cacti,
      random.range(0.74, 0.93),
      random.range(0.18, 0.36),
    );
};

export const drawTree: Composition = (stage, plan) => {
  const { random, light } = stage;
  const season = plan.season ?? "summer";
  const horizon = random.range(0.62, 0.74);
  planSky(stage, plan, horizon, 1.5);
  const [far, near] = GRASS[season];
  const phase = random() * 6;
  const flowers: readonly Rgb[] = [
    [1, 0.5, 0.6],
    [1, 0.95, 0.5],
  ];
  const strewn = plan.details.flowers === "yes" ? { flowers } : {};
  const hill = (u: number): number => horizon + 0.05 * Math.sin(u * 3.2 + phase);
  ground(stage, hill, lit(light, far, 0.85), lit(light, near, 0.85), strewn);
  const crowns: Partial<Record<string, Rgb>> = {
    pink: [0.98, 0.66, 0.79],
    green: FOLIAGE.summer[random.int(2)]!,
    orange: [0.93, 0.52, 0.14],
    red: [0.8, 0.18, 0.12],
    yellow: [0.95, 0.78, 0.16],
  };
  const crown = season === "winter" ? undefined : crowns[plan.color ?? "green"];
  const x = random.range(0.35, 0.65);
  const foot = random.range(0.8, 0.88);
  leafyTree(stage, x, foot, random.range(0.56, 0.76), crown && lit(light, crown, 0.75));
};

export const drawMeadow: Composition = (stage, plan) => {
  const { random, light } = stage;
  const horizon = random.range(0.46, 0.58);
  planSky(stage, plan, horizon);
  if (random.chance(0.6)) mountains(stage, 2, horizon - 0.08, { snow: 0.5, fog: 1.2 });
  const color = plan.color ?? "purple";
  const shades: Partial<Record<string, readonly Rgb[]>> = {
    purple: [
      [0.5, 0.32, 0.8],
      [0.62, 0.42, 0.92],
    ],
    red: [
      [0.9, 0.13, 0.1],
      [0.82, 0.16, 0.1],
    ],
    yellow: [
      [1, 0.82, 0.1],
      [0.96, 0.72, 0.08],
    ],
    pink: [
      [0.98, 0.45, 0.66],
      [0.93, 0.55, 0.75],
    ],
    white: [
      [0.98, 0.98, 0.95],
      [0.92, 0.93, 0.95],
    ],
    blue: [
      [0.2, 0.32, 0.9],
      [0.32, 0.42, 0.95],
    ],
  };
  const flowers = (shades[color] ?? [named(color)]).map((shade) => lit(light, shade, 0.65));
  const rise = (u: number): number => horizon + 0.03 * Math.sin(u * 4 + light.sunX * 9);
  const [far, near] = [lit(light, [0.28, 0.46, 0.18], 0.85), lit(light, [0.4, 0.56, 0.23], 0.85)];
  ground(stage, rise, far, near, { flowers, lush: true });
  if (random.chance(0.4))
    woods(stage, "leafy", "summer", horizon + 0.02, { rows: 1, height: 0.2, crowd: 0.4, front: horizon + 0.03 });
};

export const drawVolcano: Composition = (stage, plan) => {
  const { light, noise } = stage;
  planSky(stage, plan, 0.8);
  volcano(stage, plan.details.state === "lava");
  if (plan.details.water === "sea") water(stage, 0.84);
  else {
    const plain = (u: number): number => 0.86 + noise.fbm(u * 4, 1, 5) * 0.03;
    ground(stage, plain, lit(light, [0.16, 0.2, 0.12], 0.85), lit(light, [0.25, 0.28, 0.16], 0.85));
  }
};

export const drawWanderer: Composition = (stage, plan) => {
  const { random, light, noise } = stage;
  const horizon = random.range(0.5, 0.6);
  planSky(stage, plan, horizon + 0.1);
  mountains(stage, 4, horizon, { snow: 0.15, fog: 1.6 });
  const mist = mixRgb(light.horizon, WHITE, 0.35);
  clouds(stage, 1, 0.35, { bright: mist, dark: light.horizon, opacity: 0.55, flat: true, scale: 2 });
  const x = random.range(0.42, 0.58);
  const crag = (u: number): number =>
    0.86 - 0.14 * Math.exp(-((u - x) ** 2) / 0.03) + noise.fbm(u * 7, 4, 5) * 0.05 + Math.abs(u - x) * 0.25;
  wanderer(stage, x, crag(x) + 0.02, random.range(0.3, 0.42));
  rocks(stage, crag, lit(light, [0.24, 0.22, 0.22], 0.7));
};

const SKY_HUES: Partial<Record<string, number>> = {
  red: 0.99,
  orange: 0.07,
  yellow: 0.14,
  green: 0.34,
  teal: 0.48,
  blue: 0.61,
  purple: 0.76,
  pink: 0.9,
};

export const drawAlien: Composition = (stage, plan) => {
  const { random, light, noise } = stage;
  const hue = SKY_HUES[plan.color ?? "green"] ?? 0.34;
  const dark = random.chance(0.4) && plan.color !== "pink" && plan.color !== "yellow";
  const spread = (k: number, s: number, l: number): Rgb => hsl(hue + k * 0.015, s, l);
  light.sky = dark
    ? [spread(-1, 0.75, 0.08), spread(0, 0.7, 0.2), spread(0, 0.65, 0.36), spread(1, 0.6, 0.52)]
    : [spread(-1, 0.6, 0.34), spread(0, 0.65, 0.46), spread(0, 0.7, 0.6), spread(1, 0.7, 0.76)];
  light.horizon = light.sky[3]!;
  light.ambient = mixRgb(light.sky[2]!, WHITE, 0.25);
  light.night = false;
  const horizon = random.range(0.55, 0.68);
  skyGradient(stage, horizon);
  if (dark) stars(stage, 130, horizon);
  const other = hue + random.range(0.25, 0.7);
  const x = random.range(0.25, 0.75);
  planet(stage, x, random.range(0.2, 0.34), random.range(0.14, 0.23), {
    kind: random.pick(["gas", "rock"]),
    colors: [
      hsl(other, 0.5, 0.3),
      hsl(other + 0.03, 0.5, 0.5),
      hsl(other - 0.04, 0.5, 0.7),
      hsl(other + 0.05, 0.4, 0.82),
    ],
    ring: plan.details.ring === "rings" ? hsl(other, 0.3, 0.75) : undefined,
    atmosphere: hsl(other, 0.5, 0.6),
  });
  mountains(stage, 3, horizon, { snow: 0, color: hsl(hue + 0.45, 0.28, 0.34), frequency: 1.3, fog: 1.1 });
  if (plan.details.water === "lake") water(stage, horizon + 0.14, { color: hsl(hue + 0.3, 0.5, 0.25) });
  else {
    const plain = (u: number): number => clamp(horizon + 0.2 + noise.fbm(u * 3, 2, 5) * 0.06);
    ground(stage, plain, hsl(hue + 0.45, 0.35, 0.25), hsl(hue + 0.5, 0.35, 0.4));
  }
};
