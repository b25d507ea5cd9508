// The autoencoder between pictures and latents. diffusers: AutoencoderKL; Kingma & Welling 2013, Rombach et al. 2022.
import type { Params } from "../graph/params.ts";
import { rearrange } from "../graph/rearrange.ts";
import { type Graph, trace } from "../graph/trace.ts";
import { constant, silu, type Value } from "../graph/value.ts";
import { conv2d, groupNorm, type Start } from "../nn/layers.ts";
import { full } from "../tensor/tensor.ts";
import { pixelAttention, resnet, upsample } from "./blocks.ts";
import { lap, unlap } from "./lapped.ts";

/** What tells one autoencoder from another. */
export interface VaeSpec {
  /** Channels of a picture. */
  readonly channels: number;
  readonly latentChannels: number;
  readonly blockOutChannels: readonly number[];
  readonly layersPerBlock: number;
  readonly groups: number;
  /** Whether the middle attends over all pixels. */
  readonly midAttention: boolean;
  /** Whether a 1×1 convolution follows the encoder and precedes the decoder. */
  readonly quantConv: boolean;
  readonly postQuantConv: boolean;
  /** Pixels of a patch×patch square become channels before the encoder, and back after the decoder (as in Wan 2.2). */
  readonly patch: number;
  /**
   * Whether the encoder is one linear map of each square that a latent pixel spans, and the decoder adds its convolutions to
   * one back: a path without parameters to unlearn, as DC-AE's residual autoencoding has (Chen et al. 2024). Ours alone.
   */
  readonly linearPath: boolean;
  /** Whether the squares of the linear path overlap, as `lap` says. Ours alone. */
  readonly lapped: boolean;
  /** Latents · scalingFactor have about unit variance. */
  readonly scalingFactor: number;
  /** Per channel, where the file tells them: latents are normalised by these before `scalingFactor`. */
  readonly latentsMean?: readonly number[];
  readonly latentsStd?: readonly number[];
}

/** How many pixels of a picture one latent pixel spans, along each axis. */
export const vaeFactor = (spec: VaeSpec): number => spec.patch * 2 ** (spec.blockOutChannels.length - 1);

/** Squares of patch×patch pixels as channels: [b,c,h,w] → [b,c·patch²,h/patch,w/patch], in the order of torch's pixel_unshuffle. */
export const patchify = (x: Value, patch: number): Value =>
  patch === 1 ? x : rearrange(x, "b c (h p) (w q) -> b (c p q) h w", { p: patch, q: patch });

/** Channels back to squares of pixels; torch: pixel_shuffle. */
export const unpatchify = (x: Value, patch: number): Value =>
  patch === 1 ? x : rearrange(x, "b (c p q) h w -> b c (h p) (w q)", { p: patch, q: patch });

const EPS = 1e-6;

function middle(p: Params, x: Value, spec: VaeSpec): Value {
  const norm = { groups: spec.groups, eps: EPS };
  const [, channels] = x.shape;
  let h = resnet(p.at("resnets.0"), x, channels, norm);
  if (spec.midAttention) h = pixelAttention(p.at("attentions.0"), h, norm);
  h = resnet(p.at("resnets.1"), h, channels, norm);
  return h;
}

const last = (p: Params, x: Value, out: number, groups: number, start: Start = "default"): Value =>
  conv2d(p.at("conv_out"), silu(groupNorm(p.at("conv_norm_out"), x, { groups, eps: EPS })), out, { start });

/** Latents without a doubt: what a linear encoder says of its variance. */
const CERTAIN = -30;

/** Mean and log-variance [b,latentChannels,h/f,w/f] of the latents of pictures [b,channels,h,w] in −1…1. */
export function vaeEncode(
  root: Params,
  spec: VaeSpec,
  picture: Value,
): { readonly mean: Value; readonly logvar: Value } {
  const p = root.at("encoder");
  const norm = { groups: spec.groups, eps: EPS };
  const { blockOutChannels } = spec;
  if (spec.linearPath) {
    const factor = vaeFactor(spec);
    const square = { kernel: factor, stride: factor, padding: 0 };
    const pixels = spec.lapped ? lap(picture, factor) : picture;
    const mean = conv2d(p.at("linear_path"), pixels, spec.latentChannels, square);
    return { mean, logvar: constant(full(mean.shape, CERTAIN)) };
  }
  let h = conv2d(p.at("conv_in"), patchify(picture, spec.patch), blockOutChannels[0]);
  for (const [i, channels] of blockOutChannels.entries()) {
    const block = p.at("down_blocks").at(i);
    for (let j = 0; j < spec.layersPerBlock; j++) h = resnet(block.at("resnets").at(j), h, channels, norm);
    if (i < blockOutChannels.length - 1)
      h = conv2d(block.at("downsamplers.0.conv"), h, channels, { stride: 2, padding: [0, 0, 1, 1] });
  }
  h = last(p, middle(p.at("mid_block"), h, spec), 2 * spec.latentChannels, spec.groups);
  if (spec.quantConv) h = conv2d(root.at("quant_conv"), h, 2 * spec.latentChannels, { kernel: 1 });
  const [mean, logvar] = h.split(1, 2);
  return { mean, logvar: logvar.clip(-30, 20) };
}

/** Pictures [b,channels,h·f,w·f], about −1…1, of unscaled latents [b,latentChannels,h,w]. */
export function vaeDecode(root: Params, spec: VaeSpec, latents: Value): Value {
  const p = root.at("decoder");
  const norm = { groups: spec.groups, eps: EPS };
  const widths = [...spec.blockOutChannels].reverse();
  let h = spec.postQuantConv
    ? conv2d(root.at("post_quant_conv"), latents, spec.latentChannels, { kernel: 1 })
    : latents;
  h = conv2d(p.at("conv_in"), h, widths[0]);
  h = middle(p.at("mid_block"), h, spec);
  for (const [i, channels] of widths.entries()) {
    const block = p.at("up_blocks").at(i);
    for (let j = 0; j <= spec.layersPerBlock; j++) h = resnet(block.at("resnets").at(j), h, channels, norm);
    if (i < widths.length - 1) h = upsample(block.at("upsamplers.0"), h, 2 * h.shape[2], 2 * h.shape[3]);
  }
  h = last(p, h, spec.channels * spec.patch ** 2, spec.groups, spec.linearPath ? "zero" : "default");
  const detail = unpatchify(h, spec.patch);
  if (!spec.linearPath) return detail;
  const factor = vaeFactor(spec);
  const squares = conv2d(p.at("linear_path"), latents, spec.channels * factor ** 2, { kernel: 1 });
  const pixels = unpatchify(squares, factor);
  return detail.add(spec.lapped ? unlap(pixels, factor) : pixels);
}

/** The encoder as a graph, for pictures of the given size in pixels. */
export const vaeEncoderGraph = (
  spec: VaeSpec,
  batch: number,
  height: number,
  width: number,
): Graph<"picture", "mean" | "logvar"> =>
  trace({ picture: [batch, spec.channels, height, width] }, (p, { picture }) => vaeEncode(p, spec, picture));

/** The decoder as a graph, for latents of the given size. */
export function vaeDecoderGraph(
  spec: VaeSpec,
  batch: number,
  height: number,
  width: number,
): Graph<"latents", "picture"> {
  const shape = [batch, spec.latentChannels, height, width];
  return trace({ latents: shape }, (p, { latents }) => ({ picture: vaeDecode(p, spec, latents) }));
}
