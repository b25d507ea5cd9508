// Every example runs and says what it should, against a tiny model where it wants one.
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { decodePng } from "dreamgrain/node";
import { afterAll, afterEach, beforeAll, expect, it, vi } from "vitest";
import { writeTinyClip } from "../test/tiny-clip.ts";
import { writeTinyModel } from "../test/tiny-model.ts";

let folder: string;
const home = process.cwd();

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "dreamgrain-examples-"));
  await writeTinyModel(join(folder, "models", "default"));
  await writeTinyClip(join(folder, "models", "distance"));
  vi.stubEnv("DREAMGRAIN_MODELS", join(folder, "models"));
  process.chdir(folder);
});
afterEach(() => vi.restoreAllMocks());
afterAll(async () => {
  process.chdir(home);
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

/** Run an example and return what it printed. */
async function run(name: string): Promise<string> {
  const lines: string[] = [];
  vi.spyOn(console, "log").mockImplementation((...parts) => lines.push(parts.join(" ")));
  await import(/* @vite-ignore */ new URL(`${name}.ts`, import.meta.url).href);
  return lines.join("\n");
}
const size = async (file: string): Promise<string> => {
  const { width, height } = decodePng(await readFile(join(folder, file))).picture;
  return `${width}×${height}`;
};

it("01-text-to-image", async () => {
  const said = await run("01-text-to-image");
  expect(said).toMatch(/step 1 of 4, from noise level \d/);
  expect(said).toMatch(/does not know "sailboat"/);
  expect(said).toMatch(/boat\.png: 32×32, seed 7, euler$/);
  expect(await size("boat.png")).toBe("32×32");
});

it("02-unguided", async () => {
  expect(await run("02-unguided")).toMatch(/4 pictures by "tiny"/);
  expect(await size("unguided.png")).toBe("76×76");
});

it("03-tokens", async () => {
  const said = await run("03-tokens");
  expect(said).toMatch(/^ +2368 {2}cat<\/w>$/m);
  expect(said).toMatch(/pieces in a row of 77/);
  expect(said).toMatch(/has 101 tokens and the model reads 75/);
});

it("04-train-a-tiny-denoiser", async () => {
  const said = await run("04-train-a-tiny-denoiser");
  const near = /(\d+) of 256 landed within/.exec(said)?.[1];
  expect(Number(near)).toBeGreaterThan(220);
});

it("05-by-hand", async () => {
  expect(await run("05-by-hand")).toMatch(/castle\.png: 32×32 after 12 steps/);
  expect(await size("castle.png")).toBe("32×32");
});

it("06-distance", async () => {
  const said = await run("06-distance");
  expect(said).toMatch(/^"a red sea" and "the green sea": -?[01]\.\d{3}$/m);
  expect(said.match(/picture \d of 5: -?[01]\.\d{3} \(model [0-9a-f]{10}\)/g)).toHaveLength(2);
});

it("there are no others, and each has at most forty lines", async () => {
  const here = fileURLToPath(new URL(".", import.meta.url));
  const names = (await readdir(here)).filter((name) => name.endsWith(".ts") && name !== "examples.test.ts").sort();
  expect(names.map((name) => name.slice(0, 2))).toEqual(["01", "02", "03", "04", "05", "06"]);
  for (const name of names) {
    const lines = (await readFile(join(here, name), "utf8")).trimEnd().split("\n").length;
    expect(lines, name).toBeLessThanOrEqual(40);
  }
});
