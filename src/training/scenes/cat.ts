// A cat, from the front, and what it wears.
import { blend, region } from "./canvas.ts";
import { clamp, distance, mixRgb, type Rgb, scaleRgb, smoothstep, WHITE } from "./color.ts";
import { disc, ellipse, line, type Point, polygon } from "./shapes.ts";
import type { Stage } from "./stage.ts";

/** What a cat can wear. */
export type Garment = "raincoat" | "sweater" | "scarf" | "hat" | "wizard hat" | "none";

/** How a cat looks. */
export interface CatLook {
  fur: Rgb;
  striped: boolean;
  eyes: Rgb;
  garment: Garment;
  garmentColor: Rgb;
  x: number;
  size: number;
}

/** Draws a cat that fills most of the picture. */
export function cat(stage: Stage, look: CatLook): void {
  stage.drawn.push({ thing: "cat" });
  const y = 0.98;
  const { x, size: s } = look;
  const radius = 0.235 * s;
  const head = { x, y: y - 0.56 * s, radius };
  const coat = look.garment === "raincoat" || look.garment === "sweater";
  const hood = look.garment === "raincoat";
  if (coat) drawCoat(stage, look, y, hood ? head : undefined);
  else drawBody(stage, look, y);
  drawHead(stage, look, head, hood);
  if (look.garment === "hat" || look.garment === "wizard hat") drawHat(stage, look, head);
  if (look.garment === "scarf") drawScarf(stage, look, y);
}

interface Head {
  x: number;
  y: number;
  radius: number;
}

function drawCoat(stage: Stage, { x, size: s, garmentColor: color }: CatLook, y: number, hooded?: Head): void {
  const { noise } = stage;
  const outline: Point[] = [
    [x - 0.4 * s, y + 0.05],
    [x - 0.33 * s, y - 0.2 * s],
    [x - 0.2 * s, y - 0.36 * s],
    [x + 0.2 * s, y - 0.36 * s],
    [x + 0.33 * s, y - 0.2 * s],
    [x + 0.4 * s, y + 0.05],
  ];
  polygon(stage, outline, (u, v) =>
    scaleRgb(color, 0.78 + 0.3 * clamp(1 - Math.abs(u - x + 0.1) * 2.2) + 0.06 * noise.at(u * 8, v * 5)),
  );
  if (hooded) ellipse(stage, hooded.x, hooded.y - 0.01 * s, hooded.radius * 1.28, hooded.radius * 1.2, color, 0.3);
  const seam = scaleRgb(color, 0.6);
  if (hooded) {
    line(stage, x, y - 0.33 * s, x, y + 0.05, 0.012 * s, seam);
    for (let n = 0; n < 3; n++)
      disc(stage, x + 0.035 * s, y - 0.24 * s + n * 0.1 * s, 0.016 * s, scaleRgb(color, 0.45));
  }
  // A sweater has knitted bands instead of buttons.
  else
    for (let n = 0; n < 4; n++)
      line(
        stage,
        x - 0.24 * s,
        y - 0.2 * s + n * 0.07 * s,
        x + 0.24 * s,
        y - 0.2 * s + n * 0.07 * s,
        0.012 * s,
        seam,
        0.5,
      );
}

function drawBody(stage: Stage, { x, size: s, fur, striped }: CatLook, y: number): void {
  const { noise } = stage;
  const stripe = scaleRgb(fur, 0.72);
  const outline: Point[] = [
    [x - 0.3 * s, y + 0.05],
    [x - 0.27 * s, y - 0.2 * s],
    [x - 0.16 * s, y - 0.4 * s],
    [x + 0.16 * s, y - 0.4 * s],
    [x + 0.27 * s, y - 0.2 * s],
    [x + 0.3 * s, y + 0.05],
  ];
  polygon(stage, outline, (u, v) => {
    const dark = striped && Math.sin(v * 60 + noise.at(u * 9, v * 9) * 3) > 0.4;
    return scaleRgb(dark ? stripe : fur, 0.78 + 0.3 * clamp(1 - Math.abs(u - x + 0.1) * 2.4));
  });
  ellipse(stage, x, y - 0.14 * s, 0.12 * s, 0.16 * s, mixRgb(fur, WHITE, 0.5), 0.1);
}

