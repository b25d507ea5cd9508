// What the original code of Stable Diffusion (CompVis' ldm, Stability's sgm, OpenCLIP) calls the tensors of our networks, and
// how it stores them. Single-file checkpoints use these names; folders use diffusers', which are ours.
import type { View } from "../weights/views.ts";
import { type ClipTextSpec, clipTextGraph } from "./clip-text.ts";
import { type UnetSpec, unetGraph } from "./unet.ts";
import { type VaeSpec, vaeDecoderGraph, vaeEncoderGraph, vaeFactor } from "./vae.ts";

/** For each tensor that a network wants, how it is seen in a file of the original layout (names without the file's prefix). */
export type OriginalNames = ReadonlyMap<string, View>;

/** Names of modules, ours and theirs; whatever stands below a module is called the same in both. */
type Modules = Map<string, string>;

/** The names of all tensors under renamed modules. */
function renamed(wanted: Iterable<string>, modules: Modules): Map<string, View> {
  const views = new Map<string, View>();
  for (const name of wanted) {
    const parts = name.split(".");
    let depth = parts.length;
    while (depth > 0 && !modules.has(parts.slice(0, depth).join("."))) depth--;
    const theirs = modules.get(parts.slice(0, depth).join(".")) ?? "";
    const rest = parts.slice(depth);
    views.set(name, { of: [...(theirs ? [theirs] : []), ...rest].join(".") });
  }
  return views;
}

const RESNET = {
  norm1: "in_layers.0",
  conv1: "in_layers.2",
  time_emb_proj: "emb_layers.1",
  norm2: "out_layers.0",
  conv2: "out_layers.3",
  conv_shortcut: "skip_connection",
} as const;

/** ldm: openaimodel.UNetModel. Its blocks are numbered in a row; ours by level and layer. */
export function originalUnetNames(spec: UnetSpec): OriginalNames {
  const modules: Modules = new Map([
    ["time_embedding.linear_1", "time_embed.0"],
    ["time_embedding.linear_2", "time_embed.2"],
    ["add_embedding.linear_1", "label_emb.0.0"],
    ["add_embedding.linear_2", "label_emb.0.2"],
    ["conv_in", "input_blocks.0.0"],
    ["conv_norm_out", "out.0"],
    ["conv_out", "out.2"],
  ]);
  const resnet = (ours: string, theirs: string): void => {
    for (const [name, original] of Object.entries(RESNET)) modules.set(`${ours}.${name}`, `${theirs}.${original}`);
  };
  const last = spec.levels.length - 1;

  let block = 1;
  for (const [i, { down }] of spec.levels.entries()) {
    for (const [j, transformers] of down.entries()) {
      resnet(`down_blocks.${i}.resnets.${j}`, `input_blocks.${block}.0`);
      if (transformers > 0) modules.set(`down_blocks.${i}.attentions.${j}`, `input_blocks.${block}.1`);
      block++;
    }
    if (i < last) modules.set(`down_blocks.${i}.downsamplers.0.conv`, `input_blocks.${block++}.0.op`);
  }
  resnet("mid_block.resnets.0", "middle_block.0");
  modules.set("mid_block.attentions.0", "middle_block.1");
  resnet("mid_block.resnets.1", "middle_block.2");
  block = 0;
  for (const [i, { up }] of [...spec.levels].reverse().entries())
    for (const [j, transformers] of up.entries()) {
      resnet(`up_blocks.${i}.resnets.${j}`, `output_blocks.${block}.0`);
      if (transformers > 0) modules.set(`up_blocks.${i}.attentions.${j}`, `output_blocks.${block}.1`);
      if (i < last && j === up.length - 1)
        modules.set(`up_blocks.${i}.upsamplers.0.conv`, `output_blocks.${block}.${transformers > 0 ? 2 : 1}.conv`);
      block++;
    }
  const side = 2 ** last;
  return renamed(unetGraph(spec, { batch: 1, height: side, width: side, tokens: 1 }).params.keys(), modules);
}

