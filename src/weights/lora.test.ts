// A LoRA is added to the weights it names, and to no others; whatever of it finds no place is an error.
import { describe, expect, it } from "vitest";
import { tensor } from "../tensor/tensor.ts";
import { withLora } from "./lora.ts";
import { fromTensors, readAll } from "./weights.ts";

const base = fromTensors({
  "a.weight": tensor([1, 2, 3, 4, 5, 6], [2, 3]),
  "a.bias": tensor([1, 1], [2]),
  "b.weight": tensor(
    Array.from({ length: 8 }, (_, i) => i),
    [2, 1, 2, 2],
  ),
});
const linear = { "a.lora_A.weight": tensor([1, 0, 2], [1, 3]), "a.lora_B.weight": tensor([10, -1], [2, 1]) };

describe("withLora", () => {
  it("adds B·A, as strongly as it is told", async () => {
    const read = async (strength?: number) =>
      (await readAll(withLora(base, fromTensors(linear), strength)))["a.weight"].data;
    expect([...(await read())]).toEqual([11, 2, 23, 3, 5, 4]);
    expect([...(await read(0.5))]).toEqual([6, 2, 13, 3.5, 5, 5]);
    expect([...(await read(0))]).toEqual([1, 2, 3, 4, 5, 6]);
  });
  it("adds kernels as convolutions one after the other do", async () => {
    const factors = {
      "b.lora_A.weight": tensor([1, 2, 3, 4, 10, 20, 30, 40], [2, 1, 2, 2]),
      "b.lora_B.weight": tensor([1, 0, 1, 1], [2, 2, 1, 1]),
    };
    const { data } = await withLora(base, fromTensors(factors)).read("b.weight");
    expect([...(data as Float32Array)]).toEqual([1, 3, 5, 7, 15, 27, 39, 51]);
  });
  it("leaves the others as they are, and says that what it changes is computed", () => {
    const weights = withLora(base, fromTensors(linear));
    expect(weights.names()).toEqual(base.names());
    expect(weights.info("a.bias")).toEqual(base.info("a.bias"));
    expect(weights.info("a.weight")).toEqual({ dtype: "f32", shape: [2, 3] });
  });
  it.each([
    [
      "another module",
      { "c.lora_A.weight": tensor([1], [1, 1]) },
      /c.lora_A.weight is for c.weight, which the network does/,
    ],
    [
      "half a pair",
      { "a.lora_B.weight": linear["a.lora_B.weight"] },
      /a.lora_B.weight is one factor of two; its lora_A/,
    ],
    [
      "another shape",
      { ...linear, "a.lora_A.weight": tensor([1, 2], [1, 2]) },
      /\[1,2\] and .* do not make a.weight \[2,3\]/,
    ],
    [
      "another rank",
      { ...linear, "a.lora_A.weight": tensor([1, 2, 3, 4, 5, 6], [2, 3]) },
      /do not make a.weight \[2,3\]/,
    ],
    [
      "another spelling",
      { "lora_unet_a.lora_down.weight": tensor([1], [1, 1]) },
      /lora_unet_a.lora_down.weight are no fac/,
    ],
  ])("refuses %s", (_, factors, message) => {
    expect(() => withLora(base, fromTensors(factors))).toThrow(message);
  });
});
