// Figures: robot, dragon, and people's portraits. One unit is the height (dragon: the length).
import type { Rgb } from "./color.ts";
import { type Pen, shade, tint } from "./pen.ts";

const DARK: Rgb = [0.13, 0.13, 0.16];

/** A friendly robot, from the front. `shine` draws what shines by itself. */
export function robot(pen: Pen, shine: Pen, paint: Rgb): void {
  const metal: Rgb = [0.62, 0.65, 0.7];
  for (const d of [-1, 1]) {
    pen.box(d * 0.13 - 0.05, 0.06, d * 0.13 + 0.05, 0.26, metal, 0.5);
    pen.curve([d * 0.05, 0, d * 0.06, 0.08, d * 0.15, 0.11, d * 0.24, 0.08, d * 0.25, 0], shade(paint), 0.4);
    pen.stroke([d * 0.26, 0.5, d * 0.38, 0.38, d * 0.37, 0.26], 0.075, metal);
    pen.oval(d * 0.37, 0.24, 0.062, 0.062, paint, 0.4);
    pen.oval(d * 0.27, 0.5, 0.07, 0.07, shade(paint), 0.4);
    pen.oval(d * 0.235, 0.79, 0.045, 0.07, shade(paint), 0.3);
  }
  pen.box(-0.06, 0.55, 0.06, 0.66, metal, 0.4);
  pen.curve(
    [-0.25, 0.5, -0.24, 0.26, -0.16, 0.21, 0.16, 0.21, 0.24, 0.26, 0.25, 0.5, 0.2, 0.57, -0.2, 0.57],
    paint,
    0.5,
  );
  pen.curve([-0.14, 0.47, -0.13, 0.31, 0.13, 0.31, 0.14, 0.47, 0, 0.49], shade(paint), 0.2);
  pen.stroke([0, 0.95, 0, 1.06], 0.03, metal);
  pen.curve(
    [-0.22, 0.9, -0.24, 0.78, -0.2, 0.65, 0.2, 0.65, 0.24, 0.78, 0.22, 0.9, 0.12, 0.97, -0.12, 0.97],
    paint,
    0.45,
  );
  pen.curve([-0.17, 0.88, -0.18, 0.78, -0.15, 0.7, 0.15, 0.7, 0.18, 0.78, 0.17, 0.88, 0, 0.91], DARK, 0.1);
  for (const d of [-1, 1]) shine.oval(d * 0.085, 0.82, 0.045, 0.048, [0.45, 0.95, 1], 0);
  shine.stroke([-0.07, 0.745, 0, 0.73, 0.07, 0.745], 0.022, [0.45, 0.95, 1]);
  shine.oval(0, 1.07, 0.042, 0.042, [1, 0.35, 0.25], 0);
  shine.oval(-0.06, 0.42, 0.03, 0.03, [1, 0.8, 0.25], 0);
  shine.oval(0.06, 0.42, 0.03, 0.03, [0.4, 0.95, 0.5], 0);
  pen.stroke([-0.09, 0.355, 0.09, 0.355], 0.025, metal);
}

/** A dragon that flies to the right, its middle at the origin; `fire` comes from its mouth if there is a pen for it. */
export function dragon(pen: Pen, color: Rgb, fire?: Pen): void {
  const belly = tint(color, 0.45);
  const skin = shade(color);
  const wing = (lift: number, membrane: Rgb): void => {
    pen.shape(
      [
        0.1,
        0.06,
        -0.06,
        0.46 + lift,
        -0.2,
        0.36 + lift,
        -0.32,
        0.42 + lift,
        -0.38,
        0.22 + lift,
        -0.5,
        0.2 + lift,
        -0.4,
        0.06,
        -0.12,
        -0.02,
      ],
      membrane,
      0.4,
    );
    for (const [x, y] of [
      [-0.06, 0.46],
      [-0.32, 0.42],
      [-0.5, 0.2],
    ] as const)
      pen.stroke([0.06, 0.05, x, y + lift], 0.018, skin);
  };
  if (fire) {
    fire.curve([0.55, 0.19, 0.66, 0.2, 0.82, 0.13, 0.88, 0, 0.74, 0.03, 0.6, 0.12], [1, 0.45, 0.08], 0);
    fire.curve([0.55, 0.175, 0.64, 0.17, 0.76, 0.1, 0.68, 0.1, 0.58, 0.14], [1, 0.88, 0.4], 0);
  }
  wing(-0.06, shade(skin));
  pen.taper([-0.16, -0.04, -0.36, -0.12, -0.5, -0.04, -0.62, -0.12], 0.14, 0.02, color);
  pen.shape([-0.6, -0.06, -0.74, -0.16, -0.6, -0.18, -0.57, -0.12], skin);
  for (const x of [-0.12, 0.1]) {
    pen.curve([x, -0.06, x + 0.1, -0.1, x + 0.04, -0.22, x - 0.04, -0.18], skin, 0.2);
    pen.stroke([x + 0.03, -0.2, x + 0.09, -0.24], 0.03, skin);
  }
  pen.curve([-0.26, -0.02, -0.1, 0.08, 0.1, 0.1, 0.2, 0.02, 0.1, -0.1, -0.08, -0.13, -0.22, -0.09], color, 0.4);
  pen.curve([-0.16, -0.09, 0, -0.06, 0.16, -0.02, 0.1, -0.1, -0.06, -0.13], belly, 0.1);
  pen.taper([0.12, 0.03, 0.24, 0.06, 0.31, 0.16, 0.41, 0.22], 0.15, 0.09, color);
  for (const [x, y] of [
    [0.14, 0.12],
    [0.22, 0.14],
    [0.27, 0.22],
  ] as const)
    pen.shape([x - 0.03, y - 0.02, x + 0.03, y, x - 0.03, y + 0.06], skin, 0);
  pen.shape([0.37, 0.27, 0.27, 0.37, 0.42, 0.29], belly);
  pen.curve([0.34, 0.25, 0.42, 0.3, 0.52, 0.25, 0.61, 0.22, 0.6, 0.18, 0.48, 0.16, 0.38, 0.17], color, 0.3);
  pen.shape([0.44, 0.17, 0.58, 0.14, 0.48, 0.12, 0.4, 0.15], skin, 0);
  pen.oval(0.455, 0.25, 0.022, 0.022, [1, 0.9, 0.3], 0);
  wing(0, tint(skin, 0.12));
}

