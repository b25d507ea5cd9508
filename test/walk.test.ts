// The walk: words to a PNG through the command line and its engine's process, and the same bytes again from the PNG alone.
import { mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseInfotext } from "../src/image/infotext.ts";
import { plain } from "../src/image/pixels.ts";
import { decodePng, encodePng } from "../src/image/png.ts";
import { open } from "../src/node.ts";
import { dreamgrain } from "./dreamgrain.ts";
import { writeTinyModel } from "./tiny-model.ts";

let folder: string;
const inside = (name: string): string => join(folder, name);
const run = (...args: string[]) => dreamgrain(args, { cwd: folder });

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "dreamgrain-walk-"));
  await writeTinyModel(inside("own"));
  await writeTinyModel(inside("sd"), "sd");
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe("a model of our own", { timeout: 180_000 }, () => {
  let boat: Buffer;

  it("draws what is asked and says how, for A1111 too", async () => {
    const { code, stdout, stderr } = await run("a red boat", "--seed", "7", "--model", "own", "-o", "boat.png");
    expect(stderr).toMatch(/^seed 7 · 32x32 · 4 steps · .*\n$/m);
    expect([code, stdout.toString()]).toEqual([0, "boat.png\n"]);
    boat = await readFile(inside("boat.png"));
    const { picture, text } = decodePng(boat);
    expect([picture.width, picture.height]).toEqual([32, 32]);
    expect(new Set(picture.data).size).toBeGreaterThan(10);
    const { prompt, settings } = parseInfotext(text.parameters);
    expect(prompt).toBe("a red boat");
    expect(settings).toMatchObject({ Steps: "4", Sampler: "Euler", "CFG scale": "2", Seed: "7", Size: "32x32" });
    expect(settings["Model hash"]).toMatch(/^[0-9a-f]{10}$/);
  });

  it("draws it again from the picture, byte for byte, to stdout too", async () => {
    const { code, stdout } = await run("again", "boat.png", "--model", "own", "-o", "-", "--quiet");
    expect(code).toBe(0);
    expect(stdout.equals(boat)).toBe(true);
  });

  it("draws the same for a program", async () => {
    await using dream = await open({ model: inside("own") });
    const { png, settings } = await dream.draw("a red boat", { seed: 7 });
    expect(boat.equals(png)).toBe(true);
    expect(settings).toMatchObject({ seed: 7, steps: 4, sampler: "euler" });
    const [free, guided] = [await dream.draw(undefined, { seed: 7 }), await dream.draw("", { seed: 7, guidance: 1 })];
    expect(free.pixels).toEqual(guided.pixels);
    expect(boat.equals(free.png)).toBe(false);
    const stop = new AbortController();
    const steps: number[] = [];
    const onStep = ({ index }: { index: number }): void => {
      steps.push(index);
      if (index === 1) stop.abort();
    };
    await expect(dream.draw("a red boat", { seed: 7, onStep, signal: stop.signal })).rejects.toThrow(/abort/);
    expect(steps).toEqual([0, 1]);
  });

  it("draws a batch as the same pictures one by one would be, and another seed as another picture", async () => {
    const args = ["a red boat", "--seed", "6", "--batch", "3", "--model", "own", "-o", "b.png", "--json", "--quiet"];
    const { code, stdout, stderr } = await run(...args);
    expect([code, stderr]).toEqual([0, ""]);
    const lines = stdout.toString().trim().split("\n");
    const reports = lines.map((line) => JSON.parse(line) as { path: string; seed: number });
    expect(reports.map(({ path, seed }) => [path, seed])).toEqual([
      ["b-6.png", 6],
      ["b-7.png", 7],
      ["b-8.png", 8],
    ]);
    expect((await readFile(inside("b-7.png"))).equals(boat)).toBe(true);
    expect(decodePng(await readFile(inside("b-8.png"))).picture.data).not.toEqual(decodePng(boat).picture.data);
  });

  it("shows how a picture comes out of the noise, and how it drowns", async () => {
    const strip = await run("a red boat", "--seed", "7", "--model", "own", "--steps-strip", "-o", "strip.png", "-q");
    const noise = await run("noise", "boat.png", "--levels", "3", "--model", "own", "-q");
    expect([strip.code, noise.code, noise.stdout.toString()]).toEqual([0, 0, "boat-noise.png\n"]);
    const strips = decodePng(await readFile(inside("strip.png"))).picture;
    expect([strips.width, strips.height]).toEqual([4 + 4 * 36, 40]);
    const last = strips.data.subarray((4 * strips.width + 4 + 3 * 36) * 3).subarray(0, 32 * 3);
    expect([...last]).toEqual([...decodePng(boat).picture.data.subarray(0, 32 * 3)]);
    const drowning = decodePng(await readFile(inside("boat-noise.png"))).picture;
    expect([drowning.width, drowning.height]).toEqual([4 + 3 * 36, 4 + 2 * 36]);
    const first = drowning.data.subarray((4 * drowning.width + 4) * 3).subarray(0, 32 * 3);
    expect([...first]).toEqual([...decodePng(boat).picture.data.subarray(0, 32 * 3)]);
  });

  it("draws from a picture, within a mask too, again from the same pictures only, and relatives of it", async () => {
    const mask = plain(32, 32);
    mask.data.fill(255, 0, mask.data.length / 2);
    await writeFile(inside("mask.png"), encodePng(mask));
    const guide = ["--image", "boat.png", "--mask", "mask.png", "--seed", "3", "--model", "own", "-q"];
    expect((await run("a blue cat", ...guide, "-o", "cat-boat.png")).code).toBe(0);
    const made = await readFile(inside("cat-boat.png"));
    const lower = (png: Buffer) => decodePng(png).picture.data.subarray(mask.data.length / 2);
    expect(lower(made)).toEqual(lower(boat));
    expect(decodePng(made).picture.data).not.toEqual(decodePng(boat).picture.data);
    expect((await run("again", "cat-boat.png", "--model", "own", "-o", "-", "-q")).stdout.equals(made)).toBe(true);
    await writeFile(inside("mask.png"), encodePng({ ...mask, data: mask.data.toReversed() }));
    const changed = await run("verify", "cat-boat.png", "--model", "own");
    expect([changed.code, changed.stderr]).toEqual([1, expect.stringMatching(/mask\.png is not the mask that/)]);
    await rm(inside("mask.png"));
    const missing = await run("again", "cat-boat.png", "--model", "own");
    expect([missing.code, missing.stderr]).toEqual([1, expect.stringMatching(/mask\.png, which is not there.*--mask/)]);
    const kin = await run("vary", "boat.png", "--seed", "5", "--model", "own", "-o", "kin.png", "-q");
    expect([kin.code, kin.stderr]).toEqual([0, ""]);
    const { prompt, settings } = parseInfotext(decodePng(await readFile(inside("kin.png"))).text.parameters);
    expect([prompt, settings["Denoising strength"], settings.Seed]).toEqual(["a red boat", "0.6", "5"]);
  });

  it("is found, inspected and read like any other", async () => {
    const [folders, picture, tokens] = await Promise.all([
      run("inspect", "own"),
      run("inspect", "boat.png"),
      run("tokens", "A red Boat", "--model", "own", "--json"),
    ]);
    expect([folders.code, picture.code, tokens.code]).toEqual([0, 0, 0]);
    expect(folders.stdout.toString()).toMatch(/unet +UNet2DConditionModel +\d+ tensors/);
    expect(picture.stdout.toString()).toMatch(/Prompt +a red boat/);
    const { readings } = JSON.parse(tokens.stdout.toString()) as {
      readings: { pieces: { id: number; text: string }[] }[];
    };
    expect(readings.map(({ pieces }) => pieces.map(({ id }) => id))).toEqual([
      [320, 736, 4440],
      [32, 2266, 30828],
      [4, 6],
    ]);
  });
});

