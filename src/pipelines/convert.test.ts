// Single files: the same model as in a folder, tensor by tensor; there and back; parts from elsewhere; what is refused.
import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { formulaWeights } from "../../test/goldens.ts";
import { writeTinyModel } from "../../test/tiny-model.ts";
import { predictions } from "../diffusion/denoise.ts";
import { finish } from "../diffusion/samplers.ts";
import { unetSpec } from "../models/config.ts";
import { originalUnetNames } from "../models/original-names.ts";
import { configs } from "../models/specs.ts";
import { unetGraph } from "../models/unet.ts";
import { ortNode } from "../runtime/ort-node.ts";
import { tensor } from "../tensor/tensor.ts";
import { openModelFolder } from "../weights/checkpoint.ts";
import { openSafetensors, writeSafetensors } from "../weights/safetensors-file.ts";
import { inverted, viewed } from "../weights/views.ts";
import { fromTensors, merged, prefixed, readAll, type Weights } from "../weights/weights.ts";
import { writeFolder, writeSingleFile } from "./convert.ts";
import { engine } from "./engine.ts";
import { openModel, openSingleFile } from "./load.ts";
import type { Model } from "./model.ts";
import { textToImage } from "./text-to-image.ts";

let root: string;
const inside = (name: string): string => join(root, name);
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "dreamgrain-convert-"));
  for (const kind of ["sd", "xl"] as const) {
    const folder = await writeTinyModel(inside(kind), kind);
    await writeSingleFile(inside(`${kind}.safetensors`), await openModelFolder(folder));
  }
});
afterAll(() => rm(root, { recursive: true, force: true }));

const parts = ({ weights, texts }: Model): readonly Weights[] => [
  weights.unet,
  weights.vae,
  ...texts.map((text) => text.weights),
];
/** What tensors hold, in short: comparing large ones number by number takes seconds. */
async function digest(weights: Weights): Promise<string[]> {
  const lines = Object.entries(await readAll(weights)).map(([name, { dtype, shape, data }]) => {
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    return `${name} ${dtype} ${shape} ${createHash("sha256").update(bytes).digest("hex")}`;
  });
  return lines.sort();
}
const all = (model: Model): Promise<string[][]> => Promise.all(parts(model).map(digest));

describe.each(["sd", "xl"] as const)("a single file of %s", (kind) => {
  it("is the model of its folder", async () => {
    const [file, folder] = [await openModel(inside(`${kind}.safetensors`)), await openModel(inside(kind))];
    expect(file.name).toBe(kind);
    // A file does not say what size it was trained for: its kind does.
    const sizeless = ({ specs }: Model) => ({ ...specs, unet: { ...specs.unet, sampleSize: 0 } });
    expect(sizeless(file)).toEqual(sizeless(folder));
    expect(file.texts.map(({ spec, tokens, pooled }) => [spec, tokens, pooled])).toEqual(
      folder.texts.map(({ spec, tokens, pooled }) => [spec, tokens, pooled]),
    );
    const ids = (model: Model) => model.texts.map(({ tokenizer }) => [...tokenizer.encode("a cat!").ids.data]);
    expect(ids(file)).toEqual(ids(folder));
    expect([file.zeroNegative, file.prediction]).toEqual([kind === "xl", predictions.epsilon]);
    expect(file.table.range).toEqual(folder.table.range);
    expect([file, folder].map(({ defaults }) => defaults.guidance)).toEqual(kind === "xl" ? [5, 5] : [7.5, 7.5]);
    expect(await all(file)).toEqual(await all(folder));
  });

  it("is the same again after a folder was made of it, and says where its bytes are", async () => {
    const source = await openSingleFile(inside(`${kind}.safetensors`));
    expect(source.unused).toEqual([]);
    const made = await writeFolder(inside(`${kind}-made`), source);
    expect(made.left).toEqual([]);
    await writeSingleFile(inside(`${kind}-again.safetensors`), await openModelFolder(inside(`${kind}-made`)));
    const [was, is] = await Promise.all(
      [`${kind}.safetensors`, `${kind}-again.safetensors`].map((name) => readFile(inside(name))),
    );
    expect(is.equals(was)).toBe(true);
    expect(await all(await openModel(inside(`${kind}-made`)))).toEqual(await all(await openModel(inside(kind))));
    const bytes = await readFile(inside(`${kind}.safetensors`));
    for (const part of parts(await openModel(inside(`${kind}.safetensors`))))
      for (const name of part.names()) {
        const range = part.info(name)?.file;
        const { data } = await part.read(name);
        if (!range)
          expect(name).toBe("text_projection.weight"); // the one that is transposed
        else
          expect(
            Buffer.from(data.buffer, data.byteOffset, data.byteLength).equals(
              bytes.subarray(range.offset, range.offset + range.length),
            ),
            name,
          ).toBe(true);
      }
  });

  it("draws what its folder draws", async () => {
    const pixels = async (name: string) => {
      await using runtime = await ortNode({ threads: 1 });
      await using running = engine(await openModel(inside(name)), runtime);
      const request = {
        prompt: "a red boat",
        seed: 3,
        width: 16,
        height: 32,
        steps: 2,
        sampler: "euler",
        schedule: "karras",
      };
      return (await finish(textToImage(running, request))).pixels;
    };
    expect(await pixels(`${kind}.safetensors`)).toEqual(await pixels(kind));
  });
});

