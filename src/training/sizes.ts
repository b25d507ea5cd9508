// sizes: the one dial of training. Each size is a whole recipe: what is painted, what is trained, for how long.
import { configs } from "../models/specs.ts";
import type { Config } from "../weights/checkpoint.ts";

/** How one network is trained. */
export interface StageRecipe {
  readonly steps: number;
  /** Pictures a step learns from. */
  readonly batch: number;
  /** Peak learning rate. */
  readonly rate: number;
  readonly warmup: number;
  readonly averageDecay: number;
}

/** Which noise levels are trained most: those of NoiseOptions. */
export interface NoiseLevels {
  readonly mean: number;
  readonly std: number;
}

/** How a student learns to walk in few steps, unguided, what the guided model walks in many. */
export interface DistillRecipe extends StageRecipe {
  /** Walks that it learns from, of each size that the model draws. */
  readonly paths: number;
  /** Steps of the guided model, a multiple of the student's. */
  readonly teacherSteps: number;
  readonly studentSteps: number;
  readonly guidance: number;
  /** Of what is added to each weight. */
  readonly rank: number;
}

/** How a decoder learns what its latents mean. */
export interface DecoderRecipe extends StageRecipe {
  /** Side of the squares of pictures that it learns from, in pixels. */
  readonly square: number;
  /** Weight of the differences between neighbours. */
  readonly edges: number;
  /** Standard deviation of noise on its latents, so that it forgives what a denoiser leaves unfinished. */
  readonly noise: number;
}

/** How it learns, against a critic, to draw what its latents do not say. */
export interface TextureRecipe extends DecoderRecipe {
  /** Weight of the critic's verdict. */
  readonly verdict: number;
  /** Weight of the differences between the critic's features. */
  readonly features: number;
}

export interface Recipe {
  /** Side of the pictures in pixels. */
  readonly side: number;
  /** Shards of a thousand painted pictures. */
  readonly shards: number;
  readonly latents: {
    /** Pictures whose squares the linear path is fitted to. */
    readonly pictures: number;
    /**
     * How much of the difference in scale between latent channels is taken away: 0 none, 1 all. The principal components of
     * pictures differ thirtyfold; less than 1 lets a denoiser learn first what is large.
     */
    readonly whitening: number;
  };
  /** The denoiser's first lesson, on pictures of half the side: what things are is learnt there at a quarter of the cost. */
  readonly coarse?: StageRecipe & { readonly noise: NoiseLevels };
  /** A model that draws pictures at half the side first, then on from that, learns from both sizes in turn. */
  readonly compose?: {
    /** How much of the walk is walked on from the small picture. */
    readonly strength: number;
    /** Of so many steps of the denoiser's lesson one learns from whole pictures, the others from small ones. */
    readonly every: number;
    /** Small pictures a step learns from. */
    readonly batch: number;
    /** As the denoiser's, of small pictures; its own is of whole ones. */
    readonly emphasis: number;
    readonly noise: NoiseLevels;
  };
  /** Training of the decoder; latents are what they are by then. */
  readonly decoder: DecoderRecipe;
  /** A lesson after which the decoder has texture; there is none unless told. */
  readonly texture?: TextureRecipe;
  readonly denoiser: StageRecipe & {
    readonly dropout: number;
    /**
     * How much more large channels count than small ones: weights are std^(2·emphasis). At 1 errors count as they do in pixels, and
     * what styles differ in, strokes and grain, hardly counts.
     */
    readonly emphasis: number;
    readonly noise: NoiseLevels;
  };
  /** A lesson after which the model draws in few steps and unguided; there is none unless told. */
  readonly distill?: DistillRecipe;
  /** The config.json of each network. */
  readonly configs: { readonly unet: Config; readonly vae: Config; readonly text_encoder: Config };
}

const { unet, vae, text_encoder } = configs.small;

