// The door for config.json: what diffusers and transformers write beside their weights, read into specs.

import type { ClipSpec } from "./clip.ts";
import type { ClipLayers } from "./clip-layers.ts";
import type { ClipTextSpec } from "./clip-text.ts";
import type { ClipVisionSpec } from "./clip-vision.ts";
import { type Fields, fields } from "./fields.ts";
import type { UnetSpec } from "./unet.ts";
import type { VaeSpec } from "./vae.ts";

/**
 * Read a U-Net's config.json; absent fields mean what diffusers' UNet2DConditionModel takes them to mean.
 * @throws ConfigError naming the field that is wrong or asks for a variant this U-Net does not have
 */
export function unetSpec(config: unknown): UnetSpec {
  const f = fields("unet", config);
  f.only({
    _class_name: ["UNet2DConditionModel"],
    act_fn: ["silu", "swish"],
    addition_embed_type: ["text_time"],
    attention_type: ["default"],
    center_input_sample: [false],
    class_embed_type: [],
    conv_in_kernel: [3],
    conv_out_kernel: [3],
    downsample_padding: [1],
    dual_cross_attention: [false],
    encoder_hid_dim_type: [],
    mid_block_only_cross_attention: [false],
    mid_block_scale_factor: [1],
    mid_block_type: ["UNetMidBlock2DCrossAttn", "UNetMidBlock2D"],
    num_attention_heads: [],
    num_class_embeds: [],
    only_cross_attention: [false],
    resnet_out_scale_factor: [1],
    resnet_skip_time_act: [false],
    resnet_time_scale_shift: ["default"],
    time_cond_proj_dim: [],
    time_embedding_act_fn: [],
    time_embedding_dim: [],
    time_embedding_type: ["positional"],
    timestep_post_act: [],
  });
  const channels = f.numbers("block_out_channels");
  const count = channels.length;
  const heads = f.perLevel("attention_head_dim", count, 8);
  const layers = f.perLevel("layers_per_block", count, 2);
  const { down, up, deepest } = transformers(f, layers);
  return {
    inChannels: f.number("in_channels", 4),
    outChannels: f.number("out_channels", 4),
    levels: channels.map((c, i) => ({ channels: c, heads: heads[i], down: down[i], up: up[i] })),
    ...(!f.isNull("mid_block_type") && {
      middle: f.text("mid_block_type", MIDDLES, MIDDLES[0]) === MIDDLES[0] ? deepest : 0,
    }),
    contextChannels: f.number("cross_attention_dim", 1280),
    projection: f.boolean("use_linear_projection", false) ? "linear" : "conv",
    norm: { groups: f.number("norm_num_groups", 32), eps: f.number("norm_eps", 1e-5) },
    time: { flipSinToCos: f.boolean("flip_sin_to_cos", true), freqShift: f.number("freq_shift", 0) },
    ...(f.has("addition_embed_type") && {
      addition: {
        timeChannels: f.number("addition_time_embed_dim"),
        channels: f.number("projection_class_embeddings_input_dim"),
      },
    }),
    inputSkip: f.boolean("input_skip", false),
    sampleSize: f.number("sample_size", 64),
  };
}

/** The middle attends, or is one resnet alone (diffusers builds UNetMidBlock2D without further layers here). */
const MIDDLES = ["UNetMidBlock2DCrossAttn", "UNetMidBlock2D"] as const;

const DEPTHS = "transformer_layers_per_block";
const DEPTHS_BACK = "reverse_transformer_layers_per_block";

/**
 * How many transformer blocks follow each resnet, by level from fine to coarse. A depth is one number for a whole level or one
 * for each of its resnets; the way up mirrors the way down unless it has depths of its own.
 */
function transformers(f: Fields, layers: readonly number[]) {
  const count = layers.length;
  const depths = f.depths(DEPTHS, count, 1);
  const mirrored = () =>
    depths.every((depth) => typeof depth === "number")
      ? [...depths].reverse()
      : f.fail(DEPTHS_BACK, "the depths of the way up, since those of the way down differ within a level");
  const way = (
    blocks: string,
    kinds: Readonly<Record<string, boolean>>,
    name: string,
    of: typeof depths,
    extra: 0 | 1,
  ) => {
    const attends = f.texts(blocks).map((kind) => kinds[kind]);
    if (attends.length !== count || attends.includes(undefined as never))
      f.fail(blocks, `${count} names out of ${Object.keys(kinds).join(", ")}`);
    return attends.map((does, i) => {
      const depth = does ? of[i] : 0;
      const resnets = layers[extra ? count - 1 - i : i] + extra;
      if (typeof depth === "number") return new Array<number>(resnets).fill(depth);
      return depth.length === resnets ? depth : f.fail(name, `${resnets} depths in block ${i}, or one number`);
    });
  };
  const down = way("down_block_types", { DownBlock2D: false, CrossAttnDownBlock2D: true }, DEPTHS, depths, 0);
  const back = f.has(DEPTHS_BACK) ? f.depths(DEPTHS_BACK, count, 1) : mirrored();
  const up = way("up_block_types", { UpBlock2D: false, CrossAttnUpBlock2D: true }, DEPTHS_BACK, back, 1).reverse();
  const deepest = depths[count - 1];
  return { down, up, deepest: typeof deepest === "number" ? deepest : deepest[deepest.length - 1] };
}

