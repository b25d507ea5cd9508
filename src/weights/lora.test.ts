// A file of factors is taken whole or not at all: whatever of it finds no place is an error that names it.
import { describe, expect, it } from "vitest";
import { zeros } from "../tensor/tensor.ts";
import { loraFor } from "./lora.ts";
import { fromTensors } from "./weights.ts";

const wanted = [
  { name: "a.b.weight", shape: [6, 4] },
  { name: "a.b.bias", shape: [6] },
  { name: "conv.weight", shape: [6, 4, 3, 3] },
  { name: "norm.weight", shape: [4] },
];
const sound = {
  "unet.a.b.lora_A.weight": zeros([2, 4]),
  "unet.a.b.lora_B.weight": zeros([6, 2]),
  "unet.conv.lora_A.weight": zeros([1, 4, 3, 3]),
  "unet.conv.lora_B.weight": zeros([6, 1, 1, 1]),
};
const read = (tensors: Parameters<typeof fromTensors>[0]) =>
  loraFor(fromTensors(tensors), "unet", wanted, "few.safetensors");

describe("loraFor", () => {
  it("has the factors under the names of the network's own weights", () => {
    const lora = read(sound);
    expect([...lora.names()]).toEqual(Object.keys(sound).map((name) => name.replace("unet.", "")));
    expect(lora.info("conv.lora_A.weight")?.shape).toEqual([1, 4, 3, 3]);
  });
  it.each([
    [
      "of a module that the network lacks",
      { "unet.c.lora_A.weight": zeros([1, 4]) },
      /few.safetensors has c.lora_A.weight, and the unet has no weight/,
    ],
    [
      "of another network",
      { "text_encoder.a.b.lora_A.weight": zeros([2, 4]) },
      /has text_encoder.a.b.lora_A.weight, and the unet has no/,
    ],
    ["of a norm", { "unet.norm.lora_A.weight": zeros([1, 4]) }, /has norm.lora_A.weight, and the unet has no weight/],
    [
      "of another spelling",
      { "lora_unet_a_b.lora_down.weight": zeros([2, 4]) },
      /has lora_unet_a_b.lora_down.weight, which is no factor/,
    ],
    [
      "of another width",
      { "unet.a.b.lora_A.weight": zeros([2, 5]) },
      /has a.b.lora_A.weight \[2,5\] and lora_B \[6,2\], which do not make \[6,4\]/,
    ],
    ["of another rank", { "unet.a.b.lora_A.weight": zeros([3, 4]) }, /\[3,4\] and lora_B \[6,2\], which do not make/],
    [
      "of another kernel",
      { "unet.conv.lora_A.weight": zeros([1, 4, 1, 1]) },
      /\[1,4,1,1\] and lora_B \[6,1,1,1\], which do not/,
    ],
  ])("refuses factors %s", (_, tensors, message) => {
    expect(() => read({ ...sound, ...tensors })).toThrow(message);
  });
  it("refuses half a pair, and names eight things at most", () => {
    const { "unet.conv.lora_A.weight": _, ...half } = sound;
    expect(() => read(half)).toThrow(/has conv.lora_B.weight without its lora_A/);
    const strange = Object.fromEntries(Array.from({ length: 10 }, (_, i) => [`x${i}`, zeros([1])]));
    expect(() => read(strange)).toThrow(/x7, .*\n… and 2 more like these$/);
  });
});
