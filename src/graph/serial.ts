// serial: a graph as plain data and back, so that it can cross to another process or thread.
import { GraphError, type OpName, type Ops } from "./ops.ts";
import { type Graph, graph, ordered } from "./trace.ts";
import { draw, is, type Value } from "./value.ts";

/** One op: its attributes (initialisers left out) and its operands, by their places in the list. */
export type NodeData = {
  [K in OpName]: { readonly op: K; readonly attrs: Omit<Ops[K], "init">; readonly inputs: readonly number[] };
}[OpName];

/** A graph that structured cloning can copy; JSON can too, but for the arrays of constants. */
export interface GraphData<In extends string = string, Out extends string = string> {
  /** Each after its operands. */
  readonly nodes: readonly NodeData[];
  readonly inputs: Readonly<Record<In, number>>;
  readonly outputs: Readonly<Record<Out, number>>;
}

const places = <K extends string>(values: Readonly<Record<K, Value>>, at: ReadonlyMap<Value, number>) =>
  Object.fromEntries(Object.entries<Value>(values).map(([name, v]) => [name, at.get(v)])) as Record<K, number>;

/** A graph as plain data. Parameters keep names and shapes; how to initialise them is a function, and stays behind. */
export function serialize<In extends string, Out extends string>(g: Graph<In, Out>): GraphData<In, Out> {
  // Inputs (used or not) and parameters go first, these in order of declaration: drawing anew then declares them in the same order.
  const values = ordered([...Object.values<Value>(g.inputs), ...g.params.values(), ...Object.values<Value>(g.outputs)]);
  const at = new Map(values.map((v, i) => [v, i]));
  const nodes = values.map((v) => {
    const { init: _, ...attrs } = is(v, "param") ? v.attrs : { ...v.attrs, init: undefined };
    return { op: v.op, attrs, inputs: v.inputs.map((i) => at.get(i)) } as NodeData;
  });
  return { nodes, inputs: places(g.inputs, at), outputs: places(g.outputs, at) };
}

function uninitialised(): never {
  throw new GraphError("serial: a graph that crossed a border has no initialisers; initialise its parameters before");
}

/**
 * Draw a graph anew from plain data.
 * @throws GraphError when the shapes do not fit, as when it was drawn first
 */
export function deserialize<In extends string, Out extends string>(data: GraphData<In, Out>): Graph<In, Out> {
  const values: Value[] = [];
  for (const { op, attrs, inputs } of data.nodes) {
    const whole = (op === "param" ? { ...attrs, init: uninitialised } : attrs) as Ops[typeof op];
    values.push(draw(op, whole, ...inputs.map((i) => values[i])));
  }
  const named = <K extends string>(at: Readonly<Record<K, number>>) =>
    Object.fromEntries(Object.entries<number>(at).map(([name, i]) => [name, values[i]])) as Record<K, Value>;
  return graph(named(data.inputs), named(data.outputs));
}
