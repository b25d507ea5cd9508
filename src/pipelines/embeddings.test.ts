// Embeddings: every form of file, what is refused, and that their vectors stand where those of words would.
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { writeTinyModel } from "../../test/tiny-model.ts";
import { parseInfotext } from "../image/infotext.ts";
import { ortNode } from "../runtime/ort-node.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { narrow, widen } from "../tensor/dtype.ts";
import { type AnyTensor, full, ints, rows, stack, type Tensor, tensor } from "../tensor/tensor.ts";
import { CLIP_VOCABULARY_SIZE } from "../text/clip-bpe.ts";
import { writeSafetensors } from "../weights/safetensors-file.ts";
import { embeddingIn, withEmbeddings } from "./embeddings.ts";
import { engine } from "./engine.ts";
import { openModel } from "./load.ts";
import { pictureText, recipeIn } from "./metadata.ts";
import type { Embedding, Model } from "./model.ts";
import { openEmbedding, openEmbeddings } from "./open-embeddings.ts";
import { settings, words } from "./text-to-image.ts";

let folder: string;
let runtime: Runtime;
let sd: Model;
let xl: Model;
let own: Model;
const inside = (name: string): string => join(folder, name);
const write = async (name: string, tensors: Record<string, AnyTensor>): Promise<string> => {
  await mkdir(join(inside(name), ".."), { recursive: true });
  await writeSafetensors(inside(name), tensors);
  return inside(name);
};
const open = async (name: string, tensors: Record<string, AnyTensor>): Promise<Embedding> =>
  openEmbedding(await write(name, tensors));
const some = (...shape: number[]): Tensor =>
  tensor(
    Array.from({ length: shape.reduce((n, d) => n * d, 1) }, (_, i) => (i % 7) / 8 - 0.375),
    shape,
  );

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "dreamgrain-embeddings-"));
  runtime = await ortNode({ threads: 1 });
  sd = await openModel(await writeTinyModel(inside("sd"), "sd"));
  xl = await openModel(await writeTinyModel(inside("xl"), "xl"));
  own = await openModel(await writeTinyModel(inside("own")));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe("a file of an embedding", () => {
  it("is read in every form, and is called what it is called", async () => {
    const vectors = some(3, 8);
    const a1111 = await open("Easy Negative.SAFETENSORS", { emb_params: vectors });
    expect(a1111).toMatchObject({
      name: "Easy Negative",
      path: inside("Easy Negative.SAFETENSORS"),
      vectors: [vectors],
    });
    expect(a1111.hash).toMatch(/^[0-9a-f]{12}$/);
    expect(a1111.token).toBeUndefined();
    const one = await open("toy.safetensors", { "<cat-toy>": some(8) });
    expect(one).toMatchObject({ name: "toy", token: "<cat-toy>" });
    expect(one.vectors[0].shape).toEqual([1, 8]);
    expect((await open("hub/learned_embeds.safetensors", { "<gta>": some(2, 8) })).name).toBe("<gta>");
    const pair = { clip_g: some(2, 12), clip_l: some(2, 8) };
    expect((await open("xl.safetensors", pair)).vectors).toEqual([pair.clip_l, pair.clip_g]);
    const cog = { text_encoders_0: some(2, 8), text_encoders_1: some(2, 12) };
    expect((await open("cog.safetensors", cog)).vectors).toEqual(Object.values(cog));
  });
  it("in half precision is the same numbers", async () => {
    for (const dtype of ["f16", "bf16"] as const)
      expect((await open(`${dtype}.safetensors`, { emb_params: narrow(some(2, 8), dtype) })).vectors).toEqual([
        some(2, 8),
      ]);
  });
  it("is refused when it is something else", async () => {
    const refused = (tensors: Record<string, AnyTensor>, why: RegExp) =>
      expect(open("wrong.safetensors", tensors)).rejects.toThrow(why);
    await refused({ a: some(1, 8), b: some(1, 8) }, /wrong.safetensors holds a, b; expected emb_params, the pair/);
    await refused({ clip_g: some(1, 8) }, /holds clip_g; expected/);
    await refused({}, /holds no tensor; expected/);
    await refused({ clip_l: some(1, 8), clip_g: some(2, 12) }, /1 and 2 vectors for the two text encoders/);
    await refused({ emb_params: ints([1, 2], [1, 2]) }, /emb_params in .* is i32 \[1,2\]; expected vectors/);
    await refused({ emb_params: some(1, 2, 4) }, /is f32 \[1,2,4\]/);
    await refused({ emb_params: tensor([], [0, 8]) }, /is f32 \[0,8\]/);
    await refused({ emb_params: tensor([1, Number.NaN], [1, 2]) }, /numbers that are not finite/);
    for (const name of ["a.pt", "b.PTH", "c.bin"]) {
      await writeFile(inside(name), "PK");
      await expect(openEmbedding(inside(name))).rejects.toThrow(/is a Python pickle, which can run code/);
    }
  });
});

