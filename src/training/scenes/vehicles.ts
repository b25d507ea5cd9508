// Vehicles: car, steam train, rocket. One unit is the length (rocket: the height).
import type { Rgb } from "./color.ts";
import { type Pen, shade, tint } from "./pen.ts";

const TYRE: Rgb = [0.1, 0.1, 0.12];
const STEEL: Rgb = [0.72, 0.74, 0.78];
const LAMP: Rgb = [1, 0.93, 0.6];

function wheel(pen: Pen, x: number, y: number, radius: number, hub: Rgb): void {
  pen.oval(x, y, radius, radius, TYRE, 0.2);
  pen.oval(x, y, radius * 0.58, radius * 0.58, hub, 0.4);
  pen.oval(x, y, radius * 0.2, radius * 0.2, TYRE, 0);
}

/** A car from its side; `lamps` says whether its lights burn. */
export function car(pen: Pen, paint: Rgb, lamps: boolean): void {
  const glass: Rgb = lamps ? [1, 0.86, 0.5] : [0.68, 0.83, 0.92];
  pen.curve([-0.34, 0.26, -0.22, 0.43, -0.02, 0.45, 0.12, 0.42, 0.27, 0.26], shade(paint), 0.2);
  pen.curve([-0.29, 0.26, -0.2, 0.39, -0.05, 0.41, -0.05, 0.26], glass, 0.4);
  pen.curve([0, 0.26, 0, 0.41, 0.1, 0.385, 0.2, 0.27], glass, 0.4);
  pen.curve(
    [-0.5, 0.1, -0.5, 0.24, -0.36, 0.29, 0, 0.29, 0.3, 0.27, 0.47, 0.22, 0.51, 0.1, 0.3, 0.07, -0.3, 0.07],
    paint,
    0.5,
  );
  pen.stroke([-0.46, 0.12, 0.48, 0.11], 0.016, shade(paint));
  pen.stroke([-0.025, 0.28, -0.025, 0.1], 0.01, shade(paint));
  pen.oval(0.08, 0.225, 0.03, 0.012, STEEL, 0);
  pen.oval(0.475, 0.185, 0.028, 0.03, lamps ? LAMP : WHITE_LAMP, 0);
  pen.oval(-0.488, 0.2, 0.018, 0.03, [0.9, 0.15, 0.1], 0);
  for (const x of [-0.3, 0.3]) wheel(pen, x, 0.085, 0.105, STEEL);
}
const WHITE_LAMP: Rgb = [0.96, 0.96, 0.9];

/** A steam locomotive with a wagon, from its side. */
export function train(pen: Pen, paint: Rgb, lamps: boolean): void {
  const dark: Rgb = [0.15, 0.15, 0.18];
  const glass: Rgb = lamps ? [1, 0.86, 0.5] : [0.72, 0.84, 0.9];
  for (const [x, y, radius] of [
    [0.31, 0.44, 0.045],
    [0.23, 0.5, 0.06],
    [0.11, 0.56, 0.08],
    [-0.05, 0.61, 0.1],
  ] as const)
    pen.oval(x, y, radius * 1.3, radius, [0.9, 0.9, 0.92], 0.3);
  pen.box(-0.5, 0.08, -0.14, 0.28, paint, 0.4);
  pen.box(-0.52, 0.27, -0.12, 0.31, shade(paint));
  for (const x of [-0.46, -0.35, -0.24]) pen.box(x, 0.16, x + 0.075, 0.24, glass, 0);
  pen.box(-0.14, 0.09, -0.05, 0.12, dark, 0);
  pen.box(0.07, 0.13, 0.41, 0.27, paint, 0.9);
  pen.oval(0.41, 0.2, 0.03, 0.07, dark, 0.3);
  pen.box(-0.08, 0.09, 0.1, 0.37, paint, 0.4);
  pen.box(-0.11, 0.36, 0.13, 0.4, shade(paint));
  pen.box(-0.04, 0.22, 0.06, 0.32, glass, 0);
  pen.shape([0.29, 0.26, 0.36, 0.26, 0.385, 0.4, 0.265, 0.4], dark);
  pen.oval(0.19, 0.28, 0.035, 0.04, [0.86, 0.68, 0.25]);
  for (const x of [0.16, 0.26]) pen.stroke([x, 0.135, x, 0.265], 0.014, [0.86, 0.68, 0.25]);
  pen.box(-0.08, 0.08, 0.44, 0.13, dark, 0.1);
  pen.shape([0.44, 0.12, 0.53, 0.02, 0.42, 0.02], [0.7, 0.2, 0.16]);
  pen.oval(0.445, 0.24, 0.025, 0.025, LAMP, 0);
  for (const x of [-0.42, -0.23]) wheel(pen, x, 0.055, 0.055, STEEL);
  for (const x of [0, 0.16]) wheel(pen, x, 0.075, 0.075, [0.75, 0.22, 0.18]);
  for (const x of [0.29, 0.38]) wheel(pen, x, 0.05, 0.05, [0.75, 0.22, 0.18]);
}

/** A rocket that points up, on its flame if `burning`. */
export function rocket(pen: Pen, flame: Pen, paint: Rgb, burning: boolean): void {
  if (burning) {
    flame.curve([-0.12, 0.13, -0.13, -0.04, 0, -0.36, 0.13, -0.04, 0.12, 0.13], [1, 0.5, 0.1], 0);
    flame.curve([-0.07, 0.13, -0.07, 0, 0, -0.22, 0.07, 0, 0.07, 0.13], [1, 0.9, 0.45], 0);
  }
  const white: Rgb = [0.94, 0.94, 0.93];
  for (const d of [-1, 1]) pen.shape([d * 0.13, 0.42, d * 0.31, 0.16, d * 0.31, 0, d * 0.13, 0.14], paint);
  pen.curve([-0.13, 0.12, -0.18, 0.42, -0.14, 0.72, 0, 1, 0.14, 0.72, 0.18, 0.42, 0.13, 0.12], white, 0.5);
  pen.curve([-0.135, 0.73, -0.09, 0.87, 0, 1.01, 0.09, 0.87, 0.135, 0.73, 0, 0.7], paint, 0.4);
  pen.box(-0.135, 0.1, 0.135, 0.16, shade(paint));
  pen.shape([-0.178, 0.33, 0.178, 0.33, 0.178, 0.39, -0.178, 0.39], paint);
  pen.oval(0, 0.56, 0.085, 0.085, tint(shade(paint), 0.1), 0.2);
  pen.oval(0, 0.56, 0.06, 0.06, [0.5, 0.78, 0.92], 0.6);
  pen.shape([-0.025, 0.3, 0.025, 0.3, 0.025, 0, -0.025, 0], shade(paint));
}
