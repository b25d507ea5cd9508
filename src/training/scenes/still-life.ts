// Small things close by: flowers, mushroom, apple, cup, open book. One unit is the height (book: the width).
import type { Rgb } from "./color.ts";
import { type Pen, shade, tint } from "./pen.ts";

const LEAF: Rgb = [0.22, 0.52, 0.22];

/** The flowers that can be drawn close. */
export type FlowerKind = "rose" | "tulip" | "daisy" | "sunflower";

/** A flower on its stem. */
export function flower(pen: Pen, kind: FlowerKind, color: Rgb): void {
  pen.stroke([0, 0, 0.015, 0.3, 0, 0.66], 0.045, LEAF);
  pen.curve([0, 0.08, -0.14, 0.2, -0.3, 0.38, -0.1, 0.34], LEAF, 0.5);
  pen.curve([0.01, 0.14, 0.18, 0.24, 0.3, 0.42, 0.09, 0.38], shade(LEAF), 0.5);
  if (kind === "rose") roseHead(pen, color);
  else if (kind === "tulip") {
    pen.curve(
      [-0.22, 0.98, -0.24, 0.72, -0.08, 0.58, 0.08, 0.58, 0.24, 0.72, 0.22, 0.98, 0.1, 0.86, 0, 0.8, -0.1, 0.86],
      shade(color),
      0.3,
    );
    pen.curve([0, 1.02, -0.13, 0.82, -0.1, 0.6, 0.1, 0.6, 0.13, 0.82], color, 0.5);
    pen.curve([-0.22, 0.98, -0.25, 0.72, -0.1, 0.57, 0, 0.58, -0.1, 0.74], color, 0.4);
    pen.curve([0.22, 0.98, 0.25, 0.72, 0.1, 0.57, 0, 0.58, 0.1, 0.74], tint(color, 0.15), 0.4);
  } else {
    const petals = kind === "daisy" ? 12 : 18;
    for (const [turned, tone] of [
      [0.5, shade(color)],
      [0, color],
    ] as const)
      for (let n = 0; n < petals; n++) {
        const angle = ((n + turned) / petals) * 2 * Math.PI;
        const reach = kind === "daisy" ? 0.19 : 0.22;
        const [x, y] = [Math.cos(angle) * reach, 0.74 + Math.sin(angle) * reach];
        pen.oval(x, y, 0.11, kind === "daisy" ? 0.045 : 0.04, tone, 0.1, angle);
      }
    const heart: Rgb = kind === "daisy" ? [0.96, 0.76, 0.14] : [0.36, 0.2, 0.09];
    const radius = kind === "daisy" ? 0.09 : 0.15;
    pen.oval(0, 0.74, radius, radius, heart, 0.4);
    if (kind === "sunflower") pen.oval(0, 0.74, 0.075, 0.075, shade(heart), 0.2);
  }
}

function roseHead(pen: Pen, color: Rgb): void {
  const tones = [shade(color), color, tint(color, 0.16)];
  for (const d of [-1, 1])
    pen.curve([0, 0.6, d * 0.2, 0.6, d * 0.32, 0.8, d * 0.2, 0.94, d * 0.05, 0.8], tones[0]!, 0.3);
  pen.oval(0, 0.8, 0.25, 0.2, tones[1]!, 0.4);
  pen.curve([-0.25, 0.82, -0.16, 0.62, 0, 0.57, 0.16, 0.62, 0.25, 0.82, 0.1, 0.72, -0.1, 0.72], tones[2]!, 0.3);
  pen.oval(0, 0.87, 0.18, 0.13, tones[0]!, 0.2);
  pen.oval(0.02, 0.88, 0.145, 0.1, tones[2]!, 0.3);
  pen.oval(-0.01, 0.89, 0.105, 0.07, tones[0]!, 0.1);
  pen.oval(0.015, 0.9, 0.07, 0.045, tones[1]!, 0.2);
  pen.oval(0, 0.905, 0.035, 0.022, shade(tones[0]!), 0);
}

