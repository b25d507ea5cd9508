// The conditional U-Net: from a noisy latent, how noisy it is, and a context, to the prediction. diffusers: UNet2DConditionModel.
import { GraphError } from "../graph/ops.ts";
import type { Params } from "../graph/params.ts";
import { type Graph, trace } from "../graph/trace.ts";
import { concat, silu, type Value } from "../graph/value.ts";
import { conv2d, groupNorm, linear } from "../nn/layers.ts";
import { type Factors, withLora } from "../nn/lora.ts";
import { each, resnet, timeMlp, transformer2d, upsample } from "./blocks.ts";

/** One resolution of a U-Net, from fine to coarse. */
export interface UnetLevel {
  readonly channels: number;
  /** Heads of attention; diffusers' configs call this attention_head_dim. */
  readonly heads: number;
  /** One number for each resnet on the way down: the transformer blocks that follow it, 0 for none. */
  readonly down: readonly number[];
  /** The same on the way up, where a level has one resnet more. */
  readonly up: readonly number[];
}

/** What tells one U-Net from another. */
export interface UnetSpec {
  readonly inChannels: number;
  readonly outChannels: number;
  readonly levels: readonly UnetLevel[];
  /** Transformer blocks between the two resnets of the middle; 0 for a single resnet, absent where there is no middle. */
  readonly middle?: number;
  /** Width of the context's tokens. */
  readonly contextChannels: number;
  readonly projection: "conv" | "linear";
  readonly norm: { readonly groups: number; readonly eps: number };
  /** The sinusoid that `time` is made by. */
  readonly time: { readonly flipSinToCos: boolean; readonly freqShift: number };
  /**
   * Conditioning through the time embedding (SDXL): width of the sinusoid of each time id, and of pooled text and sinusoids
   * together. Without time ids the text is all of it.
   */
  readonly addition?: { readonly timeChannels: number; readonly channels: number };
  /**
   * Whether the sample, each channel scaled as its time asks, is added to the result: a velocity is half noise, which the
   * convolutions then need not carry through their norms (c_skip of Karras et al. 2022, §5, learnt). Ours alone.
   */
  readonly inputSkip: boolean;
  /** Side of the latents it was trained for. */
  readonly sampleSize: number;
}

/** What a U-Net takes. */
export interface UnetInputs {
  /** Noisy latents [b,inChannels,h,w], scaled as the sampler says. */
  readonly sample: Value;
  /** Sinusoids of the timesteps [b,levels[0].channels]: `timestepEmbedding` makes them. */
  readonly time: Value;
  /** Tokens [b,n,contextChannels]. Of the sample there may be one for all of them: what they do not touch is computed once. */
  readonly context: Value;
  /** Pooled text and sinusoids of the time ids [b,addition.channels], where the spec has `addition`. */
  readonly added?: Value;
}

/** The prediction [b,outChannels,h,w]; ε, v or flow as the weights were trained. Ronneberger et al. 2015, Rombach et al. 2022. */
export function unet(p: Params, spec: UnetSpec, { sample, time, context, added }: UnetInputs): Value {
  const { levels, middle, norm, projection } = spec;
  const width = 4 * levels[0].channels;
  const clock = timeMlp(p.at("time_embedding"), time, width);
  let temb = clock;
  if (added && added.shape[1] !== spec.addition?.channels)
    throw new GraphError(
      `unet: added has ${added.shape[1]} channels; the spec wants ${spec.addition?.channels ?? "none"}`,
    );
  if (added) temb = temb.add(timeMlp(p.at("add_embedding"), added, width));

  const attend = (at: Params, x: Value, heads: number, layers: number): Value =>
    layers === 0 ? x : transformer2d(at, x, context, { layers, heads, projection, groups: norm.groups });

  let h = conv2d(p.at("conv_in"), sample, levels[0].channels);
  const skips = [h];
  for (const [i, { channels, heads, down }] of levels.entries()) {
    const block = p.at("down_blocks").at(i);
    for (const [j, transformers] of down.entries()) {
      h = resnet(block.at("resnets").at(j), h, channels, norm, temb);
      h = attend(block.at("attentions").at(j), h, heads, transformers);
      skips.push(h);
    }
    if (i === levels.length - 1) continue;
    h = conv2d(block.at("downsamplers.0.conv"), h, channels, { stride: 2, padding: 1 });
    skips.push(h);
  }

  const mid = p.at("mid_block");
  const { channels: deepest, heads: midHeads } = levels[levels.length - 1];
  if (middle !== undefined) h = resnet(mid.at("resnets.0"), h, deepest, norm, temb);
  if (middle) {
    h = attend(mid.at("attentions.0"), h, midHeads, middle);
    h = resnet(mid.at("resnets.1"), h, deepest, norm, temb);
  }

  for (const [i, { channels, heads, up }] of [...levels].reverse().entries()) {
    const block = p.at("up_blocks").at(i);
    for (const [j, transformers] of up.entries()) {
      const skip = skips.pop()!;
      h = resnet(block.at("resnets").at(j), concat(1, h, each(skip, h.shape[0])), channels, norm, temb);
      h = attend(block.at("attentions").at(j), h, heads, transformers);
    }
    const next = skips.at(-1);
    if (next) h = upsample(block.at("upsamplers.0"), h, next.shape[2], next.shape[3]);
  }
  const last = silu(groupNorm(p.at("conv_norm_out"), h, norm));
  const made = conv2d(p.at("conv_out"), last, spec.outChannels, { start: "zero" });
  if (!spec.inputSkip) return made;
  const gain = linear(p.at("input_skip"), silu(clock), spec.outChannels, { start: "zero" });
  return made.add(sample.mul(gain.reshape([time.shape[0], spec.outChannels, 1, 1])));
}

/** Sizes to trace a U-Net for; height and width are those of the latents. */
export interface UnetSizes {
  /** Contexts, and results. */
  readonly batch: number;
  /** Samples and times: as many, or 1 for all contexts. */
  readonly samples?: number;
  readonly height: number;
  readonly width: number;
  readonly tokens: number;
}

/**
 * The U-Net as a graph; where the spec has `addition` it takes `added` as a fourth input.
 * @param lora knows the factors that are added to its weights, further parameters of the graph
 */
export function unetGraph(
  spec: UnetSpec,
  sizes: UnetSizes,
  lora?: Factors,
): Graph<"sample" | "time" | "context", "sample"> {
  const { batch, samples = batch, height, width, tokens } = sizes;
  if (samples !== 1 && samples !== batch)
    throw new GraphError(`unet: ${samples} samples under ${batch} contexts; there must be as many, or 1 sample`);
  const inputs = {
    sample: [samples, spec.inChannels, height, width],
    time: [samples, spec.levels[0].channels],
    context: [batch, tokens, spec.contextChannels],
    ...(spec.addition && { added: [batch, spec.addition.channels] }),
  };
  return trace<"sample" | "time" | "context", "sample">(inputs, (p, values: UnetInputs) => ({
    sample: each(unet(lora ? withLora(p, lora) : p, spec, values), batch),
  }));
}
