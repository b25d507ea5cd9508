// The painted, captioned world: endless pictures with true captions, deterministic from a seed.
import { drawArrangement } from "./arrangement.ts";
import { type Canvas, shrink } from "./canvas.ts";
import { captionWords } from "./captions.ts";
import {
  drawBalloon,
  drawCastle,
  drawCat,
  drawCity,
  drawHouse,
  drawLighthouse,
  drawSailboat,
} from "./compositions-built.ts";
import {
  type Composition,
  drawAlien,
  drawDesert,
  drawForest,
  drawIsland,
  drawMeadow,
  drawMountains,
  drawSea,
  drawTree,
  drawVolcano,
  drawWanderer,
} from "./compositions-land.ts";
import { drawBridge, drawPortrait, drawRoad, drawWaterfall } from "./compositions-places.ts";
import { drawGalaxy, drawMoon, drawNebula, drawPlanet, drawSun } from "./compositions-space.ts";
import { isHeldOut } from "./held-out.ts";
import { deriveSeed } from "./rng.ts";
import { type DescribeOptions, describe, type Fixed, type Scene } from "./scene.ts";
import { rain, snowfall } from "./sky.ts";
import { createStage, type Drawn, type Stage } from "./stage.ts";
import { applyStyle } from "./styles.ts";
import type { Subject } from "./subjects.ts";

export { type Combination, HELD_OUT } from "./held-out.ts";
export { COLORS, type ColorName, SEASONS, type Season, TIMES, type Time } from "./palette.ts";
export { type Attributes, caption, type DescribeOptions, describe, type Fixed, type Scene } from "./scene.ts";
export { STYLES, type Style } from "./styles.ts";
export { type Plan, SUBJECTS, type Subject } from "./subjects.ts";

const COMPOSITIONS: Record<Subject, Composition> = {
  mountains: drawMountains,
  sea: drawSea,
  sailboat: drawSailboat,
  island: drawIsland,
  forest: drawForest,
  desert: drawDesert,
  city: drawCity,
  house: drawHouse,
  tree: drawTree,
  meadow: drawMeadow,
  lighthouse: drawLighthouse,
  castle: drawCastle,
  volcano: drawVolcano,
  balloon: drawBalloon,
  galaxy: drawGalaxy,
  nebula: drawNebula,
  planet: drawPlanet,
  moon: drawMoon,
  sun: drawSun,
  alien: drawAlien,
  wanderer: drawWanderer,
  cat: drawCat,
  dog: drawArrangement,
  horse: drawArrangement,
  rabbit: drawArrangement,
  owl: drawArrangement,
  fish: drawArrangement,
  butterfly: drawArrangement,
  flower: drawArrangement,
  mushroom: drawArrangement,
  apple: drawArrangement,
  cup: drawArrangement,
  book: drawArrangement,
  car: drawArrangement,
  train: drawArrangement,
  rocket: drawArrangement,
  robot: drawArrangement,
  dragon: drawArrangement,
  windmill: drawArrangement,
  portrait: drawPortrait,
  bridge: drawBridge,
  waterfall: drawWaterfall,
  road: drawRoad,
};

/** How to describe and paint. */
export interface PaintOptions extends DescribeOptions {
  /** Draw small pictures at their own size: two to three times faster, a little coarser. */
  quick?: boolean;
}

/** A painted scene: `pixels` is planar RGB [3, size, size], 0 … 1. */
export interface Painting {
  scene: Scene;
  pixels: Float32Array;
}

/**
 * Paints the scene of a seed as `describe` describes it with the same arguments. The layout is the same at every size;
 * sizes below 128 are drawn at twice or four times the size and averaged. Throws a RangeError unless size is a multiple
 * of 32.
 */
export function paint(seed: number, size: number, fixed: Fixed = {}, options: PaintOptions = {}): Painting {
  const scene = describe(seed, fixed, options);
  return { scene, pixels: paintScene(scene, size, options) };
}

/** Paints a described scene: planar RGB [3, size, size], 0 … 1. See `paint`. */
export function paintScene(
  scene: Omit<Scene, "captions">,
  size: number,
  { quick = false }: PaintOptions = {},
): Float32Array {
  if (!Number.isInteger(size) || size < 32 || size % 32 !== 0)
    throw new RangeError(`a painting's size must be a multiple of 32 (the pixel-art grid), at least 32; got ${size}`);
  const oversampling = quick || size >= 128 ? 1 : Math.ceil(128 / size);
  const stage = compose(scene, size * oversampling);
  const styled = applyStyle(scene.attributes.style, stage);
  return planar(oversampling === 1 ? styled : shrink(styled, oversampling));
}

/** What the painter draws of a scene, the farthest first: what captions may claim. */
export const drawnIn = (scene: Omit<Scene, "captions">): readonly Drawn[] => compose(scene, 32).drawn;

/** A scene before its style. */
function compose({ seed, plan, subject }: Omit<Scene, "captions">, size: number): Stage {
  const stage = createStage(deriveSeed(seed, 1000), size, plan.time ?? "day");
  if (plan.details.thing) drawArrangement(stage, plan);
  else COMPOSITIONS[subject](stage, plan);
  if (plan.details.weather === "rain") rain(stage);
  if (plan.details.weather === "snow") snowfall(stage);
  return stage;
}

/** Whether a scene is one of the fixed combinations that training never sees. */
export const heldOut = (scene: Omit<Scene, "captions">): boolean => isHeldOut(scene);

/** Every word that a caption can contain, sorted. */
export const words = (): string[] => captionWords();

function planar({ size, data }: Canvas): Float32Array {
  const area = size * size;
  const out = new Float32Array(3 * area);
  for (let i = 0; i < area; i++)
    for (let c = 0; c < 3; c++) out[c * area + i] = Math.min(1, Math.max(0, data[i * 3 + c]!));
  return out;
}
