// curves: what steps and guidance do for a generator's pictures, judged; as numbers, as a table, as a plot.

import { contactSheet, type Pixels } from "../image/pixels.ts";
import type { Engine } from "../pipelines/engine.ts";
import type { Quality } from "../pipelines/quality.ts";
import { drawAll } from "./draw.ts";
import { type Ask, type Result, result } from "./evaluate.ts";
import type { Judge, Verdict } from "./judge.ts";
import { plot } from "./plot.ts";
import { kid } from "./statistics.ts";

/** A setting other than the default, and what came of it. */
export interface CurvePoint {
  readonly value: number;
  readonly result: Result;
  /** Kernel distance on the judge's features, to true pictures. */
  readonly kid: number;
}

/** A setting at several values, in one quality; the others are the model's own. */
export interface Curve {
  readonly quality: Quality;
  readonly over: "steps" | "guidance";
  readonly points: readonly CurvePoint[];
}

/** What is tried; fast drawing has no guidance, and was learnt for few steps. */
export const CURVES = [
  { quality: "best", over: "steps", values: [1, 2, 4, 8, 12, 20, 30, 50] },
  { quality: "fast", over: "steps", values: [1, 2, 4, 8] },
  { quality: "best", over: "guidance", values: [1, 2, 3, 4, 5, 7, 10] },
] as const;

/** Draw and judge every point of the curves that the model can. @param real verdicts on true pictures */
export async function drawCurves(
  engine: Engine,
  judge: Judge,
  asked: readonly Ask[],
  real: readonly Verdict[],
  onProgress?: (stage: string, done: number, of: number) => void,
): Promise<Curve[]> {
  const truth = real.map(({ features }) => features);
  const curves: Curve[] = [];
  for (const { quality, over, values } of CURVES) {
    if (quality === "fast" && !engine.model.fewSteps) continue;
    const points: CurvePoint[] = [];
    for (const value of values) {
      const verdicts = await judge(
        await drawAll(engine, asked, {
          quality,
          [over]: value,
          onProgress: (done) => onProgress?.(`${quality}, ${over} ${value}`, done, asked.length),
        }),
      );
      const features = verdicts.map((verdict) => verdict.features);
      points.push({ value, result: result(asked, verdicts), kid: kid(features, truth) });
    }
    curves.push({ quality, over, points });
  }
  return curves;
}

/** Four plots: above how often a picture shows all that was asked, below KID; left over steps, right over guidance. */
export function curvesPicture(curves: readonly Curve[]): Pixels {
  const heights: readonly (readonly [what: string, height: (point: CurvePoint) => number])[] = [
    ["all asked, percent", ({ result: { together } }) => (100 * together.right) / together.of],
    ["kid", (point) => point.kid],
  ];
  const panels = heights.flatMap(([what, height]) =>
    (["steps", "guidance"] as const).map((over) => {
      const those = curves.filter((curve) => curve.over === over);
      return plot(
        those.map(({ quality, points }) => ({
          name: `${what}, ${quality}`,
          points: points.map((point) => [point.value, height(point)] as const),
        })),
        { width: 520, height: 300, across: over },
      );
    }),
  );
  return contactSheet(panels, { columns: 2, gap: 0 });
}
