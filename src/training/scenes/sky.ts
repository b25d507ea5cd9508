// Skies: gradient, stars, sun and moon, clouds, aurora; rain, snow and birds.
import { add, blend, everywhere, put, region } from "./canvas.ts";
import {
  clamp,
  distance,
  hex,
  mix,
  mixInto,
  mixRgb,
  type Rgb,
  rampInto,
  type Scratch,
  scaleRgb,
  smoothstep,
  WHITE,
} from "./color.ts";
import { disc, glow, line } from "./shapes.ts";
import type { Stage } from "./stage.ts";

/** What the sky shows besides its light. */
export type SkyKind = "clear" | "few" | "rainbow" | "clouds" | "moon" | "aurora" | "stars";

/** Stars over the upper `reach` of the picture; the brightest have rays. */
export function stars({ drawn, canvas, random }: Stage, count: number, reach = 1, bright = 1): void {
  drawn.push({ thing: "stars" });
  const { size } = canvas;
  for (let n = 0; n < count; n++) {
    const x = random();
    const y = random() * reach;
    const strength = random() ** 4 * bright;
    const radius = Math.max(0.6, ((0.6 + strength * 1.4) * size) / 256);
    const color = mixRgb([0.75, 0.85, 1], [1, 0.88, 0.7], random());
    const box = (radius * 3) / size;
    region(canvas, x - box, y - box, x + box, y + box, (u, v, i) => {
      const d = distance((u - x) * size, (v - y) * size) / radius;
      add(canvas, i, color, (0.25 + strength) * Math.exp(-d * d * 1.2) * (1 - (v / reach) * 0.4));
    });
    if (strength <= 0.6) continue;
    region(canvas, x - 0.03, y - 0.03, x + 0.03, y + 0.03, (u, v, i) => {
      const a = Math.abs(u - x);
      const b = Math.abs(v - y);
      const rays = Math.exp(-a * 230 - b * 133) + Math.exp(-b * 230 - a * 133);
      add(canvas, i, color, 0.5 * strength * rays);
    });
  }
}

/** The whole sky down to the horizon: gradient, stars at night, sun or moon, clouds or aurora. */
export function openSky(stage: Stage, horizon: number, kind: SkyKind, discScale = 1): void {
  const { light } = stage;
  skyGradient(stage, horizon);
  if (light.night) stars(stage, 130, horizon);
  if (kind === "aurora") aurora(stage, horizon);
  // A rainbow stands opposite the sun.
  if (kind === "rainbow") light.sunX = light.sunX < 0.5 ? 0.06 : 0.94;
  const disc = sunOrMoon(stage, horizon, kind, discScale);
  if (disc) light.disc = disc;
  cover(stage, horizon, kind);
  if (kind === "rainbow") rainbow(stage, horizon);
}

function cover(stage: Stage, horizon: number, kind: SkyKind): void {
  const { light, random } = stage;
  const heavy = random.range(0.5, 0.75);
  const density = { clear: 0, few: 0.25, rainbow: 0.25, clouds: heavy, moon: 0.12, aurora: 0, stars: 0 }[kind];
  const share = light.time === "storm" ? 1 : light.time === "fog" ? 0.55 : density;
  const scale = random.range(1.8, 3.2);
  if (share <= 0.05) return;
  if (light.time === "storm")
    clouds(stage, horizon, share, { scale, bright: [0.72, 0.75, 0.78], dark: [0.2, 0.21, 0.25] });
  else if (light.night) clouds(stage, horizon, share, { scale, bright: scaleRgb(light.sky[2]!, 1.25), opacity: 0.7 });
  else clouds(stage, horizon, share, { scale });
  if (kind === "clouds") stage.drawn.push({ thing: "clouds" });
}

/** The sky's colours from zenith to horizon, and the horizon's below it. */
export function skyGradient({ canvas, light }: Stage, horizon: number): void {
  const k: Scratch = [0, 0, 0];
  let row = -1;
  everywhere(canvas, (_u, v, i, _x, y) => {
    if (y !== row) rampInto(k, light.sky, v / horizon);
    row = y;
    put(canvas, i, k);
  });
}

function sunOrMoon(stage: Stage, horizon: number, kind: SkyKind, scale: number): { x: number; y: number } | undefined {
  const { light, random, noise } = stage;
  const x = light.sunX;
  const y = horizon * (1 - light.sunHeight);
  const radius = random.range(0.035, 0.06) * scale;
  const phase = random.range(-0.9, 1.2);
  if (light.time === "storm" || light.time === "fog") return undefined;
  if (!light.night) {
    glow(stage, x, y, light.sun, 0.22, 0.35);
    glow(stage, x, y, light.sun, 0.07, 0.5);
    disc(stage, x, y, radius, mixRgb(light.sun, WHITE, 0.3));
    stage.drawn.push({ thing: "sun" });
    return { x, y };
  }
  if (kind !== "moon") return undefined;
  stage.drawn.push({ thing: "moon" });
  glow(stage, x, y, [0.5, 0.55, 0.7], 0.12, 0.45);
  const dark = scaleRgb(light.sky[1]!, 1.1);
  disc(stage, x, y, radius * 1.25, (u, v) => {
    const dx = (u - x) / (radius * 1.25);
    const dy = (v - y) / (radius * 1.25);
    const k = 0.82 + 0.35 * noise.fbm(u * 22, v * 22, 3);
    const shown = phase < 0.6 ? smoothstep(-0.12, 0.12, dx - phase * Math.sqrt(Math.max(0, 1 - dy * dy))) : 1;
    return mixRgb(dark, [0.97 * k, 0.96 * k, 0.88 * k], shown);
  });
  return { x, y };
}