/**
 * Read an autoencoder's config.json (diffusers' AutoencoderKL; `patch_size` as in Wan 2.2, where in_channels counts a patch's pixels).
 * @throws ConfigError naming the field that is wrong or asks for a variant this autoencoder does not have
 */
export function vaeSpec(config: unknown): VaeSpec {
  const f = fields("vae", config);
  const blockOutChannels = f.numbers("block_out_channels");
  const blocks = (kind: string): string[] => blockOutChannels.map(() => kind);
  f.only({
    _class_name: ["AutoencoderKL"],
    act_fn: ["silu", "swish"],
    down_block_types: [blocks("DownEncoderBlock2D")],
    up_block_types: [blocks("UpDecoderBlock2D")],
    shift_factor: [],
  });
  const patch = f.number("patch_size", 1);
  const packed = f.number("in_channels", 3);
  const channels = packed / patch ** 2;
  if (!Number.isInteger(channels)) f.fail("in_channels", `a multiple of patch_size² = ${patch ** 2}`);
  if (f.number("out_channels", packed) !== packed) f.fail("out_channels", `in_channels, ${packed}`);
  return {
    channels,
    latentChannels: f.number("latent_channels", 4),
    blockOutChannels,
    layersPerBlock: f.number("layers_per_block", 1),
    groups: f.number("norm_num_groups", 32),
    midAttention: f.boolean("mid_block_add_attention", true),
    quantConv: f.boolean("use_quant_conv", true),
    postQuantConv: f.boolean("use_post_quant_conv", true),
    patch,
    linearPath: f.boolean("linear_path", false),
    lapped: f.boolean("lapped", false),
    scalingFactor: f.number("scaling_factor", 0.18215),
    ...(f.has("latents_mean") && { latentsMean: f.numbers("latents_mean") }),
    ...(f.has("latents_std") && { latentsStd: f.numbers("latents_std") }),
  };
}

function clipLayers(f: Fields): ClipLayers {
  return {
    hidden: f.number("hidden_size"),
    heads: f.number("num_attention_heads"),
    layers: f.number("num_hidden_layers"),
    intermediate: f.number("intermediate_size"),
    activation: f.text("hidden_act", ["quick_gelu", "gelu"], "quick_gelu"),
    eps: f.number("layer_norm_eps", 1e-5),
  };
}

/**
 * Read a CLIP text encoder's config.json. Whether it has a projection is told by `architectures`, as transformers does.
 * @throws ConfigError naming the field that is wrong
 */
export function clipTextSpec(config: unknown): ClipTextSpec {
  const f = fields("text encoder", config);
  f.only({ model_type: ["clip_text_model"], architectures: [["CLIPTextModel"], ["CLIPTextModelWithProjection"]] });
  const projects = f.has("architectures") && f.texts("architectures").includes("CLIPTextModelWithProjection");
  return {
    ...clipLayers(f),
    vocabulary: f.number("vocab_size", 49408),
    positions: f.number("max_position_embeddings", 77),
    ...(projects && { projection: f.number("projection_dim") }),
  };
}

/**
 * Read a CLIP vision encoder's config.json; `stem_channels` is this project's own.
 * @throws ConfigError naming the field that is wrong
 */
export function clipVisionSpec(config: unknown): ClipVisionSpec {
  const f = fields("vision encoder", config);
  f.only({ model_type: ["clip_vision_model"], num_channels: [3] });
  const patch = f.number("patch_size", 32);
  const stem = f.has("stem_channels") ? f.numbers("stem_channels") : undefined;
  if (stem && (!stem.every((c) => c > 0 && c % 8 === 0) || patch % 2 ** stem.length !== 0))
    f.fail("stem_channels", "multiples of 8, so many that patch_size can be halved for each");
  return {
    ...clipLayers(f),
    image: f.number("image_size", 224),
    patch,
    projection: f.number("projection_dim", 512),
    ...(stem && { stem }),
  };
}

/** What transformers takes absent fields of CLIPTextConfig and CLIPVisionConfig to mean. */
const CLIP_TEXT = { hidden_size: 512, intermediate_size: 2048, num_hidden_layers: 12, num_attention_heads: 8 };
const CLIP_VISION = { hidden_size: 768, intermediate_size: 3072, num_hidden_layers: 12, num_attention_heads: 12 };

/**
 * Read the config.json of a whole CLIP, two encoders and the space they share.
 * @throws ConfigError naming the field that is wrong
 */
export function clipSpec(config: unknown): ClipSpec {
  const f = fields("clip", config);
  f.only({ model_type: ["clip"], architectures: [["CLIPModel"]] });
  const projection_dim = f.number("projection_dim", 512);
  // `…_config_dict` is what the first files were written from; transformers lets it have the last word.
  const half = (name: "text" | "vision", defaults: object): object => ({
    ...defaults,
    ...f.object(`${name}_config`),
    ...f.object(`${name}_config_dict`),
    projection_dim,
  });
  const text = half("text", CLIP_TEXT);
  return {
    text: clipTextSpec({ ...text, architectures: ["CLIPTextModelWithProjection"] }),
    vision: clipVisionSpec({ ...half("vision", CLIP_VISION), architectures: null }),
  };
}
