// The cosmos: nebulae, spiral galaxies, planets with rings and moons.
import { add, blend, everywhere, region } from "./canvas.ts";
import {
  clamp,
  distance,
  mixInto,
  mixRgb,
  type Rgb,
  rampInto,
  type Scratch,
  scaleInto,
  smoothstep,
  WHITE,
} from "./color.ts";
import type { Stage } from "./stage.ts";

/** Adds the light of a gas cloud over the whole picture, coloured along `colors`. */
export function nebula(
  { drawn, canvas, noise, random }: Stage,
  colors: readonly Rgb[],
  strength: number,
  scale = 2.2,
): void {
  drawn.push({ thing: "nebula" });
  const shift = random() * 70;
  const angle = random() * 2 * Math.PI;
  const cos = Math.cos(angle) * scale;
  const sin = Math.sin(angle) * scale;
  const k: Scratch = [0, 0, 0];
  everywhere(canvas, (u, v, i) => {
    const x = u * cos - v * sin + shift;
    const y = u * sin + v * cos + shift;
    const warpX = noise.fbm(x, y, 4);
    const warpY = noise.fbm(x + 5.2, y + 1.3, 4);
    const density = clamp(noise.fbm(x + warpX * 1.5, y + warpY * 1.5, 5) * 1.15 + 0.42);
    rampInto(k, colors, clamp(warpX * 1.1 + 0.5));
    add(canvas, i, k, strength * density ** 2.2 * 1.5);
    const core = smoothstep(0.55, 0.98, density);
    if (core <= 0) return;
    mixInto(k, k, WHITE, 0.4);
    add(canvas, i, k, strength * 0.55 * core * core);
  });
}

/** Adds a spiral galaxy with arms from one colour to another around a bright core. */
export function galaxy(
  { drawn, canvas, noise, random }: Stage,
  x: number,
  y: number,
  radius: number,
  arms: readonly [Rgb, Rgb],
  core: Rgb,
): void {
  drawn.push({ thing: "galaxy" });
  const tilt = random.range(0.32, 0.85);
  const rotation = random() * Math.PI;
  const count = random.pick([2, 2, 3, 4]);
  const twist = random.range(3.2, 5.2);
  const direction = random.chance(0.5) ? 1 : -1;
  const phase = random() * 2 * Math.PI;
  const cos = Math.cos(rotation);
  const sin = Math.sin(rotation);
  const reach = radius * 1.5;
  const black: Rgb = [0, 0, 0];
  const spark = mixRgb(arms[1], WHITE, 0.6);
  const k: Scratch = [0, 0, 0];
  region(canvas, x - reach, y - reach, x + reach, y + reach, (u, v, i) => {
    const dx = u - x;
    const dy = v - y;
    const px = dx * cos + dy * sin;
    const py = (-dx * sin + dy * cos) / tilt;
    const q = distance(px, py) / radius;
    if (q > 1.5) return;
    const around = direction * Math.atan2(py, px) + twist * Math.log(q + 0.06);
    const lumps = noise.fbm((u * 1.44) / radius + 7, (v * 1.44) / radius, 4);
    const grain = noise.fbm(u * 40, v * 40, 2);
    const arm = Math.cos(count * around + phase + lumps * 1.7) * 0.5 + 0.5;
    const envelope = Math.exp(-q * 2.3) * smoothstep(1.5, 0.8, q);
    const glow = envelope * (0.1 + 1.15 * arm ** 2.4) * (0.75 + lumps * 0.9 + grain * 0.25);
    const dust = Math.exp(-q * 2) * (1 - arm) ** 3 * 0.25;
    blend(canvas, i, black, clamp(dust * envelope * 4));
    mixInto(k, arms[0], arms[1], clamp(q * 1.1 + lumps * 0.6));
    add(canvas, i, k, clamp(glow * 1.5));
    if (arm > 0.6 && noise.hash(Math.floor(u * 128) * 7, Math.floor(v * 128) * 17) > 0.965)
      add(canvas, i, spark, envelope * 1.4);
    add(canvas, i, core, 1.15 * Math.exp(-q * q * 22) + 0.5 * Math.exp(-q * 6));
  });
}

/** How a planet's surface is made. */
export type PlanetKind = "gas" | "earth" | "rock";
/** A planet: surface kind and colours (dark to bright; sea, shallows, land, highland for "earth"). */
export interface PlanetLook {
  kind: PlanetKind;
  colors: readonly Rgb[];
  ring?: Rgb | undefined;
  atmosphere?: Rgb | undefined;
  spot?: boolean;
  /** Lit from the front, so that the whole disc is seen. */
  full?: boolean;
  /** Longitude, latitude and radius (radians) of craters. */
  craters?: readonly (readonly [number, number, number])[];
}

