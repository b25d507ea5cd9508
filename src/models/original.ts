// What a file of the original layout holds: which networks, of which shape, told from the names and shapes of its tensors.
import type { Shape } from "../tensor/tensor.ts";
import type { View } from "../weights/views.ts";
import type { TensorInfo } from "../weights/weights.ts";
import { clipTextSpec, unetSpec, vaeSpec } from "./config.ts";
import { ConfigError } from "./fields.ts";
import {
  type OriginalNames,
  openClipNames,
  originalClipNames,
  originalUnetNames,
  originalVaeNames,
} from "./original-names.ts";
import { configs } from "./specs.ts";

type Config = Readonly<Record<string, unknown>>;

/** A network in a file: the config.json that diffusers would write for it, and where its tensors are. */
export interface OriginalPart {
  readonly config: Config;
  /** For each tensor of the network, how it is seen in the file. */
  readonly names: OriginalNames;
  /** The file's tensors that belong to this network start with this. */
  readonly prefix: string;
}

/** The networks of Stable Diffusion by the folders that diffusers keeps them in. */
export type PartName = "unet" | "vae" | "text_encoder" | "text_encoder_2";

/** What a U-Net makes pictures from besides noise and words, told by how many channels it takes. */
export type Task = "text-to-image" | "inpainting" | "instruct-pix2pix" | "depth-to-image" | "upscaling";

export interface Original {
  readonly family: "Stable Diffusion 1" | "Stable Diffusion 2" | "Stable Diffusion XL";
  readonly task: Task;
  readonly parts: Readonly<Partial<Record<PartName, OriginalPart>>>;
  /** Whether there is a second copy of the U-Net's weights, averaged over its training. */
  readonly hasAverage: boolean;
}

/** What is looked at: nothing is read. */
interface Listing {
  names(): readonly string[];
  info(name: string): Pick<TensorInfo, "shape"> | undefined;
}
type Shapes = (name: string) => Shape | undefined;

/** The prefixes of the original layout, as `convert` writes them. */
export const prefixes = {
  unet: "model.diffusion_model.",
  vae: "first_stage_model.",
  /** OpenAI's CLIP in Stable Diffusion 1, OpenCLIP in 2; OpenAI's and OpenCLIP in XL. */
  text_encoder: { clip: "cond_stage_model.transformer.", openClip: "cond_stage_model.model." },
  xl: { text_encoder: "conditioner.embedders.0.transformer.", text_encoder_2: "conditioner.embedders.1.model." },
} as const;

/** Tensors that give a model of another kind away, and what is to be said about it. */
const others: readonly (readonly [sign: RegExp, what: string])[] = [
  [/(^|\.)joint_blocks\.\d+\.|(^|\.)transformer_blocks\.\d+\.attn\.add_q_proj\./, "a Stable Diffusion 3 model"],
  [/(^|\.)double_blocks\.\d+\.|(^|\.)single_transformer_blocks\.\d+\./, "a FLUX model"],
  [/^conditioner\.embedders\.0\.model\.ln_final\./, "a Stable Diffusion XL refiner, which draws nothing by itself"],
  [/^embedder\.model\.ln_final\./, "a Stable Diffusion unCLIP model"],
  [/^edm_(mean|std)$/, "a Playground 2.5 model"],
  [/^control_model\.|^controlnet_cond_embedding\./, "a ControlNet, which steers a model and is none"],
  [/^lora_(unet|te\d?)_|\.lora_(A|down|up)\.|^lycoris_|\.hada_w1_a$/, "a LoRA, which changes a model and is none"],
  [
    /^emb_params$|^string_to_param|^clip_[lg]$|^text_encoders_[01]$|^<[^>]*>$/,
    "a textual inversion, which adds a word to a model and is none (--embedding takes it)",
  ],
  [/^image_proj\.|^ip_adapter\./, "an IP-Adapter, which steers a model and is none"],
];

/** The name of a kind of model that this is not, if its tensors give it away. */
export const otherKind = ({ names }: Listing): string | undefined => {
  const all = names();
  return others.find(([sign]) => all.some((name) => sign.test(name)))?.[1];
};

const UNET_PREFIXES = [prefixes.unet, "diffusion_model.", ""] as const;
const VAE_PREFIXES = [prefixes.vae, "vae.", ""] as const;
const AVERAGE = "model_ema.";
const tasks: Readonly<Record<number, Task>> = {
  4: "text-to-image",
  5: "depth-to-image",
  7: "upscaling",
  8: "instruct-pix2pix",
  9: "inpainting",
};

/**
 * Tell what a file of the original layout holds; undefined when it holds no U-Net of Stable Diffusion.
 * @throws ConfigError when a network has a shape that this code does not draw
 */
