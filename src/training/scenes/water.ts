// Water that mirrors what was drawn above it.
import { copyCanvas, indexAt, put, region } from "./canvas.ts";
import { clamp, mixInto, mixRgb, type Rgb, type Scratch, scaleInto, smoothstep, WHITE } from "./color.ts";
import { lit } from "./palette.ts";
import type { Stage } from "./stage.ts";

/** Fills the picture below `horizon` with water: reflections, the sun's or moon's path, and crests if `waves`. */
export function water(
  { drawn, canvas, light, noise, random }: Stage,
  horizon: number,
  { color = [0.05, 0.22, 0.34] as Rgb, chop = 1, waves = false } = {},
): void {
  drawn.push({ thing: "water" });
  const above = copyCanvas(canvas);
  const deep = lit(light, color, 0.9);
  const glint = mixRgb(light.sun, WHITE, 0.35);
  const foam = lit(light, [0.92, 0.97, 1], 0.6);
  const shift = random() * 40;
  const k: Scratch = [0, 0, 0];
  region(canvas, 0, horizon, 1, 1, (u, v, i) => {
    if (v < horizon) return;
    const near = (v - horizon) / (1 - horizon);
    const p = 1 / (near * 0.9 + 0.06);
    const swell = noise.fbm(u * p * 1.5 * chop + shift, p * 3.2 * chop + shift, 3);
    const ripple = noise.at(u * p * 4 * chop, p * 9 * chop);
    const mirrorU = u + swell * 0.02 * (near * 3 + 0.3) * chop;
    const mirrorV = horizon - (v - horizon) * 0.95 + swell * 0.05 * chop - 0.004;
    const from = indexAt(above, mirrorU * canvas.size, Math.min(mirrorV, horizon - 0.002) * canvas.size);
    k[0] = above.data[from]!;
    k[1] = above.data[from + 1]!;
    k[2] = above.data[from + 2]!;
    mixInto(k, k, deep, clamp(0.22 + near * 0.5));
    scaleInto(k, k, 0.92 + swell * 0.35 * chop * near + ripple * 0.1);
    if (light.disc) {
      const dx = Math.abs(u - light.disc.x) / (0.03 + near * 0.16);
      const path = Math.exp(-dx * dx) * smoothstep(0.05, 0.3, ripple + swell * 0.6 + 0.12);
      mixInto(k, k, glint, path * (light.night ? 0.6 : 0.85));
    }
    if (waves) {
      const crest = Math.sin(near * near * 26 + noise.fbm(u * 3 + shift, near * 3, 2) * 5);
      mixInto(k, k, foam, smoothstep(0.86, 1, crest + noise.at(u * 20, near * 30) * 0.3) * near * 0.8);
    }
    put(canvas, i, k);
  });
}
