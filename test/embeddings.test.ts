// Embeddings through the command line: drawn with, remembered, found again, and refused in one line.
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { decodePng } from "../src/image/png.ts";
import { open } from "../src/node.ts";
import { dreamgrain } from "./dreamgrain.ts";
import { writeTinyEmbedding, writeTinyModel } from "./tiny-model.ts";

let folder: string;
const inside = (name: string): string => join(folder, name);
const run = (...args: string[]) => dreamgrain(args, { cwd: folder });
const how = ["--model", "sd", "--steps", "2", "--size", "32x32", "--seed", "3"];
const request = ["a cat", "-n", "easynegative, snow", ...how];
const pixels = async (name: string) => decodePng(await readFile(inside(name))).picture.data;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "dreamgrain-ti-"));
  await writeTinyModel(inside("sd"), "sd");
  await writeTinyModel(inside("own"));
  await writeTinyEmbedding(inside("words"), { file: "EasyNegative", tensors: { emb_params: [8, 8] } });
  await writeTinyEmbedding(inside("words"), { file: "second", tensors: { emb_params: [2, 1024] } });
  await writeTinyEmbedding(inside("others"), { file: "EasyNegative", tensors: { emb_params: [7, 8] } });
  await writeFile(inside("words/old.pt"), "PK");
});
afterAll(() => rm(folder, { recursive: true, force: true }));

it("draws with a file or a folder of them, and says which words it read", { timeout: 120_000 }, async () => {
  const [plain, file, all] = await Promise.all([
    run(...request, "-o", "plain.png", "-q"),
    run(...request, "--embedding", "words/EasyNegative.safetensors", "-o", "easy.png", "--json"),
    run(...request, "--embedding", "words", "-o", "all.png"),
  ]);
  expect([plain.code, file.code, all.code]).toEqual([0, 0, 0]);
  expect(JSON.parse(file.stdout.toString())).toMatchObject({ embeddings: ["EasyNegative"], notices: [] });
  expect(all.stderr).toMatch(
    /^Left out of the embeddings in words: old.pt is a Python pickle; second.safetensors has vectors of 1024 numbers, as for Stable Diffusion 2\.$/m,
  );
  expect(await pixels("easy.png")).not.toEqual(await pixels("plain.png"));
  expect(await pixels("all.png")).toEqual(await pixels("easy.png"));
  await using dream = await open({ model: inside("sd"), embeddings: [inside("words")] });
  expect(dream.notices).toHaveLength(1);
  const { png } = await dream.draw("a cat", {
    negative: "EasyNegative, snow",
    seed: 3,
    steps: 2,
    width: 32,
    height: 32,
  });
  expect(decodePng(png).picture.data).toEqual(await pixels("easy.png"));
});

it("says when an embedding is named for nothing, and how words are read", async () => {
  const idle = await run("a cat", ...how, "--embedding", "words/EasyNegative.safetensors", "-o", "idle.png");
  expect(idle.stderr).toMatch(/has no effect: neither the prompt nor the negative prompt says "EasyNegative"/);
  const read = await run("tokens", "a EasyNegative", "--model", "sd", "--embedding", "words", "--json");
  const { readings } = JSON.parse(read.stdout.toString()) as { readings: { pieces: unknown[] }[] };
  expect(readings[2].pieces).toHaveLength(9);
});

it("draws a picture again with what it was drawn with, or says what is missing", { timeout: 120_000 }, async () => {
  const model = ["--model", "sd"];
  const easy = await readFile(inside("easy.png"));
  const again = await run("again", "easy.png", ...model, "-o", "-", "-q");
  expect(again.stdout.equals(easy)).toBe(true);

  await rename(inside("words"), inside("moved"));
  const lost = await run("verify", "easy.png", ...model);
  expect(lost.code).toBe(3);
  expect(lost.stderr).toMatch(
    /^dreamgrain: easy.png was made with the embedding EasyNegative \([0-9a-f]{12}\), which is no longer at words\/EasyNegative.safetensors; say where it is \(--embedding\)\n$/,
  );
  const moved = await run("again", "easy.png", ...model, "--embedding", "moved", "-o", "-", "-q");
  expect(moved.stdout.equals(easy)).toBe(true);
  await rename(inside("moved/EasyNegative.safetensors"), inside("renamed.safetensors"));
  const renamed = await run("verify", "easy.png", ...model, "--embedding", "renamed.safetensors");
  expect([renamed.code, renamed.stdout.toString()]).toEqual([0, "the same, to the last pixel\n"]);

  await mkdir(inside("words"));
  await rename(inside("others/EasyNegative.safetensors"), inside("words/EasyNegative.safetensors"));
  const changed = await run("verify", "easy.png", ...model);
  expect([changed.code, changed.stderr]).toEqual([3, expect.stringMatching(/\(that is another now, [0-9a-f]{12}\)/)]);
  const other = await run("verify", "easy.png", ...model, "--embedding", "words");
  expect(other.stderr).toMatch(/is another \([0-9a-f]{12}\), so the picture will differ/);
  expect(other.code).toBe(1);
});

it("varies a picture with its embeddings", { timeout: 60_000 }, async () => {
  const how = ["--model", "sd", "--seed", "4", "-q"];
  const lost = await run("vary", "all.png", ...how, "-o", "vary.png");
  expect([lost.code, lost.stderr]).toEqual([3, expect.stringContaining("say where it is (--embedding)")]);
  const varied = await run("vary", "all.png", ...how, "--embedding", "renamed.safetensors", "-o", "vary.png");
  expect(varied.code).toBe(0);
  const { text } = decodePng(await readFile(inside("vary.png")));
  expect(text.parameters).toMatch(/TI hashes: "EasyNegative: [0-9a-f]{12}"/);
});

it("refuses in one line what is no embedding of the model", { timeout: 120_000 }, async () => {
  await writeFile(inside("old.pt"), "PK");
  for (const [embedding, model, why] of [
    ["old.pt", "sd", /old.pt is a Python pickle, which can run code/],
    [
      "moved/second.safetensors",
      "sd",
      /1024 numbers, as for Stable Diffusion 2; the text encoder of this model reads 8/,
    ],
    ["renamed.safetensors", "own", /has vectors of 8 numbers; the text encoder of this model reads 16 numbers/],
    ["nowhere", "sd", /embedding: there is no nowhere/],
    ["sd/unet/diffusion_pytorch_model.safetensors", "sd", /holds .* and \d+ more; expected emb_params/],
  ] as const) {
    const { code, stderr, stdout } = await run("a cat", "--model", model, "--embedding", embedding, "-o", "no.png");
    expect([code, stderr.split("\n").length, stdout.length], stderr).toEqual([3, 2, 0]);
    expect(stderr).toMatch(why);
  }
});