describe("Stable Diffusion 1.x in miniature", { timeout: 180_000 }, () => {
  it("draws at another size with another sampler, and again", async () => {
    const choices = ["--size", "64x128", "--steps", "3", "--sampler", "DDIM", "--schedule", "leading", "--seed", "-3"];
    const drawn = await run("a cat", "-n", "a dog", "--model", "sd", ...choices, "-o", "cat.png", "-q");
    expect([drawn.code, drawn.stderr]).toEqual([0, ""]);
    const cat = await readFile(inside("cat.png"));
    const { picture, text } = decodePng(cat);
    expect([picture.width, picture.height]).toEqual([64, 128]);
    expect(parseInfotext(text.parameters).settings).toMatchObject({
      Sampler: "DDIM",
      "Schedule type": "Leading",
      Seed: "-3",
    });
    const again = await run("again", "cat.png", "--model", "sd", "-o", "again.png", "-q");
    expect(again.code).toBe(0);
    expect((await readFile(inside("again.png"))).equals(cat)).toBe(true);
  });

  it("draws the same from a single file, which is called what it is", async () => {
    const converted = await run("convert", "sd", "one.safetensors");
    expect([converted.code, converted.stdout.toString()]).toEqual([0, "one.safetensors\n"]);
    const inspected = await run("inspect", "one.safetensors");
    expect(inspected.stdout.toString()).toMatch(/^Stable Diffusion 1, text-to-image, .*unet +UNet2DConditionModel/s);
    const request = ["a cat", "--steps", "2", "--seed", "4", "--size", "64x32", "-q"];
    const made = await Promise.all(
      ["sd", "one.safetensors"].map(async (model, i) => {
        const { code } = await run(...request, "--model", model, "-o", `one-${i}.png`);
        expect(code).toBe(0);
        return decodePng(await readFile(inside(`one-${i}.png`))).picture;
      }),
    );
    expect(made[1]).toEqual(made[0]);
    expect((await run("convert", "sd", "one.safetensors")).code).toBe(2);
    expect((await run(...request, "--model", "one.safetensors", "--prediction", "w")).code).toBe(2);
    expect((await run(...request, "--model", "one.safetensors", "--ema")).code).toBe(3);
  });

  it("verifies a picture to the last pixel, and says how far off another is", async () => {
    const same = await run("verify", "cat.png", "--model", "sd");
    expect([same.code, same.stdout.toString()]).toEqual([0, "the same, to the last pixel\n"]);
    const { picture, text } = decodePng(await readFile(inside("cat.png")));
    picture.data[5] ^= 2;
    await writeFile(inside("touched.png"), encodePng(picture, { text }));
    const touched = await run("verify", "touched.png", "--model", "sd", "--json");
    expect(JSON.parse(touched.stdout.toString())).toMatchObject({ largest: 2, differing: 1, values: 64 * 128 * 3 });
    expect(touched.code).toBe(1);
  });

  it("takes the noise of another generator, and a variation's, and remembers them", async () => {
    const relative = ["--rng", "nv", "--variation-seed", "9", "--variation-strength", "0.2"];
    const request = ["a cat", "--model", "sd", "--size", "64x32", "--steps", "1", "--seed", "1", "-q"];
    expect((await run(...request, ...relative, "-o", "relative.png")).code).toBe(0);
    const { settings } = parseInfotext(decodePng(await readFile(inside("relative.png"))).text.parameters);
    expect(settings).toMatchObject({ RNG: "NV", "Variation seed": "9", "Variation seed strength": "0.2" });
    expect((await run("verify", "relative.png", "--model", "sd")).code).toBe(0);
    const half = await run(...request, "--variation-seed", "9");
    expect([half.code, half.stderr]).toEqual([2, expect.stringContaining("go together")]);
    expect((await run(...request, "--rng", "gpu")).code).toBe(2);
    expect((await run(...request, "--clip-skip", "3")).code).toBe(2);
  });

  it("remembers the choices that a model was opened with", async () => {
    await writeTinyModel(inside("distilled"), "distilled");
    const choices = ["--vae", "distilled/vae", "--prediction", "v"];
    const request = ["a cat", "--size", "64x32", "--steps", "1", "--seed", "1", "-q"];
    expect((await run(...request, "--model", "sd", ...choices, "-o", "chosen.png")).code).toBe(0);
    expect((await run(...request, "--model", "sd", "-o", "plain.png")).code).toBe(0);
    const [chosen, plain] = await Promise.all(["chosen.png", "plain.png"].map((name) => readFile(inside(name))));
    expect(decodePng(chosen).picture.data).not.toEqual(decodePng(plain).picture.data);
    expect(parseInfotext(decodePng(chosen).text.parameters).settings).toMatchObject({ VAE: "vae" });
    const again = await run("again", "chosen.png", "--model", "sd", "-o", "-", "-q");
    expect([again.code, again.stderr, again.stdout.equals(chosen)]).toEqual([0, "", true]);
    const away = await run("verify", "chosen.png");
    expect([away.code, away.stderr]).toEqual([3, expect.stringMatching(/made with sd .* not among the models/)]);
    await rename(inside("distilled"), inside("moved"));
    const lost = await run("verify", "chosen.png", "--model", "sd");
    expect([lost.code, lost.stderr]).toEqual([3, expect.stringMatching(/distilled\/vae, which is not there.*--vae/)]);
    const found = await run("verify", "chosen.png", "--model", "sd", "--vae", "moved/vae");
    expect([found.code, found.stdout.toString()]).toEqual([0, "the same, to the last pixel\n"]);
  });

  it("knows a model by its weights, in a folder or a file", async () => {
    const { code, stdout, stderr } = await run("verify", "cat.png", "--model", "one.safetensors");
    expect([code, stderr, stdout.toString()]).toEqual([0, "", "the same, to the last pixel\n"]);
  });

  it("says when the model is not the one that made the picture", async () => {
    const { code, stderr } = await run("again", "cat.png", "--model", "own", "-o", "other.png");
    expect(code).toBe(0);
    expect(stderr).toMatch(/cat\.png was made with sd \([0-9a-f]{10}\); this is tiny \([0-9a-f]{10}\)/);
  });
});
