// How pictures of the cosmos are composed: galaxy, nebula, planet, moon, sun.
import { everywhere, put } from "./canvas.ts";
import { clamp, distance, hex, hsl, mixInto, mixRgb, type Rgb, rampInto, type Scratch, scaleRgb } from "./color.ts";
import { type Composition, planSky } from "./compositions-land.ts";
import { wanderer } from "./craft.ts";
import { mountains, ridgeline, rocks } from "./land.ts";
import type { ColorName } from "./palette.ts";
import { disc, glow } from "./shapes.ts";
import { stars } from "./sky.ts";
import { galaxy, nebula, type PlanetKind, planet } from "./space.ts";
import type { Stage } from "./stage.ts";
import { water } from "./water.ts";

const fillWith = ({ canvas }: Stage, color: Rgb): void => everywhere(canvas, (_u, _v, i) => put(canvas, i, color));

interface GalaxyColors {
  arms: readonly [Rgb, Rgb];
  core: Rgb;
}
const GALAXIES: Partial<Record<ColorName, GalaxyColors>> = {
  blue: {
    arms: [
      [0.3, 0.55, 1],
      [0.25, 0.3, 1],
    ],
    core: [1, 0.92, 0.8],
  },
  purple: {
    arms: [
      [0.65, 0.35, 1],
      [0.6, 0.2, 0.95],
    ],
    core: [1, 0.85, 0.9],
  },
  yellow: {
    arms: [
      [1, 0.78, 0.3],
      [1, 0.6, 0.15],
    ],
    core: [1, 0.95, 0.75],
  },
  teal: {
    arms: [
      [0.15, 0.9, 0.8],
      [0.1, 0.65, 0.7],
    ],
    core: [0.9, 1, 0.95],
  },
  pink: {
    arms: [
      [1, 0.45, 0.75],
      [1, 0.3, 0.65],
    ],
    core: [1, 0.92, 0.88],
  },
  red: {
    arms: [
      [1, 0.28, 0.2],
      [0.85, 0.1, 0.12],
    ],
    core: [1, 0.85, 0.65],
  },
};

export const drawGalaxy: Composition = (stage, plan) => {
  const { canvas, noise, random } = stage;
  const { arms, core } = GALAXIES[plan.color ?? "blue"] ?? GALAXIES.blue!;
  const k: Scratch = [0, 0, 0];
  const haze = scaleRgb(arms[1], 0.09);
  everywhere(canvas, (u, v, i) => {
    mixInto(k, [0.01, 0.012, 0.035], haze, noise.fbm(u * 2, v * 2, 3) * 0.5 + 0.5);
    put(canvas, i, k);
  });
  nebula(stage, [scaleRgb(arms[1], 0.5), arms[0], arms[1]], 0.16);
  stars(stage, 200);
  const scenery = plan.details.foreground !== "none";
  const y = scenery ? random.range(0.34, 0.44) : random.range(0.4, 0.6);
  galaxy(stage, random.range(0.4, 0.6), y, random.range(0.4, 0.62), arms, core);
  stars(stage, 40, 1, 1.2);
  if (!scenery) return;
  mountains(stage, 2, 0.84, { snow: 0, amplitude: 0.5, fog: 0.25, color: [0.1, 0.1, 0.16] });
  if (plan.details.foreground !== "wanderer") return;
  const crag = ridgeline(stage, 0.95, 0.1, 3);
  wanderer(stage, 0.5, crag(0.5) + 0.03, 0.3, [0.03, 0.03, 0.05]);
  rocks(stage, crag, [0.07, 0.07, 0.1]);
};

const NEBULAE: Partial<Record<ColorName, readonly string[]>> = {
  blue: ["#0b1e5b", "#2f7bff", "#9fd8ff"],
  purple: ["#2a0b5b", "#9a3bff", "#d09fff"],
  orange: ["#5b1e0b", "#ff7b1f", "#ffc97f"],
  green: ["#0b4b2b", "#2fdf6a", "#c0ffa0"],
  pink: ["#4b0b3b", "#ff4fa0", "#ffc0d8"],
  red: ["#3b0508", "#e02f2f", "#ff9a7a"],
};

export const drawNebula: Composition = (stage, plan) => {
  fillWith(stage, [0.01, 0.01, 0.03]);
  const colors = NEBULAE[plan.color ?? "blue"] ?? NEBULAE.blue!;
  nebula(stage, colors.map(hex), 1, stage.random.range(1.5, 2.6));
  stars(stage, 170, 1, 1.1);
};

const PLANET_HUES: Partial<Record<ColorName, number>> = {
  blue: 0.6,
  red: 0.005,
  orange: 0.07,
  purple: 0.76,
  green: 0.36,
  teal: 0.49,
  pink: 0.92,
  yellow: 0.13,
};
const GRAY_ROCK: readonly Rgb[] = [
  [0.25, 0.25, 0.26],
  [0.5, 0.49, 0.47],
  [0.75, 0.73, 0.7],
];

