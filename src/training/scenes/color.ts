// Colours as three numbers, the arithmetic on them, and the scalar helpers the painter shares.

/** A colour: red, green, blue, 0 … 1 (light may exceed 1 until a picture is finished). */
export type Rgb = readonly [number, number, number];
/** A colour to write into, so that hot loops allocate nothing. */
export type Scratch = [number, number, number];

export const WHITE: Rgb = [1, 1, 1];

/** Holds x between low and high (0 and 1 unless told). */
export const clamp = (x: number, low = 0, high = 1): number => Math.min(high, Math.max(low, x));
/** The length of the vector (dx, dy); several times faster than Math.hypot. */
export const distance = (dx: number, dy: number): number => Math.sqrt(dx * dx + dy * dy);
/** The point t of the way from a to b. */
export const mix = (a: number, b: number, t: number): number => a + (b - a) * t;
/** Hermite step from 0 at a to 1 at b; a may lie above b. */
export const smoothstep = (a: number, b: number, x: number): number => {
  const t = clamp((x - a) / (b - a));
  return t * t * (3 - 2 * t);
};

/** Reads "#rrggbb". */
export const hex = (text: string): Rgb => [
  Number.parseInt(text.slice(1, 3), 16) / 255,
  Number.parseInt(text.slice(3, 5), 16) / 255,
  Number.parseInt(text.slice(5, 7), 16) / 255,
];
export const mixRgb = (a: Rgb, b: Rgb, t: number): Rgb => [mix(a[0], b[0], t), mix(a[1], b[1], t), mix(a[2], b[2], t)];
export const scaleRgb = (a: Rgb, k: number): Rgb => [a[0] * k, a[1] * k, a[2] * k];
/** Perceived brightness of a colour (weights 0.30, 0.59, 0.11). */
export const luminance = (r: number, g: number, b: number): number => r * 0.3 + g * 0.59 + b * 0.11;

/** Sets out to a, t of the way to b. `out` may be `a`. */
export function mixInto(out: Scratch, a: Rgb, b: Rgb, t: number): void {
  out[0] = a[0] + (b[0] - a[0]) * t;
  out[1] = a[1] + (b[1] - a[1]) * t;
  out[2] = a[2] + (b[2] - a[2]) * t;
}
/** Sets out to a times k. `out` may be `a`. */
export function scaleInto(out: Scratch, a: Rgb, k: number): void {
  out[0] = a[0] * k;
  out[1] = a[1] * k;
  out[2] = a[2] * k;
}
/** Sets out to the colour at t (0 … 1) along evenly spaced stops. */
export function rampInto(out: Scratch, stops: readonly Rgb[], t: number): void {
  const place = clamp(t) * (stops.length - 1);
  const i = Math.min(stops.length - 2, Math.floor(place));
  mixInto(out, stops[i]!, stops[i + 1]!, place - i);
}

/** Colour of a hue (in turns, wraps), saturation and lightness. */
export function hsl(hue: number, saturation: number, lightness: number): Rgb {
  const h = ((hue % 1) + 1) % 1;
  const channel = (n: number): number => {
    const k = (n + h * 12) % 12;
    return lightness - saturation * Math.min(lightness, 1 - lightness) * Math.max(-1, Math.min(k - 3, 9 - k, 1));
  };
  return [channel(0), channel(8), channel(4)];
}

/** Hue (turns), saturation and lightness of a colour. */
export function toHsl([r, g, b]: Rgb): [number, number, number] {
  const most = Math.max(r, g, b);
  const least = Math.min(r, g, b);
  const lightness = (most + least) / 2;
  const chroma = most - least;
  if (chroma < 1e-6) return [0, 0, lightness];
  const saturation = chroma / (1 - Math.abs(2 * lightness - 1) + 1e-9);
  const sixths = most === r ? ((g - b) / chroma + 6) % 6 : most === g ? (b - r) / chroma + 2 : (r - g) / chroma + 4;
  return [sixths / 6, Math.min(1, saturation), lightness];
}
