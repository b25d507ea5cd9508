// CLIP whole: opened as transformers lays it out, and run to vectors that say what its encoders say.
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { pictureOf } from "../../test/parity/diffusers.ts";
import { tinyClipConfig, tinyClipTensors, writeTinyClip } from "../../test/tiny-clip.ts";
import { writeTinyModel } from "../../test/tiny-model.ts";
import { similarity } from "../embeddings/distance.ts";
import { preprocess } from "../embeddings/preprocess.ts";
import { pixels } from "../image/pixels.ts";
import { clipImageEmbedsGraph, clipTextEmbedsGraph } from "../models/clip.ts";
import { clipSpec } from "../models/config.ts";
import { evaluate, referenceRuntime } from "../runtime/reference.ts";
import { ints, size } from "../tensor/tensor.ts";
import { writeComponent } from "../weights/checkpoint.ts";
import { embedder } from "./embedder.ts";
import { openClip } from "./load.ts";

let folder: string;
const inside = (name: string): string => join(folder, name);
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "dreamgrain-clip-"));
  await writeTinyClip(inside("own"));
  await writeTinyClip(inside("clip"), "clip");
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const noise = pixels(
  40,
  24,
  3,
  Uint8Array.from({ length: 40 * 24 * 3 }, (_, i) => (i * i * 31 + i * 17) % 256),
);
const norm = (v: ArrayLike<number>): number => Math.hypot(...Array.from(v));

describe("clipSpec", () => {
  it("reads what is published of CLIP ViT-L/14, whose 427,616,513 parameters then are all there", () => {
    // openai/clip-vit-large-patch14: config.json, without what says how it was trained and where texts begin and end.
    const half = { num_hidden_layers: 12, num_attention_heads: 12, hidden_size: 768, intermediate_size: 3072 };
    const spec = clipSpec({
      ...{ architectures: ["CLIPModel"], model_type: "clip", projection_dim: 768, logit_scale_init_value: 2.6592 },
      text_config: { ...half, model_type: "clip_text_model", projection_dim: 768, vocab_size: 49408 },
      text_config_dict: { ...half, projection_dim: 768 },
      vision_config: { model_type: "clip_vision_model", patch_size: 14, hidden_size: 768, projection_dim: 768 },
      vision_config_dict: {
        ...{ hidden_size: 1024, intermediate_size: 4096, num_hidden_layers: 24, num_attention_heads: 16 },
        ...{ patch_size: 14, projection_dim: 768 },
      },
    });
    const params = [clipTextEmbedsGraph(spec, 1), clipImageEmbedsGraph(spec, 1)].flatMap((g) => [...g.params.values()]);
    expect(params.reduce((sum, { shape }) => sum + size(shape), 1)).toBe(427_616_513); // and logit_scale
  });
  it("takes absent fields to mean ViT-B/32, and refuses what is no CLIP", () => {
    const { text, vision } = clipSpec({});
    expect([text.hidden, text.layers, text.heads, text.positions, text.projection]).toEqual([512, 12, 8, 77, 512]);
    expect([vision.hidden, vision.patch, vision.image, vision.projection]).toEqual([768, 32, 224, 512]);
    expect(() => clipSpec({ model_type: "siglip" })).toThrow(/model_type is "siglip"/);
    expect(() => clipSpec({ text_config: 3 })).toThrow(/text_config is 3; expected a JSON object/);
  });
});

describe("embedder", () => {
  it("gives what the encoders say, at length 1", { timeout: 30_000 }, async () => {
    await using runtime = referenceRuntime();
    for (const [kind, ids, row] of [
      ["own", [1, 5, 8, 2, 0, 0, 0, 0], 3],
      ["clip", [49406, 736, 4440, ...new Array<number>(74).fill(49407)], 3],
    ] as const) {
      const model = await openClip(inside(kind));
      await using eye = embedder(model, runtime);
      const params = tinyClipTensors(kind);
      const spec = clipSpec(tinyClipConfig(kind));
      const text = evaluate(
        clipTextEmbedsGraph(spec, 1),
        { ids: ints(ids, [1, ids.length]), rows: ints([row], [1]) },
        params,
      ).text_embeds.data;
      const image = evaluate(clipImageEmbedsGraph(spec, 1), { pixels: preprocess(noise, model.preprocessing) }, params)
        .image_embeds.data;
      const found = [await eye.embedText("red boat"), await eye.embedPicture(noise)];
      for (const [i, exact] of [text, image].entries()) {
        expect(norm(found[i])).toBeCloseTo(1, 6);
        exact.forEach((x, k) => {
          expect(found[i][k]).toBeCloseTo(x / norm(exact), 5);
        });
      }
      expect(similarity(found[0], await eye.embedText("red boat"))).toBeCloseTo(1, 6);
      expect(similarity(found[0], await eye.embedText("green sea"))).toBeLessThan(0.9999);
    }
  });
});

