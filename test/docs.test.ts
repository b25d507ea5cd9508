// The documents tell the truth: the README's snippet runs, links lead somewhere, and every npm command that is named exists.
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { decodePng } from "dreamgrain/node";
import { describe, expect, it, vi } from "vitest";
import { writeTinyModel } from "./tiny-model.ts";

const root = fileURLToPath(new URL("../", import.meta.url));
const read = (path: string): Promise<string> => readFile(join(root, path), "utf8");
const decisions = (await readdir(join(root, "docs/decisions"))).map((name) => `docs/decisions/${name}`);
const documents = [
  "README.md",
  "ARCHITECTURE.md",
  "CONTRIBUTING.md",
  "CHANGELOG.md",
  "recipes/README.md",
  "docs/log.md",
];
const pages = await Promise.all([...documents, ...decisions].map(async (path) => ({ path, text: await read(path) })));

it("the README's snippet writes a picture", async () => {
  const [, snippet] = /```ts\n([\s\S]*?)```/.exec(await read("README.md")) ?? [];
  expect(snippet).toContain("open()");
  const folder = await mkdtemp(join(tmpdir(), "dreamgrain-readme-"));
  const script = join(root, "test", `readme-${process.pid}.ts`); // here, so that it finds the package by its name
  const home = process.cwd();
  try {
    vi.stubEnv("DREAMGRAIN_MODELS", join(folder, "models"));
    await writeTinyModel(join(folder, "models", "default"));
    await writeFile(script, snippet);
    process.chdir(folder);
    await import(/* @vite-ignore */ script);
    expect(decodePng(await readFile("boat.png")).picture.width).toBe(32);
  } finally {
    process.chdir(home);
    vi.unstubAllEnvs();
    await rm(script, { force: true });
    await rm(folder, { recursive: true });
  }
});

describe.each(pages)("$path", ({ path, text }) => {
  it("links to what is there", async () => {
    for (const [, target] of text.matchAll(/\]\((?!https?:)([^)#]+)\)/g)) {
      // Made with the model, late.
      if (/models\/default\/(sheet\.png|MODEL_CARD\.md)$/.test(target)) continue;
      await expect(stat(join(root, dirname(path), target)), target).resolves.toBeDefined();
    }
  });
  it("names npm commands and source files that exist", async () => {
    const { scripts } = JSON.parse(await read("package.json")) as { scripts: Record<string, string> };
    for (const [, name] of text.matchAll(/npm run ([\w:]+)/g)) expect(Object.keys(scripts), name).toContain(name);
    for (const [, file] of text.matchAll(/`((?:src|test|apps|bench|scripts|examples)\/[\w./-]+\.\w+)`/g))
      await expect(stat(join(root, file)), file).resolves.toBeDefined();
  });
});

it("decisions are numbered without a gap", () => {
  const numbers = decisions.map((path) => Number(/\/(\d{4})-/.exec(path)?.[1])).sort((a, b) => a - b);
  expect(numbers).toEqual(numbers.map((_, i) => i + 1));
});
