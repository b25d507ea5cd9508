// judge: a small network that says what a picture of the painted world shows; it measures generators, and is no part of them.
import type { Params } from "../graph/params.ts";
import { type Graph, trace } from "../graph/trace.ts";
import { concat, silu, type Value } from "../graph/value.ts";
import { patchify } from "../models/vae.ts";
import { conv2d, groupNorm, linear } from "../nn/layers.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { rows, type Tensor, tensor } from "../tensor/tensor.ts";
import type { Weights } from "../weights/weights.ts";
import { COLORS, type Scene, STYLES, SUBJECTS, type Subject, TIMES } from "./scenes/index.ts";
import { SUBJECT_RECORDS, type SubjectRecord } from "./scenes/subjects.ts";
import type { ThingName } from "./scenes/things.ts";
import { shrunk } from "./shrink.ts";

/** What a judge is asked of every picture. */
export type Attribute = "subject" | "time" | "color" | "style" | "relation";

/** The possible answers to each attribute. */
export type Answers = readonly { readonly name: Attribute; readonly values: readonly string[] }[];

/**
 * What there is to answer in the painted world; "none" where the subject has no such thing or the style hides it. A judge
 * that was trained when the world was smaller answers less.
 */
export const ATTRIBUTES: Answers = [
  { name: "subject", values: SUBJECTS },
  { name: "time", values: [...TIMES, "none"] },
  { name: "color", values: [...COLORS, "none"] },
  { name: "style", values: STYLES },
  // Of the thing whose subject comes first in the alphabet to the other.
  { name: "relation", values: ["left of", "right of", "in front of", "behind", "above", "under", "none"] },
];

const OPPOSITE: Readonly<Record<string, string>> = {
  ...{ "left of": "right of", "right of": "left of", above: "under", under: "above" },
  ...{ "in front of": "behind", behind: "in front of" },
};

/** A relation as a mirror shows it. */
export const mirrored = (relation: string): string =>
  relation === "left of" || relation === "right of" ? OPPOSITE[relation] : relation;

/** What is true of a picture, or wanted of it: two answers where two things are shown, or where either will do. */
export type Truth = Readonly<Record<Attribute, readonly string[]>>;

/** The true answers of a scene. A picture of a dog beside a horse is as much one of a horse beside a dog. */
export function answersOf({ subject, attributes, plan }: Pick<Scene, "subject" | "attributes" | "plan">): Truth {
  const { time = "none", color, style } = attributes;
  const { relation = "none", other, shade } = plan.details;
  const two = relation !== "none";
  const second = two ? subjectOf(other as ThingName) : subject;
  const one = (a: string, b: string): readonly string[] => (a === b ? [a] : [a, b]);
  const turned = subject <= second ? relation : OPPOSITE[relation];
  return {
    subject: one(subject, second),
    time: [time],
    color: color ? one(color, two ? shade : color) : ["none"],
    style: [style],
    relation:
      relation === "next to"
        ? ["left of", "right of"]
        : two && subject === second
          ? [relation, OPPOSITE[relation]]
          : [turned],
  };
}

/** The subject that a thing is when it stands alone; pines do not. */
function subjectOf(thing: ThingName): Subject {
  if (thing === "pine") return "tree";
  const records: Readonly<Record<Subject, SubjectRecord>> = SUBJECT_RECORDS;
  const found = SUBJECTS.find((name) => records[name].arranged?.things.includes(thing));
  if (!found) throw new RangeError(`judge: no subject is a ${thing}`);
  return found;
}

/** Whether all that is true, or wanted, is what a judge finds likeliest. */
export const says = (said: readonly string[], wanted: readonly string[]): boolean =>
  wanted.every((answer) => said.slice(0, wanted.length).includes(answer));

/** What tells one judge from another. */
export interface JudgeSpec {
  /** Pixels along each side of a picture. */
  readonly side: number;
  /** Channels of each stage: the first at half the side, each of the others at half the one before. */
  readonly widths: readonly number[];
  /** Residual convolutions of each stage. */
  readonly layers: readonly number[];
  /** The stages of whose channels the means are what answers are read from; early ones see texture, and so the style. */
  readonly pooled: readonly number[];
  readonly groups: number;
}

/** The judge that is trained, of 128 px pictures: 0.28 GFLOP a picture. */
export const judge128: JudgeSpec = {
  side: 128,
  widths: [32, 64, 128, 192, 256],
  layers: [0, 0, 1, 1, 1],
  pooled: [0, 1, 2, 3, 4],
  groups: 8,
};

type Answer = Attribute | "features";

