// Combinations that training never sees, so that a judge can ask whether the model combines what it learnt.
import type { Relation } from "./arrangement.ts";
import type { ColorName, Time } from "./palette.ts";
import type { Fixed } from "./scene.ts";
import type { Style } from "./styles.ts";
import type { Plan, Subject } from "./subjects.ts";
import type { ThingName } from "./things.ts";

/** A subject with one or two of a style, a time of day and a colour, or in a relation to another thing. */
export interface Combination {
  subject: Subject;
  style?: Style;
  time?: Time;
  color?: ColorName;
  relation?: Relation;
  other?: ThingName;
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
  { subject: "dog", style: "oil painting" },
  { subject: "horse", style: "van gogh" },
  { subject: "car", style: "watercolor" },
  { subject: "train", style: "matte painting" },
  { subject: "robot", style: "pixel art" },
  { subject: "dragon", style: "stained glass" },
  { subject: "owl", style: "poster" },
  { subject: "portrait", style: "van gogh" },
  { subject: "fish", style: "oil painting" },
  { subject: "horse", time: "sunset" },
  { subject: "windmill", time: "night" },
  { subject: "bridge", time: "fog" },
  { subject: "waterfall", time: "golden" },
  { subject: "car", time: "storm" },
  { subject: "road", time: "dusk" },
  { subject: "car", color: "purple" },
  { subject: "robot", color: "pink" },
  { subject: "dragon", color: "teal" },
  { subject: "butterfly", color: "green" },
  { subject: "cup", color: "orange" },
  { subject: "flower", color: "purple" },
  { subject: "dog", color: "gray" },
  { subject: "train", color: "teal" },
  { subject: "house", relation: "left of", other: "tree" },
  { subject: "dog", relation: "in front of", other: "castle" },
  { subject: "moon", relation: "above", other: "lighthouse" },
  { subject: "car", relation: "right of", other: "house" },
  { subject: "apple", relation: "left of", other: "cup" },
  { subject: "robot", relation: "next to", other: "dog" },
  { subject: "horse", relation: "under", other: "tree" },
];

/** A combination as what may be asked of a scene. */
export const asFixed = ({ relation, other, ...rest }: Combination): Fixed => ({
  ...rest,
  ...(relation && other && { details: { relation, other } }),
});

/** Whether a scene is one of the held-out combinations. */
export const isHeldOut = (scene: { subject: Subject; attributes: { style: Style }; plan: Plan }): boolean =>
  HELD_OUT.some(
    ({ subject, style, time, color, relation, other }) =>
      subject === scene.subject &&
      (style === undefined || style === scene.attributes.style) &&
      (relation === undefined || relation === scene.plan.details.relation) &&
      (other === undefined || other === scene.plan.details.other) &&
      (time === undefined || time === scene.plan.time) &&
      (color === undefined || color === scene.plan.color),
  );
