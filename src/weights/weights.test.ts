// The decorators of Weights and the check before a network is compiled.
import { expect, test } from "vitest";
import { tensor, zeros } from "../tensor/tensor.ts";
import { ModelError } from "./model-error.ts";
import {
  byteSize,
  cast,
  check,
  fromTensors,
  merged,
  prefixed,
  readAll,
  renamed,
  under,
  type Weights,
} from "./weights.ts";

const two = fromTensors({ "a.weight": tensor([1, 2], [2]), "a.bias": tensor([3], [1]) });

test("tensors in memory", async () => {
  expect(two.names()).toEqual(["a.weight", "a.bias"]);
  expect(two.info("a.bias")).toEqual({ dtype: "f32", shape: [1] });
  expect(two.info("b")).toBeUndefined();
  expect((await two.read("a.weight")).data).toEqual(Float32Array.of(1, 2));
  await expect(two.read("constructor")).rejects.toThrow("there is no tensor named constructor");
  expect(byteSize(two)).toBe(12);
  expect(() => fromTensors({ x: { dtype: "f32", shape: [3], data: new Float32Array(2) } })).toThrow(/x \[3\] wants 3/);
});

test("renamed changes names, leaves out, and refuses a clash", async () => {
  const new_ = renamed(two, (name) => (name === "a.bias" ? undefined : `b${name.slice(1)}`));
  expect(new_.names()).toEqual(["b.weight"]);
  expect(new_.info("b.weight")).toEqual(two.info("a.weight"));
  expect(new_.info("a.weight")).toBeUndefined();
  expect(await new_.read("b.weight")).toBe(await two.read("a.weight"));
  await expect(new_.read("a.bias")).rejects.toThrow(ModelError);
  expect(() => renamed(two, () => "same")).toThrow("weights: a.weight and a.bias would both be renamed to same");
});

test("prefixed and under undo each other", async () => {
  const whole = merged(prefixed(two, "unet."), prefixed(two, "vae."));
  expect(whole.names()).toEqual(["unet.a.weight", "unet.a.bias", "vae.a.weight", "vae.a.bias"]);
  expect(await readAll(under(whole, "vae."))).toEqual(await readAll(two));
});

test("merged refuses one name in two places", () => {
  expect(() => merged(two, fromTensors({ "a.bias": zeros([1]) }))).toThrow("a.bias is in more than one");
  expect(merged().names()).toEqual([]);
});

test("a decorator keeps where a tensor lies, cast forgets it only when it must", async () => {
  const file = { path: "/m.safetensors", offset: 80, length: 4 };
  const disk: Weights = {
    names: () => ["x", "ids"],
    info: (name) => (name === "x" ? { dtype: "f16", shape: [2], file } : { dtype: "i64", shape: [1] }),
    read: async (name) =>
      name === "x"
        ? { dtype: "f16", shape: [2], data: Uint16Array.of(0x3c00, 0xc000) }
        : { dtype: "i64", shape: [1], data: BigInt64Array.of(7n) },
  };
  expect(merged(prefixed(disk, "p.")).info("p.x")?.file).toEqual(file);
  expect(cast(disk, "f16").info("x")?.file).toEqual(file);
  const wide = cast(disk, "f32");
  expect(wide.info("x")).toEqual({ dtype: "f32", shape: [2] });
  expect(wide.info("none")).toEqual({ dtype: "i64", shape: [1] });
  expect((await wide.read("x")).data).toEqual(Float32Array.of(1, -2));
  expect(await wide.read("ids")).toEqual(await disk.read("ids"));
});

test("check names every missing and mis-shaped tensor and returns the unused ones", () => {
  expect(check(two, [{ name: "a.bias", shape: [1] }])).toEqual(["a.weight"]);
  const wanted = [
    { name: "a.weight", shape: [1, 2] },
    { name: "conv.weight", shape: [320, 4, 3, 3] },
  ];
  expect(() => check(two, wanted, "unet")).toThrow(
    new ModelError(
      "mismatch",
      "weights: unet wants a.weight [1,2]; the file has [2] there.\n" +
        "weights: unet wants conv.weight [320,4,3,3]; the file has no such tensor.",
    ),
  );
  const whole = fromTensors({ w: { dtype: "u8", shape: [1], data: Uint8Array.of(1) } });
  expect(() => check(whole, [{ name: "w", shape: [1] }])).toThrow(/w \[1\]; the file has whole numbers \(u8\) there/);
  const many = Array.from({ length: 10 }, (_, i) => ({ name: `t${i}`, shape: [] }));
  expect(() => check(two, many)).toThrow(/t7 \[\]; the file has no such tensor\.\n… and 2 more like these$/);
});
