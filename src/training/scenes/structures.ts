// Structures: windmill, stone bridge, suspension bridge, rails. The windmill's unit is its height.
import { mixRgb, type Rgb, scaleRgb } from "./color.ts";
import { lit } from "./palette.ts";
import { area, type Pen, shade, tint } from "./pen.ts";
import { line, type Point, rectangle } from "./shapes.ts";
import type { Stage } from "./stage.ts";

/** A windmill with four sails turned by `turn` radians; `lamps` light its windows. */
export function windmill(pen: Pen, paint: Rgb, turn: number, lamps: boolean): void {
  const glass: Rgb = lamps ? [1, 0.82, 0.4] : [0.3, 0.36, 0.42];
  const wood: Rgb = [0.35, 0.24, 0.17];
  pen.shape([-0.2, 0, 0.2, 0, 0.12, 0.62, -0.12, 0.62], paint, 0.6);
  pen.shape([-0.19, 0.24, 0.19, 0.24, 0.18, 0.28, -0.18, 0.28], shade(paint), 0.3);
  pen.curve([-0.15, 0.61, -0.1, 0.74, 0, 0.78, 0.1, 0.74, 0.15, 0.61, 0, 0.6], wood, 0.5);
  pen.curve([-0.06, 0, -0.06, 0.12, 0, 0.17, 0.06, 0.12, 0.06, 0], wood, 0.2);
  pen.box(-0.035, 0.38, 0.035, 0.47, glass, 0);
  for (let n = 0; n < 4; n++) {
    const angle = turn + (n * Math.PI) / 2;
    const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
    const at = (along: number, across: number): Point => [
      cos * along - sin * across,
      0.66 + sin * along + cos * across,
    ];
    pen.shape([...at(0.1, 0.005), ...at(0.5, 0.005), ...at(0.5, 0.12), ...at(0.1, 0.1)], [0.94, 0.91, 0.84], 0.2);
    for (const along of [0.2, 0.3, 0.4]) pen.stroke([...at(along, 0), ...at(along, 0.11)], 0.012, wood, 0.7);
    pen.stroke([...at(0, 0), ...at(0.51, 0)], 0.03, wood);
  }
  pen.oval(0, 0.66, 0.035, 0.035, tint(wood, 0.2));
}

/** A stone bridge with arches over the whole width, its roadway at `y`. */
export function stoneBridge(stage: Stage, y: number, foot: number, arches: number, stoneColor: Rgb): void {
  const { light } = stage;
  const stone = lit(light, stoneColor, 0.85);
  const rise = (u: number): number => y - 0.05 * Math.sin(u * Math.PI);
  const points: Point[] = [];
  for (let n = 0; n <= 24; n++) points.push([n / 24 - (n === 0 ? 0.02 : 0), rise(n / 24)]);
  points.push([1.02, foot]);
  const pier = 0.05;
  for (let n = arches - 1; n >= 0; n--) {
    const [left, right] = [n / arches + pier / 2, (n + 1) / arches - pier / 2];
    const [middle, half] = [(left + right) / 2, (right - left) / 2];
    const top = rise(middle) + 0.075;
    for (let k = 0; k <= 12; k++) {
      const angle = (k / 12) * Math.PI;
      points.push([middle + half * Math.cos(angle), foot - (foot - top) * Math.sin(angle)]);
    }
  }
  points.push([-0.02, foot]);
  area(stage, points, stone, 0.25);
  const rail = scaleRgb(stone, 0.75);
  for (let n = 0; n < 24; n++)
    line(stage, n / 24, rise(n / 24) + 0.03, (n + 1) / 24, rise((n + 1) / 24) + 0.03, 0.01, rail);
  for (let n = 0; n < 24; n++)
    line(stage, n / 24, rise(n / 24) - 0.005, (n + 1) / 24, rise((n + 1) / 24) - 0.005, 0.016, scaleRgb(stone, 1.12));
}

/** A suspension bridge with two towers, its deck at `y`. */
export function suspensionBridge(stage: Stage, y: number, foot: number, paint: Rgb): void {
  const { light } = stage;
  const color = lit(light, paint, 0.7);
  const dark = scaleRgb(color, 0.75);
  const towers = [0.24, 0.76];
  const top = y - 0.34;
  const cable = (u: number): number => {
    const middle = u > 0.24 && u < 0.76;
    const t = middle ? (u - 0.5) / 0.26 : u <= 0.24 ? u / 0.24 : (1 - u) / 0.24;
    return middle ? y - 0.05 - (y - 0.05 - top) * t * t : y - (y - top) * t ** 1.4;
  };
  for (let n = 1; n < 40; n++) line(stage, n / 40, cable(n / 40), n / 40, y, 0.005, dark, 0.8);
  for (let n = 0; n < 40; n++) line(stage, n / 40, cable(n / 40), (n + 1) / 40, cable((n + 1) / 40), 0.014, color);
  for (const x of towers) {
    for (const d of [-1, 1]) rectangle(stage, x + d * 0.026 - 0.011, top - 0.02, x + d * 0.026 + 0.011, foot, color);
    for (const at of [0, 0.12, 0.24, 0.36]) rectangle(stage, x - 0.03, top + at, x + 0.03, top + at + 0.022, dark);
  }
  rectangle(stage, -0.02, y - 0.012, 1.02, y + 0.022, color);
  rectangle(stage, -0.02, y + 0.014, 1.02, y + 0.026, dark);
}

/** Rails on a bank of stones, their upper edge at `y`. */
export function rails(stage: Stage, y: number): void {
  const { light } = stage;
  const stone = lit(light, [0.45, 0.42, 0.4], 0.85);
  area(
    stage,
    [
      [-0.02, y - 0.005],
      [1.02, y - 0.005],
      [1.02, y + 0.06],
      [-0.02, y + 0.06],
    ],
    stone,
    0.2,
  );
  for (let n = 0; n < 16; n++)
    rectangle(stage, n / 16, y + 0.006, n / 16 + 0.034, y + 0.035, lit(light, [0.3, 0.21, 0.15], 0.85));
  const steel = mixRgb(lit(light, [0.7, 0.7, 0.74], 0.7), light.sun, 0.15);
  line(stage, 0, y, 1, y, 0.012, steel);
}
