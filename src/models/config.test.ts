// The door for config.json: what it makes of real configs, and what it says to wrong ones.
import { describe, expect, it } from "vitest";
import { clipTextSpec, clipVisionSpec, unetSpec, vaeSpec } from "./config.ts";
import { ConfigError } from "./fields.ts";
import { configs, specs } from "./specs.ts";

const { unet, vae, text_encoder } = configs.sd15;

describe("unet", () => {
  it("reads heads out of attention_head_dim, one for all levels or one each", () => {
    expect(specs.sd15.unet.levels.map((l) => l.channels / l.heads)).toEqual([40, 80, 160, 160]);
    for (const spec of [specs.sd21.unet, specs.sdxl.unet])
      for (const l of spec.levels) expect(l.channels / l.heads).toBe(64);
    for (const l of specs.small.unet.levels) expect(l.channels / l.heads).toBe(32);
  });
  it("reads where transformers are", () => {
    const { levels, middle } = specs.sd15.unet;
    expect(levels.map((l) => l.down)).toEqual([
      [1, 1],
      [1, 1],
      [1, 1],
      [0, 0],
    ]);
    expect(levels.map((l) => l.up)).toEqual([
      [1, 1, 1],
      [1, 1, 1],
      [1, 1, 1],
      [0, 0, 0],
    ]);
    expect(middle).toBe(1);
    expect(specs.sdxl.unet.levels.map((l) => l.down)).toEqual([
      [0, 0],
      [2, 2],
      [10, 10],
    ]);
    expect(specs.sdxl.unet.middle).toBe(10);
    expect(specs.sdxl.unet.addition).toEqual({ timeChannels: 256, channels: 2816 });
  });
  it("reads distilled U-Nets: fewer layers, no middle or a single resnet there, depths that differ", () => {
    const three = { block_out_channels: [320, 640, 1280], attention_head_dim: [5, 10, 20] };
    const blocks = (up: boolean, ...attends: boolean[]): string[] =>
      attends.map((a) => `${a ? "CrossAttn" : ""}${up ? "Up" : "Down"}Block2D`);
    const kinds = {
      down_block_types: blocks(false, false, true, true),
      up_block_types: blocks(true, true, true, false),
    };
    const tiny = unetSpec({ ...unet, ...three, ...kinds, layers_per_block: 1, mid_block_type: null });
    expect(tiny.levels.map((l) => [...l.down, ...l.up])).toEqual([
      [0, 0, 0],
      [1, 1, 1],
      [1, 1, 1],
    ]);
    expect(tiny.middle).toBeUndefined();
    const ssd = unetSpec({
      ...configs.sdxl.unet,
      mid_block_type: "UNetMidBlock2D",
      transformer_layers_per_block: [1, [2, 2], [4, 4]],
      reverse_transformer_layers_per_block: [[4, 4, 10], [2, 1, 1], 1],
    });
    expect(ssd.levels.map((l) => [l.down, l.up])).toEqual([
      [
        [0, 0],
        [0, 0, 0],
      ],
      [
        [2, 2],
        [2, 1, 1],
      ],
      [
        [4, 4],
        [4, 4, 10],
      ],
    ]);
    expect(ssd.middle).toBe(0);
  });
  it("takes what diffusers takes absent and null fields for", () => {
    const { flip_sin_to_cos: _, freq_shift: __, norm_eps: ___, norm_num_groups: ____, ...bare } = unet;
    expect(unetSpec({ ...bare, class_embed_type: null, _diffusers_version: "0.6.0" })).toEqual(specs.sd15.unet);
    expect(specs.sd15.unet.projection).toBe("conv");
    expect(specs.sd21.unet.projection).toBe("linear");
  });
  it.each([
    [
      { ...unet, block_out_channels: undefined },
      "unet config: block_out_channels is missing; expected a list of numbers",
    ],
    [{ ...unet, attention_head_dim: [8, 8] }, "unet config: attention_head_dim is [8,8]; expected one number, or 4"],
    [{ ...unet, in_channels: "4" }, 'unet config: in_channels is "4"; expected a number'],
    [{ ...unet, use_linear_projection: 1 }, "unet config: use_linear_projection is 1; expected true or false"],
    [{ ...unet, class_embed_type: "timestep" }, 'unet config: class_embed_type is "timestep"; expected'],
    [{ ...unet, resnet_time_scale_shift: "scale_shift" }, "resnet_time_scale_shift"],
    [
      { ...unet, transformer_layers_per_block: [1, 1, [1], 1], reverse_transformer_layers_per_block: 1 },
      "expected 2 depths in block 2, or one number",
    ],
    [{ ...unet, transformer_layers_per_block: [1, 1, [1, 2], 1] }, "since those of the way down differ within a level"],
    [{ ...unet, transformer_layers_per_block: [1, "2"] }, "expected one number, or 4 numbers or lists of numbers"],
    [
      { ...unet, down_block_types: ["AttnDownBlock2D", "DownBlock2D", "DownBlock2D", "DownBlock2D"] },
      "down_block_types",
    ],
    [{ ...unet, up_block_types: unet.down_block_types }, "expected 4 names out of UpBlock2D, CrossAttnUpBlock2D"],
    [
      { ...unet, _class_name: "SD3Transformer2DModel" },
      '_class_name is "SD3Transformer2DModel"; expected "UNet2DConditionModel"',
    ],
    [{ ...configs.sdxl.unet, addition_time_embed_dim: null }, "addition_time_embed_dim is null; expected a number"],
    [null, "unet config: expected a JSON object, found null"],
    [[], "expected a JSON object"],
  ])("refuses what it cannot draw (%#)", (config, message) => {
    expect(() => unetSpec(config)).toThrow(ConfigError);
    expect(() => unetSpec(config)).toThrow(message);
  });
});