it("holds OpenCLIP's query, key and value one below the other, and its projection with columns for rows", async () => {
  const file = await openSafetensors(inside("xl.safetensors"));
  const { weights } = await openModelFolder(inside("xl")).then((folder) => folder.component("text_encoder_2"));
  const there = "conditioner.embedders.1.model.";
  const layer = "text_model.encoder.layers.1.self_attn";
  for (const kind of ["weight", "bias"]) {
    const joint = await file.read(`${there}transformer.resblocks.1.attn.in_proj_${kind}`);
    const each = await Promise.all(["q", "k", "v"].map((which) => weights.read(`${layer}.${which}_proj.${kind}`)));
    expect([...joint.data]).toEqual(each.flatMap(({ data }) => [...data].map(Number)));
  }
  const [theirs, ours] = [await file.read(`${there}text_projection`), await weights.read("text_projection.weight")];
  expect([theirs.shape, ours.shape]).toEqual([
    [12, 16],
    [16, 12],
  ]);
  for (let i = 0; i < 12; i++) expect(theirs.data[16 * i + 5]).toBe(ours.data[12 * 5 + i]);
});

describe("what a file may also be", () => {
  it("stored in another dtype", async () => {
    await writeSingleFile(inside("wide.safetensors"), await openModelFolder(inside("sd")), { dtype: "f32" });
    const wide = await openSafetensors(inside("wide.safetensors"));
    expect(new Set(wide.names().map((name) => wide.info(name)!.dtype))).toEqual(new Set(["f32"]));
  });

  it("trained longer: an averaged copy is left alone unless asked for", async () => {
    const file = await openSafetensors(inside("sd.safetensors"));
    const unet = "model.diffusion_model.";
    const copy: Record<string, ReturnType<typeof tensor>> = {};
    for (const name of file.names())
      if (name.startsWith(unet)) {
        const { shape } = file.info(name)!;
        copy[`model_ema.diffusion_model${name.slice(unet.length).replaceAll(".", "")}`] = tensor(
          new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(0.5),
          shape,
        );
      }
    const extra = { betas: tensor([1], [1]), "somebody.left.this": tensor([1], [1]) };
    await writeSafetensors(inside("ema.safetensors"), merged(file, fromTensors({ ...copy, ...extra })));
    const opened = await openSingleFile(inside("ema.safetensors"));
    expect(opened.unused).toEqual(["somebody.left.this"]);
    const first = async (model: Model) => (await model.weights.unet.read("conv_in.bias")).data[0];
    const plain = await openModel(inside("ema.safetensors"));
    expect(await first(plain)).toBe(await first(await openModel(inside("sd"))));
    expect(await first(await openModel(inside("ema.safetensors"), { average: true }))).toBe(0.5);
    // A picture's metadata must tell models apart that are made of one file.
    const hashes = [{}, { average: true }, { prediction: "v" }, { prediction: "epsilon" }] as const;
    const [one, ema, v, again] = await Promise.all(
      hashes.map(async (options) => (await openModel(inside("ema.safetensors"), options)).hash),
    );
    expect([again, new Set([one, ema, v]).size]).toEqual([one, 3]);
    await expect(openModel(inside("sd.safetensors"), { average: true })).rejects.toThrow(/no averaged copy/);
  });

  it("predicting v: said by the file, by a sign of its weights, or by the caller", async () => {
    const file = await openSafetensors(inside("sd.safetensors"));
    const said = inside("said.safetensors");
    await writeSafetensors(said, file, { "modelspec.prediction_type": "v" });
    expect((await openModel(said)).prediction).toBe(predictions.v);
    expect((await openModel(said, { prediction: "epsilon" })).prediction).toBe(predictions.epsilon);
    const key = inside("key.safetensors");
    await writeSafetensors(key, merged(file, fromTensors({ v_pred: tensor([], [0]), ztsnr: tensor([], [0]) })));
    const zero = await openModel(key);
    expect(zero.prediction).toBe(predictions.v);
    expect(zero.table.range[0]).toBeGreaterThan(4000);
  });

  it("Stable Diffusion 2, whose weights alone tell what it predicts and for which size", async () => {
    const { sd21 } = configs;
    const spec = unetSpec({ ...sd21.unet, block_out_channels: [32, 32, 32, 32], attention_head_dim: 1 });
    const graph = unetGraph(spec, { batch: 1, height: 8, width: 8, tokens: 1 });
    const file = inside("sd2.safetensors");
    const told = async (spread: number) => {
      const ours = formulaWeights(graph);
      const sign = "up_blocks.3.attentions.2.transformer_blocks.0.norm1.bias";
      const bias = tensor(
        Array.from({ length: 32 }, (_, i) => (i % 2 ? spread : -spread)),
        [32],
      );
      const changed: Weights = { ...ours, read: async (name) => (name === sign ? bias : ours.read(name)) };
      await writeSafetensors(
        file,
        prefixed(viewed(changed, inverted(originalUnetNames(spec))), "model.diffusion_model."),
      );
      const opened = await openSingleFile(file);
      const { config } = await opened.component("unet");
      const { prediction_type } = await opened.json("scheduler/scheduler_config.json");
      return [opened.found.family, prediction_type, config.sample_size];
    };
    expect(await told(0.1)).toEqual(["Stable Diffusion 2", "v_prediction", 96]);
    expect(await told(0.08)).toEqual(["Stable Diffusion 2", "epsilon", 64]);
    const { pad_token } = await (await openSingleFile(file)).json("tokenizer/special_tokens_map.json");
    expect(pad_token).toBe("!");
  });

  it("completed by parts from elsewhere", async () => {
    const autoencoder = await openModelFolder(inside("sd")).then((folder) => folder.component("vae"));
    const other = inside("vae.safetensors");
    await writeSafetensors(other, autoencoder.weights);
    // A bare file in diffusers' names needs its config.json beside it.
    await expect(openModel(inside("xl.safetensors"), { vae: other })).rejects.toThrow(/holds no vae that is known/);
    const beside = inside("beside");
    await mkdir(beside);
    await writeSafetensors(join(beside, "m.safetensors"), autoencoder.weights);
    await writeFile(join(beside, "config.json"), JSON.stringify(autoencoder.config));
    for (const vae of [inside("sd/vae"), inside("sd.safetensors"), join(beside, "m.safetensors")]) {
      const model = await openModel(inside("xl.safetensors"), { vae });
      expect(model.specs.vae.scalingFactor).toBe(0.18215);
      expect(await digest(model.weights.vae)).toEqual(await digest((await openModel(inside("sd"))).weights.vae));
    }
    const words = await openModel(inside("sd"), { textEncoder: inside("sd.safetensors") });
    expect(words.texts[0].spec).toEqual((await openModel(inside("sd"))).texts[0].spec);
    await expect(openModel(inside("sd"), { textEncoder: inside("xl/text_encoder_2") })).rejects.toThrow(
      /reads a context of 8 channels, its text encoder writes 12/,
    );
  });

  it("a folder of links, as Hugging Face's cache keeps it", async () => {
    const cache = inside("models--somebody--tiny");
    const snapshot = join(cache, "snapshots", "0123abcd");
    await mkdir(join(cache, "refs"), { recursive: true });
    await writeFile(join(cache, "refs", "main"), "0123abcd\n");
    for (const file of await readdir(inside("sd"), { recursive: true, withFileTypes: true })) {
      if (!file.isFile()) continue;
      const link = join(snapshot, relative(inside("sd"), file.parentPath));
      await mkdir(link, { recursive: true });
      await symlink(join(file.parentPath, file.name), join(link, file.name));
    }
    for (const path of [snapshot, cache])
      expect((await openModel(path)).hash).toBe((await openModel(inside("sd"))).hash);
  });
});