/** What a portrait shows. */
export interface PortraitLook {
  readonly skin: Rgb;
  readonly hair: Rgb;
  readonly clothes: Rgb;
  readonly long: boolean;
  readonly hat?: Rgb;
}

/** Head and shoulders from the front; the unit is from the lower edge to the crown. */
export function portrait(pen: Pen, { skin, hair, clothes, long, hat }: PortraitLook): void {
  const dark = shade(skin);
  if (long)
    pen.curve(
      [-0.26, 0.72, -0.2, 0.98, 0, 1.04, 0.2, 0.98, 0.26, 0.72, 0.31, 0.42, 0.24, 0.2, -0.24, 0.2, -0.31, 0.42],
      shade(hair),
      0.3,
    );
  pen.box(-0.085, 0.28, 0.085, 0.5, dark, 0);
  pen.curve(
    [-0.52, -0.1, -0.48, 0.16, -0.3, 0.28, -0.1, 0.33, 0, 0.3, 0.1, 0.33, 0.3, 0.28, 0.48, 0.16, 0.52, -0.1],
    clothes,
    0.45,
  );
  if (long) pen.curve([-0.13, 0.34, 0, 0.16, 0.13, 0.34, 0, 0.3], dark, 0);
  else for (const d of [-1, 1]) pen.shape([d * 0.02, 0.2, d * 0.15, 0.36, d * 0.22, 0.24], tint(clothes, 0.3));
  for (const d of [-1, 1]) pen.oval(d * 0.215, 0.66, 0.035, 0.06, dark, 0);
  pen.curve(
    [-0.21, 0.72, -0.19, 0.52, -0.09, 0.41, 0, 0.39, 0.09, 0.41, 0.19, 0.52, 0.21, 0.72, 0.16, 0.92, -0.16, 0.92],
    skin,
    0.3,
  );
  pen.curve(
    [
      -0.24, 0.66, -0.23, 0.9, -0.08, 1.05, 0.1, 1.05, 0.24, 0.9, 0.24, 0.66, 0.19, 0.8, 0.04, 0.87, -0.12, 0.84, -0.19,
      0.78,
    ],
    hair,
    0.5,
  );
  if (long)
    for (const d of [-1, 1])
      pen.curve([d * 0.2, 0.8, d * 0.26, 0.7, d * 0.29, 0.45, d * 0.24, 0.22, d * 0.17, 0.26, d * 0.2, 0.5], hair, 0.3);
  for (const d of [-1, 1]) {
    pen.oval(d * 0.09, 0.67, 0.042, 0.026, [0.97, 0.97, 0.96], 0);
    pen.oval(d * 0.09, 0.67, 0.023, 0.025, [0.16, 0.13, 0.14], 0);
    pen.stroke([d * 0.045, 0.75, d * 0.095, 0.765, d * 0.145, 0.745], 0.018, shade(hair));
  }
  pen.stroke([0.012, 0.66, 0.026, 0.58, 0, 0.575], 0.014, dark);
  pen.curve([-0.075, 0.52, 0, 0.495, 0.075, 0.52, 0, 0.462], [0.78, 0.32, 0.32], 0);
  if (!hat) return;
  pen.curve([-0.24, 0.9, -0.2, 1.12, 0, 1.17, 0.2, 1.12, 0.24, 0.9], hat, 0.4);
  pen.oval(0, 0.88, 0.4, 0.055, shade(hat), 0.3);
  pen.box(-0.225, 0.89, 0.225, 0.95, tint(hat, 0.5), 0.1);
}
