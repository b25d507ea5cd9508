// Animals: dog, horse, rabbit, a sitting cat, owl, fish, butterfly. One unit is the height (fish and butterfly: the width).
import type { Rgb } from "./color.ts";
import { type Path, type Pen, shade, tint } from "./pen.ts";

const BLACK: Rgb = [0.07, 0.06, 0.07];
const WHITE: Rgb = [0.98, 0.98, 0.96];
const PINK: Rgb = [0.93, 0.58, 0.6];

const eye = (pen: Pen, x: number, y: number, radius: number): void => {
  pen.oval(x, y, radius, radius, BLACK, 0);
  pen.oval(x + radius * 0.3, y + radius * 0.35, radius * 0.35, radius * 0.35, WHITE, 0);
};

/** A dog that stands, with a collar. */
export function dog(pen: Pen, fur: Rgb): void {
  const far = shade(fur);
  const leg = (x: number, color: Rgb): void => {
    pen.curve([x - 0.075, 0.45, x + 0.075, 0.45, x + 0.05, 0.08, x + 0.1, 0, x - 0.05, 0, x - 0.05, 0.1], color);
  };
  pen.taper([-0.42, 0.58, -0.56, 0.66, -0.64, 0.82, -0.62, 0.94], 0.11, 0.05, fur);
  leg(-0.22, far);
  leg(0.2, far);
  leg(-0.38, fur);
  pen.curve(
    [-0.48, 0.56, -0.34, 0.68, 0, 0.65, 0.28, 0.72, 0.42, 0.58, 0.36, 0.38, 0.1, 0.33, -0.2, 0.36, -0.42, 0.36],
    fur,
    0.4,
  );
  leg(0.32, fur);
  pen.curve([0.14, 0.6, 0.28, 0.84, 0.52, 0.84, 0.46, 0.56, 0.34, 0.44], fur);
  pen.stroke([0.24, 0.7, 0.48, 0.66], 0.075, [0.82, 0.16, 0.14]);
  pen.oval(0.66, 0.82, 0.16, 0.095, tint(fur, 0.35));
  pen.oval(0.46, 0.9, 0.2, 0.17, fur, 0.35);
  pen.oval(0.8, 0.86, 0.05, 0.045, BLACK, 0);
  pen.stroke([0.78, 0.79, 0.62, 0.765], 0.02, BLACK, 0.7);
  eye(pen, 0.56, 0.94, 0.035);
  pen.curve([0.28, 1, 0.42, 1.02, 0.44, 0.86, 0.38, 0.68, 0.28, 0.72, 0.25, 0.88], far);
}

/** A horse that stands. */
export function horse(pen: Pen, coat: Rgb): void {
  const mane = coat[0] + coat[1] + coat[2] > 1.9 ? ([0.62, 0.52, 0.42] as const) : shade(shade(coat));
  const far = shade(coat);
  const leg = (x: number, lean: number, color: Rgb): void => {
    pen.shape(
      [
        x - 0.075,
        0.5,
        x + 0.065,
        0.5,
        x + 0.03 + lean,
        0.26,
        x + 0.026 + lean,
        0.05,
        x - 0.03 + lean,
        0.05,
        x - 0.034 + lean,
        0.26,
      ],
      color,
    );
    pen.shape(
      [x - 0.038 + lean, 0.07, x + 0.034 + lean, 0.07, x + 0.055 + lean, 0, x - 0.045 + lean, 0],
      [0.16, 0.12, 0.1],
      0.1,
    );
  };
  leg(-0.22, -0.04, far);
  leg(0.17, 0.05, far);
  pen.curve([-0.37, 0.63, -0.5, 0.6, -0.56, 0.4, -0.53, 0.18, -0.45, 0.2, -0.43, 0.42], mane);
  leg(-0.33, 0, coat);
  leg(0.27, 0, coat);
  pen.curve(
    [
      -0.4, 0.56, -0.3, 0.68, -0.1, 0.66, 0.1, 0.65, 0.28, 0.7, 0.38, 0.6, 0.33, 0.44, 0.1, 0.4, -0.15, 0.39, -0.36,
      0.42,
    ],
    coat,
    0.45,
  );
  pen.curve([0.12, 0.62, 0.28, 0.84, 0.4, 0.98, 0.52, 0.92, 0.46, 0.78, 0.38, 0.52], coat);
  pen.curve([0.36, 0.92, 0.42, 1.02, 0.52, 0.98, 0.7, 0.78, 0.71, 0.7, 0.63, 0.68, 0.52, 0.78, 0.42, 0.8], coat);
  pen.oval(0.67, 0.72, 0.055, 0.045, tint(coat, 0.25), 0.1);
  pen.shape([0.39, 1, 0.47, 0.99, 0.44, 1.1], coat);
  pen.curve([0.06, 0.68, 0.18, 0.8, 0.3, 0.98, 0.42, 1.06, 0.4, 0.96, 0.3, 0.8, 0.22, 0.66], mane);
  eye(pen, 0.51, 0.9, 0.024);
}