it("means what transformers' CLIPModel and CLIPImageProcessor mean by the same file", async () => {
  const golden = JSON.parse(await readFile(new URL("../../test/golden/clip.json", import.meta.url), "utf8"));
  await using runtime = referenceRuntime();
  const model = await openClip(inside("clip"));
  await using eye = embedder(model, runtime);
  const { mean, std } = model.preprocessing;
  const seen = preprocess(pictureOf(41, 30), model.preprocessing).data.map((x, i) => {
    const c = Math.floor(i / 256);
    return Math.round(255 * (x * std[c] + mean[c]));
  });
  const theirs: number[] = golden.pixels.split(" ").map(Number);
  const off = Array.from(seen, (value, i) => Math.abs(value - theirs[i]));
  expect(Math.max(...off)).toBeLessThanOrEqual(1);
  expect(off.filter((by) => by > 0).length).toBeLessThan(0.05 * off.length);
  const text = await eye.embedText("a photo of a cat");
  const picture = await eye.embedPicture(pictureOf(41, 30));
  const far = (a: Float32Array, b: readonly number[]): number => Math.hypot(...a.map((x, i) => x - b[i]));
  expect(far(text, golden.text)).toBeLessThan(1e-6);
  expect(far(picture, golden.picture)).toBeLessThan(1e-3);
});

describe("openClip", () => {
  it("knows CLIP's own preprocessing, and reads another", async () => {
    // openai/clip-vit-large-patch14: preprocessor_config.json.
    const [mean, std] = [
      [0.48145466, 0.4578275, 0.40821073],
      [0.26862954, 0.26130258, 0.27577711],
    ];
    expect((await openClip(inside("clip"))).preprocessing).toEqual({ side: 16, filter: "bicubic", mean, std });
    await cp(inside("clip"), inside("other"), { recursive: true });
    const write = (config: object) => writeFile(inside("other/preprocessor_config.json"), JSON.stringify(config));
    await write({ resample: 2, image_mean: [0, 0.5, 1], rescale_factor: 0.00392156862745098, size: 16 });
    expect((await openClip(inside("other"))).preprocessing).toMatchObject({ filter: "bilinear", mean: [0, 0.5, 1] });
    await write({ do_center_crop: false });
    await expect(openClip(inside("other"))).rejects.toThrow(/preprocessor_config.json: .*do_center_crop is false/);
    await write({ resample: 9 });
    await expect(openClip(inside("other"))).rejects.toThrow(/resample is 9/);
  });
  it("opens the file as the folder that it lies in, and knows weights by a hash of theirs", async () => {
    const [whole, file] = [await openClip(inside("own")), await openClip(inside("own/model.safetensors"))];
    expect(file.hash).toBe(whole.hash);
    expect(whole.hash).toMatch(/^[0-9a-f]{10}$/);
    await cp(inside("own"), inside("moved"), { recursive: true });
    expect((await openClip(inside("moved"))).hash).toBe(whole.hash);
    const tensors = tinyClipTensors("own");
    for (const { data } of Object.values(tensors)) data[0] += 0.5;
    await writeComponent(inside("moved"), "model", tinyClipConfig("own"), tensors);
    expect((await openClip(inside("moved"))).hash).not.toBe(whole.hash);
  });
  it("refuses what it cannot use, saying why", async () => {
    await writeTinyModel(inside("draws"));
    await expect(openClip(inside("draws"))).rejects.toThrow(/is a model that draws/);
    await expect(openClip(inside("none"))).rejects.toThrow(/there is no/);
    await cp(inside("own"), inside("half"), { recursive: true });
    const { "text_projection.weight": _, ...rest } = tinyClipTensors("own");
    await writeComponent(inside("half"), "model", tinyClipConfig("own"), rest);
    await expect(openClip(inside("half"))).rejects.toThrow(/wants text_projection.weight \[12,16\]/);
    await writeFile(inside("half/config.json"), JSON.stringify({ model_type: "bert" }));
    await expect(openClip(inside("half"))).rejects.toThrow(/config.json: .*model_type is "bert"/);
    await rm(inside("half/config.json"));
    await expect(openClip(inside("half/model.safetensors"))).rejects.toThrow(/wants the config.json/);
    await cp(inside("own"), inside("mute"), { recursive: true });
    await rm(inside("mute/vocabulary.json"));
    await expect(openClip(inside("mute"))).rejects.toThrow(/knows 16 ids/);
  });
});
