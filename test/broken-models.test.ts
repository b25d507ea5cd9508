// Broken models: one sound single file, broken in every way that downloads, merges and mistakes break one. Each is refused in
// one clear line before a picture is written.
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { writeSingleFile } from "../src/pipelines/convert.ts";
import { openModelFolder } from "../src/weights/checkpoint.ts";
import { openSafetensors } from "../src/weights/safetensors-file.ts";
import { dreamgrain } from "./dreamgrain.ts";
import { writeTinyModel } from "./tiny-model.ts";

interface Entry {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data_offsets: readonly [number, number];
}
type Header = Record<string, Entry>;

let home: string;
let bytes: Buffer;
let header: Header;
let data: Buffer;
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "dreamgrain-broken-"));
  const folder = await writeTinyModel(join(home, "sd"), "sd");
  await writeSingleFile(join(home, "sound.safetensors"), await openModelFolder(folder));
  bytes = await readFile(join(home, "sound.safetensors"));
  const end = 8 + Number(bytes.readBigUInt64LE(0));
  const { __metadata__: _, ...tensors } = JSON.parse(bytes.subarray(8, end).toString()) as Header;
  header = tensors;
  data = bytes.subarray(end);
});
afterAll(() => rm(home, { recursive: true, force: true }));

/** A file of this header and these data. */
function file(head: object | string, body = data): Buffer {
  const json = Buffer.from(typeof head === "string" ? head : JSON.stringify(head));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  return Buffer.concat([length, json, body]);
}

/** The file, saying that its header has another length. */
function lying(length: bigint): Buffer {
  const lie = Buffer.from(bytes);
  lie.writeBigUInt64LE(length);
  return lie;
}

/** The file with one entry of its header changed. */
const changed = (name: string, change: (entry: Entry) => Partial<Entry>): Buffer =>
  file({ ...header, [name]: { ...header[name], ...change(header[name]) } });

/** The file again from those of its tensors that `keep` returns, in a sound file. */
function rebuilt(keep: (name: string, entry: Entry) => Entry | undefined): Buffer {
  const entries: Header = {};
  const parts: Buffer[] = [];
  let at = 0;
  for (const [name, entry] of Object.entries(header)) {
    const kept = keep(name, entry);
    if (!kept) continue;
    const [begin, end] = kept.data_offsets;
    parts.push(data.subarray(begin, end));
    entries[name] = { ...kept, data_offsets: [at, at + end - begin] };
    at += end - begin;
  }
  return file(entries, Buffer.concat(parts));
}
const without = (names: RegExp): Buffer => rebuilt((name, entry) => (names.test(name) ? undefined : entry));
/** Tensors as numbers of one byte each. */
const inBytes = (names: RegExp, dtype: string): Buffer =>
  rebuilt((name, entry) => {
    const [begin, end] = entry.data_offsets;
    return names.test(name) ? { ...entry, dtype, data_offsets: [begin, begin + (end - begin) / 2] } : entry;
  });
/** One tensor full of one f16. */
function full(name: string, half: number): Buffer {
  const made = Buffer.from(bytes);
  const [begin, end] = header[name].data_offsets;
  for (let at = begin; at < end; at += 2) made.writeUInt16LE(half, made.length - data.length + at);
  return made;
}
const latin = (text: string): Buffer => Buffer.from(text.padEnd(300, "\0"), "latin1");

const [NAN, INFINITY] = [0x7e00, 0xfc00];
const first = "model.diffusion_model.input_blocks.0.0.weight";
const inner = "model.diffusion_model.middle_block.0.in_layers.2.weight";
const decoding = "first_stage_model.decoder.mid.block_1.conv1.weight";
const embedding = "cond_stage_model.transformer.text_model.embeddings.token_embedding.weight";

