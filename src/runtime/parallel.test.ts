// Data-parallel runs: two workers on half the batch each give what one engine gives on the whole.
import { describe, expect, it } from "vitest";
import { trace } from "../graph/trace.ts";
import { conv2d, linear } from "../nn/layers.ts";
import { ints, tensor } from "../tensor/tensor.ts";
import { random } from "../training/random.ts";
import { initialise, withGradients } from "../training/train.ts";
import { parallel } from "./parallel.ts";
import { referenceRuntime } from "./reference.ts";

const loss = (batch: number) =>
  trace({ x: [batch, 2, 6, 5], ids: { shape: [batch], dtype: "i32" } }, (p, { x, ids }) => {
    const h = conv2d(p.at("conv"), x, 3).mean([2, 3]).reshape([batch, 3]);
    const rows = p.get("table", [4, 3], (shape, { normal }) =>
      Float32Array.from({ length: shape[0] * shape[1] }, normal),
    );
    return {
      loss: linear(p.at("out"), h.add(rows.gather(ids)), 1)
        .square()
        .mean(),
    };
  });
const { fillNormal } = random(5, "parallel");
const inputs = { x: tensor(fillNormal(new Float32Array(4 * 60)), [4, 2, 6, 5]), ids: ints([0, 3, 3, 1], [4]) };

describe("parallel", () => {
  it("averages what its workers make of their parts", async () => {
    const params = initialise(loss(4), 2);
    await using whole = await referenceRuntime().compile(withGradients(loss(4)));
    await using parts = await parallel(2).compile(withGradients(loss(2)));
    const wanted = await whole.run(inputs, params);
    for (let again = 0; again < 2; again++) {
      const got = await parts.run(inputs, params);
      expect(Object.keys(got).sort()).toEqual(Object.keys(wanted).sort());
      for (const [name, t] of Object.entries(wanted)) {
        expect(got[name].shape).toEqual(t.shape);
        for (const [i, v] of t.data.entries()) expect(got[name].data[i]).toBeCloseTo(v, 5);
      }
    }
  });

  it("refuses a batch that does not split", async () => {
    await using parts = await parallel(2).compile(loss(2));
    const odd = { ...inputs, ids: ints([0, 1, 2], [3]) };
    await expect(parts.run(odd, initialise(loss(2)))).rejects.toThrow(/ids \[3\] does not split into 2 parts of \[2\]/);
  });
});
