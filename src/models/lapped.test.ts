// Squares that overlap: nothing is lost, borders stay, and an error in one square leaves no edge.
import { expect, it } from "vitest";
import { trace } from "../graph/trace.ts";
import { evaluate } from "../runtime/reference.ts";
import { numpyGenerator } from "../tensor/random.ts";
import { tensor } from "../tensor/tensor.ts";
import { lap, overlap, unlap } from "./lapped.ts";
import { specs } from "./specs.ts";
import { vaeEncoderGraph } from "./vae.ts";

const both = (shape: readonly number[], side: number) =>
  trace({ x: shape }, (_, { x }) => ({ there: lap(x, side), undone: unlap(x, side), back: unlap(lap(x, side), side) }));

it.each([2, 4, 8, 16])(
  "what the overlap of squares of %i mixes can be undone, and is the same from either side",
  (side) => {
    const [there, back] = [overlap(side), overlap(side, true)];
    for (let i = 0; i < side; i++)
      for (let j = 0; j < side; j++) {
        let product = 0;
        for (let k = 0; k < side; k++) product += there[i * side + k] * back[k * side + j];
        expect(product).toBeCloseTo(Number(i === j), 6);
        expect(there[i * side + j]).toBe(there[(side - 1 - i) * side + side - 1 - j]);
      }
  },
);

it.each([
  [[2, 3, 16, 24], 8],
  [[1, 1, 8, 32], 8],
  [[1, 2, 8, 8], 8],
  [[1, 2, 12, 8], 4],
] as const)("pictures %j come back, and are hardly longer meanwhile", (shape, side) => {
  const graph = both(shape, side);
  const x = numpyGenerator(3).randn(shape);
  const { there, back } = evaluate(graph, { x });
  const length = ({ data }: { data: Iterable<number> }): number => Math.hypot(...data);
  expect(length(there) / length(x)).toBeGreaterThan(0.99);
  expect(length(there) / length(x)).toBeLessThan(1.15);
  for (const [i, value] of back.data.entries()) expect(value).toBeCloseTo(x.data[i], 5);
});

it("leaves a border of half a square, and mixes what lies along a cut", () => {
  const graph = both([1, 1, 8, 16], 8);
  const x = numpyGenerator(1).randn([1, 1, 8, 16]);
  const { there } = evaluate(graph, { x });
  for (let row = 0; row < 8; row++)
    for (let column = 0; column < 16; column++) {
      const same = there.data[row * 16 + column] === x.data[row * 16 + column];
      expect(same, `${row}, ${column}`).toBe(column < 4 || column >= 12);
    }
});

it("leaves an even picture even, and a square that is brighter fades out in its neighbours without an edge", () => {
  const graph = both([1, 1, 8, 24], 8);
  const row = (value: (column: number) => number): Float32Array =>
    Float32Array.from({ length: 8 * 24 }, (_, i) => value(i % 24));
  const even = evaluate(graph, {
    x: tensor(
      row(() => 0.5),
      [1, 1, 8, 24],
    ),
  });
  for (const value of even.there.data) expect(value).toBeCloseTo(0.5, 6);
  const bright = tensor(
    row((column) => Number(column >= 8 && column < 16)),
    [1, 1, 8, 24],
  );
  const { data } = evaluate(graph, { x: bright }).undone;
  for (let column = 0; column < 12; column++) {
    expect(data[column]).toBeCloseTo(data[23 - column], 6);
    const step = data[column + 1] - data[column];
    expect(step).toBeGreaterThan(-1e-3);
    expect(step).toBeLessThan(0.25); // a hard square has a step of 1
  }
  expect(Math.abs(data[4])).toBeLessThan(0.02);
  expect(Math.abs(data[11] - 1)).toBeLessThan(0.02);
});

it("an encoder with overlap hears of pixels beyond its square, one without does not", () => {
  const heard = (lapped: boolean): number => {
    const spec = { ...specs.small.vae, latentChannels: 1, lapped };
    const graph = vaeEncoderGraph(spec, 1, 8, 16);
    const weights = Object.fromEntries(
      [...graph.params].map(([name, { shape }]) => [
        name,
        tensor(new Float32Array(shape.reduce((a, b) => a * b)).fill(1), shape),
      ]),
    );
    weights["encoder.linear_path.weight"].data.forEach((_, i, all) => {
      all[i] = i % 8; // not even, or what is turned would cancel out
    });
    const x = new Float32Array(3 * 8 * 16);
    x[8] = 1; // the first pixel of the second square
    return evaluate(graph, { picture: tensor(x, [1, 3, 8, 16]) }, weights).mean.data[0] - 1;
  };
  expect(heard(false)).toBe(0);
  expect(Math.abs(heard(true))).toBeGreaterThan(0.1);
});
