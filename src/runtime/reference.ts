// The reference runtime: evaluates a graph in double precision, one op after another. The oracle of every other runtime.
import type { Graph } from "../graph/trace.ts";
import { is, type Value } from "../graph/value.ts";
import { toFloat } from "../tensor/dtype.ts";
import { type AnyTensor, type Shape, sameShape, showShape, type Tensor } from "../tensor/tensor.ts";
import { check } from "../weights/weights.ts";
import type { Array64 } from "./reference-linear.ts";
import { type Computed, meaning } from "./reference-ops.ts";
import { checkInputs, type Runtime, RuntimeError } from "./runtime.ts";

export type { Array64 } from "./reference-linear.ts";
export { erf } from "./reference-ops.ts";

/** What `evaluate` takes: a tensor of any dtype, or double-precision numbers with their shape. */
export type Given = AnyTensor | Array64;

/**
 * Evaluate a graph in double precision. Operands are kept only until their last use.
 * @param params the parameters by checkpoint name
 * @throws RuntimeError when an input or a parameter is missing or has another shape than the graph wants
 */
export function evaluate<In extends string, Out extends string>(
  graph: Graph<In, Out>,
  inputs: Readonly<Record<In, Given>>,
  params: Readonly<Record<string, Given>> = {},
): Record<Out, Array64> {
  const outputs = Object.entries<Value>(graph.outputs);
  const waiting = new Map<Value, number>(); // how many readers each value still has; outputs are never released
  for (const [, v] of outputs) waiting.set(v, Number.POSITIVE_INFINITY);
  for (const v of graph.nodes) for (const operand of v.inputs) waiting.set(operand, (waiting.get(operand) ?? 0) + 1);

  const known = new Map<Value, Array64>();
  for (const v of graph.nodes) {
    if (is(v, "input"))
      known.set(v, given("input", v.attrs.name, v.shape, (inputs as Record<string, Given>)[v.attrs.name]));
    else if (is(v, "param")) known.set(v, given("parameter", v.attrs.name, v.shape, params[v.attrs.name]));
    else known.set(v, { shape: v.shape, data: compute(v as Value<Computed>, known) });
    for (const operand of v.inputs) {
      const left = waiting.get(operand)! - 1;
      waiting.set(operand, left);
      if (left === 0) known.delete(operand);
    }
  }
  return Object.fromEntries(outputs.map(([name, v]) => [name, known.get(v)])) as Record<Out, Array64>;
}

function compute<K extends Computed>(v: Value<K>, known: ReadonlyMap<Value, Array64>): Float64Array {
  return meaning[v.op](v.attrs, v.shape, ...v.inputs.map((operand) => known.get(operand)!));
}

function given(what: string, name: string, shape: Shape, x: Given | undefined): Array64 {
  if (!x) throw new RuntimeError(`run: ${what} ${name} ${showShape(shape)} is missing`);
  if (!sameShape(x.shape, shape))
    throw new RuntimeError(`run: ${what} ${name} is ${showShape(x.shape)}; the graph wants ${showShape(shape)}`);
  return { shape, data: "dtype" in x ? double(x) : x.data };
}

/** The same numbers in double precision. */
function double(x: AnyTensor): Float64Array {
  const wide = toFloat(x, "f64");
  return wide.dtype === "f64" ? wide.data : Float64Array.from(wide.data as Float32Array);
}

/** A runtime in plain TypeScript that runs anywhere: double precision inside, results rounded to f32 once, at the end. */
export function referenceRuntime(): Runtime {
  return {
    name: "reference",
    async compile(graph, weights) {
      const params = new Map<string, Array64>();
      if (weights) {
        check(
          weights,
          [...graph.params].map(([name, { shape }]) => ({ name, shape })),
        );
        for (const [name, { shape }] of graph.params)
          params.set(name, { shape, data: double(await weights.read(name)) });
      }
      const own = weights && Object.fromEntries(params);
      return {
        async run(inputs, given) {
          checkInputs(graph, inputs, own ? undefined : (given ?? {}));
          const results = Object.entries<Array64>(evaluate(graph, inputs, own ?? given));
          const rounded = results.map(([name, { shape, data }]): [string, Tensor] => [
            name,
            { dtype: "f32", shape, data: Float32Array.from(data) },
          ]);
          return Object.fromEntries(rounded) as Record<keyof typeof graph.outputs, Tensor>;
        },
        async [Symbol.asyncDispose]() {},
      };
    },
    async [Symbol.asyncDispose]() {},
  };
}