/** A toadstool with pale spots. */
export function mushroom(pen: Pen, cap: Rgb): void {
  const flesh: Rgb = [0.95, 0.92, 0.84];
  pen.curve([-0.12, 0.5, -0.13, 0.2, -0.19, 0.03, 0, 0, 0.19, 0.03, 0.13, 0.2, 0.12, 0.5], flesh, 0.5);
  pen.oval(0, 0.5, 0.4, 0.075, shade(flesh), 0.2);
  pen.curve(
    [-0.43, 0.48, -0.4, 0.72, -0.2, 0.95, 0, 1, 0.2, 0.95, 0.4, 0.72, 0.43, 0.48, 0.2, 0.54, 0, 0.555, -0.2, 0.54],
    cap,
    0.55,
  );
  const spots: readonly (readonly [number, number, number, number])[] = [
    [-0.25, 0.68, 0.065, 0.06],
    [0.02, 0.7, 0.085, 0.075],
    [0.28, 0.68, 0.06, 0.06],
    [-0.13, 0.86, 0.06, 0.045],
    [0.15, 0.87, 0.055, 0.04],
  ];
  for (const [x, y, radiusX, radiusY] of spots) pen.oval(x, y, radiusX, radiusY, flesh, 0.1);
  pen.curve([-0.14, 0.36, 0, 0.4, 0.14, 0.36, 0.18, 0.28, 0, 0.31, -0.18, 0.28], tint(flesh, 0.4), 0.1);
}

/** An apple with a leaf. */
export function apple(pen: Pen, color: Rgb): void {
  pen.curve(
    [
      0, 0.78, -0.2, 0.86, -0.43, 0.72, -0.46, 0.44, -0.3, 0.1, -0.12, 0.01, 0, 0.05, 0.12, 0.01, 0.3, 0.1, 0.46, 0.44,
      0.43, 0.72, 0.2, 0.86,
    ],
    color,
    0.6,
  );
  pen.oval(0, 0.77, 0.14, 0.045, shade(color), 0);
  pen.stroke([0, 0.77, 0.02, 0.88, 0.07, 0.98], 0.05, [0.36, 0.23, 0.13]);
  pen.curve([0.05, 0.87, 0.16, 1, 0.36, 1.02, 0.26, 0.88], LEAF, 0.4);
  pen.oval(-0.24, 0.6, 0.07, 0.13, tint(color, 0.65), 0, 0.3);
}

/** A steaming cup on its saucer. */
export function cup(pen: Pen, color: Rgb): void {
  pen.oval(0, 0.05, 0.52, 0.075, shade(color), 0.3);
  pen.oval(0, 0.07, 0.5, 0.065, tint(color, 0.25), 0.3);
  const handle = Array.from({ length: 11 }, (_, n) => {
    const angle = -1.35 + (n / 10) * 2.7;
    return [0.32 + 0.17 * Math.cos(angle), 0.34 + 0.15 * Math.sin(angle)];
  });
  pen.stroke(handle.flat(), 0.07, shade(color));
  pen.curve(
    [-0.37, 0.6, -0.35, 0.32, -0.22, 0.1, 0, 0.07, 0.22, 0.1, 0.35, 0.32, 0.37, 0.6, 0.2, 0.56, -0.2, 0.56],
    color,
    0.5,
  );
  pen.oval(0, 0.6, 0.37, 0.085, tint(color, 0.45), 0.1);
  pen.oval(0, 0.595, 0.32, 0.06, [0.33, 0.18, 0.09], 0.3);
  for (const x of [-0.14, 0.02, 0.18]) {
    const wisp = Array.from({ length: 9 }, (_, n) => [x + 0.035 * Math.sin(n * 0.95 + x * 9), 0.68 + n * 0.037]);
    pen.stroke(wisp.flat(), 0.045, [0.97, 0.97, 0.98], 0.32);
  }
}

/** An open book, its cover in the colour. */
export function book(pen: Pen, color: Rgb): void {
  const paper: Rgb = [0.97, 0.94, 0.85];
  for (const d of [-1, 1]) {
    pen.shape([0, -0.07, d * 0.6, 0.05, d * 0.53, 0.62, 0, 0.5], color, 0.3);
    pen.shape([0, -0.07, d * 0.6, 0.05, d * 0.59, 0.1, 0, -0.01], shade(color), 0.1);
    pen.curve(
      [0, 0.04, d * 0.16, 0.11, d * 0.49, 0.13, d * 0.46, 0.33, d * 0.42, 0.53, d * 0.16, 0.52, 0, 0.45, 0, 0.25],
      paper,
      d * 0.12,
    );
    for (let n = 0; n < 5; n++)
      pen.stroke([d * 0.1, 0.43 - n * 0.07, d * 0.39, 0.455 - n * 0.068], 0.016, [0.45, 0.42, 0.4], 0.75);
  }
  pen.stroke([0, 0.02, 0, 0.45], 0.02, shade(paper));
  pen.shape([0.03, 0.03, 0.09, 0.02, 0.08, -0.08, 0.05, -0.05, 0.02, -0.08], [0.8, 0.2, 0.2], 0);
}