describe("a converted copy", () => {
  it("says of itself what the original says, and is the same model by its hash", async () => {
    const file = await openSafetensors(inside("sd.safetensors"));
    const said = { "modelspec.title": "tiny", format: "pt", "modelspec.author": "nobody" };
    await writeSafetensors(inside("titled.safetensors"), file, said);
    await writeFolder(inside("titled"), await openSingleFile(inside("titled.safetensors")));
    await writeSingleFile(inside("titled-again.safetensors"), await openModelFolder(inside("titled")));
    const again = await openSafetensors(inside("titled-again.safetensors"));
    expect(Object.entries(again.metadata)).toEqual(Object.entries(said));
    await expect((await openModelFolder(inside("titled"))).component("vae")).resolves.toMatchObject({
      files: [{ metadata: said }],
    });
    await writeSingleFile(inside("wide.safetensors"), await openModelFolder(inside("titled")), { dtype: "f32" });
    const hashes = await Promise.all(
      ["sd", "sd.safetensors", "titled.safetensors", "titled", "titled-again.safetensors", "wide.safetensors"].map(
        async (name) => (await openModel(inside(name))).hash,
      ),
    );
    expect(new Set(hashes.slice(0, 5)).size).toBe(1);
    expect(new Set(hashes).size).toBe(2);
  });
});

