// The package as it is installed: the lock file serves every platform, and what package.json names exists.
import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

const root = new URL("../", import.meta.url);
const json = (path: string) => JSON.parse(readFileSync(new URL(path, root), "utf8"));

interface Locked {
  readonly version?: string;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

describe("package-lock.json", () => {
  const packages: Readonly<Record<string, Locked>> = json("package-lock.json").packages;
  it("has an entry for each optional dependency: without the other platforms' binaries `npm ci` refuses", () => {
    const missing = Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
      Object.keys(optionalDependencies).filter(
        (name) => !packages[`node_modules/${name}`] && !packages[`${path}/node_modules/${name}`],
      ),
    );
    expect(missing).toEqual([]);
  });
  it("is of the versions that package.json pins", () => {
    const { devDependencies } = json("package.json") as { devDependencies: Record<string, string> };
    for (const [name, version] of Object.entries(devDependencies))
      if (/^\d/.test(version)) expect(packages[`node_modules/${name}`]?.version, name).toBe(version);
  });
});

describe("package.json", () => {
  const { scripts, files, exports } = json("package.json");
  it("runs scripts that exist, and none before or after another: npm may be told to skip those", () => {
    for (const [name, command] of Object.entries<string>(scripts)) {
      expect(name).not.toMatch(/^(pre|post)/);
      for (const [path] of command.matchAll(/\b(scripts|bench)\/[\w./-]+/g))
        expect(existsSync(new URL(path, root)), path).toBe(true);
      for (const [, path] of command.matchAll(/\bdist\/([\w/-]+)\.js/g))
        if (!command.includes(`apps/cli/dist`)) expect(existsSync(new URL(`src/${path}.ts`, root)), path).toBe(true);
    }
  });
  it("publishes what its code reads, and every entry has a source", () => {
    for (const needed of ["dist", "src", "assets", "LICENSE"]) expect(files).toContain(needed);
    for (const { source } of Object.values<{ source: string }>(exports))
      expect(existsSync(new URL(source, root)), source).toBe(true);
  });
});