/** A rabbit that sits. */
export function rabbit(pen: Pen, fur: Rgb): void {
  const far = shade(fur);
  pen.oval(-0.36, 0.2, 0.1, 0.1, WHITE);
  pen.oval(0.13, 0.84, 0.06, 0.22, far, 0.2, 0.32);
  pen.curve([-0.34, 0.1, -0.36, 0.34, -0.18, 0.52, 0.08, 0.5, 0.24, 0.34, 0.26, 0.08, 0, 0.02], fur, 0.4);
  pen.oval(-0.16, 0.2, 0.19, 0.19, tint(fur, 0.12), 0.5);
  pen.oval(-0.08, 0.05, 0.22, 0.06, far);
  pen.oval(0.22, 0.06, 0.13, 0.06, fur);
  pen.oval(0.16, 0.24, 0.1, 0.16, tint(fur, 0.5), 0.2);
  pen.oval(0.22, 0.86, 0.07, 0.23, fur, 0.2, 0.1);
  pen.oval(0.225, 0.85, 0.035, 0.17, PINK, 0, 0.1);
  pen.oval(0.24, 0.58, 0.2, 0.17, fur, 0.35);
  pen.oval(0.36, 0.52, 0.09, 0.075, tint(fur, 0.5), 0.1);
  pen.oval(0.435, 0.55, 0.03, 0.024, PINK, 0);
  eye(pen, 0.29, 0.62, 0.038);
}

/** A cat that sits and looks out of the picture. */
export function sittingCat(pen: Pen, fur: Rgb): void {
  const far = shade(fur);
  pen.taper([0.2, 0.08, 0.42, 0.06, 0.5, 0.24, 0.44, 0.42], 0.12, 0.07, far);
  pen.curve([-0.3, 0.02, -0.3, 0.26, -0.17, 0.5, 0, 0.56, 0.17, 0.5, 0.3, 0.26, 0.3, 0.02, 0, 0], fur, 0.4);
  pen.oval(0, 0.3, 0.13, 0.19, tint(fur, 0.5), 0.1);
  for (const d of [-1, 1]) {
    pen.oval(d * 0.09, 0.05, 0.09, 0.05, tint(fur, 0.3));
    pen.shape([d * 0.25, 0.72, d * 0.05, 0.86, d * 0.22, 1.02], fur);
    pen.shape([d * 0.21, 0.77, d * 0.1, 0.85, d * 0.19, 0.95], PINK, 0);
  }
  pen.oval(0, 0.7, 0.26, 0.21, fur, 0.35);
  pen.oval(0, 0.62, 0.12, 0.085, tint(fur, 0.6), 0.1);
  for (const d of [-1, 1]) {
    pen.oval(d * 0.11, 0.73, 0.058, 0.062, [0.72, 0.83, 0.3], 0);
    pen.oval(d * 0.11, 0.73, 0.022, 0.055, BLACK, 0);
    pen.stroke([d * 0.08, 0.63, d * 0.3, 0.65], 0.012, WHITE, 0.8);
  }
  pen.shape([-0.03, 0.665, 0.03, 0.665, 0, 0.63], PINK, 0);
}

