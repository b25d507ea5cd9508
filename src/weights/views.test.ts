// Views: parts, joins, transposes and shapes of tensors, in memory and in files, and their inverses.
import fc from "fast-check";
import { expect, test } from "vitest";
import { type AnyTensor, tensor } from "../tensor/tensor.ts";
import { parseSafetensors } from "./index.ts";
import { encodeSafetensors } from "./safetensors.ts";
import { inverted, type View, viewed } from "./views.ts";
import { fromTensors, readAll, type Weights } from "./weights.ts";

const matrix = tensor([1, 2, 3, 4, 5, 6], [3, 2]);
const views = (all: Readonly<Record<string, View>>): Map<string, View> => new Map(Object.entries(all));
const read = async (weights: Weights, name: string): Promise<[readonly number[], number[]]> => {
  const { shape, data } = await weights.read(name);
  return [shape, [...data].map(Number)];
};

test("a part, a transpose, a kernel and a matrix", async () => {
  const kernel = tensor([7, 8], [2, 1, 1, 1]);
  const seen = viewed(
    fromTensors({ matrix, kernel }),
    views({
      same: { of: "matrix" },
      row: { of: "matrix", part: [1, 3] },
      turned: { of: "matrix", transposed: true },
      wide: { of: "matrix", as: "kernel" },
      flat: { of: "kernel", as: "matrix" },
      both: { of: ["matrix", "matrix"] },
      absent: { of: ["matrix", "nothing"] },
    }),
  );
  expect(seen.names()).toEqual(["same", "row", "turned", "wide", "flat", "both"]);
  expect(await read(seen, "same")).toEqual([
    [3, 2],
    [1, 2, 3, 4, 5, 6],
  ]);
  expect(await read(seen, "row")).toEqual([
    [1, 2],
    [3, 4],
  ]);
  expect(await read(seen, "turned")).toEqual([
    [2, 3],
    [1, 3, 5, 2, 4, 6],
  ]);
  expect(await read(seen, "wide")).toEqual([
    [3, 2, 1, 1],
    [1, 2, 3, 4, 5, 6],
  ]);
  expect(await read(seen, "flat")).toEqual([
    [2, 1],
    [7, 8],
  ]);
  expect(await read(seen, "both")).toEqual([
    [6, 2],
    [1, 2, 3, 4, 5, 6, 1, 2, 3, 4, 5, 6],
  ]);
  expect(seen.info("absent")).toBeUndefined();
  await expect(seen.read("absent")).rejects.toThrow("there is no tensor named absent");
});

test("what does not fit is refused by name", () => {
  const weights = fromTensors({ matrix, row: tensor([1, 2, 3], [3]) });
  for (const [view, message] of [
    [{ of: "matrix", part: [0, 2] }, /v is made from matrix, f32 \[3,2\]; expected a first axis that splits into 2/],
    [{ of: "row", transposed: true }, /f32 \[3\]; expected a matrix/],
    [{ of: "row", as: "matrix" }, /expected a matrix or a 1×1 kernel/],
    [{ of: ["matrix", "row"] }, /differ in their first axis alone/],
  ] as const)
    expect(() => viewed(weights, views({ v: view as View })).info("v")).toThrow(message);
});

test("views that compute nothing say where their bytes lie", async () => {
  const bytes = encodeSafetensors({ a: tensor([9], [1]), matrix });
  const file = await parseSafetensors(bytes);
  const offset = 8 + Number(new DataView(bytes.buffer).getBigUint64(0, true));
  const place = (name: string) => ({
    path: "/m",
    offset: offset + (name === "a" ? 0 : 4),
    length: name === "a" ? 4 : 24,
  });
  const mapped: Weights = { ...file, info: (name) => ({ ...file.info(name)!, file: place(name) }) };
  const seen = viewed(
    mapped,
    views({
      last: { of: "matrix", part: [2, 3] },
      k: { of: "matrix", as: "kernel" },
      t: { of: "matrix", transposed: true },
    }),
  );
  const range = seen.info("last")?.file;
  expect(range).toEqual({ path: "/m", offset: offset + 4 + 16, length: 8 });
  expect([...new Float32Array(bytes.slice(range!.offset, range!.offset + 8).buffer)]).toEqual([5, 6]);
  expect(seen.info("k")?.file).toEqual(place("matrix"));
  expect(seen.info("t")?.file).toBeUndefined();
});

test("what is seen through views and then through their inverse is what it was", async () => {
  const dtypes = fc.constantFrom("f32" as const, "f16" as const);
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 4 }), dtypes, async (n, m, dtype) => {
      const made = (shape: readonly number[]): AnyTensor => {
        const count = shape.reduce((a, b) => a * b, 1);
        const data = dtype === "f32" ? new Float32Array(count) : new Uint16Array(count);
        return { dtype, shape, data: data.map((_, i) => i) } as AnyTensor;
      };
      const source = { joint: made([3 * n, m]), turned: made([n, m]), kernel: made([n, m, 1, 1]), plain: made([n]) };
      const there = views({
        q: { of: "joint", part: [0, 3] },
        k: { of: "joint", part: [1, 3] },
        v: { of: "joint", part: [2, 3] },
        t: { of: "turned", transposed: true },
        matrix: { of: "kernel", as: "matrix" },
        p: { of: "plain" },
      });
      expect(await readAll(viewed(viewed(fromTensors(source), there), inverted(there)))).toEqual(source);
    }),
    { numRuns: 30 },
  );
});