/** Clouds or mist above `bottom`; `density` 0 … 1. */
export function clouds(
  { canvas, light, noise, random }: Stage,
  bottom: number,
  density: number,
  options: { scale?: number; bright?: Rgb; dark?: Rgb; opacity?: number; flat?: boolean } = {},
): void {
  const bright = options.bright ?? mixRgb(light.sun, WHITE, 0.45);
  const dark = options.dark ?? mixRgb(light.sky[1]!, light.ambient, 0.5);
  const scale = options.scale ?? random.range(2, 3.4);
  const opacity = options.opacity ?? 0.92;
  const shift = random() * 50;
  const threshold = mix(0.32, -0.12, density);
  const k: Scratch = [0, 0, 0];
  region(canvas, 0, 0, 1, bottom, (u, v, i) => {
    const perspective = 1 / (0.25 + 0.9 * (1 - v / bottom));
    const x = (u - 0.5) * scale * (options.flat ? 1.1 : perspective * 0.8 + 0.4) + shift;
    const y = v * scale * 2.4 + shift;
    const fade = smoothstep(bottom, bottom * 0.82, v);
    if (fade <= 0) return;
    const warp = noise.fbm(x * 0.7, y * 0.7, 2) * 0.6;
    const d = noise.fbm(x + warp, y + warp * 0.5, 5);
    const alpha = smoothstep(threshold, threshold + 0.34, d);
    if (alpha <= 0) return;
    const towardsSun = noise.fbm(x + warp + 0.12 * (light.sunX - u), y + warp * 0.5 - 0.16, 4);
    mixInto(k, dark, bright, clamp(0.55 + (d - towardsSun) * 2.2));
    blend(canvas, i, k, alpha * opacity * fade);
  });
}

/** A rainbow that rises from the horizon, over the clouds. */
function rainbow({ drawn, canvas, light, random }: Stage, horizon: number): void {
  drawn.push({ thing: "rainbow" });
  const x = light.sunX < 0.5 ? random.range(0.55, 0.75) : random.range(0.25, 0.45);
  const radius = random.range(0.4, 0.5);
  const k: Scratch = [0, 0, 0];
  region(canvas, 0, 0, 1, horizon, (u, v, i) => {
    const t = (distance(u - x, v - horizon) - radius) / 0.07;
    if (t < 0 || t > 1) return;
    rampInto(k, BOW, t);
    blend(
      canvas,
      i,
      k,
      0.62 * smoothstep(0, 0.15, t) * (1 - smoothstep(0.85, 1, t)) * smoothstep(horizon, horizon - 0.06, v),
    );
  });
}

const BOW: readonly Rgb[] = ["#7a3bb5", "#2457c9", "#2f9a45", "#f7cf1d", "#f0821e", "#d2281f"].map(hex);

function aurora({ drawn, canvas, noise, random }: Stage, horizon: number): void {
  drawn.push({ thing: "aurora" });
  const low: Rgb = [0.2, 1, 0.55];
  const high: Rgb = [0.45, 0.3, 0.95];
  const shift = random() * 50;
  const base = random.range(0.3, 0.5) * horizon;
  const k: Scratch = [0, 0, 0];
  region(canvas, 0, 0, 1, horizon, (u, v, i) => {
    for (let curtain = 0; curtain < 2; curtain++) {
      const foot = base + curtain * 0.12 + noise.fbm(u * 1.7 + shift + curtain * 9, shift, 3) * 0.3;
      const height = foot - v;
      if (height < -0.03) continue;
      const ray = 0.55 + 0.45 * noise.at(u * 26 + noise.at(u * 3, shift) * 3 + curtain * 7, shift);
      mixInto(k, low, high, clamp(height * 3.2));
      add(canvas, i, k, Math.exp(-Math.max(0, height) * 6.5) * smoothstep(-0.03, 0.02, height) * ray * 0.62);
    }
  });
}

/** Slanting streaks of rain over the whole picture. */
export function rain(stage: Stage, count = 90): void {
  stage.drawn.push({ thing: "rain" });
  const { random } = stage;
  const slant = random.range(0.02, 0.06);
  for (let n = 0; n < count; n++) {
    const x = random();
    const y = random();
    const length = random.range(0.03, 0.08);
    const opacity = 0.34 * random.range(0.4, 1);
    line(stage, x, y, x - (slant * length) / 0.06, y + length, 0.0055, [0.85, 0.9, 0.97], opacity);
  }
}

/** Falling snow over the whole picture. */
export function snowfall(stage: Stage, count = 110): void {
  stage.drawn.push({ thing: "snowfall" });
  const { random } = stage;
  for (let n = 0; n < count; n++) disc(stage, random(), random(), random() ** 2 * 0.008 + 0.003, [0.98, 0.99, 1]);
}

/** A loose flock of birds in the sky. */
export function birds(stage: Stage, count: number, horizon: number): void {
  stage.drawn.push({ thing: "birds" });
  const { random, light } = stage;
  const centerX = random.range(0.2, 0.7);
  const centerY = random.range(0.2, 0.5) * horizon;
  const color = light.night ? light.sky[3]! : scaleRgb(light.ambient, 0.25);
  for (let n = 0; n < count; n++) {
    const x = centerX + random.range(-0.15, 0.2);
    const y = centerY + random.range(-0.08, 0.08);
    const span = random.range(0.02, 0.036);
    line(stage, x - span, y - span * 0.5, x, y, 0.009, color);
    line(stage, x, y, x + span, y - span * 0.5, 0.009, color);
  }
}
