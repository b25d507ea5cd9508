// The styles: their share of the pictures, their words, and what they do to a painted picture.
import { blur, type Canvas, grade } from "./canvas.ts";
import {
  drawFacets,
  drawPencil,
  drawPixels,
  drawSynthwave,
  drawWatercolor,
  drawWoodblock,
  type Filter,
} from "./filters.ts";
import { drawInk, drawPoster, drawStainedGlass } from "./filters-flat.ts";
import { bloom, vignette } from "./finish.ts";
import type { Stage } from "./stage.ts";
import { strokes } from "./strokes.ts";

/** A way of painting. Templates as in subjects.ts; `{x}` is the scene. */
export interface StyleRecord {
  /** Percent of the pictures. */
  share: number;
  /** Whether the subject's colour and the time of day can still be seen. */
  keepsColor: boolean;
  keepsTime: boolean;
  phrases: readonly string[];
  /** Short forms. */
  tags: readonly string[];
  /** The picture in this style; may change the one it is given. */
  apply: Filter;
}

const visible = { keepsColor: true, keepsTime: true } as const;

const records = {
  plain: {
    ...visible,
    share: 22,
    phrases: ["{x}", "{x}", "[a digital illustration|an illustration|digital art|a picture] of {x}"],
    tags: ["a picture of {x}", "{x}", "an illustration of {x}"],
    apply: (canvas) => {
      bloom(canvas, 0.22);
      return canvas;
    },
  },
  "matte painting": {
    ...visible,
    share: 17,
    phrases: [
      "a matte painting of {x}",
      "{x}, matte painting",
      "{x}, matte painting[,|] trending on artstation[ hq|]",
      "[epic |]concept art of {x}",
      "{x}, [highly detailed |]digital painting, artstation hq",
    ],
    tags: ["{x}, matte painting", "a matte painting of {x}", "{x}, trending on artstation"],
    apply: (canvas) => {
      bloom(canvas, 0.5);
      grade(canvas, { contrast: 1.15, saturation: 1.1, brightness: -0.04 });
      vignette(canvas, 0.55);
      return canvas;
    },
  },
  "oil painting": {
    ...visible,
    share: 11,
    phrases: ["an oil painting of {x}", "{x}, oil on canvas", "[|a beautiful ]oil painting of {x}"],
    tags: ["{x}, oil painting", "an oil painting of {x}"],
    apply: (canvas, stage) => {
      const rough = strokes(canvas, stage, { count: 1500, length: 1 / 17, width: 1 / 60, jitter: 0.045 });
      const fine = strokes(canvas, stage, { count: 3800, length: 1 / 26, width: 1 / 115, jitter: 0.035, over: rough });
      grade(fine, { contrast: 1.08, saturation: 1.12 });
      return fine;
    },
  },
  watercolor: {
    ...visible,
    share: 10,
    phrases: ["a watercolor [painting |]of {x}", "{x}, watercolor", "{x}, watercolor on paper"],
    tags: ["{x}, watercolor", "a watercolor of {x}"],
    apply: drawWatercolor,
  },
  friedrich: {
    ...visible,
    share: 9,
    phrases: [
      "{x}[,|] by caspar david friedrich",
      "a romantic painting of {x}[| by caspar david friedrich]",
      "{x}, romanticism",
      "{x}, by caspar david friedrich, matte painting trending on artstation[ hq|]",
    ],
    tags: ["{x} by caspar david friedrich", "{x}, romanticism"],
    apply: (canvas, stage) => {
      grade(canvas, { saturation: 0.8, tint: [1, 0.9, 0.72], tinting: 0.5 });
      const painted = strokes(canvas, stage, {
        count: 3600,
        length: 1 / 34,
        width: 1 / 110,
        jitter: 0.022,
        over: blur(canvas, 1),
      });
      bloom(painted, 0.25);
      vignette(painted, 0.5);
      return painted;
    },
  },
  "van gogh": {
    ...visible,
    share: 5,
    phrases: ["{x} by vincent van gogh", "{x} in the style of van gogh", "an expressive swirling painting of {x}"],
    tags: ["{x} by van gogh", "{x}, van gogh"],
    apply: (canvas, stage) => {
      grade(canvas, { saturation: 1.3, contrast: 1.05 });
      const swirl = 1;
      const rough = strokes(canvas, stage, { count: 1300, length: 1 / 15, width: 1 / 62, jitter: 0.05, swirl });
      const size = { count: 3600, length: 1 / 24, width: 1 / 105 };
      const fine = strokes(canvas, stage, { ...size, jitter: 0.055, swirl, over: rough });
      grade(fine, { saturation: 1.25, contrast: 1.12 });
      return fine;
    },
  },
  monet: {
    ...visible,
    share: 5,
    phrases: ["an impressionist painting of {x}", "{x} by claude monet", "{x} in the style of monet"],
    tags: ["{x} by monet", "{x}, impressionism"],
    apply: (canvas, stage) => {
      const painted = strokes(canvas, stage, { count: 5200, length: 1 / 44, width: 1 / 80, jitter: 0.085 });
      grade(painted, { saturation: 1.12, brightness: 0.04, contrast: 0.95 });
      return painted;
    },
  },
  "pixel art": {
    ...visible,
    share: 5,
    phrases: ["pixel art of {x}", "{x}, pixel art", "a retro video game scene of {x}"],
    tags: ["{x}, pixel art", "pixel art of {x}"],
    apply: drawPixels,
  },
  woodblock: {
    ...visible,
    share: 4,
    phrases: ["a japanese woodblock print of {x}", "{x} by hokusai", "{x}, woodblock print"],
    tags: ["{x}, woodblock print", "{x} by hokusai"],
    apply: drawWoodblock,
  },
  pencil: {
    keepsColor: false,
    keepsTime: false,
    share: 2,
    phrases: ["a pencil sketch of {x}", "{x}, pencil drawing", "a [black and white |]pencil drawing of {x}"],
    tags: ["{x}, pencil drawing", "a sketch of {x}"],
    apply: drawPencil,
  },
  "low poly": {
    ...visible,
    share: 1,
    phrases: ["a low poly render of {x}", "{x}, low poly"],
    tags: ["{x}, low poly"],
    apply: drawFacets,
  },
  synthwave: {
    keepsColor: false,
    keepsTime: false,
    share: 3,
    phrases: ["synthwave art of {x}", "{x}, vaporwave", "{x}, retro neon synthwave"],
    tags: ["{x}, synthwave", "{x}, vaporwave"],
    apply: drawSynthwave,
  },
  "stained glass": {
    ...visible,
    share: 2,
    phrases: ["a stained glass window of {x}", "{x}, stained glass", "stained glass art of {x}"],
    tags: ["{x}, stained glass", "a stained glass window of {x}"],
    apply: drawStainedGlass,
  },
  ink: {
    keepsColor: false,
    keepsTime: false,
    share: 1,
    phrases: ["an ink drawing of {x}", "{x}, ink wash", "a black ink painting of {x}"],
    tags: ["{x}, ink drawing", "{x}, ink wash"],
    apply: drawInk,
  },
  poster: {
    ...visible,
    share: 3,
    phrases: ["a flat poster of {x}", "{x}, flat vector art", "a minimalist poster of {x}"],
    tags: ["{x}, vector art", "a poster of {x}"],
    apply: drawPoster,
  },
} as const satisfies Record<string, StyleRecord>;

/** The name of a style. */
export type Style = keyof typeof records;
/** The styles' records by name. */
export const STYLE_RECORDS: Readonly<Record<Style, StyleRecord>> = records;
/** The styles, as a judge classifies them. */
export const STYLES = Object.keys(records) as readonly Style[];

/** Turns a painted picture into one of a style. */
export function applyStyle(style: Style, stage: Stage): Canvas {
  const { canvas } = stage;
  for (let i = 0; i < canvas.data.length; i++) canvas.data[i] = Math.min(1, Math.max(0, canvas.data[i]!));
  return STYLE_RECORDS[style].apply(canvas, stage);
}
