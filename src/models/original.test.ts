// The original layout: what its tensors are called, and which model a file of them holds.
import { describe, expect, it, test } from "vitest";
import type { Graph } from "../graph/trace.ts";
import type { Shape } from "../tensor/tensor.ts";
import { inverted, viewed } from "../weights/views.ts";
import { fromTensors } from "../weights/weights.ts";
import { clipTextGraph } from "./clip-text.ts";
import { clipTextSpec, unetSpec, vaeSpec } from "./config.ts";
import { averaged, original, otherKind, textParts, vaePart } from "./original.ts";
import {
  type OriginalNames,
  openClipNames,
  originalClipNames,
  originalUnetNames,
  originalVaeNames,
} from "./original-names.ts";
import { configs, specs } from "./specs.ts";
import { type UnetSpec, unetGraph } from "./unet.ts";
import { type VaeSpec, vaeDecoderGraph, vaeEncoderGraph } from "./vae.ts";

type Shapes = Record<string, Shape>;

/** A file of tensors without numbers: names and shapes are all that is looked at. */
const listing = (shapes: Shapes) => ({
  names: () => Object.keys(shapes),
  info: (name: string) => (Object.hasOwn(shapes, name) ? { shape: shapes[name] } : undefined),
});

/** The shapes that a network's tensors have in a file of the original layout. */
function shapesOf(graphs: readonly Graph[], names: OriginalNames, prefix: string): Shapes {
  const ours = Object.fromEntries(
    graphs.flatMap(({ params }) => [...params].map(([name, { shape }]) => [name, shape] as const)),
  );
  const none = { names: () => Object.keys(ours), read: () => Promise.reject(new Error("shapes alone")) };
  const seen = viewed({ ...none, info: (name) => ours[name] && { dtype: "f16", shape: ours[name] } }, inverted(names));
  return Object.fromEntries(seen.names().map((name) => [prefix + name, seen.info(name)!.shape]));
}
const unetShapes = (spec: UnetSpec, prefix = "model.diffusion_model."): Shapes =>
  shapesOf([unetGraph(spec, { batch: 1, height: 8, width: 8, tokens: 1 })], originalUnetNames(spec), prefix);
const vaeShapes = (spec: VaeSpec, prefix = "first_stage_model."): Shapes =>
  shapesOf([vaeEncoderGraph(spec, 1, 8, 8), vaeDecoderGraph(spec, 1, 1, 1)], originalVaeNames(spec), prefix);
const clipL = (prefix: string): Shapes =>
  shapesOf([clipTextGraph(specs.sd15.text, 1, ["last_hidden_state"])], originalClipNames(specs.sd15.text), prefix);
/** OpenCLIP H as it is published, with all of its layers and its projection. */
const openH = (() => {
  const whole = clipTextSpec({
    ...configs.sd21.text_encoder,
    architectures: ["CLIPTextModelWithProjection"],
    num_hidden_layers: 24,
    projection_dim: 1024,
  });
  const graph = clipTextGraph(whole, 1, ["last_hidden_state", "text_embeds"]);
  return shapesOf([graph], openClipNames(whole), "cond_stage_model.model.");
})();
const openG = shapesOf(
  [clipTextGraph(specs.sdxl.text2, 1, ["last_hidden_state", "text_embeds"])],
  openClipNames(specs.sdxl.text2),
  "conditioner.embedders.1.model.",
);

const files = {
  sd15: { ...unetShapes(specs.sd15.unet), ...vaeShapes(specs.sd15.vae), ...clipL("cond_stage_model.transformer.") },
  sd21: { ...unetShapes(specs.sd21.unet), ...vaeShapes(specs.sd21.vae), ...openH },
  sdxl: {
    ...unetShapes(specs.sdxl.unet),
    ...vaeShapes(specs.sdxl.vae),
    ...clipL("conditioner.embedders.0.transformer."),
    ...openG,
  },
};