/** An owl that sits and looks out of the picture. */
export function owl(pen: Pen, plumage: Rgb): void {
  const dark = shade(plumage);
  const pale = tint(plumage, 0.55);
  pen.curve([-0.34, 0.6, -0.36, 0.24, -0.16, 0.02, 0.16, 0.02, 0.36, 0.24, 0.34, 0.6, 0, 0.75], plumage, 0.35);
  pen.curve([-0.2, 0.5, -0.22, 0.2, 0, 0.06, 0.22, 0.2, 0.2, 0.5, 0, 0.58], pale, 0.15);
  for (let row = 0; row < 4; row++)
    for (let n = -1; n <= 1; n++) {
      const x = n * 0.12 + (row % 2 ? 0.06 : 0);
      if (Math.abs(x) < 0.19) pen.oval(x, 0.46 - row * 0.1, 0.035, 0.028, dark, 0);
    }
  for (const d of [-1, 1]) {
    pen.curve([d * 0.28, 0.62, d * 0.42, 0.4, d * 0.36, 0.08, d * 0.24, 0.2], dark, 0.4);
    pen.shape([d * 0.32, 0.84, d * 0.1, 0.97, d * 0.33, 1.08], dark);
    for (const n of [0, 1]) pen.oval(d * 0.12 + (n - 0.5) * 0.07, 0.01, 0.035, 0.04, [0.93, 0.62, 0.2]);
  }
  pen.oval(0, 0.78, 0.34, 0.25, plumage, 0.3);
  for (const d of [-1, 1]) {
    pen.oval(d * 0.15, 0.77, 0.16, 0.165, pale, 0.1);
    pen.oval(d * 0.145, 0.77, 0.11, 0.115, [0.98, 0.78, 0.14], 0.1);
    pen.oval(d * 0.135, 0.77, 0.065, 0.07, BLACK, 0);
    pen.oval(d * 0.135 + 0.025, 0.8, 0.022, 0.022, WHITE, 0);
  }
  pen.shape([-0.055, 0.7, 0.055, 0.7, 0, 0.58], [0.95, 0.6, 0.15]);
}

/** A tropical fish that swims to the right, its middle at the origin. */
export function fish(pen: Pen, color: Rgb): void {
  const fin = shade(color);
  const white: Rgb = tint(color, 0.85);
  pen.curve([-0.26, 0, -0.42, 0.2, -0.52, 0.24, -0.46, 0, -0.52, -0.24, -0.42, -0.2], fin);
  pen.curve([-0.14, 0.2, -0.02, 0.38, 0.2, 0.32, 0.2, 0.18], fin);
  pen.curve([-0.1, -0.2, -0.04, -0.34, 0.12, -0.26, 0.14, -0.16], fin);
  pen.curve(
    [0.46, 0, 0.36, 0.15, 0.12, 0.25, -0.12, 0.2, -0.32, 0.04, -0.32, -0.04, -0.12, -0.2, 0.12, -0.25, 0.36, -0.14],
    color,
    0.6,
  );
  pen.curve([0.16, 0.235, 0.23, 0.21, 0.27, 0, 0.22, -0.2, 0.15, -0.23, 0.18, 0], white, 0.1);
  pen.curve([-0.12, 0.19, -0.04, 0.215, 0, 0, -0.05, -0.21, -0.13, -0.19, -0.09, 0], white, 0.1);
  pen.curve([0.06, 0.03, -0.08, 0.02, -0.14, -0.06, -0.04, -0.1], fin);
  pen.oval(0.345, 0.045, 0.042, 0.042, WHITE, 0);
  pen.oval(0.352, 0.045, 0.026, 0.026, BLACK, 0);
  pen.stroke([0.45, -0.045, 0.38, -0.06], 0.02, fin);
}

/** A butterfly seen from above, its middle at the origin. */
export function butterfly(pen: Pen, color: Rgb): void {
  const bright = tint(color, 0.35);
  for (const d of [-1, 1]) {
    const side = (path: Path): Path => path.map((v, n) => (n % 2 === 0 ? d * v : v));
    pen.curve(side([0.03, -0.02, 0.2, -0.08, 0.36, -0.22, 0.3, -0.4, 0.16, -0.36]), BLACK, 0);
    pen.curve(side([0.05, -0.06, 0.2, -0.12, 0.31, -0.23, 0.26, -0.34, 0.16, -0.3]), shade(color), 0.2);
    pen.curve(side([0.03, 0, 0.16, 0.26, 0.4, 0.4, 0.5, 0.3, 0.42, 0.04, 0.2, -0.06]), BLACK, 0);
    pen.curve(side([0.06, 0.02, 0.18, 0.23, 0.38, 0.34, 0.44, 0.27, 0.37, 0.06, 0.2, -0.01]), color, 0.3);
    pen.oval(d * 0.26, 0.14, 0.07, 0.055, bright, 0, d * 0.6);
    pen.oval(d * 0.37, 0.27, 0.03, 0.03, WHITE, 0);
    pen.oval(d * 0.23, -0.23, 0.045, 0.04, bright, 0);
    pen.stroke(side([0.01, 0.2, 0.06, 0.32, 0.13, 0.38]), 0.018, BLACK);
  }
  pen.oval(0, -0.02, 0.035, 0.2, [0.2, 0.14, 0.12], 0.2);
  pen.oval(0, 0.19, 0.045, 0.05, [0.2, 0.14, 0.12], 0.2);
}
