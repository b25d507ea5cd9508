// Specs: the models of the world as data, each written as the config.json at its source, and the small family shipped here.
import { clipSpec, clipTextSpec, clipVisionSpec, unetSpec, vaeSpec } from "./config.ts";

const CROSS_DOWN = "CrossAttnDownBlock2D";
const CROSS_UP = "CrossAttnUpBlock2D";

/** runwayml/stable-diffusion-v1-5: vae/config.json; SD 2.1's is the same. */
const kl = {
  _class_name: "AutoencoderKL",
  in_channels: 3,
  out_channels: 3,
  block_out_channels: [128, 256, 512, 512],
  down_block_types: ["DownEncoderBlock2D", "DownEncoderBlock2D", "DownEncoderBlock2D", "DownEncoderBlock2D"],
  up_block_types: ["UpDecoderBlock2D", "UpDecoderBlock2D", "UpDecoderBlock2D", "UpDecoderBlock2D"],
  layers_per_block: 2,
  latent_channels: 4,
  norm_num_groups: 32,
  scaling_factor: 0.18215,
} as const;

/** openai/clip-vit-large-patch14, text half: text_encoder/config.json of SD 1.5 and SDXL. */
const clipL = {
  architectures: ["CLIPTextModel"],
  hidden_size: 768,
  num_attention_heads: 12,
  num_hidden_layers: 12,
  intermediate_size: 3072,
  hidden_act: "quick_gelu",
  layer_norm_eps: 1e-5,
  vocab_size: 49408,
  max_position_embeddings: 77,
  projection_dim: 768,
} as const;

/** runwayml/stable-diffusion-v1-5: unet/config.json. */
const sd15Unet = {
  _class_name: "UNet2DConditionModel",
  sample_size: 64,
  in_channels: 4,
  out_channels: 4,
  block_out_channels: [320, 640, 1280, 1280],
  down_block_types: [CROSS_DOWN, CROSS_DOWN, CROSS_DOWN, "DownBlock2D"],
  up_block_types: ["UpBlock2D", CROSS_UP, CROSS_UP, CROSS_UP],
  layers_per_block: 2,
  attention_head_dim: 8,
  cross_attention_dim: 768,
  norm_num_groups: 32,
  norm_eps: 1e-5,
  flip_sin_to_cos: true,
  freq_shift: 0,
} as const;

/**
 * The config.json files of each family, by the folder they lie in. `small` is this project's own: pictures of 128 pixels,
 * latents of 24 channels at an eighth of that, attention where they are 8×8.
 */
