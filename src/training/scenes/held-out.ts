// Combinations that training never sees, so that a judge can ask whether the model combines what it learnt.
import type { ColorName, Time } from "./palette.ts";
import type { Style } from "./styles.ts";
import type { Plan, Subject } from "./subjects.ts";

/** A subject in a style at a time of day, or of a colour where the subject has no time. */
export interface Combination {
  subject: Subject;
  style: Style;
  time?: Time;
  color?: ColorName;
}

/** The fixed list. */
export const HELD_OUT: readonly Combination[] = [
  { subject: "volcano", style: "pixel art", time: "dawn" },
  { subject: "castle", style: "van gogh", time: "night" },
  { subject: "castle", style: "plain", time: "dusk" },
  { subject: "sailboat", style: "watercolor", time: "sunset" },
  { subject: "sailboat", style: "matte painting", time: "night" },
  { subject: "lighthouse", style: "oil painting", time: "fog" },
  { subject: "lighthouse", style: "friedrich", time: "golden" },
  { subject: "house", style: "monet", time: "sunset" },
  { subject: "house", style: "matte painting", time: "dawn" },
  { subject: "city", style: "watercolor", time: "night" },
  { subject: "city", style: "woodblock", time: "dusk" },
  { subject: "mountains", style: "woodblock", time: "sunset" },
  { subject: "mountains", style: "oil painting", time: "night" },
  { subject: "forest", style: "pixel art", time: "day" },
  { subject: "forest", style: "watercolor", time: "golden" },
  { subject: "desert", style: "friedrich", time: "night" },
  { subject: "desert", style: "van gogh", time: "day" },
  { subject: "sea", style: "oil painting", time: "storm" },
  { subject: "island", style: "plain", time: "sunset" },
  { subject: "tree", style: "friedrich", time: "dusk" },
  { subject: "meadow", style: "matte painting", time: "golden" },
  { subject: "balloon", style: "oil painting", time: "day" },
  { subject: "wanderer", style: "watercolor", time: "dawn" },
  { subject: "cat", style: "pixel art", color: "yellow" },
  { subject: "cat", style: "friedrich", color: "red" },
  { subject: "galaxy", style: "watercolor", color: "purple" },
  { subject: "galaxy", style: "matte painting", color: "teal" },
  { subject: "galaxy", style: "van gogh", color: "blue" },
  { subject: "planet", style: "oil painting", color: "green" },
  { subject: "planet", style: "plain", color: "orange" },
  { subject: "nebula", style: "friedrich", color: "green" },
  { subject: "moon", style: "watercolor", color: "red" },
];

/** Whether a scene is one of the held-out combinations. */
export const isHeldOut = (scene: { subject: Subject; attributes: { style: Style }; plan: Plan }): boolean =>
  HELD_OUT.some(
    ({ subject, style, time, color }) =>
      subject === scene.subject &&
      style === scene.attributes.style &&
      (time === undefined || time === scene.plan.time) &&
      (color === undefined || color === scene.plan.color),
  );
