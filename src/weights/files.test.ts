// Weights on disk: files, folders, shards, links, and what happens when writing fails.
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { tensor } from "../tensor/tensor.ts";
import { writeFileAtomically } from "./atomic-file.ts";
import { openComponent, openModelFolder, readJsonFile, writeComponent } from "./checkpoint.ts";
import { ModelError } from "./model-error.ts";
import { encodeSafetensors } from "./safetensors.ts";
import { openSafetensors, writeSafetensors } from "./safetensors-file.ts";
import { fromTensors, readAll, type Weights } from "./weights.ts";

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "dreamgrain-weights-"));
});
afterAll(() => rm(root, { recursive: true, force: true }));

const tensors = {
  "conv.weight": tensor([1, 2, 3, 4, 5, 6], [2, 3]),
  half: { dtype: "f16" as const, shape: [3], data: Uint16Array.of(1, 2, 3) },
  ids: { dtype: "i64" as const, shape: [1], data: BigInt64Array.of(77n) },
};
const refusal = async (promise: Promise<unknown>): Promise<ModelError> => {
  const error = await promise.then(
    () => new Error("nothing was refused"),
    (e) => e,
  );
  if (!(error instanceof ModelError)) throw error;
  return error;
};

test("a file round trip: same bytes as in memory, each tensor where info says", async () => {
  const path = join(root, "a.safetensors");
  await writeSafetensors(path, tensors, { format: "pt" });
  const bytes = await readFile(path);
  expect(bytes).toEqual(Buffer.from(encodeSafetensors(tensors, { format: "pt" })));
  const file = await openSafetensors(path);
  expect(file.metadata).toEqual({ format: "pt" });
  expect(file.fileSize).toBe(bytes.length);
  expect(await readAll(file)).toEqual(tensors);
  const range = file.info("half")?.file;
  expect(range).toMatchObject({ path: file.path, length: 6 });
  expect([...bytes.subarray(range!.offset, range!.offset + 6)]).toEqual([1, 0, 2, 0, 3, 0]);
});

test("a file may be rewritten from itself; nothing else stays behind", async () => {
  const folder = await mkdtemp(join(root, "self-"));
  const path = join(folder, "m.safetensors");
  await writeSafetensors(path, tensors, { a: "1" });
  const file = await openSafetensors(path);
  await writeSafetensors(path, file, { a: "2" });
  expect(await readAll(await openSafetensors(path))).toEqual(tensors);
  expect(await readdir(folder)).toEqual(["m.safetensors"]);
  expect((await refusal(file.read("half"))).message).toMatch(/has changed since it was opened/);
});

test("a failed write leaves what was there and no partial file", async () => {
  const folder = await mkdtemp(join(root, "fail-"));
  const path = join(folder, "m.safetensors");
  await writeFile(path, "before");
  const good = fromTensors(tensors);
  const failing: Weights = {
    ...good,
    read: (n) => (n === "half" ? Promise.reject(new Error("disk gone")) : good.read(n)),
  };
  await expect(writeSafetensors(path, failing)).rejects.toThrow("disk gone");
  const lying: Weights = { ...good, read: () => good.read("ids") };
  expect((await refusal(writeSafetensors(path, lying))).code).toBe("mismatch");
  expect(await readFile(path, "utf8")).toBe("before");
  expect(await readdir(folder)).toEqual(["m.safetensors"]);
  await expect(writeFileAtomically(join(folder, "no", "such"), "x")).rejects.toThrow("ENOENT");
});

test("files that are no model, each with a code and one line", async () => {
  const at = (name: string) => join(root, name);
  expect(await refusal(openSafetensors(at("none.safetensors")))).toMatchObject({ code: "missing" });
  const folder = await refusal(openSafetensors(root));
  expect([folder.code, folder.message]).toEqual(["not-safetensors", expect.stringContaining("is a folder")]);
  await symlink(at("loop"), at("loop"));
  expect(await refusal(openSafetensors(at("loop")))).toMatchObject({ code: "unreadable" });
  await writeFile(at("empty.safetensors"), "");
  expect((await refusal(openSafetensors(at("empty.safetensors")))).message).toMatch(/empty\.safetensors is empty/);
  await writeFile(at("lfs.safetensors"), "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 4\n");
  expect((await refusal(openSafetensors(at("lfs.safetensors")))).message).toMatch(/git lfs pull/);
  await writeSafetensors(at("cut.safetensors"), tensors);
  const sound = await openSafetensors(at("cut.safetensors"));
  await truncate(at("cut.safetensors"), sound.fileSize - 1);
  expect(await refusal(openSafetensors(at("cut.safetensors")))).toMatchObject({ code: "corrupt" });
  expect((await refusal(sound.read("half"))).message).toMatch(/has changed/);
  if (process.getuid?.() !== 0) {
    await chmod(at("cut.safetensors"), 0);
    expect(await refusal(openSafetensors(at("cut.safetensors")))).toMatchObject({ code: "unreadable" });
  }
});

