// f16 and bf16 against definitions written independently, over every bit pattern and over random floats.
import fc from "fast-check";
import { expect, test } from "vitest";
import { bf16ToF32, f16ToF32, f32ToBf16, f32ToF16, narrow, toFloat, widen } from "./dtype.ts";
import { tensor } from "./tensor.ts";

/** IEEE 754 binary16 by the book: ±1.m·2^(e−15), ±0.m·2^−14, ∞, NaN. */
function half(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const e = (bits >> 10) & 31;
  const m = bits & 1023;
  if (e === 31) return m ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (e === 0 ? (m / 1024) * 2 ** -14 : (1 + m / 1024) * 2 ** (e - 15));
}

const every = Uint16Array.from({ length: 0x10000 }, (_, i) => i);

test("every f16 pattern means what IEEE 754 says", () => {
  for (const bits of every)
    if (!Object.is(f16ToF32(bits), half(bits))) expect([bits, f16ToF32(bits)]).toEqual([bits, half(bits)]);
  const wide = widen({ dtype: "f16", shape: [0x10000], data: every });
  for (const bits of every) if (!Object.is(wide.data[bits], half(bits))) expect.fail(`pattern ${bits}`);
});

test("all 65,536 patterns of f16 and bf16 survive the round trip, NaN payloads included", () => {
  for (const dtype of ["f16", "bf16"] as const) {
    const there = widen({ dtype, shape: [256, 256], data: every });
    const back = narrow(there, dtype);
    expect(back.shape).toEqual([256, 256]);
    expect(back.dtype).toBe(dtype);
    expect(Buffer.compare(Buffer.from(back.data.buffer), Buffer.from(every.buffer))).toBe(0);
  }
});

/** The nearest finite f16 by search over the sorted table of positive values; ties to the even pattern. */
function nearestHalf(x: number): number {
  const a = Math.abs(x);
  let low = 0;
  let high = 0x7bff;
  while (low < high) {
    const mid = (low + high + 1) >> 1;
    if (half(mid) <= a) low = mid;
    else high = mid - 1;
  }
  const above = low === 0x7bff ? 65536 : half(low + 1);
  const down = a - half(low);
  const up = above - a;
  const pick = down < up || (down === up && low % 2 === 0) ? low : low + 1;
  return pick | (x < 0 || Object.is(x, -0) ? 0x8000 : 0);
}

test("narrowing to f16 is round to nearest, ties to even", () => {
  const floats = fc.oneof(
    fc.float({ noNaN: true, noDefaultInfinity: true }),
    fc.float({ min: Math.fround(-(2 ** -13)), max: Math.fround(2 ** -13), noNaN: true }),
    fc.float({ min: 65000, max: 66000, noNaN: true }),
    fc.nat(0x7bfe).map((i) => (half(i) + half(i + 1)) / 2), // exact ties
  );
  fc.assert(
    fc.property(floats, (x) => f32ToF16(x) === nearestHalf(Math.abs(x) > 65536 ? Math.sign(x) * 65536 : x)),
    { numRuns: 2000 },
  );
});

test("the corners of f16", () => {
  const corners: [number, number][] = [
    [1, 0x3c00],
    [-2, 0xc000],
    [0.1, 0x2e66],
    [65504, 0x7bff],
    [65519.99, 0x7bff],
    [65520, 0x7c00],
    [1e30, 0x7c00],
    [Number.NEGATIVE_INFINITY, 0xfc00],
    [2 ** -24, 0x0001],
    [2 ** -25, 0x0000],
    [2 ** -25 * 1.0001, 0x0001],
    [1.5 * 2 ** -24, 0x0002],
    [2 ** -14 - 2 ** -26, 0x0400],
    [-0, 0x8000],
    [0, 0],
  ];
  expect(corners.map(([x]) => f32ToF16(x))).toEqual(corners.map(([, bits]) => bits));
  expect(f16ToF32(f32ToF16(Number.NaN))).toBeNaN();
});

test("bf16 keeps the exponent and rounds the mantissa to nearest even", () => {
  const corners: [number, number][] = [
    [1, 0x3f80],
    [1 + 2 ** -8, 0x3f80], // tie, to even
    [1 + 3 * 2 ** -8, 0x3f82], // tie, to even
    [1 + 2 ** -8 + 2 ** -20, 0x3f81],
    [3.4028234663852886e38, 0x7f80],
    [Number.NEGATIVE_INFINITY, 0xff80],
    [-0, 0x8000],
    [Math.PI, 0x4049],
  ];
  expect(corners.map(([x]) => f32ToBf16(x))).toEqual(corners.map(([, bits]) => bits));
  expect(bf16ToF32(0x4049)).toBe(3.140625);
  const nan = new Float32Array(new Uint32Array([0x7f800001]).buffer); // a payload that lies below the cut
  expect(bf16ToF32(narrow(tensor(nan, [1]), "bf16").data[0])).toBeNaN();
  expect(f16ToF32(narrow(tensor(nan, [1]), "f16").data[0])).toBeNaN();
});

test("narrow reads a view at its own offset", () => {
  const view = new Float32Array([9, 1, 2, 9]).subarray(1, 3);
  expect([...narrow(tensor(view, [2]), "f16").data]).toEqual([0x3c00, 0x4000]);
});

test("widen copies nothing when nothing changes, and takes integers and doubles", () => {
  const x = tensor([1, 2], [2]);
  expect(widen(x)).toBe(x);
  expect([...widen({ dtype: "i64", shape: [2], data: BigInt64Array.of(-3n, 7n) }).data]).toEqual([-3, 7]);
  expect([...widen({ dtype: "f64", shape: [1], data: Float64Array.of(0.1) }).data]).toEqual([Math.fround(0.1)]);
  expect(toFloat(x, "f32")).toBe(x);
  expect(toFloat({ dtype: "f64", shape: [1], data: Float64Array.of(0.1) }, "f64").data[0]).toBe(0.1);
  expect(toFloat({ dtype: "bf16", shape: [1], data: Uint16Array.of(0x4049) }, "f64").data[0]).toBe(3.140625);
  expect(toFloat({ dtype: "bf16", shape: [1], data: Uint16Array.of(0x4049) }, "f16").data[0]).toBe(0x4248);
});
