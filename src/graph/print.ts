// print: a graph as a person reads it, one line a node, parameters by their names.
import { showShape, size } from "../tensor/tensor.ts";
import type { Graph } from "./trace.ts";
import { is, type Value } from "./value.ts";

/** A listing of a graph: `%3 = conv2d(%1, conv_in.weight, conv_in.bias) stride=1 padding=1,1,1,1 : [1,320,64,64]`. */
export function listing(graph: Graph): string {
  const names = new Map<Value, string>();
  const lines: string[] = [];
  for (const v of graph.nodes) {
    if (is(v, "param") || is(v, "input")) names.set(v, v.attrs.name);
    else {
      const name = `%${names.size}`;
      names.set(v, name);
      const operands = v.inputs.map((i) => names.get(i)).join(", ");
      lines.push(`${name} = ${v.op}(${operands})${attributes(v)} : ${showShape(v.shape)}`);
    }
  }
  const show = ([name, v]: [string, Value]): string => `${name} ${showShape(v.shape)}`;
  const weights = [...graph.params.values()].reduce((n, v) => n + size(v.shape), 0);
  return [
    `inputs  ${Object.entries<Value>(graph.inputs).map(show).join(", ")}`,
    `weights ${graph.params.size} tensors, ${weights.toLocaleString("en")} parameters`,
    ...lines,
    `outputs ${Object.entries<Value>(graph.outputs)
      .map(([n, v]) => `${n} = ${names.get(v)} ${showShape(v.shape)}`)
      .join(", ")}`,
  ].join("\n");
}

function attributes(v: Value): string {
  if (is(v, "constant")) return v.attrs.tensor.data.length === 1 ? ` ${v.attrs.tensor.data[0]}` : "";
  return Object.entries(v.attrs)
    .map(([key, value]) => ` ${key}=${value}`)
    .join("");
}