const cases: readonly (readonly [what: string, make: () => Buffer, line: RegExp])[] = [
  // A download that was cut off, and headers that lie.
  ["cut off in its data", () => bytes.subarray(0, -1000), /puts "[^"]+" F16 \S+ at bytes .*: truncated\. Download/],
  ["cut off in its header", () => bytes.subarray(0, 1008), /header takes \d+ bytes, but only 1000 follow.* Download/],
  ["cut off after eight bytes", () => bytes.subarray(0, 8), /header takes \d+ bytes, but only 0 follow/],
  ["a header longer than any", () => lying(2n ** 63n), /header takes 9223372036854775808 bytes, but only \d+ follow/],
  ["a header of nothing", () => lying(0n), /header that does not start with "{".* Download/],
  ["a header longer than the file", () => lying(BigInt(bytes.length)), /header takes \d+ bytes, but only \d+ follow/],
  ["a header cut short", () => lying(10_000n), /is broken: the header .* at byte|is broken: the header ends/],
  ["a header that is no JSON", () => file("{weights: yes}"), /is broken: the header has "w" at byte 1/],
  ["an array as its header", () => file("[1, 2, 3]"), /header that does not start with "{"/],
  ["a tensor twice", () => file(`{"a":${JSON.stringify(header[first])},"a":1}`), /has the key "a" twice/],
  ["no tensors", () => file({}, Buffer.alloc(0)), /is no such model\. dreamgrain draws with/],
  [
    "tensors that overlap",
    () => changed(`${first.slice(0, -6)}bias`, () => ({ data_offsets: [0, 64] })),
    /overlaps another tensor/,
  ],
  [
    "a tensor beyond the end",
    () => changed(first, ({ data_offsets: [a, b] }) => ({ data_offsets: [a + 1e9, b + 1e9] })),
    /puts "model\.diffusion_model\.input_blocks\.0\.0\.weight" .* truncated/,
  ],
  ["a negative offset", () => changed(first, () => ({ data_offsets: [-8, 8] })), /has "-" at byte \d+ where a whole/],
  ["an unknown dtype", () => changed(first, () => ({ dtype: "F99" })), /gives "model\.\S+" the unknown dtype F99/],
  ["a tensor of another size", () => changed(first, () => ({ shape: [1] })), /F16 \[1\], which takes 2 bytes/],
  // Sound files that are no model, or not all of one.
  [
    "a tensor of another shape",
    () => changed(inner, () => ({ shape: [96, 32, 3, 1] })),
    /the unet of \S+ wants mid_block\.resnets\.0\.conv1\.weight \[32,32,3,3\]; the file has \[96,32,3,1\] there\. Look/,
  ],
  ["without one tensor", () => without(/middle_block\.0\.in_layers\.2\.weight$/), /the file has no such tensor\. Look/],
  ["without some tensors", () => without(/time_embed/), /no such tensor\. Look for a sound copy\. \(and 3 more such/],
  ["without its first layer", () => without(/input_blocks\.0\.0\.weight/), /lacks model\.\S+, with which its U-Net/],
  ["without an autoencoder", () => without(/^first_stage/), /holds no vae; name another file .*\(--vae\)/],
  ["without a text encoder", () => without(/^cond_stage/), /holds no text_encoder; name another .*\(--text-encoder\)/],
  ["an autoencoder alone", () => without(/^(?!first_stage)/), /is one part of a model: name the folder or file/],
  [
    "a LoRA",
    () =>
      file({ "lora_unet_mid.lora_down.weight": { dtype: "F16", shape: [2], data_offsets: [0, 4] } }, Buffer.alloc(4)),
    /is a LoRA, which changes a model and is none/,
  ],
  [
    "a ControlNet",
    () =>
      file({ "control_model.time_embed.0.bias": { dtype: "F16", shape: [2], data_offsets: [0, 4] } }, Buffer.alloc(4)),
    /is a ControlNet, which steers a model and is none/,
  ],
  // Numbers that cannot be drawn with.
  ["weights in eight bits", () => inBytes(/^model/, "F8_E4M3"), /stores model\.\S+ as F8_E4M3, .* in F16, BF16 or F32/],
  [
    "one weight in eight bits",
    () => inBytes(/middle_block\.0\.in_layers\.2\.weight$/, "F8_E5M2"),
    /stores model\.diffusion_model\.middle_block\.0\.in_layers\.2\.weight as F8_E5M2, .* in F16, BF16 or F32/,
  ],
  [
    "quantised weights",
    () => inBytes(/middle_block\.0\.in_layers\.2\.weight$/, "U8"),
    /whole numbers \(u8\) there: quant/,
  ],
  [
    "a U-Net with NaN in it",
    () => full(inner, NAN),
    /the unet of \S+ yields NaN .*its mid_block\.resnets\.0\.conv1\.weight holds them: .* Look for another copy/,
  ],
  ["a U-Net with infinity in it", () => full(inner, INFINITY), /the unet of \S+ yields NaN .*conv1\.weight holds them/],
  [
    "an autoencoder with NaN in it",
    () => full(decoding, NAN),
    /the vae of \S+ yields NaN .*decoder\.mid_block\.resnets\.0\.conv1\.weight holds them: .*\(--vae\)/,
  ],
  [
    "a text encoder with NaN in it",
    () => full(embedding, NAN),
    /the text_encoder of .* holds them: .*\(--text-encoder\)/,
  ],
  // Not a safetensors file at all.
  ["a PNG", () => latin("\x89PNG\r\n\x1a\n"), /is a picture, not a model/],
  ["a pickle", () => latin("\x80\x02}q\x00."), /is a Python pickle .* Look for the \.safetensors of the same model/],
  [
    "a newer .ckpt",
    () => latin("PK\x03\x04archive/data.pkl"),
    /is a zip: a PyTorch \.ckpt .* Look for the \.safetensors/,
  ],
  ["a web page", () => latin("<!DOCTYPE html><html>404"), /is a web page: the download failed/],
  ["an error message", () => latin("Entry not found"), /is text: a server's error message, or another file\. Download/],
  ["a short error message", () => Buffer.from("404"), /has 3 bytes; even an empty model has 10\. Download/],
  ["JSON", () => latin('{"error":"Unauthorized"}'), /is JSON text: .* Point to the weights themselves/],
  ["an empty file", () => Buffer.alloc(0), /is empty \(0 bytes\)\. Download it again/],
  [
    "a Git LFS pointer",
    () => latin("version https://git-lfs.github.com/spec/v1\n"),
    /is a Git LFS pointer.*git lfs pull/,
  ],
  ["a GGUF file", () => latin("GGUF\x03"), /is a GGUF file, which is not supported. Look for the \.safetensors/],
];

/** Draw with what lies at a path, in an empty folder. */
async function attempt(path: string) {
  const cwd = await mkdtemp(join(home, "run-"));
  const args = ["a cat", "--seed", "1", "--steps", "1", "--size", "64x64", "--model", path];
  const { code, stdout, stderr } = await dreamgrain(args, { cwd });
  return { code, stdout: stdout.toString(), stderr, left: await readdir(cwd) };
}

describe("a single file", { timeout: 180_000 }, () => {
  it("draws while it is sound", async () => {
    expect(await attempt(join(home, "sound.safetensors"))).toMatchObject({ code: 0, left: ["a-cat-1.png"] });
  });

  it.each(cases)("is refused: %s", async (what, make, line) => {
    const path = join(home, `${what.replaceAll(" ", "-")}.safetensors`);
    await writeFile(path, make());
    const { stderr, ...ran } = await attempt(path);
    expect(stderr).toMatch(/^dreamgrain: [^\n]+\n$/);
    expect(stderr).toContain(what.replaceAll(" ", "-"));
    expect(stderr).toMatch(line);
    expect(ran).toEqual({ code: 3, stdout: "", left: [] });
  });
});

describe("a folder", { timeout: 180_000 }, () => {
  it.each([
    ["with nothing in it", [], /has no model_index\.json.* Name a folder that has one, or a \.safetensors file\./],
    ["with one file in it", ["dream.safetensors"], /Name a file in it, such as \S+dream\.safetensors\./],
    ["that is one part of a model", ["config.json"], /It is one part of a model: name the folder that it lies in\./],
  ])("%s is refused", async (what, files, line) => {
    const path = join(home, what.replaceAll(" ", "-"));
    await mkdir(path);
    for (const name of files) await writeFile(join(path, name), "{}");
    const { stderr, ...ran } = await attempt(path);
    expect(stderr).toMatch(/^dreamgrain: [^\n]+\n$/);
    expect(stderr).toMatch(line);
    expect(ran).toEqual({ code: 3, stdout: "", left: [] });
  });
});

describe("a header that lies", () => {
  /** A second header in front of nothing but texts. */
  const texts = (): Buffer =>
    file(`{"__metadata__":{${Array.from({ length: 500_000 }, (_, i) => `"${i}":""`).join(",")}}}`, Buffer.alloc(0));
  it.each([
    ["of all there is", () => lying(BigInt(bytes.length - 8))],
    ["of 90 MB", () => Buffer.concat([file("{", Buffer.alloc(0)), Buffer.alloc(90e6)]).fill(0x5d, 3, 4)],
    ["of brackets", () => file(`{"a":${"[".repeat(8e6)}`)],
    ["of texts", texts],
  ])("costs next to nothing to refuse: %s", async (_what, make) => {
    const path = join(home, "lie.safetensors");
    await writeFile(path, make());
    const costs: number[] = [];
    for (let i = 0; i < 5; i++) {
      const { arrayBuffers } = process.memoryUsage();
      const began = performance.now();
      await expect(openSafetensors(path)).rejects.toThrow(/header/);
      costs.push(performance.now() - began);
      expect(process.memoryUsage().arrayBuffers - arrayBuffers).toBeLessThan(32 * 2 ** 20);
    }
    expect(Math.min(...costs)).toBeLessThan(50);
  });
});