/** ldm: model.Encoder and Decoder. The decoder's levels are counted from fine to coarse, ours in the order they run. */
export function originalVaeNames(spec: VaeSpec): OriginalNames {
  const levels = spec.blockOutChannels.length;
  const modules: Modules = new Map();
  const resnet = (ours: string, theirs: string): void => {
    modules.set(ours, theirs);
    modules.set(`${ours}.conv_shortcut`, `${theirs}.nin_shortcut`);
  };
  for (const half of ["encoder", "decoder"]) {
    modules.set(`${half}.conv_norm_out`, `${half}.norm_out`);
    resnet(`${half}.mid_block.resnets.0`, `${half}.mid.block_1`);
    resnet(`${half}.mid_block.resnets.1`, `${half}.mid.block_2`);
    const attention = { group_norm: "norm", to_q: "q", to_k: "k", to_v: "v", "to_out.0": "proj_out" };
    for (const [ours, theirs] of Object.entries(attention))
      modules.set(`${half}.mid_block.attentions.0.${ours}`, `${half}.mid.attn_1.${theirs}`);
  }
  for (let i = 0; i < levels; i++) {
    for (let j = 0; j < spec.layersPerBlock; j++)
      resnet(`encoder.down_blocks.${i}.resnets.${j}`, `encoder.down.${i}.block.${j}`);
    modules.set(`encoder.down_blocks.${i}.downsamplers.0.conv`, `encoder.down.${i}.downsample.conv`);
    const up = `decoder.up.${levels - 1 - i}`;
    for (let j = 0; j <= spec.layersPerBlock; j++) resnet(`decoder.up_blocks.${i}.resnets.${j}`, `${up}.block.${j}`);
    modules.set(`decoder.up_blocks.${i}.upsamplers.0.conv`, `${up}.upsample.conv`);
  }
  const side = vaeFactor(spec);
  const wanted = [
    ...vaeEncoderGraph(spec, 1, side, side).params.keys(),
    ...vaeDecoderGraph(spec, 1, 1, 1).params.keys(),
  ];
  const views = renamed(new Set(wanted), modules);
  for (const [name, view] of views)
    if (/\.attentions\.0\.to_.*weight$/.test(name)) views.set(name, { ...view, as: "matrix" });
  return views;
}

const clipTensors = (spec: ClipTextSpec): Iterable<string> =>
  clipTextGraph(
    spec,
    1,
    spec.projection === undefined ? ["last_hidden_state"] : ["last_hidden_state", "text_embeds"],
  ).params.keys();

/** OpenAI's CLIP as transformers stores it, in the files of SD 1 and XL: our own names. */
export const originalClipNames = (spec: ClipTextSpec): OriginalNames => renamed(clipTensors(spec), new Map());

/** OpenCLIP: model.CLIP's text half. Query, key and value are one tensor, and the projection is the transpose of ours. */
export function openClipNames(spec: ClipTextSpec): OriginalNames {
  const modules: Modules = new Map([
    ["text_model.embeddings.token_embedding", "token_embedding"],
    ["text_model.embeddings.position_embedding.weight", "positional_embedding"],
    ["text_model.final_layer_norm", "ln_final"],
    ["text_projection.weight", "text_projection"],
  ]);
  const layer = {
    layer_norm1: "ln_1",
    layer_norm2: "ln_2",
    "self_attn.out_proj": "attn.out_proj",
    "mlp.fc1": "mlp.c_fc",
    "mlp.fc2": "mlp.c_proj",
  };
  for (let i = 0; i < spec.layers; i++)
    for (const [ours, theirs] of Object.entries(layer))
      modules.set(`text_model.encoder.layers.${i}.${ours}`, `transformer.resblocks.${i}.${theirs}`);
  const views = renamed(clipTensors(spec), modules);
  for (const [name, view] of views) {
    const [, i, which, kind] = /layers\.(\d+)\.self_attn\.([qkv])_proj\.(weight|bias)$/.exec(name) ?? [];
    if (which !== undefined)
      views.set(name, { of: `transformer.resblocks.${i}.attn.in_proj_${kind}`, part: ["qkv".indexOf(which), 3] });
    if (name === "text_projection.weight") views.set(name, { ...view, transposed: true });
  }
  return views;
}