export const configs = {
  sd15: { unet: sd15Unet, vae: kl, text_encoder: clipL },

  /** stabilityai/stable-diffusion-2-1. */
  sd21: {
    unet: {
      ...sd15Unet,
      sample_size: 96,
      attention_head_dim: [5, 10, 20, 20],
      cross_attention_dim: 1024,
      use_linear_projection: true,
    },
    vae: kl,
    /** The first 23 of OpenCLIP ViT-H/14's 24 layers. */
    text_encoder: {
      ...clipL,
      hidden_size: 1024,
      num_attention_heads: 16,
      num_hidden_layers: 23,
      intermediate_size: 4096,
      hidden_act: "gelu",
      projection_dim: 512,
    },
  },

  /** stabilityai/stable-diffusion-xl-base-1.0. */
  sdxl: {
    unet: {
      ...sd15Unet,
      sample_size: 128,
      block_out_channels: [320, 640, 1280],
      down_block_types: ["DownBlock2D", CROSS_DOWN, CROSS_DOWN],
      up_block_types: [CROSS_UP, CROSS_UP, "UpBlock2D"],
      transformer_layers_per_block: [1, 2, 10],
      attention_head_dim: [5, 10, 20],
      cross_attention_dim: 2048,
      use_linear_projection: true,
      addition_embed_type: "text_time",
      addition_time_embed_dim: 256,
      projection_class_embeddings_input_dim: 2816,
    },
    vae: { ...kl, scaling_factor: 0.13025, force_upcast: true },
    text_encoder: clipL,
    /** OpenCLIP ViT-bigG/14. */
    text_encoder_2: {
      ...clipL,
      architectures: ["CLIPTextModelWithProjection"],
      hidden_size: 1280,
      num_attention_heads: 20,
      num_hidden_layers: 32,
      intermediate_size: 5120,
      hidden_act: "gelu",
      projection_dim: 1280,
    },
  },

  small: {
    unet: {
      ...sd15Unet,
      sample_size: 16,
      in_channels: 24,
      out_channels: 24,
      block_out_channels: [96, 224],
      down_block_types: [CROSS_DOWN, CROSS_DOWN],
      up_block_types: [CROSS_UP, CROSS_UP],
      layers_per_block: 1,
      attention_head_dim: [3, 7],
      cross_attention_dim: 192,
      use_linear_projection: true,
      addition_embed_type: "text_time",
      addition_time_embed_dim: 0,
      projection_class_embeddings_input_dim: 192,
      input_skip: true,
    },
    vae: {
      ...kl,
      in_channels: 12,
      out_channels: 12,
      patch_size: 2,
      linear_path: true,
      lapped: true,
      block_out_channels: [32, 64, 128],
      down_block_types: ["DownEncoderBlock2D", "DownEncoderBlock2D", "DownEncoderBlock2D"],
      up_block_types: ["UpDecoderBlock2D", "UpDecoderBlock2D", "UpDecoderBlock2D"],
      layers_per_block: 1,
      latent_channels: 24,
      norm_num_groups: 16,
      mid_block_add_attention: false,
      use_quant_conv: false,
      use_post_quant_conv: false,
      scaling_factor: 1,
    },
    text_encoder: {
      ...clipL,
      hidden_size: 192,
      num_attention_heads: 6,
      num_hidden_layers: 2,
      intermediate_size: 768,
      vocab_size: 512,
      max_position_embeddings: 48,
      projection_dim: 192,
    },
  },

  /** This project's own space of texts and pictures: words of the painted world; pictures of 64 pixels, in 16 patches. */
  distance: {
    architectures: ["CLIPModel"],
    model_type: "clip",
    projection_dim: 128,
    text_config: {
      ...{ hidden_size: 128, num_attention_heads: 4, num_hidden_layers: 2, intermediate_size: 256 },
      ...{ hidden_act: "quick_gelu", layer_norm_eps: 1e-5, vocab_size: 512, max_position_embeddings: 48 },
    },
    vision_config: {
      ...{ hidden_size: 128, num_attention_heads: 4, num_hidden_layers: 4, intermediate_size: 512 },
      ...{ hidden_act: "quick_gelu", layer_norm_eps: 1e-5, image_size: 64, patch_size: 16 },
      stem_channels: [32, 64, 96],
    },
  },

  /** The vision encoders that IP-Adapters and scores use: openai/clip-vit-large-patch14, laion/CLIP-ViT-H-14 and -bigG-14. */
  vision: {
    L: vision(1024, 16, 24, 4096, "quick_gelu", 768),
    H: vision(1280, 16, 32, 5120, "gelu", 1024),
    bigG: vision(1664, 16, 48, 8192, "gelu", 1280),
  },
} as const;

function vision(
  hidden_size: number,
  num_attention_heads: number,
  num_hidden_layers: number,
  intermediate_size: number,
  hidden_act: "quick_gelu" | "gelu",
  projection_dim: number,
) {
  const picture = { image_size: 224, patch_size: 14, projection_dim };
  return { hidden_size, num_attention_heads, num_hidden_layers, intermediate_size, hidden_act, ...picture };
}

/** The same families, read. */
export const specs = {
  sd15: read(configs.sd15),
  sd21: read(configs.sd21),
  sdxl: { ...read(configs.sdxl), text2: clipTextSpec(configs.sdxl.text_encoder_2) },
  small: read(configs.small),
  distance: clipSpec(configs.distance),
  vision: {
    L: clipVisionSpec(configs.vision.L),
    H: clipVisionSpec(configs.vision.H),
    bigG: clipVisionSpec(configs.vision.bigG),
  },
} as const;

function read(family: { readonly unet: unknown; readonly vae: unknown; readonly text_encoder: unknown }) {
  const { unet, vae, text_encoder } = family;
  return { unet: unetSpec(unet), vae: vaeSpec(vae), text: clipTextSpec(text_encoder) };
}