function drawHead(stage: Stage, look: CatLook, { x, y, radius: r }: Head, hood: boolean): void {
  const { noise, canvas } = stage;
  const { fur, garmentColor: coat, size: s } = look;
  for (const d of [-1, 1]) {
    const ear: Point[] = [
      [x + d * r * 0.95, y - r * 0.35],
      [x + d * r * 0.25, y - r * 0.8],
      [x + d * r * 0.86, y - r * 1.5],
    ];
    const inner: Point[] = [
      [x + d * r * 0.82, y - r * 0.55],
      [x + d * r * 0.42, y - r * 0.8],
      [x + d * r * 0.78, y - r * 1.25],
    ];
    polygon(stage, ear, hood ? coat : scaleRgb(fur, 0.95));
    polygon(stage, inner, hood ? scaleRgb(coat, 0.8) : mixRgb(fur, [1, 0.6, 0.6], 0.6));
  }
  const stripe = scaleRgb(fur, 0.68);
  ellipse(stage, x, y, r * 1.08, r * 0.94, (u, v) => {
    const brow = v < y - r * 0.25 && Math.sin(((u - x) * 110) / s) > 0.3;
    const cheek = Math.abs(u - x) > r * 0.6 && Math.sin(((v - y) * 90) / s) > 0.35;
    return scaleRgb(look.striped && (brow || cheek) ? stripe : fur, 1 + 0.08 * noise.at(u * 50, v * 50));
  });
  if (hood) {
    const rim = scaleRgb(coat, 0.92);
    region(canvas, x - r * 1.3, y - r * 1.3, x + r * 1.3, y, (u, v, i) => {
      const outer = distance((u - x) / (r * 1.12), (v - y) / (r * 0.98));
      const face = distance((u - x) / (r * 0.88), (v - y - r * 0.12) / (r * 0.86));
      blend(canvas, i, rim, smoothstep(0.97, 1.03, face) * (1 - smoothstep(1.1, 1.16, outer)));
    });
  }
  ellipse(stage, x, y + r * 0.42, r * 0.48, r * 0.36, mixRgb(fur, WHITE, 0.65), 0.1);
  for (const d of [-1, 1]) {
    const eyeX = x + d * r * 0.43;
    const eyeY = y - r * 0.02;
    ellipse(stage, eyeX, eyeY, r * 0.22, r * 0.24, [0.08, 0.07, 0.08], 0);
    ellipse(stage, eyeX, eyeY, r * 0.19, r * 0.21, look.eyes, 0.3);
    ellipse(stage, eyeX, eyeY, r * 0.08, r * 0.18, [0.03, 0.03, 0.04], 0);
    disc(stage, eyeX - r * 0.07, eyeY - r * 0.09, r * 0.05, WHITE);
  }
  const nose: Point[] = [
    [x - r * 0.1, y + r * 0.24],
    [x + r * 0.1, y + r * 0.24],
    [x, y + r * 0.36],
  ];
  polygon(stage, nose, [0.9, 0.5, 0.52]);
  for (const d of [-1, 1]) line(stage, x, y + r * 0.36, x + d * r * 0.14, y + r * 0.5, 0.009 * s, [0.2, 0.14, 0.14]);
  for (const d of [-1, 1])
    for (let n = -1; n < 2; n++) {
      const rootY = y + r * (0.36 + n * 0.06);
      line(
        stage,
        x + d * r * 0.34,
        rootY,
        x + d * r * 1.15,
        y + r * (0.3 + n * 0.16),
        0.005 * s,
        [0.95, 0.95, 0.92],
        0.8,
      );
    }
}

function drawHat(stage: Stage, { garment, garmentColor: color }: CatLook, { x, y, radius: r }: Head): void {
  const shade =
    (base: number) =>
    (u: number): Rgb =>
      scaleRgb(color, base + (0.3 * (x - u) * 0.5) / r);
  if (garment === "wizard hat") {
    const cone: Point[] = [
      [x - r * 1.3, y - r * 0.62],
      [x + r * 1.3, y - r * 0.62],
      [x + r * 0.55, y - r * 0.86],
      [x + r * 0.1, y - r * 2.1],
      [x - r * 0.55, y - r * 0.86],
    ];
    polygon(stage, cone, shade(0.85));
    return;
  }
  const crown: Point[] = [
    [x - r * 0.62, y - r * 0.7],
    [x - r * 0.55, y - r * 1.5],
    [x + r * 0.55, y - r * 1.5],
    [x + r * 0.62, y - r * 0.7],
  ];
  polygon(stage, crown, shade(0.9));
  line(stage, x - r * 1.1, y - r * 0.7, x + r * 1.1, y - r * 0.7, r * 0.16, scaleRgb(color, 0.85));
}

function drawScarf(stage: Stage, { x, size: s, garmentColor: color }: CatLook, y: number): void {
  ellipse(stage, x, y - 0.335 * s, 0.2 * s, 0.065 * s, color, 0.3);
  const end: Point[] = [
    [x + 0.05 * s, y - 0.34 * s],
    [x + 0.13 * s, y - 0.34 * s],
    [x + 0.15 * s, y - 0.12 * s],
    [x + 0.06 * s, y - 0.12 * s],
  ];
  polygon(stage, end, scaleRgb(color, 0.85));
}