/** Logits of every attribute [b,answers], and the features [b,c] they are read from, of pictures [b,3,side,side] in −1…1. */
export function judge(
  p: Params,
  { widths, layers, pooled, groups }: JudgeSpec,
  picture: Value,
  answers: Answers = ATTRIBUTES,
): Record<Answer, Value> {
  const active = (name: string, x: Value): Value => silu(groupNorm(p.at(name), x, { groups }));
  const stages: Value[] = [];
  let h = patchify(picture, 2);
  for (const [i, width] of widths.entries()) {
    h = active(`norms.${i}`, conv2d(p.at(`convs.${i}`), h, width, { stride: i === 0 ? 1 : 2 }));
    for (let j = 0; j < layers[i]; j++)
      h = h.add(active(`layers.${i}.${j}.norm`, conv2d(p.at(`layers.${i}.${j}.conv`), h, width)));
    stages.push(h);
  }
  const features = concat(1, ...pooled.map((stage) => stages[stage].mean([2, 3]).reshape([-1, widths[stage]])));
  const logits = answers.map(({ name, values }) => [name, linear(p.at(`heads.${name}`), features, values.length)]);
  return { ...(Object.fromEntries(logits) as Record<Attribute, Value>), features };
}

/** A judge as a graph, for batches of the given size. */
export const judgeGraph = (spec: JudgeSpec, batch: number, answers?: Answers): Graph<"picture", Answer> =>
  trace({ picture: [batch, 3, spec.side, spec.side] }, (p, { picture }) => judge(p, spec, picture, answers));

/** The mean over a batch of the cross-entropies of all attributes; each attribute's own is a metric. Answers are one-hot rows. */
export function judgeLoss(spec: JudgeSpec, batch: number): Graph<Attribute | "picture", Attribute | "loss"> {
  const answers = ATTRIBUTES.map(({ name, values }) => [name, [batch, values.length]]);
  const inputs = { picture: [batch, 3, spec.side, spec.side], ...Object.fromEntries(answers) };
  return trace<Attribute | "picture", Attribute | "loss">(inputs, (p, symbols) => {
    const logits = judge(p, spec, symbols.picture);
    const cross = ATTRIBUTES.map(({ name }) =>
      logits[name]
        .logSoftmax()
        .mul(symbols[name])
        .sum()
        .mul(-1 / batch),
    );
    const each = Object.fromEntries(ATTRIBUTES.map(({ name }, i) => [name, cross[i]])) as Record<Attribute, Value>;
    return { ...each, loss: cross.reduce((a, b) => a.add(b)) };
  });
}

/** What a judge says of one picture: its two likeliest answers to each attribute, and the features it went by. */
export interface Verdict extends Truth {
  readonly features: Float32Array;
}

/** Judges pictures [n,3,side,side]; any n, any multiple of its own side. */
export type Judge = (pictures: Tensor) => Promise<Verdict[]>;

/** A judge on a runtime, `batch` pictures at a time. */
export async function openJudge(
  runtime: Runtime,
  spec: JudgeSpec,
  weights: Weights,
  { batch = 50, answers = ATTRIBUTES }: { batch?: number; answers?: Answers } = {},
): Promise<Judge & AsyncDisposable> {
  const program = await runtime.compile(judgeGraph(spec, batch, answers), weights);
  const width = 3 * spec.side ** 2;
  const judged = async (pictures: Tensor): Promise<Verdict[]> => {
    const verdicts: Verdict[] = [];
    const given = pictures.shape[3];
    const shrink = given / spec.side;
    if (!Number.isInteger(shrink) || pictures.shape[2] !== given)
      throw new RangeError(
        `judge: pictures [${pictures.shape}]; this judge looks at squares of ${spec.side} pixels or a multiple`,
      );
    for (let from = 0; from < pictures.shape[0]; from += batch) {
      const some = rows(pictures, from, Math.min(pictures.shape[0], from + batch));
      const padded = new Float32Array(batch * width);
      for (let b = 0; b < some.shape[0]; b++)
        shrunk(rows(some, b).data, given, shrink, padded.subarray(b * width, (b + 1) * width));
      const said = await program.run({ picture: tensor(padded, [batch, 3, spec.side, spec.side]) });
      for (let b = 0; b < some.shape[0]; b++) {
        const answered = answers.map(({ name, values }) => [name, likeliest(values, rows(said[name], b).data)]);
        const features = rows(said.features, b).data.slice();
        verdicts.push({ ...(Object.fromEntries(answered) as Truth), features });
      }
    }
    return verdicts;
  };
  return Object.assign(judged, { [Symbol.asyncDispose]: () => program[Symbol.asyncDispose]() });
}

/** The two answers of the largest logits, the larger first. */
const likeliest = (values: readonly string[], logits: Float32Array): readonly string[] =>
  values
    .map((answer, i) => [answer, logits[i]] as const)
    .sort(([, a], [, b]) => b - a)
    .slice(0, 2)
    .map(([answer]) => answer);
