// Whole networks: gradients and one step of AdamW against PyTorch's, by the reference and by ONNX Runtime.
import { describe, expect, it } from "vitest";
import { compareExactly, compareOnEngine, gradientCases } from "../../test/parity/training.ts";

describe.each(gradientCases().map((c) => [c.name, c] as const))("%s", (_, c) => {
  it.each([
    ["the reference", compareExactly],
    ["ONNX Runtime", compareOnEngine],
  ])(
    "has PyTorch's gradients and its loss after one step, on %s",
    async (_, compare) => {
      const rows = await compare(c);
      expect(rows.map((row) => row.checked)).toEqual([2 + 4 * 25, 1]);
      for (const { section, worst, tolerance } of rows) expect(worst, section).toBeLessThanOrEqual(tolerance);
    },
    300_000,
  );
});
