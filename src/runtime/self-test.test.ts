// The self-test: passed by what computes rightly, failed by what is off anywhere.
import { expect, it } from "vitest";
import { ortNode } from "./ort-node.ts";
import { referenceRuntime } from "./reference.ts";
import type { Program, Runtime } from "./runtime.ts";
import { selfTest } from "./self-test.ts";

it("is passed by ONNX Runtime", async () => {
  await using runtime = await ortNode({ threads: 1 });
  expect(await selfTest(runtime)).toBeUndefined();
});

it.each([0.01, Number.NaN])("says by how much a device is off: %s", async (off) => {
  const sound = referenceRuntime();
  const broken: Runtime = {
    ...sound,
    async compile(graph, weights) {
      const program = await sound.compile(graph, weights);
      const run: typeof program.run = async (inputs, params) => {
        const results = await program.run(inputs, params);
        for (const { data } of Object.values<{ data: Float32Array }>(results)) data[5] += off;
        return results;
      };
      return { ...program, run } satisfies Program;
    },
  };
  expect(await selfTest(broken)).toMatch(Number.isNaN(off) ? /computes wrongly/ : /off by 0\.010/);
});
