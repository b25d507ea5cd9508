// trace: call a model function once with symbols and keep what it drew, in order.
import type { Shape } from "../tensor/tensor.ts";
import type { ValueType } from "./ops.ts";
import { type Params, parameters } from "./params.ts";
import { input, is, type Value } from "./value.ts";

/** What an input of a graph looks like: its shape, and its dtype where that is not f32. */
export type Spec = Shape | { readonly shape: Shape; readonly dtype: ValueType };

/** A traced model. `nodes` are all values that the outputs need, each after its operands. */
export interface Graph<In extends string = string, Out extends string = string> {
  readonly inputs: { readonly [K in In]: Value };
  readonly outputs: { readonly [K in Out]: Value };
  /** The parameters in use, by checkpoint name, in order of declaration. */
  readonly params: ReadonlyMap<string, Value<"param">>;
  readonly nodes: readonly Value[];
}

/** Draw a model: `model` gets the root of its weights and one symbol per input, and returns its named results. */
export function trace<In extends string, Out extends string>(
  inputs: Readonly<Record<In, Spec>>,
  model: (p: Params, inputs: Readonly<Record<In, Value>>) => Readonly<Record<Out, Value>>,
): Graph<In, Out> {
  const symbols = Object.fromEntries(
    Object.entries<Spec>(inputs).map(([name, spec]) =>
      "shape" in spec ? [name, input(name, spec.shape, spec.dtype)] : [name, input(name, spec)],
    ),
  ) as Record<In, Value>;
  return graph(symbols, model(parameters().root, symbols));
}

/** The graph between given symbols and results. */
export function graph<In extends string, Out extends string>(
  inputs: Readonly<Record<In, Value>>,
  outputs: Readonly<Record<Out, Value>>,
): Graph<In, Out> {
  const nodes = ordered(Object.values<Value>(outputs));
  const params = nodes.filter((v) => is(v, "param")).sort((a, b) => a.id - b.id);
  return { inputs, outputs, nodes, params: new Map(params.map((v) => [v.attrs.name, v])) };
}

/** Every value that `roots` need, each after its operands; an explicit stack, so depth does not matter. */
export function ordered(roots: readonly Value[]): Value[] {
  const out: Value[] = [];
  const seen = new Set<Value>();
  const stack: { value: Value; next: number }[] = [];
  for (const root of roots) {
    if (!seen.has(root)) stack.push({ value: root, next: 0 });
    seen.add(root);
    while (stack.length > 0) {
      const top = stack[stack.length - 1];
      const child = top.value.inputs[top.next++];
      if (child === undefined) {
        out.push(top.value);
        stack.pop();
      } else if (!seen.has(child)) {
        seen.add(child);
        stack.push({ value: child, next: 0 });
      }
    }
  }
  return out;
}
