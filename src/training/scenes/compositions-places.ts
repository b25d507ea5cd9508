// How bridges, waterfalls, roads and portraits are composed.
import { blend, everywhere, put, region } from "./canvas.ts";
import {
  clamp,
  distance,
  mix,
  mixInto,
  mixRgb,
  type Rgb,
  type Scratch,
  scaleInto,
  scaleRgb,
  smoothstep,
  WHITE,
} from "./color.ts";
import { type Composition, planSky } from "./compositions-land.ts";
import { portrait } from "./figures.ts";
import { dunes, ground, mountains, rocks } from "./land.ts";
import { type ColorName, FOLIAGE, GRASS, lit, named } from "./palette.ts";
import { penAt } from "./pen.ts";
import { leafyTree, pine, woods } from "./plants.ts";
import { glow } from "./shapes.ts";
import { columns } from "./stage.ts";
import { stoneBridge, suspensionBridge } from "./structures.ts";
import { water } from "./water.ts";

const STONES: Partial<Record<ColorName, Rgb>> = {
  gray: [0.56, 0.56, 0.6],
  brown: [0.55, 0.38, 0.26],
  white: [0.9, 0.89, 0.85],
};

export const drawBridge: Composition = (stage, plan) => {
  const { random, light } = stage;
  const color = plan.color ?? "gray";
  const hanging = plan.details.kind === "hanging";
  const horizon = random.range(0.5, 0.58);
  planSky(stage, plan, horizon);
  if (random.chance(0.6)) mountains(stage, 2, horizon - 0.08, { snow: 0.3, fog: 1.3 });
  const [far, near] = GRASS.summer;
  ground(stage, () => horizon, lit(light, far, 0.85), lit(light, near, 0.85));
  if (!hanging)
    woods(stage, "leafy", "summer", horizon + 0.02, { rows: 1, height: 0.2, crowd: 0.8, front: horizon + 0.03 });
  water(stage, hanging ? horizon + 0.05 : horizon + 0.08);
  const fill = STONES[color] ?? named(color);
  if (hanging) suspensionBridge(stage, random.range(0.64, 0.68), 0.84, fill);
  else stoneBridge(stage, random.range(0.52, 0.57), 0.86, 2 + random.int(2), fill);
  stage.drawn.push({ thing: "bridge", color, fill, box: hanging ? [0, 0.28, 1, 0.84] : [0, 0.5, 1, 0.86] });
};

export const drawWaterfall: Composition = (stage, plan) => {
  const { canvas, random, light, noise } = stage;
  const season = plan.season ?? "summer";
  const horizon = random.range(0.3, 0.36);
  planSky(stage, plan, horizon + 0.2);
  mountains(stage, 2, horizon - 0.02, { snow: season === "winter" ? 0.9 : 0.4, fog: 1.3, amplitude: 0.6 });
  const middle = random.range(0.42, 0.58);
  const half = random.range(0.09, 0.14);
  const pool = random.range(0.78, 0.82);
  const lip = horizon + 0.06;
  const crest = (u: number): number =>
    lip - 0.05 * smoothstep(half, half + 0.25, Math.abs(u - middle)) + noise.fbm(u * 5, 8, 4) * 0.02;
  const stone = lit(
    light,
    random.pick<Rgb>([
      [0.42, 0.38, 0.36],
      [0.36, 0.37, 0.4],
      [0.48, 0.38, 0.3],
    ]),
    0.8,
  );
  rocks(stage, crest, stone, pool + 0.02);
  const [far, near] = GRASS[season];
  const turf = lit(light, mixRgb(far, near, 0.5), 0.85);
  const top = columns(stage, crest);
  region(canvas, 0, 0.1, 1, lip + 0.12, (u, v, i, x) => {
    const depth = v - top[x]!;
    blend(
      canvas,
      i,
      turf,
      smoothstep(0, 0.01, depth) * (1 - smoothstep(0.03, 0.06, depth + noise.at(u * 14, v * 14) * 0.02)),
    );
  });
  if (season === "winter") stage.drawn.push({ thing: "snow" });
  if (plan.details.trees === "pine")
    for (let n = 0; n < 9; n++) {
      const x = n % 2 ? random.range(middle + half + 0.05, 1) : random.range(0, middle - half - 0.05);
      const green: Rgb = season === "winter" ? [0.5, 0.62, 0.62] : [0.12, 0.3, 0.19];
      pine(stage, x, crest(x) + random.range(0.02, 0.05), random.range(0.16, 0.26), lit(light, green, 0.85), 0.05);
    }
  const falling = lit(light, [0.9, 0.95, 1], 0.65);
  const deep = lit(light, [0.42, 0.62, 0.76], 0.8);
  const shift = random() * 30;
  const k: Scratch = [0, 0, 0];
  region(canvas, 0, lip - 0.02, 1, pool + 0.04, (u, v, i) => {
    const t = clamp((v - lip) / (pool - lip));
    const width = half * mix(0.85, 1.2, t) * (1 + 0.08 * noise.at(v * 9, shift));
    const alpha =
      (1 - smoothstep(width - 0.012, width + 0.012, Math.abs(u - middle))) * smoothstep(lip - 0.015, lip, v);
    if (alpha <= 0) return;
    const strand = noise.fbm(u * 26 + shift, v * 2.2, 2) * 0.5 + 0.5;
    mixInto(k, deep, falling, clamp(strand * 0.9 + 0.12 + t * 0.2));
    blend(canvas, i, k, alpha);
  });
  water(stage, pool, { color: [0.06, 0.3, 0.36], chop: 0.8 });
  region(canvas, 0, pool - 0.1, 1, pool + 0.14, (u, v, i) => {
    const away = distance((u - middle) / (half * 1.9), (v - pool) / 0.075) + noise.fbm(u * 9, v * 9, 3) * 0.5;
    blend(canvas, i, falling, 0.9 * (1 - smoothstep(0.35, 1, away)));
  });
  stage.drawn.push({ thing: "waterfall", box: [middle - half, lip, middle + half, pool] });
};