describe("names", () => {
  // As they stand in v1-5-pruned-emaonly, v2-1_768-ema-pruned and sd_xl_base_1.0.
  it.each([
    ["sd15", "model.diffusion_model.input_blocks.0.0.weight", [320, 4, 3, 3]],
    ["sd15", "model.diffusion_model.time_embed.2.bias", [1280]],
    ["sd15", "model.diffusion_model.input_blocks.1.1.transformer_blocks.0.attn2.to_k.weight", [320, 768]],
    ["sd15", "model.diffusion_model.input_blocks.1.1.proj_in.weight", [320, 320, 1, 1]],
    ["sd15", "model.diffusion_model.input_blocks.3.0.op.weight", [320, 320, 3, 3]],
    ["sd15", "model.diffusion_model.input_blocks.4.0.skip_connection.weight", [640, 320, 1, 1]],
    ["sd15", "model.diffusion_model.input_blocks.11.0.out_layers.3.weight", [1280, 1280, 3, 3]],
    ["sd15", "model.diffusion_model.middle_block.1.transformer_blocks.0.ff.net.0.proj.weight", [10240, 1280]],
    ["sd15", "model.diffusion_model.middle_block.2.emb_layers.1.weight", [1280, 1280]],
    ["sd15", "model.diffusion_model.output_blocks.0.0.in_layers.2.weight", [1280, 2560, 3, 3]],
    ["sd15", "model.diffusion_model.output_blocks.2.1.conv.weight", [1280, 1280, 3, 3]],
    ["sd15", "model.diffusion_model.output_blocks.5.2.conv.weight", [1280, 1280, 3, 3]],
    ["sd15", "model.diffusion_model.output_blocks.8.2.conv.weight", [640, 640, 3, 3]],
    ["sd15", "model.diffusion_model.output_blocks.11.1.proj_out.weight", [320, 320, 1, 1]],
    ["sd15", "model.diffusion_model.out.2.weight", [4, 320, 3, 3]],
    ["sd15", "first_stage_model.encoder.down.1.block.0.nin_shortcut.weight", [256, 128, 1, 1]],
    ["sd15", "first_stage_model.encoder.down.2.downsample.conv.weight", [512, 512, 3, 3]],
    ["sd15", "first_stage_model.encoder.mid.attn_1.q.weight", [512, 512, 1, 1]],
    ["sd15", "first_stage_model.encoder.norm_out.weight", [512]],
    ["sd15", "first_stage_model.decoder.mid.block_2.conv1.weight", [512, 512, 3, 3]],
    ["sd15", "first_stage_model.decoder.up.3.block.0.conv1.weight", [512, 512, 3, 3]],
    ["sd15", "first_stage_model.decoder.up.1.block.0.nin_shortcut.weight", [256, 512, 1, 1]],
    ["sd15", "first_stage_model.decoder.up.0.block.2.conv2.weight", [128, 128, 3, 3]],
    ["sd15", "first_stage_model.decoder.up.1.upsample.conv.weight", [256, 256, 3, 3]],
    ["sd15", "first_stage_model.quant_conv.weight", [8, 8, 1, 1]],
    ["sd15", "cond_stage_model.transformer.text_model.encoder.layers.11.mlp.fc2.bias", [768]],
    ["sd21", "model.diffusion_model.input_blocks.1.1.proj_in.weight", [320, 320]],
    ["sd21", "cond_stage_model.model.transformer.resblocks.22.attn.in_proj_weight", [3072, 1024]],
    ["sd21", "cond_stage_model.model.transformer.resblocks.0.mlp.c_fc.weight", [4096, 1024]],
    ["sd21", "cond_stage_model.model.positional_embedding", [77, 1024]],
    ["sd21", "cond_stage_model.model.ln_final.weight", [1024]],
    ["sdxl", "model.diffusion_model.label_emb.0.0.weight", [1280, 2816]],
    ["sdxl", "model.diffusion_model.input_blocks.4.1.transformer_blocks.1.attn2.to_v.weight", [640, 2048]],
    ["sdxl", "model.diffusion_model.input_blocks.8.1.transformer_blocks.9.norm3.bias", [1280]],
    ["sdxl", "model.diffusion_model.output_blocks.2.2.conv.weight", [1280, 1280, 3, 3]],
    ["sdxl", "model.diffusion_model.output_blocks.5.2.conv.weight", [640, 640, 3, 3]],
    ["sdxl", "conditioner.embedders.0.transformer.text_model.final_layer_norm.weight", [768]],
    ["sdxl", "conditioner.embedders.1.model.text_projection", [1280, 1280]],
    ["sdxl", "conditioner.embedders.1.model.transformer.resblocks.31.ln_2.weight", [1280]],
    ["sdxl", "conditioner.embedders.1.model.token_embedding.weight", [49408, 1280]],
  ] as const)("%s has %s %j", (file, name, shape) => expect(files[file][name]).toEqual(shape));

  it("are as many as in the files of the world", () => {
    const count = (shapes: Shapes, prefix: string): number =>
      Object.keys(shapes).filter((name) => name.startsWith(prefix)).length;
    expect(count(files.sd15, "model.diffusion_model.")).toBe(686);
    expect(count(files.sdxl, "model.diffusion_model.")).toBe(1680);
    expect(count(files.sd15, "first_stage_model.")).toBe(248);
    expect(count(files.sd15, "cond_stage_model.")).toBe(196);
    expect(count(files.sdxl, "conditioner.embedders.1.")).toBe(389); // all but logit_scale
  });
});

