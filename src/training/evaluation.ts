// evaluation: carry out the whole examination of a generator; the report is written by `evaluation-report.ts`.
import type { Engine } from "../pipelines/engine.ts";
import type { Quality } from "../pipelines/quality.ts";
import { type Settings, settings } from "../pipelines/text-to-image.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { type Curve, drawCurves } from "./curves.ts";
import { drawAll, throughAutoencoder } from "./draw.ts";
import {
  type Ask,
  byValue,
  type Exam,
  meanPsnr,
  painted,
  type Result,
  result,
  type Split,
  type Variety,
  variety,
} from "./evaluate.ts";
import { ATTRIBUTES, type Attribute, type Judge, type Verdict } from "./judge.ts";
import { addShares, type Share } from "./statistics.ts";

export interface Evaluation {
  readonly model: { readonly name: string; readonly hash: string };
  readonly settings: Omit<Settings, "seed" | "prompt" | "negative">;
  /** Drawings by split. */
  readonly drawn: Readonly<Record<Exclude<Split, "unguided">, Result>>;
  /** What the judge says of true pictures of the same captions, as painted and after the autoencoder: the ceiling. */
  readonly truth: Readonly<Record<"seen" | "held-out", { readonly painted: Result; readonly decoded: Result }>>;
  /** Of all drawings with a prompt: how often each value was shown when it was asked for. */
  readonly byValue: Readonly<Record<Attribute, Readonly<Record<string, Share>>>>;
  readonly autoencoder: { readonly pictures: number; readonly psnr: number };
  readonly unguided: Variety;
  readonly curves?: readonly Curve[];
}

export interface EvaluationOptions {
  /** What is asked: as many questions of each split. */
  readonly exam: Exam;
  /** How they are drawn; as the model draws unless told. */
  readonly quality?: Quality;
  /** Pictures of each point of the curves; none unless told. */
  readonly curves?: number;
  readonly onProgress?: (stage: string, done: number, of: number) => void;
}

/** Ask a model for pictures and a judge what they show, with the default settings of its quality. */
export async function evaluate(
  engine: Engine,
  judge: Judge,
  { exam, quality, curves = 0, onProgress }: EvaluationOptions,
): Promise<Evaluation> {
  const { model } = engine;
  const asQuality = quality && { quality };
  const { seed: _, prompt: __, negative: ___, ...chosen } = settings(model, { seed: 0, ...asQuality });
  const side = chosen.width;
  const draw = (stage: string, asked: readonly Ask[]): Promise<Tensor> =>
    drawAll(engine, asked, { ...asQuality, onProgress: (done) => onProgress?.(stage, done, asked.length) });

  const { other, unguided: nothing, ...asked } = exam;
  const count = asked.seen.length;
  const drawn = {} as Record<keyof typeof asked, Result>;
  const verdicts: Verdict[] = [];
  for (const split of Object.keys(asked) as (keyof typeof asked)[]) {
    const said = await judge(await draw(split, asked[split]));
    drawn[split] = result(asked[split], said);
    verdicts.push(...said);
  }
  const everything = Object.values(asked).flat();

  const truth = {} as Record<"seen" | "held-out", { painted: Result; decoded: Result }>;
  let real: Verdict[] = [];
  let decibels = 0;
  for (const split of ["seen", "held-out"] as const) {
    const originals = painted(
      asked[split].flatMap(({ scene }) => scene ?? []),
      side,
    );
    const decoded = await throughAutoencoder(engine, originals);
    const said = await judge(originals);
    truth[split] = { painted: result(asked[split], said), decoded: result(asked[split], await judge(decoded)) };
    if (split === "seen") real = said;
    decibels += meanPsnr(decoded, originals) / 2;
    onProgress?.(`painted ${split}`, count, count);
  }
  const again = await judge(painted(other, side));
  const unguided = await judge(await draw("unguided", nothing));

  return {
    model: { name: model.name, hash: model.hash },
    settings: chosen,
    drawn,
    truth,
    byValue: Object.fromEntries(
      ATTRIBUTES.map(({ name }) => [name, byValue(name, everything, verdicts)]),
    ) as Evaluation["byValue"],
    autoencoder: { pictures: 2 * count, psnr: decibels },
    unguided: variety(unguided, real, again),
    ...(curves > 0 && { curves: await drawCurves(engine, judge, asked.seen.slice(0, curves), real, onProgress) }),
  };
}

/** All drawings of an evaluation together. */
export const overall = ({ drawn }: Evaluation, name: Attribute): Share =>
  addShares(Object.values(drawn).map(({ right }) => right[name]));
