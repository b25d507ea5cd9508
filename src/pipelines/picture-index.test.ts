// The index of a folder: what is looked at anew, what is not, and what becomes of files that are broken, gone or in the way.
import { mkdir, mkdtemp, readdir, rename, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { unit } from "../embeddings/distance.ts";
import { search } from "../embeddings/search.ts";
import { type Color, plain } from "../image/pixels.ts";
import { encodePng } from "../image/png.ts";
import { specs } from "../models/specs.ts";
import { fromTensors } from "../weights/weights.ts";
import type { Embedder } from "./embedder.ts";
import { indexFolder } from "./picture-index.ts";

let folder: string;
let cache: string;
/** What the embedder was shown, by the red of each picture. */
let seen: number[];

beforeEach(async () => {
  const place = await mkdtemp(join(tmpdir(), "dreamgrain-index-"));
  [folder, cache] = [join(place, "pictures"), join(place, "cache")];
  await mkdir(folder);
  seen = [];
});
afterEach(() => rm(join(folder, ".."), { recursive: true, force: true }));

/** Sees nothing but the colour of a picture's first pixel. */
function eye(hash = "0123456789"): Embedder {
  const look = ([r, g, b]: ArrayLike<number> & Iterable<number>): Float32Array =>
    unit(Float32Array.of(r + 1, g + 1, b + 1));
  return {
    model: {
      name: "colours",
      hash,
      spec: { ...specs.distance, vision: { ...specs.distance.vision, projection: 3 } },
      weights: fromTensors({}),
      tokenizer: { length: 3, encode: () => expect.fail(), adding: () => expect.fail() },
      preprocessing: { side: 1, filter: "area", mean: [0, 0, 0], std: [1, 1, 1] },
    },
    embedText: () => expect.fail(),
    async embedPicture({ data }) {
      seen.push(data[0]);
      return look(data.subarray(0, 3));
    },
    async [Symbol.asyncDispose]() {},
  };
}

async function picture(name: string, color: Color): Promise<void> {
  await mkdir(join(folder, name, ".."), { recursive: true });
  await writeFile(join(folder, name), encodePng(plain(2, 2, color)));
}
const index = (hash?: string, options = {}) => indexFolder(folder, eye(hash), { cache, ...options });

describe("indexFolder", () => {
  it("knows every PNG below the folder but hidden ones, and finds them again by what they show", async () => {
    await picture("red.png", [250, 0, 0]);
    await picture("deep/er/GREEN.PNG", [0, 250, 0]);
    await picture(".hidden.png", [1, 1, 1]);
    await picture(".hidden/blue.png", [0, 0, 250]);
    await writeFile(join(folder, "notes.txt"), "no picture");
    await writeFile(join(folder, "photo.jpg"), "no PNG");
    const found = await index();
    expect(found.paths).toEqual(["deep/er/GREEN.PNG", "red.png"]);
    expect(found.vectors.shape).toEqual([2, 3]);
    expect(found.notices).toEqual(["1 picture is no PNG and not searched."]);
    expect(search(Float32Array.of(1, 0, 0), found.vectors, 1)[0].index).toBe(1);
    expect((await readdir(folder)).sort()).toEqual([
      ".hidden",
      ".hidden.png",
      "deep",
      "notes.txt",
      "photo.jpg",
      "red.png",
    ]);
  });

  it("looks at a picture again only when its file has changed, and forgets those that are gone", async () => {
    await picture("a.png", [10, 0, 0]);
    await picture("b.png", [20, 0, 0]);
    await picture("c.png", [30, 0, 0]);
    const first = await index();
    expect([first.fresh, seen]).toEqual([3, [10, 20, 30]]);
    expect(await index()).toEqual({ ...first, fresh: 0 });
    expect(seen.length).toBe(3);

    await picture("b.png", [40, 0, 90]);
    await utimes(join(folder, "b.png"), 1e9, 1e9); // as rsync leaves it: a time of its own
    await rm(join(folder, "c.png"));
    await picture("d.png", [50, 0, 0]);
    await rename(join(folder, "d.png"), join(folder, "a.png")); // a file of another number
    const second = await index();
    expect([second.paths, second.fresh]).toEqual([["a.png", "b.png"], 2]);
    expect(seen.slice(3)).toEqual([50, 40]);
    expect(await index()).toEqual({ ...second, fresh: 0 });
  });

  it("keeps an index for each model", async () => {
    await picture("a.png", [10, 0, 0]);
    await index();
    expect((await index("another")).fresh).toBe(1);
    expect((await index()).fresh).toBe(0);
    expect((await readdir(cache)).length).toBe(2);
  });

  it("names what is broken and goes on, each time", async () => {
    await picture("good.png", [10, 0, 0]);
    await writeFile(join(folder, "bad.png"), "no PNG at all");
    await writeFile(join(folder, "short.png"), encodePng(plain(9, 9)).subarray(0, 60));
    for (const fresh of [1, 0]) {
      const found = await index();
      expect([found.paths, found.fresh]).toEqual([["good.png"], fresh]);
      expect(found.broken.map(({ path }) => path)).toEqual(["bad.png", "short.png"]);
      for (const { problem } of found.broken) expect(problem.length).toBeGreaterThan(5);
    }
  });

  it("makes a damaged index anew, and says so", async () => {
    await picture("a.png", [10, 0, 0]);
    await index();
    const [name] = await readdir(cache);
    for (const damage of ["", "nonsense", encodePng(plain(1, 1))]) {
      await writeFile(join(cache, name), damage);
      const found = await index();
      expect([found.fresh, found.paths]).toEqual([1, ["a.png"]]);
      expect(found.notices).toEqual([expect.stringMatching(/damaged and is made anew/)]);
    }
    expect((await index()).notices).toEqual([]);
  });

  it("remembers what it looked at before it was stopped", async () => {
    for (const i of [1, 2, 3, 4]) await picture(`${i}.png`, [i, 0, 0]);
    const stop = new AbortController();
    const onProgress = (done: number, of: number): void => {
      expect(of).toBe(4);
      if (done === 2) stop.abort();
    };
    await expect(index(undefined, { onProgress, signal: stop.signal })).rejects.toThrow(/abort/i);
    expect((await index()).fresh).toBe(2);
    expect(seen).toEqual([1, 2, 3, 4]);
  });

  it("searches without a place to remember, and says so", async () => {
    await picture("a.png", [10, 0, 0]);
    await writeFile(cache, "a file in the way");
    const found = await index();
    expect(found.paths).toEqual(["a.png"]);
    expect(found.notices).toEqual([expect.stringMatching(/could not be kept/)]);
  });

  it("is empty for an empty folder, and refuses what is none", async () => {
    expect(await index()).toEqual({
      paths: [],
      vectors: { dtype: "f32", shape: [0, 3], data: new Float32Array(0) },
      fresh: 0,
      broken: [],
      notices: [],
    });
    await expect(indexFolder(join(folder, "none"), eye(), { cache })).rejects.toThrow(/there is no such folder/);
    await picture("a.png", [1, 2, 3]);
    await expect(indexFolder(join(folder, "a.png"), eye(), { cache })).rejects.toThrow(/it is no folder/);
  });
});