describe("a checkpoint", () => {
  it.each(["sd15", "sd21", "sdxl"] as const)(
    "of %s is recognised, with the configs that diffusers has for it",
    (name) => {
      const found = original(listing(files[name]))!;
      const { unet, vae, text_encoder, text_encoder_2 } = found.parts;
      expect(found).toMatchObject({
        family: { sd15: "Stable Diffusion 1", sd21: "Stable Diffusion 2", sdxl: "Stable Diffusion XL" }[name],
        task: "text-to-image",
        hasAverage: false,
      });
      expect(unetSpec(unet!.config)).toEqual({ ...specs[name].unet, ...(name === "sd21" && { sampleSize: 64 }) });
      expect(vaeSpec(vae!.config)).toEqual(specs[name].vae);
      expect(clipTextSpec(text_encoder!.config)).toEqual(specs[name].text);
      expect(text_encoder_2 && clipTextSpec(text_encoder_2.config)).toEqual(
        name === "sdxl" ? specs.sdxl.text2 : undefined,
      );
    },
  );

  const distilled = {
    "tiny-sd": {
      block_out_channels: [320, 640, 1280],
      layers_per_block: 1,
      mid_block_type: null,
      ...kinds("AAA", "AAA"),
    },
    SDXS: { block_out_channels: [320, 640, 1280], layers_per_block: 1, mid_block_type: null, ...kinds("-AA", "AA-") },
    "SSD-1B": {
      ...configs.sdxl.unet,
      mid_block_type: "UNetMidBlock2D",
      transformer_layers_per_block: [1, [2, 2], [4, 4]],
      reverse_transformer_layers_per_block: [[4, 4, 10], [2, 1, 1], 1],
    },
    inpainting: { in_channels: 9 },
  };
  it.each(Object.entries(distilled))("of the shape of %s is recognised", (_, changes) => {
    const spec = unetSpec({ ...configs.sd15.unet, ...changes });
    const found = original(listing(unetShapes(spec)))!;
    expect(unetSpec(found.parts.unet!.config)).toEqual(spec);
    expect(found.task).toBe(spec.inChannels === 9 ? "inpainting" : "text-to-image");
  });

  it("may leave prefixes out, and text_model. in very old files", () => {
    const bare = { ...unetShapes(specs.sd15.unet, ""), ...vaeShapes(specs.sd15.vae, "vae.") };
    const found = original(listing(bare))!;
    expect([found.parts.unet?.prefix, found.parts.vae?.prefix]).toEqual(["", "vae."]);
    const old = Object.fromEntries(
      Object.entries(clipL("cond_stage_model.transformer.")).map(([k, v]) => [k.replace("text_model.", ""), v]),
    );
    const { text_encoder } = textParts(listing(old));
    expect(clipTextSpec(text_encoder!.config)).toEqual(specs.sd15.text);
    for (const { of } of text_encoder!.names.values()) expect(old).toHaveProperty([text_encoder!.prefix + of]);
    expect(vaeSpec(vaePart(listing(vaeShapes(specs.sd15.vae, "")))!.config)).toEqual(specs.sd15.vae);
  });

  it("knows the averaged copy of its U-Net", () => {
    const names = originalUnetNames(specs.sd15.unet);
    const copy = Object.fromEntries([...averaged(names).values()].map(({ of }) => [of as string, [1]]));
    expect(copy).toHaveProperty(
      ["model_ema.diffusion_modelinput_blocks11attn1to_qweight"].map((s) =>
        s.replace("11attn1", "11transformer_blocks0attn1"),
      ),
    );
    expect(original(listing({ ...files.sd15, ...copy }))?.hasAverage).toBe(true);
  });
});

function kinds(down: string, up: string) {
  const block = (way: string) => (c: string) => `${c === "A" ? "CrossAttn" : ""}${way}Block2D`;
  return { down_block_types: [...down].map(block("Down")), up_block_types: [...up].map(block("Up")) };
}

test("what is no such model is called what it is, or nothing", () => {
  const kind = (...names: string[]) => otherKind(listing(Object.fromEntries(names.map((name) => [name, [1]]))));
  expect(kind("model.diffusion_model.joint_blocks.0.x_block.attn.qkv.weight")).toMatch("Stable Diffusion 3");
  expect(kind("model.diffusion_model.double_blocks.0.img_attn.qkv.weight")).toMatch("FLUX");
  expect(kind("double_blocks.0.img_attn.qkv.weight")).toMatch("FLUX");
  expect(kind("lora_unet_down_blocks_0_attentions_0_proj_in.lora_up.weight")).toMatch("LoRA");
  expect(kind("unet.down_blocks.0.attentions.0.to_q.lora_A.weight")).toMatch("LoRA");
  expect(kind("control_model.input_blocks.0.0.weight")).toMatch("ControlNet");
  expect(kind("emb_params")).toMatch("textual inversion");
  expect(kind("conditioner.embedders.0.model.ln_final.weight")).toMatch("refiner");
  expect(kind("some.weight")).toBeUndefined();
  expect(original(fromTensors({}))).toBeUndefined();
});