describe("vae", () => {
  it("reads patches as Wan 2.2 writes them", () => {
    expect(specs.small.vae).toMatchObject({ patch: 2, channels: 3, midAttention: false, quantConv: false });
    expect(specs.sd15.vae).toMatchObject({
      patch: 1,
      channels: 3,
      midAttention: true,
      quantConv: true,
      postQuantConv: true,
    });
  });
  it("reads the scale of latents", () => {
    expect(specs.sd15.vae.scalingFactor).toBe(0.18215);
    expect(specs.sdxl.vae.scalingFactor).toBe(0.13025);
    expect(vaeSpec({ ...vae, latents_mean: [1, 2, 3, 4], latents_std: null }).latentsMean).toEqual([1, 2, 3, 4]);
  });
  it.each([
    [{ ...vae, patch_size: 2 }, "in_channels is 3; expected a multiple of patch_size² = 4"],
    [{ ...vae, out_channels: 4 }, "out_channels is 4; expected in_channels, 3"],
    [{ ...vae, _class_name: "AutoencoderTiny" }, "AutoencoderKL"],
    [{ ...vae, down_block_types: ["AttnDownEncoderBlock2D"] }, "down_block_types"],
  ])("refuses what it cannot draw (%#)", (config, message) => {
    expect(() => vaeSpec(config)).toThrow(message);
  });
});

describe("clip", () => {
  it("has a projection where `architectures` says so", () => {
    expect(specs.sd15.text.projection).toBeUndefined();
    expect(specs.sdxl.text2.projection).toBe(1280);
  });
  it("reads each encoder's activation, and takes its absence as transformers does", () => {
    const { hidden_act: _, ...bare } = configs.sd21.text_encoder;
    expect(clipTextSpec(bare).activation).toBe("quick_gelu");
    expect(specs.sd15.text.activation).toBe("quick_gelu");
    expect([specs.sd21.text.activation, specs.sdxl.text2.activation]).toEqual(["gelu", "gelu"]);
  });
  it("refuses what it cannot draw", () => {
    const gelu = { ...text_encoder, hidden_act: "gelu_new" };
    expect(() => clipTextSpec(gelu)).toThrow('hidden_act is "gelu_new"; expected quick_gelu or gelu');
    expect(() => clipTextSpec({ ...text_encoder, model_type: "t5" })).toThrow("model_type");
    expect(() => clipVisionSpec({ hidden_size: 8 })).toThrow("vision encoder config: num_attention_heads is missing");
  });
});