it("a converted copy predicts what the original predicts", async () => {
  const folder = await writeTinyModel(inside("velocity"), "sd2");
  const scheduler = join(folder, "scheduler/scheduler_config.json");
  const config = JSON.parse(await readFile(scheduler, "utf8")) as object;
  await writeFile(scheduler, JSON.stringify({ ...config, rescale_betas_zero_snr: true }));
  await writeSingleFile(inside("velocity.safetensors"), await openModelFolder(folder));
  const [was, is] = [await openModel(folder), await openModel(inside("velocity.safetensors"))];
  expect([is.prediction, is.table.range, is.hash]).toEqual([predictions.v, was.table.range, was.hash]);
  await writeFile(scheduler, JSON.stringify({ ...config, prediction_type: "sample" }));
  await expect(writeSingleFile(inside("sample.safetensors"), await openModelFolder(folder))).rejects.toThrow(
    /cannot say what this U-Net was trained to predict; keep the folder/,
  );
});

describe("a folder that is written once more", () => {
  it("keeps words and defaults of our own, and leaves out what is not needed", async () => {
    const own = await writeTinyModel(inside("words"));
    const index = JSON.parse(await readFile(join(own, "model_index.json"), "utf8")) as object;
    await writeFile(join(own, "model_index.json"), JSON.stringify({ ...index, feature_extractor: ["a", "b"] }));
    const { left } = await writeFolder(inside("words-again"), await openModelFolder(own));
    expect(left).toEqual(["feature_extractor"]);
    const [before, after] = [await openModel(own), await openModel(inside("words-again"))];
    expect([after.defaults, await all(after)]).toEqual([before.defaults, await all(before)]);
    expect(after.texts[0].tokenizer.encode("a red boat").ids).toEqual(
      before.texts[0].tokenizer.encode("a red boat").ids,
    );
    const written = await openModelFolder(inside("words-again"));
    expect([written.has("feature_extractor"), written.has("unet")]).toEqual([false, true]);
  });
  it("keeps the padding, wherever it is said", async () => {
    const folder = await writeTinyModel(inside("padded"), "sd2");
    await rm(join(folder, "tokenizer/special_tokens_map.json"));
    await writeFile(join(folder, "tokenizer/tokenizer_config.json"), '{"pad_token":{"content":"!"}}');
    await writeFolder(inside("padded-again"), await openModelFolder(folder));
    const { ids } = (await openModel(inside("padded-again"))).texts[0].tokenizer.encode("a cat");
    expect(ids.data[76]).toBe(0);
  });
  it("is not there when it could not be finished", async () => {
    const file = await openSafetensors(inside("sd.safetensors"));
    const names = file.names().filter((name) => !name.startsWith("cond_stage_model"));
    const info = (name: string) => (names.includes(name) ? file.info(name) : undefined);
    await writeSafetensors(inside("deaf.safetensors"), { ...file, names: () => names, info });
    await expect(writeFolder(inside("deaf"), await openSingleFile(inside("deaf.safetensors")))).rejects.toThrow(
      /no text_encoder/,
    );
    expect((await readdir(root)).filter((name) => name.startsWith("deaf"))).toEqual(["deaf.safetensors"]);
  });
});

