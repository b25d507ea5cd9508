// References: what is published of a picture is compared with what is drawn, by a record made from a tiny model's own picture.
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { decodePng } from "../src/image/png.ts";
import { openModel } from "../src/pipelines/load.ts";
import { referenceOf, references } from "../src/pipelines/published.ts";
import { settings } from "../src/pipelines/text-to-image.ts";
import { dreamgrain } from "./dreamgrain.ts";
import { writeTinyModel } from "./tiny-model.ts";

let home: string;
const run = (...args: string[]) => dreamgrain(args, { cwd: home });
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "dreamgrain-reference-"));
  await writeTinyModel(join(home, "sd"), "sd");
});
afterAll(() => rm(home, { recursive: true, force: true }));

it("asks for what Stable Diffusion can walk", async () => {
  const model = await openModel(join(home, "sd"));
  for (const { slices } of Object.values(references))
    for (const { request, values } of slices) {
      expect(settings(model, request)).toMatchObject({ width: 512, steps: 3, guidance: 7.5, rng: "numpy" });
      expect(values).toHaveLength(9);
    }
});

it("says how far a picture is from what was published of it", { timeout: 180_000 }, async () => {
  const choices = ["--steps", "2", "--sampler", "ddim", "--schedule", "leading", "--rng", "numpy", "--guidance", "3"];
  const drawn = await run(
    "a cat",
    "--seed",
    "5",
    "--size",
    "64x32",
    ...choices,
    "--model",
    "sd",
    "-o",
    "cat.png",
    "-q",
  );
  expect(drawn.code).toBe(0);
  const { picture, text } = decodePng(await readFile(join(home, "cat.png")));
  const { request } = JSON.parse(text.dreamgrain) as { request: object };
  // The blue of the last three pixels of the last three rows.
  const values = [29, 30, 31].flatMap((y) => [61, 62, 63].map((x) => picture.data[(y * 64 + x) * 3 + 2] / 255));
  expect(new Set(values).size).toBeGreaterThan(3);
  const tolerance = 0.5 / 255 + 1e-6;
  const record = (slices: readonly object[]) =>
    writeFile(join(home, "own.json"), JSON.stringify({ model: "tiny", slices }));

  await record([{ request, values, tolerance }]);
  const same = await run("verify", "--reference", "own.json", "--model", "sd");
  expect([same.code, same.stderr]).toEqual([0, ""]);
  expect(same.stdout.toString()).toMatch(/^DDIM, 2 steps: off by 0\.00\d+ at most, within the tolerance of 0\.0019/);
  expect(same.stdout.toString()).toMatch(/\npublished( +[01]\.\d{5}){9}\ndrawn( +[01]\.\d{5}){9}\noff by +0/);

  await record([
    { request, values: values.with(4, (values[4]! + 0.5) % 1), tolerance },
    { request, values, tolerance },
  ]);
  const other = await run("verify", "--reference", "own.json", "--model", "sd", "--json");
  const lines = other.stdout.toString().trim().split("\n");
  expect(lines.map((line) => (JSON.parse(line) as { near: boolean }).near)).toEqual([false, true]);
  expect(other.code).toBe(1);
});

it("refuses what is no reference", { timeout: 60_000 }, async () => {
  for (const [args, line] of [
    [["--reference", "sd15", "--model", "sd"], /--reference sd15: expected sd11, sd14, sd2-base, or a \.json/],
    [["--reference", "sd14"], /name the weights of CompVis\/stable-diffusion-v1-4 with --model/],
    [["--reference", "sd14", "cat.png"], /name either a picture or a --reference/],
    [[], /name either a picture or a --reference/],
  ] as const) {
    const { code, stderr } = await run("verify", ...args);
    expect([code, stderr]).toEqual([2, expect.stringMatching(line)]);
  }
  const request = { seed: "1" };
  expect(() => referenceOf({ model: "a", slices: [] })).toThrow(/slices is \[\]; expected a list of pictures/);
  expect(() => referenceOf({ model: "a", slices: [{ request, values: [1], tolerance: 1 }] })).toThrow(/9 numbers/);
});
