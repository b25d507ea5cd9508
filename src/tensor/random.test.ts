// Random numbers as torch draws them: streams, seeds, dtypes, clones.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compareRandom } from "../../test/parity/diffusion.ts";
import { cpuGenerator, cudaGenerator, numpyGenerator, perImage, type Random, type Seed } from "./random.ts";
import { rows } from "./tensor.ts";

test.each(compareRandom().map((c) => [`${c.name} ${c.what}`, c.errors] as const))("golden: %s", (_, errors) => {
  expect(Math.max(...errors)).toBeLessThan(5e-7);
});

test("float16 and bfloat16 noise is exact, and another noise than float32's", () => {
  const draw = (dtype: "f32" | "f16" | "bf16") => Array.from(cpuGenerator(42, dtype).normals(100).slice(0, 4));
  expect(draw("f16")).toEqual([0.38671875, 1.4716796875, 0.1468505859375, -1.119140625]);
  expect(draw("bf16")).toEqual([-0.80859375, -1.53125, 0.40625, 0.171875]);
  expect(draw("f32")[0]).toBeCloseTo(1.9269153, 6);
});

test("numpy's normals are those of RandomState(0), and go on where they were", () => {
  const generator = numpyGenerator(0);
  const drawn = [...generator.normals(1), ...generator.normals(4)];
  const known = [1.764052345967664, 0.4001572083672233, 0.9787379841057392, 2.240893199201458, 1.8675579901499675];
  for (const [i, value] of known.entries()) expect(drawn[i]).toBeCloseTo(value, 14);
});

const kinds: [string, (seed: Seed) => Random][] = [
  ["cpu", cpuGenerator],
  ["cuda", cudaGenerator],
  ["numpy", numpyGenerator],
];

describe.each(kinds)("%s generator", (kind, make) => {
  test("one seed, one stream; another seed, another", () => {
    expect(make(0).randn([2, 9])).toEqual(make(0).randn([2, 9]));
    expect(make(0).randn([18]).data).not.toEqual(make(1).randn([18]).data);
  });

  test("negative seeds wrap mod 2⁶⁴, large ones count whole", () => {
    const first = (seed: Seed) => make(seed).randn([32]).data;
    expect(first(-1)).toEqual(first(2n ** 64n - 1n));
    expect(first(7n)).toEqual(first(7));
    // torch seeds MT19937 with the low 32 bits only; Philox has a key of 64.
    if (kind !== "cuda") expect(first(2n ** 32n + 5n)).toEqual(first(5));
    else expect(first(2n ** 32n + 5n)).not.toEqual(first(5));
  });

  test.each([0.5, Number.NaN, 2 ** 53])("seed %d is refused", (seed) => expect(() => make(seed)).toThrow(/^seed: /));

  test("a clone continues like its original, and apart from it", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 4 }), (sizes) => {
        const original = make(3);
        for (const n of sizes) original.randn([n]);
        const copy = original.clone();
        expect(copy.randn([5])).toEqual(original.randn([5]));
        original.randn([20]);
        expect(copy.clone().rand([4])).toEqual(copy.rand([4]));
      }),
      { numRuns: 20 },
    );
  });

  test("normals have mean 0 and variance 1; uniforms and integers fill their range evenly", () => {
    const generator = make(9);
    const { data } = generator.randn([40_000]);
    const mean = data.reduce((a, b) => a + b) / data.length;
    expect(Math.abs(mean)).toBeLessThan(0.02);
    expect(data.reduce((a, b) => a + b * b) / data.length).toBeCloseTo(1, 1);
    const counts = new Array(5).fill(0);
    for (let i = 0; i < 5000; i++) counts[generator.int(5)]++;
    for (const count of counts) expect(Math.abs(count - 1000)).toBeLessThan(150);
    const uniform = generator.rand([1000]).data;
    expect(Math.min(...uniform)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...uniform)).toBeLessThan(1);
    expect(uniform.reduce((a, b) => a + b) / 1000).toBeCloseTo(0.5, 1);
  });

  test("an image alone equals the same image in a batch", () => {
    const batch = perImage([make(1), make(2), make(3)]);
    const first = batch([3, 4, 8, 8]);
    const alone = make(2);
    expect(rows(first, 1).data).toEqual(alone.randn([1, 4, 8, 8]).data);
    expect(rows(batch([3, 4, 8, 8]), 1).data).toEqual(alone.randn([1, 4, 8, 8]).data);
    expect(() => batch([2, 4])).toThrow("3 generators cannot fill a batch of 2");
  });
});

test("fewer than 16 numbers come in pairs, and the second of a pair waits for the next call", () => {
  const together = cpuGenerator(11).normals(6);
  const generator = cpuGenerator(11);
  expect([...generator.normals(1), ...generator.normals(3), ...generator.normals(2)]).toEqual([...together]);
});
