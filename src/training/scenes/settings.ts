// Settings: what things are set in, from a plain backdrop to the sea floor.
import { city } from "./buildings.ts";
import { blend, blur, everywhere, put, region } from "./canvas.ts";
import { distance, hsl, mixInto, mixRgb, type Rgb, type Scratch, scaleRgb, smoothstep, WHITE } from "./color.ts";
import { meadowColors, planSky } from "./compositions-land.ts";
import { dunes, ground, mountains } from "./land.ts";
import { type ColorName, GRASS, lit, named, type Season } from "./palette.ts";
import { penAt } from "./pen.ts";
import { woods } from "./plants.ts";
import { line, rectangle } from "./shapes.ts";
import { stars } from "./sky.ts";
import { nebula } from "./space.ts";
import type { Stage } from "./stage.ts";
import { rails } from "./structures.ts";
import type { Plan } from "./subjects.ts";
import { water } from "./water.ts";

/** Where things are set: the words for it (templates), and what it draws. Those without weather have no time of day. */
interface SettingRecord {
  readonly words: string;
  readonly outdoors: boolean;
  readonly season?: Season;
  readonly draw: (stage: Stage, plan: Plan) => void;
}

function field(stage: Stage, plan: Plan, season: Season, horizon: number): void {
  const { random, light } = stage;
  planSky(stage, plan, horizon);
  if (random.chance(0.35)) mountains(stage, 2, horizon - 0.1, { snow: 0.4, fog: 1.2 });
  const [far, near] = GRASS[season];
  const phase = random() * 6;
  const rise = (u: number): number => horizon + 0.025 * Math.sin(u * 3.4 + phase);
  ground(stage, rise, lit(light, far, 0.85), lit(light, near, 0.85));
  if (season === "winter") stage.drawn.push({ thing: "snow" });
}

const street = (stage: Stage, top: number, bottom: number): void => {
  const { light } = stage;
  rectangle(stage, -0.02, top, 1.02, bottom, (_u, v) =>
    lit(light, scaleRgb([0.36, 0.37, 0.4], 1.1 - ((v - top) / (bottom - top)) * 0.25), 0.85),
  );
  const middle = (top + bottom) / 2;
  for (let n = 0; n < 6; n++)
    line(stage, n / 6 + 0.03, middle, n / 6 + 0.1, middle, 0.014, lit(light, [0.95, 0.92, 0.82], 0.8));
  stage.drawn.push({ thing: "road" });
};

const backdrop = ({ canvas, noise }: Stage, plan: Plan): void => {
  const color = mixRgb(named((plan.details.backing ?? "blue") as ColorName), WHITE, 0.25);
  everywhere(canvas, (u, v, i) =>
    put(canvas, i, scaleRgb(color, 1.08 - 0.3 * distance(u - 0.5, v - 0.45) + noise.fbm(u * 3, v * 3, 3) * 0.05)),
  );
};

