// The commands that compare: distance and search, as people type them, on a tiny CLIP.
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Color, plain } from "../src/image/pixels.ts";
import { encodePng } from "../src/image/png.ts";
import { dreamgrain } from "./dreamgrain.ts";
import { writeTinyClip } from "./tiny-clip.ts";
import { writeTinyModel } from "./tiny-model.ts";

let folder: string;
const inside = (name: string): string => join(folder, name);
const run = (...args: string[]) => dreamgrain(args, { cwd: folder, env: { XDG_CACHE_HOME: inside("cache") } });
const picture = (name: string, color: Color) => writeFile(inside(name), encodePng(plain(20, 16, color)));

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "dreamgrain-distance-"));
  await writeTinyClip(inside("clip"));
  await writeTinyClip(inside("models/distance"));
  await writeTinyModel(inside("own"));
  await mkdir(inside("pictures"));
  await picture("red.png", [255, 0, 0]);
  await picture("pictures/red.png", [255, 0, 0]);
  await picture("pictures/green.png", [0, 255, 0]);
  await writeFile(inside("pictures/broken.png"), "not at all");
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe("distance", { timeout: 60_000 }, () => {
  it("compares words and pictures, every two of them", async () => {
    const { code, stdout, stderr } = await run("distance", "red boat", "red.png", "a cat", "--model", "./clip");
    expect([code, stderr]).toEqual([0, ""]);
    const lines = stdout.toString().trimEnd().split("\n");
    expect(lines[0]).toMatch(/^similarity {2}distance {2}of +and$/);
    expect(lines.slice(1).map((line) => line.split(/ {2,}/).slice(2))).toEqual([
      ['"red boat"', "red.png"],
      ['"red boat"', '"a cat"'],
      ["red.png", '"a cat"'],
    ]);
    const again = await run("distance", "red.png", "pictures/red.png", "--json", "--model", "./clip");
    const { model, pairs } = JSON.parse(again.stdout.toString());
    expect(model.hash).toMatch(/^[0-9a-f]{10}$/);
    expect(pairs).toEqual([
      {
        a: { picture: "red.png" },
        b: { picture: "pictures/red.png" },
        similarity: expect.closeTo(1, 5),
        distance: expect.closeTo(0, 5),
      },
    ]);
  });
  it.each([
    [["distance", "red boat"], 2, "name at least two things"],
    [["distance", "xyzzy", "a cat"], 2, '"xyzzy": the model knows none of these words'],
    [["distance", "", "a cat"], 2, "there are no words in it"],
    [["distance", "a cat", "none.png"], 1, "none.png: there is no such file"],
    [["distance", "a cat", "pictures/broken.png"], 1, "pictures/broken.png is no PNG"],
    [["search", "none", "a cat"], 3, "none: there is no such folder"],
    [["search", "clip", "a cat"], 1, "clip holds no PNG"],
    [["search", "pictures", "a cat", "--count", "0"], 2, "--count 0"],
    [["distance", "a", "red", "--model", "./own"], 3, "is a model that draws"],
  ])("refuses %j", async (args, expected, says) => {
    const model = args.includes("--model") ? [] : ["--model", "./clip"];
    const { code, stdout, stderr } = await run(...args, ...model);
    expect([code, stdout.toString()]).toEqual([expected, ""]);
    expect(stderr).toContain(says);
    expect(stderr.trimEnd().split("\n").at(-1)).toMatch(/^dreamgrain: /);
  });
});

describe("search", { timeout: 60_000 }, () => {
  it("lists what is nearest, remembers what it saw, and names what it skipped", async () => {
    const first = await run("search", "pictures", "red.png", "--model", "./clip");
    expect(first.code).toBe(0);
    const [head, best, ...others] = first.stdout.toString().trimEnd().split("\n");
    expect([head, best, others.length]).toEqual(["similarity  picture", "1.000       pictures/red.png", 1]);
    expect(first.stderr).toMatch(/^skipped pictures\/broken.png: .+\n2 pictures searched for red.png in [\d.]+ ms\n$/);
    const second = await run("search", "pictures", "xyzzy", "red", "--json", "--count", "1", "--model", "./clip");
    expect(second.stderr).toMatch(/does not know "xyzzy"/);
    expect(JSON.parse(second.stdout.toString())).toMatchObject({
      query: { text: "xyzzy red" },
      searched: 2,
      fresh: 0,
      broken: [{ path: "broken.png" }],
      matches: [{ similarity: expect.any(Number), path: expect.stringMatching(/^pictures\//) }],
    });
  });
});

describe("--score", { timeout: 60_000 }, () => {
  it("says how near a picture is to its words, as distance does", async () => {
    const options = ["--model", "./own", "--seed", "7"];
    const drawn = await dreamgrain(["a red boat", ...options, "--score", "--json", "-o", "boat.png"], {
      cwd: folder,
      env: { DREAMGRAIN_MODELS: inside("models") },
    });
    expect(drawn.code).toBe(0);
    const { score } = JSON.parse(drawn.stdout.toString());
    expect(drawn.stderr).toContain(` · score ${score.toFixed(3)}\n`);
    const told = await run("distance", "a red boat", "boat.png", "--json", "--model", "./clip");
    expect(JSON.parse(told.stdout.toString()).pairs[0].similarity).toBeCloseTo(score, 6);
  });
  it("says that there is none without words", async () => {
    const { code, stdout, stderr } = await dreamgrain(
      ["--unguided", "--model", "./own", "--score", "--json", "-o", "free.png"],
      { cwd: folder, env: { DREAMGRAIN_MODELS: inside("models") } },
    );
    expect(code).toBe(0);
    expect(stderr).toMatch(/^There is no score without words\.$/m);
    expect(JSON.parse(stdout.toString())).not.toHaveProperty("score");
  });
});
