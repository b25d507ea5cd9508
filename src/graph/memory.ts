// memory: how many bytes one run of a graph needs besides its stored weights, before anything runs.
import { size } from "../tensor/tensor.ts";
import type { Graph } from "./trace.ts";
import { is, type Value } from "./value.ts";

/** The value whose bytes a reshaped one shares. */
const owner = (v: Value): Value => (is(v, "reshape") ? owner(v.inputs[0]) : v);

/** The most bytes of values that are alive at once: each from when it is made until its last use, in the order of `nodes`. */
export function liveBytes({ nodes, outputs }: Pick<Graph, "nodes" | "outputs">): number {
  const lastUse = new Map<Value, number>();
  for (const [i, v] of nodes.entries()) for (const x of v.inputs) lastUse.set(owner(x), i);
  for (const v of Object.values<Value>(outputs)) lastUse.set(owner(v), nodes.length);
  const ending = new Map<number, Value[]>();
  const made = (v: Value): boolean => owner(v) === v && !is(v, "param") && !is(v, "constant");
  for (const v of nodes)
    if (made(v)) {
      const end = lastUse.get(v) ?? 0;
      ending.set(end, [...(ending.get(end) ?? []), v]);
    }
  let live = 0;
  let most = 0;
  for (const [i, v] of nodes.entries()) {
    if (made(v)) live += 4 * size(v.shape);
    most = Math.max(most, live);
    for (const dead of ending.get(i) ?? []) live -= 4 * size(dead.shape);
  }
  return most;
}

/**
 * Bytes of the parameters that `narrow` says are stored in half precision, as float32, one of each shape: ONNX Runtime widens
 * each just before its use and keeps the memory for the next one of that shape.
 */
export function widenedBytes({ params }: Pick<Graph, "params">, narrow: (name: string) => boolean): number {
  const shapes = new Map<string, number>();
  for (const [name, { shape }] of params) if (narrow(name)) shapes.set(`${shape}`, 4 * size(shape));
  return [...shapes.values()].reduce((sum, bytes) => sum + bytes, 0);
}
