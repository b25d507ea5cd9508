// The op suite on every runtime, against the reference in double precision.
import { afterAll, describe, expect, it } from "vitest";
import type { OpName } from "../src/graph/ops.ts";
import { isolated } from "../src/runtime/isolated.ts";
import { ortNode } from "../src/runtime/ort-node.ts";
import { evaluate, referenceRuntime } from "../src/runtime/reference.ts";
import type { Runtime } from "../src/runtime/runtime.ts";
import { fromTensors } from "../src/weights/weights.ts";
import { cases, drawn } from "./ops.ts";

const runtimes: readonly Runtime[] = [referenceRuntime(), await ortNode({ threads: 1 }), isolated()];

/** √(Σ(x−y)²/Σy²). */
function relativeError(x: ArrayLike<number>, y: Float64Array): number {
  const error = Math.hypot(...y.map((v, i) => x[i] - v));
  return error === 0 ? 0 : error / Math.hypot(...y);
}

for (const runtime of runtimes)
  describe(runtime.name, () => {
    afterAll(() => runtime[Symbol.asyncDispose]());
    for (const op of Object.keys(cases) as OpName[])
      it.each(cases[op].map((c) => [c.name, c] as const))(`${op}: %s`, async (_, c) => {
        const { graph, inputs, params } = drawn(c);
        const expected = evaluate(graph, inputs, params).y;
        const ways = graph.params.size > 0 ? [undefined, fromTensors(params)] : [undefined];
        for (const weights of ways) {
          await using program = await runtime.compile(graph, weights);
          const { y } = await program.run(inputs, weights ? undefined : params);
          expect(y.dtype).toBe("f32");
          expect(y.shape).toEqual(expected.shape);
          expect(relativeError(y.data, expected.data)).toBeLessThanOrEqual(2e-6);
        }
      });
  });