test("a link, as in a Hugging Face cache, is resolved to the file itself", async () => {
  await writeSafetensors(join(root, "blob"), tensors);
  await symlink("blob", join(root, "link.safetensors"));
  const file = await openSafetensors(join(root, "link.safetensors"));
  expect(file.path.endsWith("/blob")).toBe(true);
  expect(file.info("half")?.file?.path).toBe(file.path);
});

test("a component folder: plain file first, the variant when asked, fp16 when alone", async () => {
  const folder = join(root, "unet");
  await writeComponent(folder, "diffusion_pytorch_model", { sample_size: 8 }, tensors);
  await writeSafetensors(join(folder, "diffusion_pytorch_model.fp16.safetensors"), { half: tensors.half });
  const plain = await openComponent(folder);
  expect(plain.config).toEqual({ sample_size: 8 });
  expect(plain.weights.names()).toHaveLength(3);
  expect((await openComponent(folder, { variant: "fp16" })).weights.names()).toEqual(["half"]);
  expect((await openComponent(folder, { variant: "none" })).weights.names()).toHaveLength(3);
  await rm(join(folder, "diffusion_pytorch_model.safetensors"));
  expect((await openComponent(folder)).weights.names()).toEqual(["half"]);
});

test("a component in shards", async () => {
  const folder = join(root, "sharded");
  await mkdir(folder);
  await writeFile(join(folder, "config.json"), "{}");
  await writeSafetensors(join(folder, "model-00001-of-00002.safetensors"), { half: tensors.half });
  await writeSafetensors(join(folder, "model-00002-of-00002.safetensors"), { ids: tensors.ids });
  const index = (map: Record<string, unknown>) =>
    writeFile(join(folder, "model.safetensors.index.json"), JSON.stringify({ metadata: {}, weight_map: map }));
  await index({ ids: "model-00002-of-00002.safetensors", half: "model-00001-of-00002.safetensors" });
  const { weights, files } = await openComponent(folder);
  expect(files.map((f) => f.path.slice(-22))).toEqual(
    ["0001-of-00002.safetensors", "0002-of-00002.safetensors"].map((s) => s.slice(-22)),
  );
  expect(await weights.read("ids")).toEqual(tensors.ids);
  expect(weights.info("ids")?.file?.path).toBe(files[1].path);
  await index({ half: "model-00002-of-00002.safetensors" });
  expect((await refusal(openComponent(folder))).message).toMatch(/says that model-00002.* holds half; it does not/);
  for (const outside of ["../unet/x.safetensors", "/etc/x.safetensors", "a\\b.safetensors", 3]) {
    await index({ half: outside });
    expect(await refusal(openComponent(folder))).toMatchObject({ code: "corrupt" });
  }
});

test("a component without safetensors says what is there", async () => {
  const folder = join(root, "old");
  await mkdir(folder);
  expect((await refusal(openComponent(folder))).message).toMatch(/there is no .*config\.json/);
  await writeFile(join(folder, "config.json"), "{}");
  await writeFile(join(folder, "diffusion_pytorch_model.bin"), "");
  const error = await refusal(openComponent(folder));
  expect(error.code).toBe("missing");
  expect(error.message).toMatch(/only diffusion_pytorch_model\.bin, which dreamgrain does not read/);
});

test("a model folder", async () => {
  const folder = join(root, "model");
  await writeComponent(join(folder, "vae"), "diffusion_pytorch_model", { scaling_factor: 1 }, { half: tensors.half });
  expect((await refusal(openModelFolder(folder))).message).toMatch(/has no model_index\.json/);
  const index = { _class_name: "X", vae: ["diffusers", "AutoencoderKL"], safety_checker: [null, null] };
  await writeFileAtomically(join(folder, "model_index.json"), JSON.stringify(index));
  const model = await openModelFolder(folder);
  expect(["vae", "unet", "safety_checker", "toString"].map((name) => model.has(name))).toEqual([
    true,
    false,
    false,
    false,
  ]);
  expect((await model.component("vae")).config.scaling_factor).toBe(1);
  expect(await model.json("vae/config.json")).toEqual({ scaling_factor: 1 });
  expect(await refusal(model.component("unet"))).toMatchObject({ code: "missing" });
  expect(await refusal(openModelFolder(join(root, "nowhere")))).toMatchObject({ code: "missing" });
});

test("JSON that is none", async () => {
  const path = join(root, "broken.json");
  for (const [text, message] of [
    ["{", /is no JSON/],
    ["[1]", /should hold a JSON object/],
    ["null", /object/],
  ] as const) {
    await writeFile(path, text);
    const error = await refusal(readJsonFile(path));
    expect([error.code, error.message]).toEqual(["corrupt", expect.stringMatching(message)]);
  }
  expect((await refusal(readJsonFile(root))).message).toMatch(/should be a JSON file/);
});