export function original(file: Listing): Original | undefined {
  const unet = unetPart(file);
  if (!unet) return undefined;
  const { cross_attention_dim: context, addition_embed_type: xl, in_channels: channels } = unet.config;
  const family = xl ? "Stable Diffusion XL" : context === 1024 ? "Stable Diffusion 2" : "Stable Diffusion 1";
  const vae = vaePart(file, xl ? configs.sdxl.vae : configs.sd15.vae);
  return {
    family,
    task: tasks[channels as number] ?? "text-to-image",
    parts: { unet, ...(vae && { vae }), ...textParts(file) },
    hasAverage: file.names().filter((name) => name.startsWith(AVERAGE)).length > 100,
  };
}

/** The same names in the copy of the U-Net that was averaged over its training (ldm: LitEma writes them without dots). */
export const averaged = (names: OriginalNames): OriginalNames =>
  new Map(
    [...names].map(([name, view]): [string, View] => [
      name,
      { ...view, of: `${AVERAGE}diffusion_model${(view.of as string).replaceAll(".", "")}` },
    ]),
  );

/** An autoencoder alone in a file, or in a whole checkpoint. */
export function vaePart(file: Listing, like: Config = configs.sd15.vae): OriginalPart | undefined {
  const prefix = VAE_PREFIXES.find(
    (p) => file.info(`${p}decoder.conv_in.weight`) && file.info(`${p}decoder.norm_out.weight`),
  );
  if (prefix === undefined) return undefined;
  const shape = under(file, prefix);
  const levels = counted((i) => shape(`decoder.up.${i}.block.0.conv1.weight`));
  const config = {
    ...like,
    block_out_channels: levels.map((_, i) => shape(`decoder.up.${i}.block.0.conv2.weight`)?.[0]),
    down_block_types: levels.map(() => "DownEncoderBlock2D"),
    up_block_types: levels.map(() => "UpDecoderBlock2D"),
    layers_per_block: counted((j) => shape(`decoder.up.0.block.${j}.conv1.weight`)).length - 1,
    latent_channels: shape("decoder.conv_in.weight")?.[1],
    mid_block_add_attention: shape("decoder.mid.attn_1.q.weight") !== undefined,
    use_quant_conv: shape("quant_conv.weight") !== undefined,
    use_post_quant_conv: shape("post_quant_conv.weight") !== undefined,
  };
  return { config, prefix, names: originalVaeNames(vaeSpec(config)) };
}

/** The text encoders of a file, whole checkpoint or not. */
export function textParts(file: Listing): Readonly<Partial<Record<PartName, OriginalPart>>> {
  const clip = [prefixes.xl.text_encoder, prefixes.text_encoder.clip, "text_encoder.", ""]
    .map((prefix) => clipPart(file, prefix))
    .find((part) => part !== undefined);
  const second = openClipPart(file, prefixes.xl.text_encoder_2, true);
  const first = clip ?? openClipPart(file, prefixes.text_encoder.openClip, false);
  return { ...(first && { text_encoder: first }), ...(second && { text_encoder_2: second }) };
}

function unetPart(file: Listing): OriginalPart | undefined {
  const prefix = UNET_PREFIXES.find((p) => file.info(`${p}input_blocks.0.0.weight`));
  if (prefix === undefined) return undefined;
  const config = unetConfig(under(file, prefix));
  return { config, prefix, names: originalUnetNames(unetSpec(config)) };
}