/** Draws a lit planet of the given radius. */
export function planet(stage: Stage, x: number, y: number, radius: number, look: PlanetLook): void {
  stage.drawn.push({ thing: "planet" });
  const { canvas, noise, random, pixel } = stage;
  const from = random.range(-2.7, -0.4);
  const raw = look.full
    ? ([Math.cos(from) * 0.25, Math.sin(from) * 0.25, 1] as const)
    : ([Math.cos(from) * 0.8, Math.sin(from) * 0.55, 0.55] as const);
  const norm = Math.sqrt(raw[0] ** 2 + raw[1] ** 2 + raw[2] ** 2);
  const light: Rgb = [raw[0] / norm, raw[1] / norm, raw[2] / norm];
  const shift = random() * 60;
  const tilt = random.range(-0.5, 0.5);
  const cos = Math.cos(tilt);
  const sin = Math.sin(tilt);
  const { colors, atmosphere } = look;
  const k: Scratch = [0, 0, 0];
  const other: Scratch = [0, 0, 0];

  const surface = (lon: number, lat: number): void => {
    if (look.kind === "gas") {
      const swirl = noise.fbm(lon * 1.2 + shift, lat * 3 + shift, 4);
      const band = noise.fbm(shift, lat * 5.5 + swirl * 0.55, 3) * 0.9 + 0.5;
      rampInto(k, colors, band + swirl * 0.15);
      if (look.spot) mixInto(k, colors[0]!, k, smoothstep(0.7, 1.1, distance((lon - 0.3) / 0.32, (lat - 0.35) / 0.16)));
    } else if (look.kind === "earth") {
      const height = noise.fbm(lon * 1.4 + shift, lat * 1.6 + shift, 6);
      mixInto(k, colors[0]!, colors[1]!, smoothstep(-0.3, 0.02, height));
      mixInto(other, colors[2]!, colors[3]!, smoothstep(0.07, 0.35, height + Math.abs(lat) * 0.1));
      mixInto(k, k, other, smoothstep(0.05, 0.1, height));
      mixInto(k, k, WHITE, smoothstep(1, 1.2, Math.abs(lat) + height * 0.4));
      const warp = noise.fbm(lon * 2, lat * 4, 3) * 0.7;
      mixInto(k, k, WHITE, smoothstep(0.1, 0.42, noise.fbm(lon * 2 + shift + 9 + warp, lat * 3.4 + shift, 5)) * 0.8);
    } else {
      rampInto(k, colors, noise.fbm(lon * 2.2 + shift, lat * 2.2 + shift, 6) * 0.9 + 0.5);
      let relief = 0;
      for (const [craterLon, craterLat, size] of look.craters ?? []) {
        const q = distance(lon - craterLon, lat - craterLat) / size;
        if (q >= 1.25) continue;
        const towards = ((lon - craterLon) * light[0] + (lat - craterLat) * light[1]) / size;
        const rim = q < 0.85 ? -0.16 : 0.22 * (1 - Math.abs(q - 1) / 0.25);
        relief += rim * clamp(0.7 + (q < 1 ? -1 : 1) * towards * 0.9);
      }
      scaleInto(k, k, 1 + relief + noise.at(lon * 14, lat * 14) * 0.12);
    }
  };

  if (look.ring) ring(stage, x, y, radius, look.ring, tilt, light, shift, false);
  const reach = radius * 1.3;
  region(canvas, x - reach, y - reach, x + reach, y + reach, (u, v, i) => {
    const dx = (u - x) / radius;
    const dy = (v - y) / radius;
    const d = distance(dx, dy);
    if (atmosphere && d > 1)
      add(canvas, i, atmosphere, Math.exp(-(d - 1) * 13) * clamp(0.35 + 0.9 * (dx * light[0] + dy * light[1])) * 0.8);
    if (d > 1 + (pixel / radius) * 2) return;
    const alpha = 1 - smoothstep(1 - pixel / radius, 1 + pixel / radius, d);
    const z = Math.sqrt(Math.max(0, 1 - d * d));
    surface(Math.atan2(dx * cos + dy * sin, z + 1e-3), Math.asin(clamp(-dx * sin + dy * cos, -1, 1)));
    const lambert = clamp((dx * light[0] + dy * light[1] + z * light[2]) * 1.15 + 0.06);
    scaleInto(k, k, 0.02 + lambert ** 0.85 * 1.08);
    if (atmosphere) mixInto(k, k, atmosphere, (1 - z) ** 2.6 * 0.75 * lambert);
    blend(canvas, i, k, alpha);
  });
  if (look.ring) ring(stage, x, y, radius, look.ring, tilt, light, shift, true);
}

function ring(
  { canvas, noise }: Stage,
  x: number,
  y: number,
  radius: number,
  color: Rgb,
  tilt: number,
  light: Rgb,
  shift: number,
  front: boolean,
): void {
  const cos = Math.cos(tilt + 0.1);
  const sin = Math.sin(tilt + 0.1);
  const reach = radius * 2.4;
  const k: Scratch = [0, 0, 0];
  region(canvas, x - reach, y - reach, x + reach, y + reach, (u, v, i) => {
    const dx = u - x;
    const dy = v - y;
    const p = (dx * cos + dy * sin) / radius;
    const q = (-dx * sin + dy * cos) / radius / 0.26;
    if (q > 0 !== front) return;
    const d = distance(p, q);
    if (d < 1.28 || d > 2.15) return;
    const band = 0.5 + 0.5 * noise.at(d * 16 + shift, 3.3);
    const gap = d > 1.72 && d < 1.78 ? 0.15 : 1;
    const alpha = smoothstep(1.28, 1.34, d) * (1 - smoothstep(2.05, 2.15, d)) * (0.3 + 0.65 * band) * gap;
    const shadow = !front && p * light[0] < 0 && Math.abs(p) < 1 ? 0.35 : 1;
    mixInto(k, color, WHITE, band * 0.3);
    scaleInto(k, k, 0.85 * shadow);
    blend(canvas, i, k, alpha);
  });
}
