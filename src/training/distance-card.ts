// distance-card: the model card of a model of texts and pictures, written from its examination.
import type { DistanceExam, PairsResult } from "./distance-exam.ts";
import { markdownTable, type Share, showShare } from "./statistics.ts";

/** What there is to tell besides: where the weights are from, and where they were examined. */
export interface DistanceFacts {
  readonly hash: string;
  readonly parameters: number;
  readonly bytes: number;
  readonly words: number;
  /** The metadata of its weights, as `trainDistance` wrote it. */
  readonly origin: Readonly<Record<string, string>>;
  readonly date: string;
  readonly commit: string;
  readonly machine: string;
}

/** What must be reached, and by which of the figures. */
export const BARS = { first: 0.85, nouns: 0.9 } as const;

/** The whole MODEL_CARD.md. */
export function distanceCard({ seen, heldOut, nouns }: DistanceExam, facts: DistanceFacts): string {
  const { origin, words } = facts;
  const pairs = (result: PairsResult): string[] => [
    ...[result.pictures.first, result.pictures.five, result.captions.first, result.captions.five].map(showShare),
    result.cosine.own.toFixed(2),
    result.cosine.other.toFixed(2),
  ];
  const names = Object.keys(seen.said) as (keyof PairsResult["said"])[];
  const worst = Object.entries(nouns.bySubject)
    .filter(([, { right, of }]) => right < of)
    .sort(([, a], [, b]) => a.right / a.of - b.right / b.of)
    .slice(0, 10);
  const sections = [
    "# dreamgrain distance",
    `Texts and pictures as vectors of one space: the nearer a picture's is to a text's, the better it shows what the text says. \`dreamgrain distance\`, \`dreamgrain search\` and \`--score\` use it. This repository painted its training pictures and trained it with its own TypeScript. It is a CLIP in miniature (Radford et al. 2021): ${facts.parameters.toLocaleString("en")} parameters, ${(facts.bytes / 1e6).toFixed(1)} MB in half precision, in the layout of transformers' CLIPModel. It sees pictures of any size at 64×64 pixels, and knows the ${words} words of the painted world and what it takes others to mean.`,
    "## How well it does",
    `Measured by \`npm run evaluate:distance\` on pictures and captions that it has not seen (${facts.date}, commit ${facts.commit}, model ${facts.hash}, ${facts.machine}). Shares are followed by their 95 % confidence interval (Wilson).`,
    `**Whole captions.** Of ${seen.pairs} pictures a caption finds its own (R@1, R@5), and of ${seen.pairs} captions a picture. The bar is R@1 ≥ ${BARS.first}.`,
    markdownTable(
      [
        "pairs",
        "caption → picture, first",
        "among five",
        "picture → caption, first",
        "among five",
        "cosine, own",
        "cosine, other",
      ],
      [
        ["combinations as in training", ...pairs(seen)],
        ["combinations never shown", ...pairs(heldOut)],
      ],
    ),
    "What the caption nearest to a picture says of it is right, where the picture has such a thing:",
    markdownTable(
      ["pairs", ...names.map((name) => (name === "color" ? "colour" : name))],
      [
        ["combinations as in training", ...names.map((name) => showShare(seen.said[name]))],
        ["combinations never shown", ...names.map((name) => showShare(heldOut.said[name]))],
      ],
    ),
    `**Bare nouns** ("cat", "a kitten", "hot air balloon": all ${nouns.nouns} that the captions have), among ${nouns.pictures} pictures, as many of each subject, in any style and light, often with other things in them. The bar is ${100 * BARS.nouns} % for the first picture that a noun finds; to name a picture is harder.`,
    markdownTable(
      ["asked", "right"],
      [
        ["the first picture that a noun finds shows it", showShare(nouns.first)],
        ["the first ten pictures that a noun finds", showShare(nouns.ten)],
        [`of all ${nouns.nouns} nouns, the nearest to a picture names something that it shows`, showShare(nouns.named)],
        ["… and not what is beside its subject", showShare(nouns.subject)],
      ],
    ),
    worst.length > 0
      ? `Pictures whose nearest noun names nothing that they show, the worst subjects: ${worst.map(([name, s]) => `${name} (${told(s)})`).join(", ")}.`
      : "No picture was called what it does not show.",
    "## What it cannot",
    `Anything else. It has seen the painted world alone; of a photograph it says little. A word outside its vocabulary is left out, with a notice. For the open world, take a CLIP: \`dreamgrain search FOLDER "words" --model PATH\` reads \`openai/clip-vit-large-patch14\` and its like as they are published, in safetensors.`,
    "## How it was made",
    `\`\`\`sh\nnpm run distance              # paints, trains, writes runs/distance/model; stop it at any time, it goes on\nnpm run evaluate:distance -- --model runs/distance/model\n\`\`\``,
    markdownTable(
      ["of the run", ""],
      Object.entries(origin)
        .filter(([name]) => name !== "format")
        .map(([name, value]) => [name.replaceAll("_", " "), value]),
    ),
    "Captions are long, medium or short in 40, 35 and 25 of 100 cases, nearly half of the short ones a bare noun, and a quarter of all captions is a bare noun instead; captions that read alike are captions of one another's pictures. Pictures are shifted, softened and noised a little, as drawn ones are soft; never mirrored, since captions say left and right.",
  ];
  return `${sections.join("\n\n")}\n`;
}

const told = ({ right, of, instead }: Share & { readonly instead?: string }): string =>
  `${of - right} of ${of}${instead === undefined ? "" : `, most as ${instead}`}`;