describe("what is refused", () => {
  const refused = async (tensors: Weights): Promise<string> => {
    const path = inside("refused.safetensors");
    await writeSafetensors(path, tensors);
    const error: unknown = await openModel(path).catch((e: unknown) => e);
    return error instanceof Error ? error.message : "nothing";
  };
  it("is called what it is", async () => {
    const one = (name: string) => fromTensors({ [name]: tensor([1], [1]) });
    expect(await refused(one("model.diffusion_model.joint_blocks.0.x"))).toMatch(
      /is a Stable Diffusion 3 model\. dreamgrain/,
    );
    expect(await refused(one("lora_unet_x.lora_down.weight"))).toMatch(/is a LoRA, which changes a model/);
    expect(await refused(one("down_blocks.0.x"))).toMatch(/is one part of a model: name the folder or file/);
    expect(await refused(one("x"))).toMatch(/is no such model\./);
  });
  it("says what is missing", async () => {
    const file = await openSafetensors(inside("sd.safetensors"));
    const without = (sign: string): Weights => ({
      ...file,
      names: () => file.names().filter((n) => !n.includes(sign)),
      info: (n) => (n.includes(sign) ? undefined : file.info(n)),
    });
    expect(await refused(without("first_stage_model"))).toMatch(
      /holds no vae; name another file or folder that does \(--vae\)/,
    );
    expect(await refused(without("cond_stage_model"))).toMatch(/holds no text_encoder/);
    expect(await refused(prefixed(without("no such name"), "x."))).toMatch(/is no such model/);
    await expect(
      openSingleFile(inside("sd.safetensors")).then((f) => f.json("tokenizer/vocabulary.json")),
    ).rejects.toThrow(/single file and has no/);
  });
  it("says which tensor is stored as something else, be it only one", async () => {
    const bytes = await readFile(inside("sd.safetensors"));
    const [name, path] = ["model.diffusion_model.middle_block.0.in_layers.2.weight", inside("integers.safetensors")];
    bytes.write("I16", bytes.indexOf("F16", bytes.indexOf(`"${name}"`)));
    await writeFile(path, bytes);
    await expect(openModel(path)).rejects.toThrow(new RegExp(`stores ${name} as I16, .* in F16, BF16 or F32`));
    await expect(openModel(inside("sd"), { vae: path })).resolves.toBeDefined();
  });
  it("has no names in the original layout", async () => {
    const folder = await writeTinyModel(inside("own"));
    const convert = async () => writeSingleFile(inside("own.safetensors"), await openModelFolder(folder));
    await expect(convert()).rejects.toThrow(/no names for this U-Net/);
    const config = join(folder, "unet", "config.json");
    await writeFile(config, (await readFile(config, "utf8")).replace('"input_skip": true', '"input_skip": false'));
    await expect(convert()).rejects.toThrow(/no names for this autoencoder/);
  });
});
