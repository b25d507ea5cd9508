// flops: how much arithmetic one run of a graph is, by the ops that dominate it.
import { size } from "../tensor/tensor.ts";
import type { Graph } from "./trace.ts";
import { is } from "./value.ts";

/** Floating-point operations of one run: 2 per multiply-add of convolutions, products of matrices and attention; all else is left out. */
export function flops(graph: Graph): number {
  let total = 0;
  for (const v of graph.nodes) {
    if (is(v, "conv2d")) total += 2 * size(v.shape) * size(v.inputs[1].shape.slice(1));
    else if (is(v, "conv2dInput")) total += 2 * size(v.inputs[0].shape) * size(v.inputs[1].shape.slice(1));
    else if (is(v, "conv2dWeight")) {
      const [, o, h, w] = v.inputs[1].shape;
      total += 2 * v.inputs[0].shape[0] * h * w * size(v.shape.slice(1)) * o;
    } else if (is(v, "matmul")) total += 2 * size(v.shape) * v.inputs[0].shape.at(v.attrs.transA ? -2 : -1)!;
    else if (is(v, "attention")) total += 4 * size(v.shape) * v.inputs[1].shape[1];
  }
  return total;
}
