// Sinusoids of timesteps and sizes: layout, fractions, and what is refused.
import { expect, test } from "vitest";
import { tensor } from "../tensor/tensor.ts";
import { specs } from "./specs.ts";
import { timestepEmbedding, unetAdded, unetTime } from "./time.ts";

test("cosines first by default, then sines, of the same angles", () => {
  const { data, shape } = timestepEmbedding([3.5, 20], 6);
  expect(shape).toEqual([2, 6]);
  for (const [row, t] of [3.5, 20].entries())
    for (const i of [0, 1, 2]) {
      expect(data[6 * row + i]).toBeCloseTo(Math.cos(t * 10000 ** (-i / 3)), 5);
      expect(data[6 * row + 3 + i]).toBeCloseTo(Math.sin(t * 10000 ** (-i / 3)), 5);
    }
});

test("an odd width is refused", () => {
  expect(() => timestepEmbedding([1], 7)).toThrow("7 channels do not split in two");
});

test("a U-Net's time is as wide as its first level and follows its spec", () => {
  const { unet } = specs.sd15;
  expect(unetTime(unet, [981, 1]).shape).toEqual([2, 320]);
  const sines = unetTime({ ...unet, time: { flipSinToCos: false, freqShift: 1 } }, [1]).data;
  expect(sines[0]).toBeCloseTo(Math.sin(1), 6);
  expect(sines[159]).toBeCloseTo(1e-4, 8);
});

test("SDXL's added condition: pooled text, then the sinusoids of each time id in order", () => {
  const { unet } = specs.sdxl;
  const pooled = tensor(new Float32Array(2560).fill(0.5), [2, 1280]);
  const ids = [1024, 768, 0, 16, 512, 256];
  const { data, shape } = unetAdded(unet, pooled, [ids, [...ids].reverse()]);
  expect(shape).toEqual([2, 2816]);
  expect(data.subarray(0, 1280).every((v) => v === 0.5)).toBe(true);
  ids.forEach((id, i) => {
    const expected = [...timestepEmbedding([id], 256).data];
    expect([...data.subarray(1280 + 256 * i, 1536 + 256 * i)]).toEqual(expected);
    expect([...data.subarray(2 * 2816 - 256 * (i + 1), 2 * 2816 - 256 * i)]).toEqual(expected);
  });
  expect(() =>
    unetAdded(unet, pooled, [
      [1, 2],
      [3, 4],
    ]),
  ).toThrow("pooled 1280 and 2 time ids of 256");
  expect(() => unetAdded(specs.sd15.unet, pooled, [ids, ids])).toThrow("takes no added condition");
});
