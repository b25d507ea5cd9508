// Parity of the networks with diffusers and transformers: every golden of theirs, on the reference runtime and on ONNX Runtime.
import { ortNode } from "../../src/runtime/ort-node.ts";
import { evaluate } from "../../src/runtime/reference.ts";
import type { Runtime } from "../../src/runtime/runtime.ts";
import { readAll } from "../../src/weights/weights.ts";
import { formulaWeights, goldenError, type ModelCase, modelCases, relativeRms, sinusoidError } from "../goldens.ts";

/** One section: how many outputs were compared, the worst relative rms error, and what is allowed. */
export interface ParityRow {
  readonly section: string;
  readonly checked: number;
  readonly worst: number;
  readonly tolerance: number;
}

/**
 * Relative rms errors allowed. `faint` inputs (a thousandth) leave a signal of 1e-3 beside biases of 0.1: rounding each op's
 * exact result to float32 once, which no float32 engine can undercut, already costs 2.4e-6 to 5.6e-6 there.
 */
export const tolerances = { exact: 1e-7, unit: 3e-6, faint: 1e-5, sinusoid: 5e-6 } as const;

/** Run one network: the reference against the golden, the engine against both, and against the reference once more with faint inputs. */
export async function compareModel(c: ModelCase, engine: Runtime): Promise<ParityRow[]> {
  const weights = formulaWeights(c.graph);
  const params = await readAll(weights);
  await using program = await engine.compile(c.graph, weights);
  const outputs = Object.entries(c.expected);
  const row = (what: string, tolerance: number, errors: readonly number[]): ParityRow => ({
    section: `${c.name}: ${what}`,
    checked: errors.length,
    worst: Math.max(...errors),
    tolerance,
  });

  const exact = evaluate(c.graph, c.inputs, params);
  const found = await program.run(c.inputs);
  const rows = [
    row(
      "reference to golden",
      tolerances.exact,
      outputs.map(([k, e]) => goldenError(exact[k].shape, exact[k].data, e)),
    ),
    row(
      `${engine.name} to golden`,
      tolerances.unit,
      outputs.map(([k, e]) => goldenError(found[k].shape, found[k].data, e)),
    ),
    row(
      `${engine.name} to reference`,
      tolerances.unit,
      outputs.map(([k]) => relativeRms(found[k].data, exact[k].data)),
    ),
  ];
  if (!c.faint) return rows;
  const faintExact = evaluate(c.graph, c.faint, params);
  const faint = await program.run(c.faint);
  const errors = outputs.map(([k]) => relativeRms(faint[k].data, faintExact[k].data));
  return [...rows, row(`${engine.name} to reference, inputs × 1e-3`, tolerances.faint, errors)];
}

/** The sinusoids of numbers, to the recorded tables: absolute error, as they are of unit size. */
export function compareSinusoids(): ParityRow {
  return { section: "timestep_embedding", ...sinusoidError(), tolerance: tolerances.sinusoid };
}

/** The numbers that `npm run parity` prints for the networks. */
export async function modelParity(): Promise<ParityRow[]> {
  await using engine = await ortNode({ threads: 1 });
  const rows = [compareSinusoids()];
  for (const c of modelCases()) rows.push(...(await compareModel(c, engine)));
  return rows;
}
