// Inpainting: what is known stays, what is drawn is the sampler's own, and the network sees both at the level it is told.
import { describe, expect, it } from "vitest";
import { cpuGenerator } from "../tensor/random.ts";
import { full, map, scale, type Tensor, tensor } from "../tensor/tensor.ts";
import { noised } from "./forward.ts";
import { guidedByPicture } from "./guidance-picture.ts";
import { inpainting, masked } from "./inpaint.ts";
import { vpTable } from "./noise-table.ts";
import { euler, eulerAncestral, finish } from "./samplers.ts";
import { karras } from "./schedules.ts";
import { lastSteps } from "./sigmas.ts";

const shape = [1, 2, 2, 2];
const random = cpuGenerator(3);
const [clean, noise] = [random.randn(shape), random.randn(shape)];
const mask = tensor([1, 0, 0, 1], [1, 1, 2, 2]);
const sigmas = karras(vpTable(), 6);
const half = (x: Tensor): Tensor => scale(x, 0.5);

describe.each([euler, eulerAncestral])("inpainting %o", (sample) => {
  const options = () => ({ noise: (s: readonly number[]) => cpuGenerator(9).randn(s) });
  it("keeps what is known, and shows it to the network with the same noise at every level but the first", async () => {
    const seen: [Tensor, number][] = [];
    const denoise = (x: Tensor, sigma: number): Tensor => {
      seen.push([x, sigma]);
      return half(x);
    };
    const x = scale(noise, sigmas.start);
    const last = await finish(inpainting(sample, { clean, noise, mask })(denoise, x, sigmas, options()));
    expect(masked(mask, clean, last)).toEqual(clean);
    expect(seen[0][0]).toEqual(x);
    for (const [at, sigma] of seen.slice(1)) {
      const known = noised(clean, noise, sigma);
      expect(masked(mask, known, at)).toEqual(known);
    }
  });
  it("draws elsewhere as the sampler alone does", async () => {
    const x = scale(noise, sigmas.start);
    const alone = await finish(sample(half, x, sigmas, options()));
    const held = await finish(inpainting(sample, { clean, noise, mask })(half, x, sigmas, options()));
    expect(masked(mask, held, alone)).toEqual(alone);
    const all = inpainting(sample, { clean, noise, mask: full([1, 1, 2, 2], 1) });
    expect(await finish(all(half, x, sigmas, options()))).toEqual(alone);
  });
});

it("the last steps of a walk are its last levels, with their times", () => {
  const rest = lastSteps(sigmas, 2);
  expect(rest.levels).toEqual(sigmas.levels.slice(-3));
  expect([rest.times, rest.start]).toEqual([sigmas.times.slice(-2), sigmas.levels[4]]);
  expect(() => lastSteps(sigmas, 0)).toThrow(/the last 0 of 6 steps/);
});

it("guidance by picture and words is eq. 3 of Brooks et al.", async () => {
  const [both, picture, neither] = [1, 10, 100].map((v) => () => map(clean, () => v));
  const sights = { both, picture, neither };
  const D = await guidedByPicture(sights, { words: 7, image: 2 })(clean, 1);
  expect([...D.data]).toEqual(Array.from({ length: 8 }, () => 100 + 2 * (10 - 100) + 7 * (1 - 10)));
  expect(guidedByPicture(sights, { words: 1, image: 1 })).toBe(both);
});
