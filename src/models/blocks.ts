// Blocks: what U-Nets and autoencoders are built from, under diffusers' names.
import type { Params } from "../graph/params.ts";
import { rearrange } from "../graph/rearrange.ts";
import { concat, gelu, silu, type Value } from "../graph/value.ts";
import { multiHeadAttention, diffusersProjections as projections } from "../nn/attention.ts";
import { conv2d, type GroupNormOptions, groupNorm, layerNorm, linear } from "../nn/layers.ts";

/** diffusers: ResnetBlock2D. The time embedding [b,t], when there is one, is added between the two convolutions. */
export function resnet(p: Params, x: Value, out: number, norm: GroupNormOptions, temb?: Value): Value {
  let h = conv2d(p.at("conv1"), silu(groupNorm(p.at("norm1"), x, norm)), out);
  if (temb) h = h.add(linear(p.at("time_emb_proj"), silu(temb), out).reshape([temb.shape[0], out, 1, 1]));
  h = conv2d(p.at("conv2"), silu(groupNorm(p.at("norm2"), h, norm)), out, { start: "zero" });
  const skip = x.shape[1] === out ? x : conv2d(p.at("conv_shortcut"), x, out, { kernel: 1 });
  return skip.add(h);
}

/** Nearest-neighbour resize to height × width, then a convolution; diffusers: Upsample2D. */
export function upsample(p: Params, x: Value, height: number, width: number): Value {
  return conv2d(p.at("conv"), x.resize(height, width), x.shape[1]);
}

/** Two-layer perceptron with SiLU between; diffusers: TimestepEmbedding. */
export function timeMlp(p: Params, x: Value, out: number): Value {
  return linear(p.at("linear_2"), silu(linear(p.at("linear_1"), x, out)), out);
}

/** Value half times gelu of the gate half, then back to the width of x; diffusers: FeedForward with GEGLU. Shazeer 2020. */
export function feedForward(p: Params, x: Value): Value {
  const width = x.shape[2];
  const [value, gate] = linear(p.at("net.0.proj"), x, 8 * width).split(-1, 2);
  return linear(p.at("net.2"), value.mul(gelu(gate)), width, { start: "zero" });
}

/** One value for all of a batch as a value for each. */
export const each = (x: Value, batch: number): Value =>
  x.shape[0] === batch ? x : concat(0, ...new Array<Value>(batch).fill(x));

/** Self-attention, attention to the context, feed-forward, each on a normalised residual; diffusers: BasicTransformerBlock. */
export function basicTransformerBlock(p: Params, x: Value, context: Value, heads: number): Value {
  const options = { heads, projections, bias: false };
  const own = layerNorm(p.at("norm1"), x);
  let h = each(x.add(multiHeadAttention(p.at("attn1"), own, own, options)), context.shape[0]);
  h = h.add(multiHeadAttention(p.at("attn2"), layerNorm(p.at("norm2"), h), context, options));
  return h.add(feedForward(p.at("ff"), layerNorm(p.at("norm3"), h)));
}

export interface Transformer2dOptions {
  readonly layers: number;
  readonly heads: number;
  /** Whether the projections in and out are 1×1 convolutions or linear layers: the same sum, differently stored. */
  readonly projection: "conv" | "linear";
  readonly groups: number;
}

/**
 * Transformer blocks over the pixels of a picture [b,c,h,w], with context [b,n,k]; diffusers: Transformer2DModel. They begin at nothing, as in
 * the first latent diffusion models (Rombach et al. 2022).
 */
export function transformer2d(p: Params, x: Value, context: Value, options: Transformer2dOptions): Value {
  const [, channels, h] = x.shape;
  const project = (name: string, v: Value): Value => {
    const start = name === "proj_out" ? "zero" : "default";
    return options.projection === "linear"
      ? linear(p.at(name), v, channels, { start })
      : conv2d(p.at(name), v, channels, { kernel: 1, start });
  };
  const toTokens = (v: Value): Value => rearrange(v, "b c h w -> b (h w) c");
  const toPicture = (v: Value): Value => rearrange(v, "b (h w) c -> b c h w", { h });

  const normed = groupNorm(p.at("norm"), x, { groups: options.groups, eps: 1e-6 });
  let tokens =
    options.projection === "linear" ? project("proj_in", toTokens(normed)) : toTokens(project("proj_in", normed));
  for (let i = 0; i < options.layers; i++)
    tokens = basicTransformerBlock(p.at("transformer_blocks").at(i), tokens, context, options.heads);
  const out =
    options.projection === "linear" ? toPicture(project("proj_out", tokens)) : project("proj_out", toPicture(tokens));
  return x.add(out);
}

/** Single-head self-attention over the pixels of a picture, residual inside; diffusers: Attention in AutoencoderKL. */
export function pixelAttention(p: Params, x: Value, norm: GroupNormOptions): Value {
  const tokens = rearrange(groupNorm(p.at("group_norm"), x, norm), "b c h w -> b (h w) c");
  const mixed = multiHeadAttention(p, tokens, tokens, { heads: 1, projections, bias: true });
  return x.add(rearrange(mixed, "b (h w) c -> b c h w", { h: x.shape[2] }));
}
