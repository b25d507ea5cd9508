// The named colours, the times of day with their light, and the colours of the seasons.
import { clamp, hex, hsl, mix, type Rgb, toHsl } from "./color.ts";
import type { Random } from "./rng.ts";

const NAMED = {
  red: "#d2281f",
  orange: "#f0821e",
  yellow: "#f7cf1d",
  green: "#2f9a45",
  teal: "#1d9c98",
  blue: "#2457c9",
  purple: "#7a3bb5",
  pink: "#f07bb0",
  white: "#f2f2ee",
  black: "#232326",
  brown: "#7a4a2a",
  gray: "#8a8d92",
} as const;

/** A colour that a caption may name. */
export type ColorName = keyof typeof NAMED;
/** The colours that captions name. */
export const COLORS = Object.keys(NAMED) as readonly ColorName[];
/** The value of a named colour. */
export const named = (name: ColorName): Rgb => hex(NAMED[name]);

interface TimeOfDay {
  /** Zenith to horizon. */
  sky: readonly [string, string, string, string];
  ambient: string;
  sun: string;
  /** Range of the sun's height above the horizon, as a share of the sky. */
  height: readonly [number, number];
}

const TIME_TABLE = {
  dawn: { sky: ["#31406b", "#8f7fa8", "#f0a8a0", "#ffd9ae"], ambient: "#b59ab0", sun: "#ffd2a0", height: [0, 0.12] },
  day: { sky: ["#2a6fc9", "#5c9fe6", "#9fcdf4", "#d8efff"], ambient: "#ffffff", sun: "#fffbe6", height: [0.35, 0.8] },
  golden: {
    sky: ["#4f78ad", "#8fa6b8", "#f1c27d", "#ffe7ae"],
    ambient: "#ffdca6",
    sun: "#fff0b8",
    height: [0.05, 0.25],
  },
  sunset: {
    sky: ["#2d1f54", "#8c2f6b", "#e8574a", "#ffbb55"],
    ambient: "#d98a78",
    sun: "#ffd26a",
    height: [-0.02, 0.12],
  },
  dusk: {
    sky: ["#10173a", "#343a72", "#7a5a92", "#d59a9a"],
    ambient: "#76749e",
    sun: "#ffc9a8",
    height: [-0.1, -0.05],
  },
  night: { sky: ["#04061a", "#0a1236", "#152455", "#2a3e74"], ambient: "#56638f", sun: "#f2f0dc", height: [0.35, 0.8] },
  storm: {
    sky: ["#23272f", "#3d444f", "#69727c", "#98a0a4"],
    ambient: "#767e88",
    sun: "#e8edf0",
    height: [-0.2, -0.1],
  },
  fog: { sky: ["#aab4bd", "#bcc5cb", "#cfd6d8", "#e3e6e3"], ambient: "#c4cacc", sun: "#ffffff", height: [0.2, 0.6] },
} as const satisfies Record<string, TimeOfDay>;

/** A time of day or a weather that rules the light. */
export type Time = keyof typeof TIME_TABLE;
/** The times that captions name. */
export const TIMES = Object.keys(TIME_TABLE) as readonly Time[];

/** A season of the year. */
export type Season = "spring" | "summer" | "autumn" | "winter";
export const SEASONS: readonly Season[] = ["spring", "summer", "autumn", "winter"];

/** Three foliage colours a season. */
export const FOLIAGE: Record<Season, readonly [Rgb, Rgb, Rgb]> = {
  spring: [hex("#7fbf4a"), hex("#5fa03c"), hex("#f2a9c4")],
  summer: [hex("#4f9a3a"), hex("#2f7a33"), hex("#3f8f3a")],
  autumn: [hex("#d9772b"), hex("#b8492a"), hex("#e0a332")],
  winter: [hex("#e8eef5"), hex("#cfdbe8"), hex("#f5f9ff")],
};

/** The ground's darker and lighter colour a season. */
export const GRASS: Record<Season, readonly [Rgb, Rgb]> = {
  spring: [
    [0.38, 0.61, 0.25],
    [0.51, 0.7, 0.31],
  ],
  summer: [
    [0.25, 0.47, 0.17],
    [0.43, 0.6, 0.23],
  ],
  autumn: [
    [0.56, 0.41, 0.18],
    [0.69, 0.53, 0.24],
  ],
  winter: [
    [0.86, 0.9, 0.96],
    [0.96, 0.97, 1],
  ],
};

/** The light of a picture: its sky, what it does to colours, and where the sun (or moon) is. */
export interface Light {
  time: Time;
  /** Zenith to horizon, four stops. */
  sky: readonly Rgb[];
  /** The colour of the far distance. */
  horizon: Rgb;
  ambient: Rgb;
  sun: Rgb;
  /** Sun's or moon's column, 0 … 1; things are lit from that side. */
  sunX: number;
  /** Its height above the horizon as a share of the sky; below 0 it has set. */
  sunHeight: number;
  /** Where the disc was drawn, if it was. */
  disc?: { x: number; y: number };
  night: boolean;
  /** Whether windows and lamps are lit. */
  lamps: boolean;
}

/** The light of a time of day, a little different each time it is drawn. */
export function createLight(random: Random, time: Time): Light {
  const table = TIME_TABLE[time];
  const turn = random.range(-0.02, 0.02);
  const lift = random.range(0.92, 1.08);
  const sky = table.sky.map((stop) => {
    const [hue, saturation, lightness] = toHsl(hex(stop));
    return hsl(hue + turn, clamp(saturation * random.range(0.9, 1.15)), clamp(lightness * lift));
  });
  return {
    time,
    sky,
    horizon: sky[3]!,
    ambient: hex(table.ambient),
    sun: hex(table.sun),
    sunHeight: mix(table.height[0], table.height[1], random()),
    sunX: random.range(0.18, 0.82),
    night: time === "night",
    lamps: time === "night" || time === "dusk" || time === "sunset" || time === "storm",
  };
}

/** A colour under the ambient light; `share` 0 leaves it as it is. */
export const lit = ({ ambient }: Light, color: Rgb, share = 1): Rgb => [
  color[0] * mix(1, ambient[0], share),
  color[1] * mix(1, ambient[1], share),
  color[2] * mix(1, ambient[2], share),
];
