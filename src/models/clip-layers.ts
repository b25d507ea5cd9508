// The transformer that CLIP's text and vision encoders share. transformers: CLIPEncoder.
import type { Params } from "../graph/params.ts";
import { gelu, quickGelu, type Value } from "../graph/value.ts";
import { multiHeadAttention, clipProjections as projections } from "../nn/attention.ts";
import { layerNorm, linear } from "../nn/layers.ts";

/** Width, depth and activation of a stack of layers. */
export interface ClipLayers {
  readonly hidden: number;
  readonly heads: number;
  readonly layers: number;
  /** Width of the perceptron between the attentions. */
  readonly intermediate: number;
  readonly activation: "quick_gelu" | "gelu";
  /** Of the layer normalisations. */
  readonly eps: number;
}

const activations = { quick_gelu: quickGelu, gelu } as const;

function clipLayer(p: Params, spec: ClipLayers, x: Value, causal: boolean): Value {
  const normed = layerNorm(p.at("layer_norm1"), x, spec.eps);
  const options = { heads: spec.heads, projections, bias: true, causal };
  const h = x.add(multiHeadAttention(p.at("self_attn"), normed, normed, options));
  const wide = linear(p.at("mlp.fc1"), layerNorm(p.at("layer_norm2"), h, spec.eps), spec.intermediate);
  return h.add(linear(p.at("mlp.fc2"), activations[spec.activation](wide), spec.hidden, { start: "zero" }));
}

/** The residual stream [b,n,hidden] before the first layer and after each. */
export function clipLayers(p: Params, spec: ClipLayers, x: Value, { causal }: { readonly causal: boolean }): Value[] {
  const states = [x];
  for (let i = 0; i < spec.layers; i++) states.push(clipLayer(p.at(i), spec, states[i], causal));
  return states;
}
