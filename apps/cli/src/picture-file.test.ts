// Where pictures go: names, free names, folders, links, and things that are no files.
import { mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { numbered, placeOf, slug, writePicture } from "./picture-file.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "dreamgrain-place-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));
const bytes = Uint8Array.of(1, 2, 3);

describe("slug", () => {
  it.each([
    ["A dream of a distant galaxy!", 7, "a-dream-of-a-distant-galaxy-7"],
    ["../../etc/passwd", 0, "etc-passwd-0"],
    ["Über Åland, été", -1, "uber-aland-ete--1"],
    ["星空", 2, "星空-2"],
    ["!!!", 3, "unguided-3"],
    [undefined, 4, "unguided-4"],
  ])("%s", (words, seed, name) => expect(slug(words, seed)).toBe(name));
  it("stays short", () => expect(slug("word ".repeat(1000), 1).length).toBeLessThan(70));
});

describe("a folder", () => {
  it("gets a free name each time", async () => {
    const place = await placeOf(folder);
    for (let i = 0; i < 3; i++) await writePicture(place, "boat-7", bytes);
    expect((await readdir(folder)).sort()).toEqual(["boat-7-2.png", "boat-7-3.png", "boat-7.png"]);
  });
  it("is made when its path ends in a slash", async () => {
    const place = await placeOf(`${folder}/new/deep/`, 4);
    expect(await writePicture(place, "a", bytes)).toBe(join(folder, "new/deep/a.png"));
  });
});

describe("a file", () => {
  it("is replaced when it was named, through a link too", async () => {
    const [file, link] = [join(folder, "a.png"), join(folder, "b.png")];
    await writeFile(file, "old");
    await symlink(file, link);
    await writePicture(await placeOf(link), "x", bytes);
    expect([...(await readFile(file))]).toEqual([1, 2, 3]);
    expect((await readdir(folder)).sort()).toEqual(["a.png", "b.png"]);
  });
  it("may be no regular file", async () => {
    expect(await writePicture(await placeOf("/dev/null"), "x", bytes)).toBe("/dev/null");
  });
  it("is marked where there are several", async () => {
    const place = await placeOf(join(folder, "a.b.png"), 2);
    expect(numbered(place, "-7")).toEqual({ kind: "file", path: join(folder, "a.b--7.png") });
  });
  it("must be a PNG in a folder that is there", async () => {
    await expect(placeOf(join(folder, "a.webp"))).rejects.toThrow("call it a.png");
    await expect(placeOf(join(folder, "none/a.png"))).rejects.toThrow("there is no folder");
    await expect(placeOf("/dev/null", 2)).rejects.toThrow("need a folder");
    await expect(placeOf("-", 2)).rejects.toThrow("stdout takes one picture");
  });
});