export const drawRoad: Composition = (stage, plan) => {
  const { canvas, random, light } = stage;
  const season = plan.season ?? "summer";
  const { land, trees } = plan.details;
  const horizon = random.range(0.46, 0.54);
  planSky(stage, plan, horizon);
  if (land === "mountains") mountains(stage, 3, horizon - 0.03, { snow: season === "winter" ? 0.95 : 0.6 });
  if (land === "desert") dunes(stage, horizon - 0.02, [0.93, 0.72, 0.42]);
  else {
    const [far, near] = GRASS[season];
    ground(stage, () => horizon, lit(light, far, 0.85), lit(light, near, 0.85));
  }
  if (season === "winter") stage.drawn.push({ thing: "snow" });
  const vanish = random.range(0.42, 0.58);
  const foot = random.range(0.4, 0.6);
  const bend = random.range(-0.12, 0.12);
  const asphalt = lit(light, season === "winter" ? [0.5, 0.52, 0.56] : [0.34, 0.34, 0.37], 0.85);
  const paint = lit(light, [0.97, 0.9, 0.6], 0.75);
  const edge = lit(light, [0.93, 0.93, 0.9], 0.75);
  const k: Scratch = [0, 0, 0];
  const center = (z: number): number => mix(vanish, foot, z) + bend * Math.sin(z * Math.PI) * (1 - z);
  const wide = (z: number): number => 0.006 + 0.36 * z ** 1.15;
  const row = (v: number): number => (v - horizon) / (1 - horizon);
  region(canvas, 0, horizon, 1, 1, (u, v, i) => {
    const z = row(v);
    if (z <= 0) return;
    const half = wide(z);
    const off = (u - center(z)) / half;
    const soft = (stage.pixel * 1.2) / half;
    const alpha = 1 - smoothstep(1 - soft, 1 + soft, Math.abs(off));
    if (alpha <= 0) return;
    scaleInto(k, asphalt, 0.9 + 0.2 * z);
    mixInto(k, k, light.horizon, 0.3 * (1 - z) ** 3);
    const dash = Math.sin(6 / (z + 0.12)) > -0.1 ? 1 : 0;
    mixInto(k, k, paint, dash * (1 - smoothstep(0.045, 0.045 + soft * 1.5, Math.abs(off))));
    mixInto(k, k, edge, 0.8 * (1 - smoothstep(0.035, 0.035 + soft * 1.5, Math.abs(Math.abs(off) - 0.88))));
    blend(canvas, i, k, alpha);
  });
  stage.drawn.push({ thing: "road" });
  if (trees !== "yes") return;
  for (let n = 0; n < 5; n++) {
    const z = 0.04 + 0.13 * n ** 1.25;
    for (const d of [-1, 1]) {
      const x = center(z) + d * (wide(z) * 1.35 + 0.035);
      const y = horizon + z * (1 - horizon);
      const height = 0.1 + z * 0.75;
      const fog = 0.35 * (1 - z) ** 3;
      if (season === "winter") leafyTree(stage, x, y, height, undefined, { fog });
      else
        leafyTree(stage, x, y, height, lit(light, FOLIAGE[season][season === "spring" ? 2 : random.int(2)]!, 0.8), {
          fog,
        });
    }
  }
};

const HAIR: Readonly<Record<string, Rgb>> = {
  black: [0.12, 0.1, 0.11],
  brown: [0.36, 0.22, 0.13],
  blond: [0.9, 0.74, 0.36],
  red: [0.72, 0.28, 0.12],
  gray: [0.66, 0.66, 0.68],
};
const SKINS: readonly Rgb[] = [
  [0.96, 0.8, 0.69],
  [0.88, 0.68, 0.53],
  [0.72, 0.5, 0.36],
  [0.47, 0.31, 0.22],
];

export const drawPortrait: Composition = (stage, plan) => {
  const { canvas, random, light } = stage;
  const { person, hair = "brown", hat, backing } = plan.details;
  const back = (backing ?? "blue") as ColorName;
  const wall = mixRgb(named(back), WHITE, 0.2);
  everywhere(canvas, (u, v, i) => put(canvas, i, scaleRgb(wall, 1.05 - 0.4 * distance(u - 0.5, v - 0.4))));
  glow(stage, light.sunX, 0.3, wall, 0.2, 0.2);
  stage.drawn.push({ thing: "background", color: back, fill: named(back) });
  const color = plan.color ?? "blue";
  const size = random.range(0.84, 0.94);
  const pen = penAt(stage, { x: random.range(0.46, 0.54), y: 1, size, flip: random.chance(0.5) }, 0.3);
  portrait(pen, {
    skin: random.pick(SKINS),
    hair: HAIR[hair] ?? HAIR.brown!,
    clothes: named(color),
    long: person === "woman",
    ...(hat === "hat" && { hat: mixRgb(named(color), [0.2, 0.16, 0.14], 0.35) }),
  });
  stage.drawn.push(
    { thing: person ?? "woman", color, fill: named(color), box: pen.bounds() },
    { thing: "hair", fill: HAIR[hair]! },
  );
  if (hat === "hat") stage.drawn.push({ thing: "hat" });
};
