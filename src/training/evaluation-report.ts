// evaluation-report: an evaluation in words and tables, for people.

import type { Curve } from "./curves.ts";
import type { Result } from "./evaluate.ts";
import type { Evaluation } from "./evaluation.ts";
import { ATTRIBUTES, type Attribute } from "./judge.ts";
import type { Examination } from "./judge-recipe.ts";
import { markdownTable, type Share, showShare } from "./statistics.ts";

/** Where and when an evaluation was made, and by which judge. */
export interface Circumstances {
  readonly date: string;
  readonly commit: string;
  readonly machine: string;
  readonly seconds: number;
  readonly judge: Readonly<Record<string, Examination>>;
}

const HEAD = ["pictures", ...ATTRIBUTES.map(({ name }) => (name === "color" ? "colour" : name)), "all that was asked"];

const cells = ({ pictures, right, together }: Pick<Result, "pictures" | "right" | "together">): string[] => [
  `${pictures}`,
  ...ATTRIBUTES.map(({ name }) => showShare(right[name])),
  showShare(together),
];

/** The main table: what was drawn, under what true pictures of the same captions reach. */
export function mainTable({ drawn, truth }: Evaluation): string {
  const rows: [string, Result][] = [
    ["combinations that training showed", drawn.seen],
    ["combinations that it never showed", drawn["held-out"]],
    ["bare nouns", drawn.short],
    ["*painted, shown*", truth.seen.painted],
    ["*painted, never shown*", truth["held-out"].painted],
    ["*painted and decoded, shown*", truth.seen.decoded],
    ["*painted and decoded, never shown*", truth["held-out"].decoded],
  ];
  return markdownTable(
    ["asked for", ...HEAD],
    rows.map(([name, r]) => [name, ...cells(r)]),
  );
}

/** How often each value of an attribute was drawn when asked for, the best first. */
export function valueTable(name: Attribute, shares: Readonly<Record<string, Share>>): string {
  const sorted = Object.entries(shares).sort(([, a], [, b]) => b.right / b.of - a.right / a.of);
  return markdownTable(
    [name, "shown when asked for", "asked"],
    sorted.map(([value, share]) => [value, showShare(share), `${share.of}`]),
  );
}

const curveTable = ({ quality, over, points }: Curve): string =>
  markdownTable(
    [`${over}, ${quality}`, ...HEAD, "KID"],
    points.map(({ value, result, kid }) => [`${value}`, ...cells(result), kid.toFixed(4)]),
  );

/** `evaluation.md`. */
export function report(evaluation: Evaluation, { date, commit, machine, seconds, judge }: Circumstances): string {
  const { model, settings: s, autoencoder, unguided: u, curves } = evaluation;
  const examined = Object.entries(judge).map(([part, e]) => [part, ...cells(e)]);
  const sections = [
    "# Evaluation",
    `Model ${model.name} (${model.hash}), ${s.width}×${s.height}, ${s.quality === "fast" ? "fast: " : ""}${s.steps} steps, guidance ${s.guidance}, ${s.sampler} on ${s.schedule}, shift ${s.shift}. Made by \`npm run evaluate\` on ${date} at commit ${commit}, in ${Math.round(seconds)} s on ${machine}. Prompts and seeds are fixed; pictures are judged by the classifier in \`models/judge\`. Shares are followed by their 95 % confidence interval (Wilson).`,
    "## What was asked for and is there",
    mainTable(evaluation),
    "In italics what the judge says of true pictures of the same captions, as painted and after the model's autoencoder: no generator can be expected to score higher.",
    "## The judge",
    markdownTable(["pictures it never saw", ...HEAD], examined),
    'Attributes that a picture does not have (a galaxy has no time of day) are not asked for; "all that was asked" counts pictures for which every answer was right, "none" included.',
    "## Autoencoder and variety",
    markdownTable(
      ["measure", "value", "true pictures"],
      [
        [`autoencoder PSNR, ${autoencoder.pictures} pictures`, `${autoencoder.psnr.toFixed(2)} dB`, "–"],
        [
          `unguided: mean distance of features, ${u.pictures} pictures`,
          u.distance.toFixed(3),
          u.trueDistance.toFixed(3),
        ],
        ["unguided: total variation of subjects", u.subjects.toFixed(3), u.subjectsFloor.toFixed(3)],
        ["unguided: KID on the judge's features", u.kid.toFixed(4), u.kidFloor.toFixed(4)],
      ],
    ),
    "The right column compares true pictures with true pictures, which is the floor. Features are the judge's own, so these figures cannot be compared with Inception's.",
    ...(curves
      ? [
          "## Steps and guidance",
          "![curves](curves.png)",
          "Of combinations that training showed. The other settings are the model's own.",
          ...curves.map(curveTable),
        ]
      : []),
    "## Value by value",
    "All drawings with a prompt together.",
    ...ATTRIBUTES.map(({ name }) => valueTable(name, evaluation.byValue[name])),
  ];
  return `${sections.join("\n\n")}\n`;
}