function unetConfig(shape: Shapes): Config {
  const [first, channels] = shape("input_blocks.0.0.weight") ?? [];
  const transformers = (block: string): number =>
    counted((i) => shape(`${block}.transformer_blocks.${i}.norm1.weight`)).length;
  const levels: { channels: number; down: number[]; up: number[] }[] = [];
  let level = { channels: first, down: [] as number[], up: [] as number[] };
  for (let n = 1; ; n++) {
    const width = shape(`input_blocks.${n}.0.in_layers.2.weight`)?.[0];
    if (width !== undefined)
      level = { ...level, channels: width, down: [...level.down, transformers(`input_blocks.${n}.1`)] };
    else if (shape(`input_blocks.${n}.0.op.weight`)) {
      levels.push(level);
      level = { channels: level.channels, down: [], up: [] };
    } else break;
  }
  levels.push(level);
  let block = 0;
  for (const { down, up } of [...levels].reverse())
    for (let j = 0; j <= down.length; j++) up.push(transformers(`output_blocks.${block++}.1`));
  const middle = shape("middle_block.0.in_layers.0.weight") && transformers("middle_block.1");

  const attention = (name: string): Shape | undefined =>
    [...Array(block).keys()].map((n) => shape(`output_blocks.${n}.1.${name}`)).find((found) => found);
  const linear = attention("proj_in.weight")?.length === 2;
  const context = attention("transformer_blocks.0.attn2.to_k.weight")?.[1];
  const added = shape("label_emb.0.0.weight")?.[1];
  const deepest = levels[levels.length - 1].down.some((t) => t > 0) ? undefined : middle || 1;
  const depths = (all: readonly number[], none: number): number | readonly number[] =>
    all.every((t) => t === 0) ? none : all.every((t) => t === all[0]) ? all[0] : all;
  const kind = (all: readonly number[], way: "Down" | "Up"): string =>
    `${all.some((t) => t > 0) ? "CrossAttn" : ""}${way}Block2D`;
  const backwards = [...levels].reverse();
  return {
    ...configs.sd15.unet,
    sample_size: added === undefined ? 64 : 128,
    in_channels: channels,
    out_channels: shape("out.2.weight")?.[0],
    block_out_channels: levels.map((l) => l.channels),
    down_block_types: levels.map((l) => kind(l.down, "Down")),
    up_block_types: backwards.map((l) => kind(l.up, "Up")),
    layers_per_block: levels.map((l) => l.down.length),
    transformer_layers_per_block: levels.map((l, i) => depths(l.down, i === levels.length - 1 ? (deepest ?? 1) : 1)),
    reverse_transformer_layers_per_block: backwards.map((l) => depths(l.up, 1)),
    mid_block_type: middle === undefined ? null : middle === 0 ? "UNetMidBlock2D" : "UNetMidBlock2DCrossAttn",
    attention_head_dim: linear ? levels.map((l) => Math.max(1, Math.round(l.channels / 64))) : 8,
    cross_attention_dim: context,
    use_linear_projection: linear,
    ...(added !== undefined && {
      addition_embed_type: "text_time",
      addition_time_embed_dim: 256,
      projection_class_embeddings_input_dim: added,
    }),
  };
}

/** transformers' names; very old files leave `text_model.` out. */
function clipPart(file: Listing, prefix: string): OriginalPart | undefined {
  const table = "embeddings.token_embedding.weight";
  const short = file.info(`${prefix}text_model.${table}`) === undefined;
  if (short && file.info(`${prefix}${table}`) === undefined) return undefined;
  const shape = under(file, short ? prefix : `${prefix}text_model.`);
  const [vocabulary, hidden] = shape(table) ?? [];
  const config = {
    ...configs.sd15.text_encoder,
    ...layersOf(shape, hidden, "encoder.layers", "mlp.fc1.weight"),
    hidden_act: hidden === 1024 || hidden === 1280 ? "gelu" : "quick_gelu",
    vocab_size: vocabulary,
    max_position_embeddings: shape("embeddings.position_embedding.weight")?.[0],
  };
  const names = originalClipNames(clipTextSpec(config));
  const views = [...names].map(([name, view]): [string, View] => [
    name,
    short ? { ...view, of: (view.of as string).replace(/^text_model\./, "") } : view,
  ]);
  return { config, prefix, names: new Map(views) };
}

/** OpenCLIP's names. Stable Diffusion 2 is guided by the last layer but one of 24, so the last is left out, as diffusers does. */
function openClipPart(file: Listing, prefix: string, whole: boolean): OriginalPart | undefined {
  const shape = under(file, prefix);
  const [vocabulary, hidden] = shape("token_embedding.weight") ?? [];
  if (hidden === undefined) return undefined;
  const layers = layersOf(shape, hidden, "transformer.resblocks", "mlp.c_fc.weight");
  const config = {
    ...(whole ? configs.sdxl.text_encoder_2 : configs.sd21.text_encoder),
    ...layers,
    ...(!whole && {
      num_hidden_layers: Math.min(layers.num_hidden_layers, configs.sd21.text_encoder.num_hidden_layers),
    }),
    vocab_size: vocabulary,
    max_position_embeddings: shape("positional_embedding")?.[0],
    ...(whole && { projection_dim: shape("text_projection")?.[1] }),
  };
  return { config, prefix, names: openClipNames(clipTextSpec(config)) };
}

function layersOf(shape: Shapes, hidden: number, layers: string, wide: string) {
  const found = counted((i) => shape(`${layers}.${i}.${wide}`));
  if (found.length === 0) throw new ConfigError(`text encoder: it has no layers under ${layers}`);
  return {
    hidden_size: hidden,
    num_attention_heads: Math.max(1, Math.round(hidden / 64)),
    num_hidden_layers: found.length,
    intermediate_size: found[0][0],
  };
}

const under =
  (file: Listing, prefix: string): Shapes =>
  (name) =>
    file.info(prefix + name)?.shape;

/** The shapes of things that are numbered from 0, up to the first that is not there. */
function counted(find: (i: number) => Shape | undefined): Shape[] {
  const found: Shape[] = [];
  for (let shape = find(0); shape; shape = find(found.length)) found.push(shape);
  return found;
}