describe("a model with embeddings", () => {
  /** The vectors that a text encoder has for the pieces of some words. */
  const vectorsOf = async (model: Model, text: string): Promise<Tensor[]> =>
    Promise.all(
      model.texts.map(async ({ weights, tokenizer }) => {
        const table = widen(await weights.read("text_model.embeddings.token_embedding.weight"));
        return stack(tokenizer.encode(text).pieces.map(({ id }) => rows(table, id)));
      }),
    );

  it("reads a word whose vectors are those of other words as those words, whatever the model", async () => {
    for (const [model, text] of [
      [sd, "red boat"],
      [xl, "red boat!"],
      [own, "red boat"],
    ] as const) {
      const copy: Embedding = { name: "Copy", hash: "", path: "", vectors: await vectorsOf(model, text) };
      await using plain = engine(model, runtime);
      await using running = engine(withEmbeddings(model, [copy]), runtime);
      expect(await running.context("a copy , cat")).toEqual(await plain.context(`a ${text} , cat`));
      expect(await running.context("a cat")).toEqual(await plain.context("a cat"));
    }
  });
  it("reads long prompts and skipped layers with them too, and several embeddings apart", async () => {
    const [red, boat] = [await vectorsOf(sd, "red"), await vectorsOf(sd, "boat")];
    const both = ["one", "two"].map((name, i) => ({ name, hash: name, path: name, vectors: [red, boat][i] }));
    await using plain = engine(sd, runtime);
    await using running = engine(withEmbeddings(withEmbeddings(sd, [both[0]]), [both[1]]), runtime);
    const options = { rows: 3, clipSkip: 2 };
    const long = `${"dream ".repeat(74)}`;
    expect(await running.context(`${long} TWO ${long} one`, options)).toEqual(
      await plain.context(`${long} boat ${long} red`, options),
    );
  });
  it("knows which are named, for the picture to remember", async () => {
    const easy = await open("Ea:sy, x.safetensors", { emb_params: some(3, 8) });
    const other = await open("other.safetensors", { emb_params: some(1, 8) });
    const model = withEmbeddings(sd, [easy, other]);
    const chosen = settings(model, { prompt: "a cat", negative: "EA:SY, X", seed: 1 });
    expect(words(model, chosen).embeddings).toEqual(["Ea:sy, x"]);
    const text = pictureText(model, chosen);
    const { name, hash, path } = easy;
    expect(recipeIn(text)?.embeddings).toEqual([{ name, hash, path }]);
    expect(parseInfotext(text.parameters).settings["TI hashes"]).toBe(`Easy x: ${hash}`);
    const without = pictureText(model, settings(model, { prompt: "a cat", seed: 1 }));
    expect(recipeIn(without)?.embeddings).toEqual([]);
    expect(without.parameters).not.toContain("TI hashes");
    const damaged = { ...JSON.parse(text.dreamgrain), embeddings: [{ name: 1 }] };
    expect(() => recipeIn({ dreamgrain: JSON.stringify(damaged) })).toThrow(/embedding config: name is 1/);
    expect(() => recipeIn({ dreamgrain: JSON.stringify({ ...damaged, embeddings: 1 }) })).toThrow(/should be a list/);
  });
  it("says when a name after ComfyUI's mark is none", async () => {
    const model = withEmbeddings(sd, [await open("bad hands.safetensors", { emb_params: some(1, 8) })]);
    const said = (prompt: string): readonly string[] => words(model, { prompt, negative: "snow", guidance: 5 }).notices;
    expect(said("embedding:bad hands, embedding:Bad Hands.safetensors")).toEqual([]);
    expect(said("(embedding:nope:1.2), cat")).toEqual([
      'There is no embedding "nope:1.2", so "embedding:nope:1.2" is read as ordinary words.',
    ]);
  });
  it("refuses those that are for another, and says for which", async () => {
    const second = { emb_params: some(1, 1024) };
    await expect(openEmbeddings(sd, [await write("sd2.safetensors", second)])).rejects.toThrow(
      /sd2.safetensors has vectors of 1024 numbers, as for Stable Diffusion 2; the text encoder of this model reads 8 numbers/,
    );
    const embedding = await open("sd.safetensors", { emb_params: some(1, 8) });
    expect(() => withEmbeddings(xl, [embedding])).toThrow(
      /vectors of 8 numbers; the text encoders read 8 and 12 numbers/,
    );
    const pair = await open("both.safetensors", { clip_l: some(1, 768), clip_g: some(1, 1280) });
    expect(() => withEmbeddings(sd, [pair])).toThrow(/768 and 1280 numbers, as for Stable Diffusion XL/);
    const long = await open("long.safetensors", { emb_params: some(76, 8) });
    expect(() => withEmbeddings(sd, [long])).toThrow(/has 76 vectors; a row of this model has room for 75/);
  });
  it("refuses two of one name, unless they are one", async () => {
    const twin = await open("twins/a.safetensors", { emb_params: some(1, 8) });
    const other = await open("others/A.safetensors", { emb_params: full([1, 8], 0.5) });
    expect(() => withEmbeddings(sd, [twin, other])).toThrow(/twins\/a.* and .*others\/A.* are both written "a"/);
    expect(withEmbeddings(sd, [twin, twin]).embeddings).toEqual([twin]);
    const { ids } = withEmbeddings(sd, [twin, twin]).texts[0].tokenizer.encode("a");
    expect(ids.data[1]).toBe(CLIP_VOCABULARY_SIZE);
    expect(withEmbeddings(sd, [])).toBe(sd);
  });
  it("takes what fits from a folder, and says what it left", async () => {
    await write("many/fits.safetensors", { emb_params: some(1, 8) });
    await write("many/deep/too.safetensors", { emb_params: full([2, 8], 0.5) });
    await write("many/for-xl.safetensors", { clip_l: some(1, 768), clip_g: some(1, 1280) });
    await writeFile(inside("many/old.pt"), "PK");
    await writeFile(inside("many/read.me"), "no embedding, and not said to be left out");
    await writeFile(inside("many/z.safetensors"), "");
    const { model, notices } = await openEmbeddings(sd, [inside("many")]);
    expect(model.embeddings?.map(({ name }) => name)).toEqual(["too", "fits"]);
    expect(notices).toEqual([
      `Left out of the embeddings in ${inside("many")}: for-xl.safetensors has vectors of 768 and 1280 numbers, as for Stable Diffusion XL; old.pt is a Python pickle; z.safetensors is empty (0 bytes). Download it again.`,
    ]);
    await expect(openEmbeddings(xl, [inside("many/deep")])).rejects.toThrow(
      /no file in .*deep is an embedding for this model: too.safetensors has vectors of 8 numbers/,
    );
    await expect(openEmbeddings(sd, [inside("nowhere")])).rejects.toThrow(/embedding: there is no .*nowhere/);
  });
  it("can be made from tensors that lie in no file", async () => {
    const weights = { names: () => ["<x>"], info: () => some(8), read: async () => some(8) };
    const embedding = await embeddingIn(weights, { name: "x", hash: "h", path: "memory" });
    expect(withEmbeddings(sd, [embedding]).texts[0].tokenizer.encode("a <X>").added).toEqual(["x"]);
  });
});
