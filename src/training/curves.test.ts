// Curves over steps and guidance: every point that the model can draw, and a plot of them.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { teachFewSteps, writeTinyModel } from "../../test/tiny-model.ts";
import { engine } from "../pipelines/engine.ts";
import { openModel } from "../pipelines/load.ts";
import { ortNode } from "../runtime/ort-node.ts";
import { rows } from "../tensor/tensor.ts";
import { CURVES, curvesPicture, drawCurves } from "./curves.ts";
import { questions } from "./evaluate.ts";
import type { Judge, Verdict } from "./judge.ts";

/** Says the same of every picture, but goes by its pixels. */
const judge: Judge = async (pictures) =>
  Array.from({ length: pictures.shape[0] }, (_, i): Verdict => {
    const features = rows(pictures, i).data.slice(0, 16);
    return { subject: ["cat"], time: ["day"], color: ["red"], style: ["plain"], relation: ["none"], features };
  });

it("are drawn in the qualities that a model has, and each point is a picture of its own", async () => {
  const folder = await mkdtemp(join(tmpdir(), "dreamgrain-curves-"));
  const few = join(folder, "few");
  try {
    await writeTinyModel(folder);
    await teachFewSteps(await writeTinyModel(few));
    await using runtime = await ortNode({ threads: 1 });
    const asked = questions("short", 2).map((ask) => ({ ...ask, want: { subject: ["cat"] } }));
    const real = await judge({
      dtype: "f32",
      shape: [2, 3, 4, 4],
      data: Float32Array.from({ length: 96 }, (_, i) => Math.cos(i)),
    });
    for (const [path, kinds] of [
      [folder, CURVES.filter(({ quality }) => quality === "best")],
      [few, CURVES],
    ] as const) {
      await using running = engine(await openModel(path), runtime);
      const curves = await drawCurves(running, judge, asked, real);
      expect(curves.map(({ quality, over, points }) => [quality, over, points.map(({ value }) => value)])).toEqual(
        kinds.map(({ quality, over, values }) => [quality, over, values]),
      );
      for (const { points } of curves) {
        expect(new Set(points.map(({ kid }) => kid)).size).toBe(points.length);
        expect(points[0].result.together).toEqual({ right: 2, of: 2 });
      }
      const { width, height, data } = curvesPicture(curves);
      expect([width, height]).toEqual([1040, 600]);
      expect(new Set(data).size).toBeGreaterThan(5);
    }
  } finally {
    await rm(folder, { recursive: true });
  }
});