export const drawPlanet: Composition = (stage, plan) => {
  const { random } = stage;
  const kind = (plan.details.kind ?? "gas") as PlanetKind;
  const hue = PLANET_HUES[plan.color ?? "blue"] ?? 0.6;
  fillWith(stage, [0.008, 0.01, 0.028]);
  const backdrop = random();
  if (random.chance(0.45))
    nebula(stage, [hsl(backdrop, 0.7, 0.25), hsl(backdrop + 0.1, 0.7, 0.45), hsl(backdrop - 0.1, 0.7, 0.4)], 0.3);
  stars(stage, 170);
  const earth: readonly Rgb[] =
    plan.color === "blue"
      ? ["#0a2a66", "#1f6fb5", "#3f8a3a", "#b39a63"].map(hex)
      : [hsl(hue, 0.65, 0.24), hsl(hue, 0.65, 0.45), hsl(hue + 0.1, 0.45, 0.4), hsl(hue + 0.12, 0.4, 0.58)];
  const surfaces: Record<PlanetKind, readonly Rgb[]> = {
    gas: [
      hsl(hue, 0.65, 0.3),
      hsl(hue + 0.02, 0.7, 0.5),
      hsl(hue - 0.02, 0.65, 0.66),
      hsl(hue + 0.03, 0.55, 0.8),
      hsl(hue, 0.7, 0.45),
    ],
    earth,
    rock: [hsl(hue, 0.55, 0.18), hsl(hue, 0.55, 0.38), hsl(hue + 0.02, 0.55, 0.55), hsl(hue + 0.03, 0.45, 0.72)],
  };
  const ringed = plan.details.ring === "rings";
  const radius = ringed ? random.range(0.18, 0.26) : random.range(0.24, 0.4);
  planet(stage, random.range(0.4, 0.6), random.range(0.42, 0.6), radius, {
    kind,
    colors: surfaces[kind],
    ring: ringed ? hsl(hue + 0.04, 0.35, 0.72) : undefined,
    atmosphere: kind === "rock" ? undefined : hsl(hue, 0.6, 0.65),
    spot: random.chance(0.4),
  });
  if (plan.details.moon === "moon")
    planet(stage, random.pick([0.14, 0.86]), random.range(0.13, 0.24), random.range(0.06, 0.09), {
      kind: "rock",
      colors: GRAY_ROCK,
    });
};

const MOONS: Partial<Record<ColorName, readonly Rgb[]>> = {
  gray: [
    [0.35, 0.35, 0.37],
    [0.62, 0.61, 0.59],
    [0.88, 0.87, 0.83],
  ],
  red: [
    [0.3, 0.08, 0.05],
    [0.65, 0.2, 0.13],
    [0.9, 0.42, 0.3],
  ],
  blue: [
    [0.12, 0.18, 0.42],
    [0.3, 0.44, 0.8],
    [0.66, 0.78, 1],
  ],
  yellow: [
    [0.45, 0.34, 0.1],
    [0.85, 0.68, 0.25],
    [1, 0.9, 0.55],
  ],
};

export const drawMoon: Composition = (stage, plan) => {
  const { random } = stage;
  fillWith(stage, [0.01, 0.012, 0.03]);
  stars(stage, 170);
  const craters = Array.from({ length: 16 }, () => {
    const longitude = random.range(-1.2, 1.2);
    return [longitude, random.range(-1.1, 1.1), random() ** 2 * 0.26 + 0.05] as const;
  });
  const colors = MOONS[plan.color ?? "gray"] ?? MOONS.gray!;
  planet(stage, random.range(0.42, 0.58), random.range(0.42, 0.58), random.range(0.28, 0.4), {
    kind: "rock",
    colors,
    craters,
  });
};

const SUNS: Partial<Record<ColorName, readonly Rgb[]>> = {
  orange: [
    [0.9, 0.25, 0.02],
    [1, 0.58, 0.1],
    [1, 0.92, 0.55],
  ],
  red: [
    [0.7, 0.05, 0.02],
    [0.95, 0.2, 0.08],
    [1, 0.6, 0.35],
  ],
  blue: [
    [0.1, 0.3, 1],
    [0.4, 0.65, 1],
    [0.95, 0.98, 1],
  ],
  yellow: [
    [0.95, 0.6, 0.05],
    [1, 0.85, 0.2],
    [1, 1, 0.7],
  ],
};

export const drawSun: Composition = (stage, plan) => {
  const { random, light, noise } = stage;
  const { place } = plan.details;
  if (place !== "space") {
    light.sunHeight = random.range(0.22, 0.36);
    planSky(stage, plan, 0.8, 2.8);
    if (place === "sea") water(stage, 0.78);
    else mountains(stage, 2, 0.86, { snow: 0, amplitude: 0.5 });
    return;
  }
  fillWith(stage, [0.02, 0.01, 0.02]);
  stars(stage, 120, 1, 0.8);
  const colors = SUNS[plan.color ?? "orange"] ?? SUNS.orange!;
  const x = random.range(0.42, 0.58);
  const y = random.range(0.42, 0.58);
  const radius = random.range(0.22, 0.34);
  glow(stage, x, y, mixRgb(colors[0]!, colors[1]!, 0.5), 0.16, 0.9);
  glow(stage, x, y, colors[0]!, 0.3, 0.3);
  const k: Scratch = [0, 0, 0];
  disc(stage, x, y, radius, (u, v) => {
    const flames = noise.ridge(u * 8, v * 8, 5) * 0.7 + noise.fbm(u * 20, v * 20, 3) * 0.3;
    const depth = 1 - distance(u - x, v - y) / radius;
    rampInto(k, colors, clamp(flames * 1.1 - 0.15 + 0.25 * depth));
    return k;
  });
};
