// Finite: numbers pass, and what is none is blamed on the network that said it, and on the weight that made it say so.
import { describe, expect, it } from "vitest";
import { narrow } from "../tensor/dtype.ts";
import { tensor } from "../tensor/tensor.ts";
import { fromTensors } from "../weights/weights.ts";
import { bounded, finite } from "./finite.ts";

const of = (...values: number[]) => tensor(values, [values.length]);
const sound = fromTensors({ a: of(1, -2), b: narrow(of(65_504, 0), "f16") });

describe("what a network says", () => {
  it("is passed on while it is numbers, the largest too", async () => {
    const said = of(0, -0, 3.4e38, -1e-45);
    expect(await finite(said, "unet", "tiny", sound)).toBe(said);
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])("is refused with %s in it", async (x) => {
    const broken = fromTensors({ a: of(1), b: narrow(of(1, x), "bf16"), c: of(x) });
    await expect(finite(of(1, x), "vae", "tiny", broken)).rejects.toMatchObject({
      code: "not-finite",
      message:
        "model: the vae of tiny yields NaN or infinity, since its b holds them: the file is damaged or a broken merge. Try another autoencoder (--vae).",
    });
    await expect(finite(of(1, x), "text_encoder_2", "tiny", sound)).rejects.toThrow(
      /^model: the text_encoder_2 of tiny yields NaN or infinity, though all its weights are finite: .* Look for another copy/,
    );
  });
});

it("what a network is given must be numbers too", () => {
  expect(bounded(of(1, 2))).toEqual(of(1, 2));
  expect(() => bounded(of(1, Number.POSITIVE_INFINITY))).toThrow(/has left all bounds .*; lower the guidance/);
});