export const SETTINGS = {
  plain: {
    words: "on a {backing} background",
    outdoors: false,
    draw(stage, plan) {
      backdrop(stage, plan);
      stage.drawn.push({
        thing: "background",
        color: plan.details.backing as ColorName,
        fill: named(plan.details.backing as ColorName),
      });
    },
  },
  table: {
    words: "on a [|wooden ]table",
    outdoors: false,
    draw(stage, plan) {
      backdrop(stage, plan);
      const wood: Rgb = stage.random.pick<Rgb>([
        [0.6, 0.42, 0.26],
        [0.46, 0.3, 0.18],
        [0.72, 0.56, 0.38],
      ]);
      rectangle(stage, -0.02, 0.64, 1.02, 1.02, (u, v) => {
        const grain = stage.noise.fbm(u * 2.2, v * 22, 3) * 0.16 + (v - 0.64) * 0.3;
        return scaleRgb(wood, 0.92 + grain);
      });
      line(stage, 0, 0.645, 1, 0.645, 0.012, scaleRgb(wood, 1.25));
      stage.drawn.push({ thing: "table" });
    },
  },
  meadow: {
    words: "[in a meadow|in a green meadow|in a green field|on the grass]",
    outdoors: true,
    season: "summer",
    draw(stage, plan) {
      field(stage, plan, "summer", stage.random.range(0.5, 0.6));
      stage.drawn.push({ thing: "meadow" });
    },
  },
  snow: {
    words: "[in the snow|in a snowy field|on a snowy field in winter]",
    outdoors: true,
    season: "winter",
    draw(stage, plan) {
      const horizon = stage.random.range(0.5, 0.6);
      field(stage, plan, "winter", horizon);
      if (stage.random.chance(0.6))
        woods(stage, "pine", "winter", horizon + 0.02, { rows: 1, height: 0.2, crowd: 0.8, front: horizon + 0.03 });
    },
  },
  autumn: {
    words: "[in autumn|in an autumn field]",
    outdoors: true,
    season: "autumn",
    draw(stage, plan) {
      const horizon = stage.random.range(0.5, 0.6);
      field(stage, plan, "autumn", horizon);
      woods(stage, "leafy", "autumn", horizon + 0.02, { rows: 1, height: 0.22, crowd: 0.9, front: horizon + 0.03 });
      stage.drawn.push({ thing: "autumn" });
    },
  },
  forest: {
    words: "[in a forest|in the forest|in the woods]",
    outdoors: true,
    season: "summer",
    draw(stage, plan) {
      const { light, random } = stage;
      planSky(stage, plan, 0.6);
      const [far, near] = GRASS.summer;
      ground(stage, () => 0.56, lit(light, scaleRgb(far, 0.8), 0.85), lit(light, scaleRgb(near, 0.8), 0.85));
      woods(stage, random.chance(0.5) ? "pine" : "leafy", "summer", 0.58, { rows: 2, front: 0.7, height: 0.55 });
    },
  },
  beach: {
    words: "[on the beach|by the sea|at the beach]",
    outdoors: true,
    draw(stage, plan) {
      const { light, noise } = stage;
      const horizon = stage.random.range(0.42, 0.5);
      planSky(stage, plan, horizon);
      water(stage, horizon, { color: [0.04, 0.32, 0.42] });
      const shore = (u: number): number => 0.68 + noise.fbm(u * 2, 3, 3) * 0.03;
      ground(stage, (u) => shore(u) - 0.012, lit(light, [0.92, 0.96, 0.97], 0.7), lit(light, [0.92, 0.96, 0.97], 0.7), {
        fog: 0,
      });
      ground(stage, shore, lit(light, [0.9, 0.8, 0.58], 0.8), lit(light, [0.96, 0.87, 0.66], 0.8));
      stage.drawn.push({ thing: "beach" });
    },
  },
  sea: {
    words: "[on the sea|on the water|on the ocean]",
    outdoors: true,
    draw(stage, plan) {
      const horizon = stage.random.range(0.42, 0.52);
      planSky(stage, plan, horizon);
      water(stage, horizon);
    },
  },
  desert: {
    words: "[in the desert|in a desert]",
    outdoors: true,
    draw(stage, plan) {
      planSky(stage, plan, 0.5);
      dunes(
        stage,
        0.54,
        stage.random.pick<Rgb>([
          [0.93, 0.72, 0.42],
          [0.88, 0.55, 0.34],
        ]),
      );
    },
  },
  mountains: {
    words: "[in the mountains|in front of [snowy |]mountains]",
    outdoors: true,
    draw(stage, plan) {
      const { light } = stage;
      planSky(stage, plan, 0.6);
      mountains(stage, 2 + stage.random.int(2), 0.56, { snow: 0.75 });
      const [far, near] = meadowColors(stage);
      ground(stage, (u) => 0.68 + 0.02 * Math.sin(u * 5 + light.sunX * 6), far, near);
    },
  },
  sky: {
    words: "[in the sky|over the mountains|flying over the mountains]",
    outdoors: true,
    draw(stage, plan) {
      planSky(stage, plan, 0.9);
      mountains(stage, 2, 0.84, { snow: 0.3, amplitude: 0.6, fog: 1.2 });
    },
  },
  city: {
    words: "[in the city|in a city street]",
    outdoors: true,
    draw(stage, plan) {
      planSky(stage, plan, 0.68);
      city(stage, 0.72, { height: 1.15 });
      stage.canvas = blur(stage.canvas, Math.max(1, Math.round(stage.canvas.size / 128)));
      street(stage, 0.72, 1.02);
    },
  },
  road: {
    words: "[on the road|on a country road]",
    outdoors: true,
    season: "summer",
    draw(stage, plan) {
      field(stage, plan, "summer", stage.random.range(0.5, 0.58));
      street(stage, 0.72, 0.94);
    },
  },
  rails: {
    words: "[on the rails|on the tracks|in the countryside]",
    outdoors: true,
    season: "summer",
    draw(stage, plan) {
      field(stage, plan, "summer", stage.random.range(0.5, 0.58));
    },
  },
  space: {
    words: "[in space|in outer space|among the stars]",
    outdoors: false,
    draw(stage) {
      const { canvas, random } = stage;
      everywhere(canvas, (_u, _v, i) => put(canvas, i, [0.01, 0.012, 0.035]));
      const hue = random();
      nebula(stage, [hsl(hue, 0.7, 0.3), hsl(hue + 0.12, 0.7, 0.5), hsl(hue - 0.1, 0.7, 0.5)], 0.4);
      stars(stage, 150);
      stage.drawn.push({ thing: "space" });
    },
  },
  reef: {
    words: "[under water|in the sea|in a coral reef]",
    outdoors: false,
    draw(stage) {
      const { canvas, noise, random } = stage;
      const k: Scratch = [0, 0, 0];
      const [top, deep]: [Rgb, Rgb] = [
        hsl(random.range(0.5, 0.55), 0.7, 0.66),
        hsl(random.range(0.56, 0.61), 0.75, 0.24),
      ];
      const lean = random.range(-0.4, 0.4);
      const shift = random() * 30;
      everywhere(canvas, (u, v, i) => {
        mixInto(k, top, deep, smoothstep(0, 1, v * 0.9));
        put(canvas, i, k);
        blend(canvas, i, WHITE, 0.22 * (1 - v) * smoothstep(0.1, 0.5, noise.at((u + v * lean) * 6 + shift, shift)));
      });
      const sand: Rgb = [0.62, 0.68, 0.56];
      region(canvas, 0, 0.8, 1, 1, (u, v, i) => {
        const edge = 0.88 + 0.025 * Math.sin(u * 7 + shift);
        blend(canvas, i, scaleRgb(sand, 0.8 + (v - 0.86) * 1.6), smoothstep(edge - 0.006, edge + 0.006, v));
      });
      for (let n = 0; n < 7; n++) coral(stage, random.pick([random.range(0.02, 0.3), random.range(0.7, 0.98)]));
      for (let n = 0; n < 9; n++) {
        const pen = penAt(stage, { x: random(), y: random.range(0.1, 0.75), size: random.range(0.012, 0.026) }, 0);
        pen.oval(0, 0, 1, 1, mixRgb(top, WHITE, 0.45), 0.4);
      }
      stage.drawn.push({ thing: "reef" }, { thing: "water" });
    },
  },
  branch: {
    words: "[on a branch|in a tree]",
    outdoors: true,
    draw(stage, plan) {
      const { random, light } = stage;
      planSky(stage, plan, 0.9);
      woods(stage, "pine", "summer", 0.86, { rows: 2, front: 1.02, height: 0.34 });
      const pen = penAt(stage, { x: 0.5, y: 0.83, size: 1, flip: random.chance(0.5) });
      const bark: Rgb = [0.36, 0.25, 0.17];
      pen.taper([0.62, -0.06, 0.2, 0, -0.2, 0.005, -0.44, 0.04], 0.12, 0.05, bark);
      for (const [x, y] of [
        [-0.3, 0.12],
        [0.34, 0.1],
      ] as const)
        pen.taper([x + 0.06, 0, x, y], 0.04, 0.02, bark);
      for (const [x, y] of [
        [-0.42, 0.08],
        [-0.32, 0.14],
        [0.32, 0.12],
        [0.4, 0.06],
        [-0.36, -0.02],
      ] as const)
        pen.oval(x, y, 0.06, 0.03, light.night ? [0.2, 0.4, 0.24] : [0.3, 0.55, 0.25], 0.4, x);
      stage.drawn.push({ thing: "branch" });
    },
  },
} as const satisfies Record<string, SettingRecord>;

/** The name of a setting. */
export type Setting = keyof typeof SETTINGS;
/** The settings by name. */
export const SETTING_RECORDS: Readonly<Record<Setting, SettingRecord>> = SETTINGS;

/** Rails under a train whose foot is at y. */
export const layRails = (stage: Stage, y: number): void => {
  rails(stage, y);
  stage.drawn.push({ thing: "rails" });
};

function coral(stage: Stage, x: number): void {
  const { random } = stage;
  const color = random.pick<Rgb>([
    [0.93, 0.42, 0.45],
    [0.95, 0.62, 0.3],
    [0.7, 0.4, 0.75],
    [0.28, 0.6, 0.4],
  ]);
  const size = random.range(0.1, 0.2);
  const pen = penAt(stage, { x, y: random.range(0.92, 1), size }, 0);
  for (const lean of [-0.4, -0.15, 0.1, 0.35])
    pen.taper([lean * 0.3, 0, lean * 0.7, 0.5, lean + random.range(-0.1, 0.1), 1], 0.2, 0.1, color);
}