/** What ships. */
const standard = {
  side: 128,
  shards: 48,
  latents: { pictures: 1000, whitening: 0.5 },
  coarse: {
    steps: 230,
    batch: 256,
    rate: 1.5e-3,
    warmup: 60,
    averageDecay: 0.997,
    noise: { mean: 1, std: 1.2 },
  },
  denoiser: {
    steps: 1600,
    batch: 384,
    rate: 1.2e-3,
    warmup: 80,
    averageDecay: 0.998,
    dropout: 0.1,
    emphasis: 1,
    noise: { mean: 1.2, std: 1.2 },
  },
  compose: { strength: 0.5, every: 4, batch: 384, emphasis: 1, noise: { mean: 1, std: 1.2 } },
  decoder: {
    steps: 1600,
    batch: 64,
    square: 64,
    rate: 2e-3,
    warmup: 60,
    averageDecay: 0.997,
    edges: 0.5,
    noise: 0.3,
  },
  texture: {
    steps: 1500,
    batch: 32,
    square: 64,
    rate: 4e-4,
    warmup: 100,
    averageDecay: 0.998,
    edges: 0.5,
    noise: 0.2,
    verdict: 0.02,
    features: 0.3,
  },
  distill: {
    paths: 4096,
    teacherSteps: 16,
    studentSteps: 8,
    guidance: 4,
    rank: 32,
    steps: 700,
    batch: 384,
    rate: 1e-3,
    warmup: 30,
    averageDecay: 0.99,
  },
  configs: { unet, vae, text_encoder },
} as const satisfies Recipe;

const { texture: _, ...untextured } = standard;

export const RECIPES = {
  /** Six minutes on two cores: enough to see it learn colours, light and the largest of shapes. */
  tiny: {
    side: 32,
    shards: 6,
    latents: standard.latents,
    denoiser: {
      ...standard.denoiser,
      steps: 3500,
      batch: 32,
      rate: 8e-4,
      warmup: 50,
      averageDecay: 0.995,
      noise: { mean: 1, std: 1.2 },
    },
    decoder: { ...standard.decoder, steps: 1000, batch: 16, square: 32, rate: 1.5e-3, warmup: 50, averageDecay: 0.99 },
    configs: {
      unet: {
        ...unet,
        block_out_channels: [64, 96],
        attention_head_dim: [2, 3],
        cross_attention_dim: 96,
        projection_class_embeddings_input_dim: 96,
      },
      vae: { ...vae, block_out_channels: [16, 32, 64] },
      text_encoder: {
        ...text_encoder,
        hidden_size: 96,
        num_attention_heads: 3,
        num_hidden_layers: 1,
        intermediate_size: 384,
      },
    },
  },
  /** An hour or so, of pictures half as wide. */
  small: {
    side: 64,
    shards: 20,
    latents: standard.latents,
    denoiser: {
      ...standard.denoiser,
      steps: 1800,
      batch: 32,
      rate: 8e-4,
      warmup: 150,
      averageDecay: 0.998,
      noise: { mean: 1, std: 1.2 },
    },
    decoder: { ...standard.decoder, steps: 800, batch: 16, rate: 1.5e-3, warmup: 100 },
    configs: standard.configs,
  },
  default: standard,
  /**
   * What ships, taken further (`--from`), on pictures of a seed of their own: smaller batches and less noise, whole pictures
   * every other step, their fine channels counting more; its decoder stays. Two hours or less on two cores.
   */
  further: {
    ...untextured,
    shards: 40,
    denoiser: {
      ...standard.denoiser,
      steps: 1200,
      batch: 64,
      rate: 6e-4,
      emphasis: 0.5,
      noise: { mean: -0.3, std: 1.2 },
    },
    compose: { ...standard.compose, every: 2, batch: 128, noise: { mean: 0.8, std: 1.3 } },
    distill: { ...standard.distill, paths: 384, steps: 340, batch: 64, rate: 6e-4 },
    decoder: { ...standard.decoder, steps: 0 },
  },
} as const satisfies Record<string, Recipe>;

export type SizeName = keyof typeof RECIPES;
