import { describe, expect, it } from "vitest";
import { unetSpec } from "../models/config.ts";
import { configs } from "../models/specs.ts";
import { unetGraph } from "../models/unet.ts";
import { size } from "../tensor/tensor.ts";
import { liveBytes, widenedBytes } from "./memory.ts";
import { trace } from "./trace.ts";
import { concat, type Value } from "./value.ts";

const KB = 256; // values of four bytes

describe("memory", () => {
  it("counts what is alive at once: a chain needs two of its links, whatever its length", () => {
    for (const links of [1, 5, 50]) {
      const chain = trace({ x: [KB] }, (_, { x }) => {
        let y = x;
        for (let i = 0; i < links; i++) y = y.affine(2, 1);
        return { y };
      });
      expect(liveBytes(chain)).toBe(2 * 1024);
    }
  });

  it("keeps what is needed later, and not what is only another shape of the same bytes", () => {
    const skipped = trace({ x: [KB] }, (_, { x }) => ({ y: concat(0, x.affine(2, 1).affine(2, 1).affine(2, 1), x) }));
    expect(liveBytes(skipped)).toBe(4 * 1024);
    const reshaped = trace({ x: [KB] }, (_, { x }) => {
      const wide = x.reshape([2, 128]);
      return { y: concat(0, wide.affine(2, 1), wide), z: x.affine(3, 1) };
    });
    expect(liveBytes(reshaped)).toBe(4 * 1024);
  });

  it("grows with a picture's area, is never more than all values together, and never less than the largest", () => {
    const spec = unetSpec(configs.small.unet);
    const at = (side: number) => unetGraph(spec, { batch: 1, height: side, width: side, tokens: 8 });
    const values = (side: number): number[] => at(side).nodes.map((v: Value) => 4 * size(v.shape));
    const live = liveBytes(at(32));
    expect(live).toBeGreaterThanOrEqual(
      Math.max(
        ...at(32)
          .nodes.filter((v) => v.op !== "param")
          .map((v) => 4 * size(v.shape)),
      ),
    );
    expect(live).toBeLessThan(values(32).reduce((a, b) => a + b, 0));
    expect(live / liveBytes(at(16))).toBeGreaterThan(3);
    expect(live / liveBytes(at(16))).toBeLessThan(4.5);
  });

  it("widens one weight of each shape", () => {
    const graph = unetGraph(unetSpec(configs.small.unet), { batch: 1, height: 4, width: 4, tokens: 8 });
    const shapes = new Set([...graph.params.values()].map(({ shape }) => `${shape}`));
    const sizes = [...shapes].map((shape) => 4 * shape.split(",").reduce((n, d) => n * Number(d), 1));
    expect(widenedBytes(graph, () => true)).toBe(sizes.reduce((a, b) => a + b, 0));
    expect(widenedBytes(graph, () => false)).toBe(0);
  });
});
