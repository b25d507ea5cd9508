// CLIP's vision encoder: a picture to one vector per patch, and one for the whole. transformers: CLIPVisionModelWithProjection.
import type { Params } from "../graph/params.ts";
import { rearrange } from "../graph/rearrange.ts";
import { trace } from "../graph/trace.ts";
import { concat, silu, type Value } from "../graph/value.ts";
import { normal } from "../nn/init.ts";
import { conv2d, groupNorm, layerNorm, linear } from "../nn/layers.ts";
import { type ClipLayers, clipLayers } from "./clip-layers.ts";

/** What tells one vision encoder from another. */
export interface ClipVisionSpec extends ClipLayers {
  /** Side of the picture it takes, in pixels. */
  readonly image: number;
  /** Side of a patch, in pixels. */
  readonly patch: number;
  /** Width of the embedding shared with texts. */
  readonly projection: number;
  /** Channels of convolutions before the patches, each at half the size of what it sees; none in CLIP's own. */
  readonly stem?: readonly number[];
}

/** What a vision encoder knows about pictures. */
export interface VisionStates {
  /** The residual stream [b,1 + patches,c]: after the first normalisation, then after each layer. */
  readonly hiddenStates: readonly Value[];
  /** The last of them; transformers does not normalise it. */
  readonly lastHiddenState: Value;
  /** The class token of the last, normalised [b,c]. */
  readonly pooled: Value;
  /** In the space shared with texts [b,projection]; not of unit length. */
  readonly imageEmbeds: Value;
}

/** Encode pictures [b,3,image,image], normalised by CLIP's channel means and deviations. Dosovitskiy et al. 2020, Radford et al. 2021. */
export function clipVision(root: Params, spec: ClipVisionSpec, pixels: Value): VisionStates {
  const p = root.at("vision_model");
  const { hidden, eps } = spec;
  const [batch, , height, width] = pixels.shape;
  if (height !== spec.image || width !== spec.image)
    throw new RangeError(`clip-vision: a picture of ${width}×${height}, the model wants ${spec.image}×${spec.image}`);

  const { seen, left } = stemmed(p.at("embeddings.stem"), spec, pixels);
  const options = { kernel: left, stride: left, padding: 0, bias: false };
  const patches = conv2d(p.at("embeddings.patch_embedding"), seen, hidden, options);
  const tokens = rearrange(patches, "b c h w -> b (h w) c");
  const first = p.at("embeddings").get("class_embedding", [hidden], normal(0.02));
  const sequence = concat(1, first.reshape([1, 1, hidden]).broadcast([batch, 1, hidden]), tokens);
  const places = p.at("embeddings.position_embedding").get("weight", [sequence.shape[1], hidden], normal(0.02));
  const x = layerNorm(p.at("pre_layrnorm"), sequence.add(places), eps);

  const hiddenStates = clipLayers(p.at("encoder.layers"), spec, x, { causal: false });
  const lastHiddenState = hiddenStates[hiddenStates.length - 1];
  const pooled = layerNorm(p.at("post_layernorm"), lastHiddenState.slice(1, 0, 1).reshape([batch, hidden]), eps);
  const imageEmbeds = linear(root.at("visual_projection"), pooled, spec.projection, { bias: false });
  return { hiddenStates, lastHiddenState, pooled, imageEmbeds };
}

/** Convolutions that a small vision encoder learns sooner with, and how much of a patch's side is left after them. Xiao et al. 2021. */
function stemmed(p: Params, { patch, stem = [] }: ClipVisionSpec, pixels: Value): { seen: Value; left: number } {
  let seen = pixels;
  for (const [i, channels] of stem.entries())
    seen = silu(groupNorm(p.at(`${i}.norm`), conv2d(p.at(`${i}.conv`), seen, channels, { stride: 2 }), { groups: 8 }));
  return { seen, left: patch / 2 ** stem.length };
}

/** The vision encoder as a graph; `penultimate` is transformers' hidden_states[-2]. */
export const clipVisionGraph = (spec: ClipVisionSpec, batch: number) =>
  trace({ pixels: [batch, 3, spec.image, spec.image] }, (p, { pixels }) => {
    const states = clipVision(p, spec, pixels);
    return {
      last_hidden_state: states.lastHiddenState,
      penultimate: states.hiddenStates[states.hiddenStates.length - 2],
      pooled: states.pooled,
      image_embeds: states.imageEmbeds,
    };
  });
