// Attention maps: which words each place of a picture listens to, read off a U-Net's graph as further outputs.
import { graph as drawn, type Graph } from "../graph/trace.ts";
import { is, type Value } from "../graph/value.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** The outputs that `withAttention` adds begin so, and go on with the name of the layer. */
const PREFIX = "attention ";

/** Ends the name of the projection that keys come from where a U-Net attends to its context, in diffusers' layout. */
const TO_CONTEXT = /\.attn2\.to_k$/;

/**
 * A U-Net's graph that also says what its cross-attention computed: for each layer softmax(q·kᵀ/√d), averaged over the heads,
 * [b,places,tokens]. Nothing is drawn anew: queries and keys are those of the graph. Vaswani et al. 2017; Hertz et al. 2023, §3.
 */
export function withAttention<In extends string, Out extends string>(graph: Graph<In, Out>): Graph<In, string> {
  const outputs: Record<string, Value> = { ...graph.outputs };
  for (const v of graph.nodes) {
    if (!is(v, "attention")) continue;
    const [q, k] = v.inputs;
    if (!TO_CONTEXT.test(k.layer)) continue;
    outputs[`${PREFIX}${k.layer.replace(TO_CONTEXT, "")}`] = probabilities(q, k, v.attrs.heads);
  }
  return drawn(graph.inputs, outputs);
}

function probabilities(q: Value, k: Value, heads: number): Value {
  const width = q.shape[2] / heads;
  const split = (v: Value): Value => v.reshape([v.shape[0], v.shape[1], heads, width]).transpose([0, 2, 1, 3]);
  const scores = split(q).matmul(split(k), { transB: true });
  return scores
    .mul(1 / Math.sqrt(width))
    .softmax()
    .mean([1])
    .reshape([q.shape[0], q.shape[1], k.shape[1]]);
}

/** What one run of such a graph said, layer by layer: tensors [b,places,tokens], by the name of the layer. */
export const attentionOf = (outputs: Readonly<Record<string, Tensor>>): Map<string, Tensor> =>
  new Map(
    Object.entries(outputs).flatMap(([name, map]) =>
      name.startsWith(PREFIX) ? [[name.slice(PREFIX.length), map]] : [],
    ),
  );
