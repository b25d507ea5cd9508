// The floors of the house: walks every import and fails on one that climbs. The tables here are the architecture.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path/posix";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

/** What each folder of src/ may import, besides itself. */
const floors: Readonly<Record<string, readonly string[]>> = {
  tensor: [],
  spelling: [],
  weights: ["tensor"],
  image: ["tensor", "weights"],
  // What the network is, and what runs it.
  graph: ["tensor", "weights"],
  nn: ["graph", "tensor"],
  models: ["nn", "graph", "weights", "tensor"],
  onnx: ["graph", "weights", "tensor"],
  runtime: ["onnx", "graph", "weights", "tensor"],
  // What diffusion is.
  text: ["spelling", "image", "weights", "tensor"],
  diffusion: ["spelling", "image", "weights", "tensor"],
  embeddings: ["text", "image", "weights", "tensor"],
  // Where the columns meet, and beside them.
  pipelines: [
    "models",
    "nn",
    "graph",
    "runtime",
    "diffusion",
    "text",
    "embeddings",
    "spelling",
    "image",
    "weights",
    "tensor",
  ],
  training: [
    "pipelines",
    "models",
    "nn",
    "graph",
    "runtime",
    "diffusion",
    "text",
    "embeddings",
    "image",
    "weights",
    "tensor",
  ],
};
/** The files directly in src/, the front doors, may import everything but training. */
const frontDoor = Object.keys(floors).filter((floor) => floor !== "training");

/** The entries of the package that need files or processes. */
const nodeOnly = ["./node", "./training"];

const root = fileURLToPath(new URL("..", import.meta.url));
const read = (path: string): string => readFileSync(join(root, path), "utf8");
const filesIn = (folder: string): string[] =>
  readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .map((path) => join(folder, path))
    .filter((path) => /\.tsx?$/.test(path) && !/(^|\/)(node_modules|dist)\//.test(path));
const isTest = (path: string): boolean => path.endsWith(".test.ts");

interface Import {
  readonly from: string;
  /** `type` is erased by the compiler, `dynamic` happens when it is reached. */
  readonly kind: "value" | "type" | "dynamic";
}

/** The imports (and re-exports) of a source text; only whole statements at the start of a line, and `import("…")`. */
function importsOf(source: string): Import[] {
  const clause = String.raw`(?:\{[^}]*\}|\*(?:\s+as\s+[\w$]+)?|[\w$]+(?:\s*,\s*(?:\{[^}]*\}|\*\s+as\s+[\w$]+))?)`;
  const statement = new RegExp(
    String.raw`^(?:import|export)\s+(type\s+)?(?:${clause}\s*from\s*)?["']([^"']+)["']`,
    "gm",
  );
  const still = [...source.matchAll(statement)].map(
    ([, type, from]): Import => ({ from, kind: type ? "type" : "value" }),
  );
  const late = [...source.matchAll(/\bimport\(\s*["']([^"']+)["']\s*\)/g)].map(
    ([, from]): Import => ({ from, kind: "dynamic" }),
  );
  return [...still, ...late];
}

/** What is wrong with one import of a file of src/, if anything. */
function climbs(path: string, from: string): string | undefined {
  const isEngine = /^src\/runtime\/ort-[^/]*\.ts$/.test(path);
  if (from.startsWith("node:") || (isEngine && /^onnxruntime-(node|web|common)(\/|$)/.test(from))) return undefined;
  if (!from.startsWith(".")) return `${path} may not import the package ${from}`;
  const [, here] = /^src\/([^/]+)\//.exec(path) ?? [];
  const target = normalize(join(dirname(path), from));
  const [, there] = /^src\/([^/]+)\//.exec(target) ?? [];
  const allowed = here === undefined ? frontDoor : floors[here];
  if (!allowed) return `${path} is on no floor: give src/${here}/ a row in test/floors.test.ts`;
  if (there === undefined ? here === undefined && target.startsWith("src/") : there === here || allowed.includes(there))
    return undefined;
  return `${path} may not import ${from}`;
}

const sources = filesIn("src").filter((path) => !isTest(path));
const apps = readdirSync(join(root, "apps"));

describe("the reader of imports", () => {
  it("finds every form and nothing else", () => {
    const source = [
      'import a, { b } from "./a.ts";',
      'import type { C } from "./c.ts";',
      'import {\n  type D,\n  d,\n} from "./d.ts";',
      'import "./e.ts";',
      'export * from "./f.ts";',
      'export type { G } from "./g.ts";',
      'const h = await import("./h.ts");',
      'export const i = `made from "./i.ts"`;',
      '// import "./j.ts";',
    ].join("\n");
    expect(importsOf(source).map(({ from, kind }) => `${from} ${kind}`)).toEqual([
      "./a.ts value",
      "./c.ts type",
      "./d.ts value",
      "./e.ts value",
      "./f.ts value",
      "./g.ts type",
      "./h.ts dynamic",
    ]);
  });
  it("knows what climbs", () => {
    expect(climbs("src/diffusion/samplers.ts", "../graph/value.ts")).toBe(
      "src/diffusion/samplers.ts may not import ../graph/value.ts",
    );
    for (const [path, from] of [
      ["src/graph/value.ts", "../diffusion/sigmas.ts"],
      ["src/tensor/tensor.ts", "../weights/weights.ts"],
      ["src/pipelines/load.ts", "../training/vjp.ts"],
      ["src/index.ts", "./training/index.ts"],
      ["src/nn/layers.ts", "../../test/ops.ts"],
      ["src/nn/layers.ts", "../index.ts"],
      ["src/nn/layers.ts", "lodash"],
      ["src/runtime/isolated.ts", "onnxruntime-node"],
      ["src/runtime/in-worker.ts", "onnxruntime-web"],
      ["src/web.ts", "onnxruntime-web/webgpu"],
      ["src/somewhere/new.ts", "./other.ts"],
    ])
      expect(climbs(path, from), `${path} imports ${from}`).toBeDefined();
    for (const [path, from] of [
      ["src/pipelines/text-to-image.ts", "../diffusion/samplers.ts"],
      ["src/training/scenes/sky.ts", "../random.ts"],
      ["src/training/scenes/sky.ts", "../../tensor/tensor.ts"],
      ["src/runtime/ort-node.ts", "onnxruntime-node"],
      ["src/runtime/ort-web.ts", "onnxruntime-web/webgpu"],
      ["src/node.ts", "./index.ts"],
      ["src/weights/safetensors-file.ts", "node:fs"],
    ])
      expect(climbs(path, from), `${path} imports ${from}`).toBeUndefined();
  });
  it("sees the files it should", () => {
    expect(sources.length).toBeGreaterThan(30);
    expect(sources).toContain("src/runtime/ort-node.ts");
    expect(importsOf(read("src/runtime/ort-node.ts")).some(({ from }) => from === "../onnx/emit.ts")).toBe(true);
  });
});

describe("the house", () => {
  it("has no import that climbs", () => {
    const wrong = sources.flatMap((path) => importsOf(read(path)).map(({ from }) => climbs(path, from)));
    expect(wrong.filter((line) => line !== undefined)).toEqual([]);
  });
  it("names the engine only where it is wrapped", () => {
    const files = [...filesIn("src"), ...apps.flatMap((app) => filesIn(`apps/${app}`))];
    const naming = files.filter((path) => read(path).includes("onnxruntime"));
    expect(naming.filter((path) => !/^src\/runtime\/ort-[^/]*\.ts$/.test(path))).toEqual([]);
  });
  it("opens in a browser: no entry but those for Node reaches a node built-in, loaded at once or later", () => {
    const { exports } = JSON.parse(read("package.json")) as { exports: Record<string, { source: string }> };
    const wrong: string[] = [];
    const seen = new Set<string>();
    const walk = (path: string, trail: readonly string[]): void => {
      if (seen.has(path)) return;
      seen.add(path);
      for (const { from, kind } of importsOf(read(path))) {
        if (kind === "type") continue;
        if (from.startsWith(".")) walk(normalize(join(dirname(path), from)), [...trail, path]);
        else if (from.startsWith("node:")) wrong.push([...trail, path, from].join(" → "));
      }
    };
    for (const [name, { source }] of Object.entries(exports)) {
      if (nodeOnly.includes(name)) continue;
      if (existsSync(join(root, source))) walk(normalize(source), []);
      else wrong.push(`package.json exports ${name} from ${source}, which does not exist`);
    }
    expect(wrong).toEqual([]);
  });
});

describe("the apps", () => {
  it.each(apps)("%s imports the library by its name, packages that it declares, and itself", (app) => {
    const { dependencies, devDependencies } = JSON.parse(read(`apps/${app}/package.json`)) as {
      dependencies: Record<string, string>;
      devDependencies?: Record<string, string>;
    };
    const wrong: string[] = [];
    for (const path of filesIn(`apps/${app}`).filter((file) => !isTest(file)))
      for (const { from } of importsOf(read(path))) {
        const [scope, name] = from.split("/");
        // What builds and tests an app lies beside its src/, and is not there when the app runs.
        const declared = path.startsWith(`apps/${app}/src/`) ? dependencies : { ...dependencies, ...devDependencies };
        const known = Object.hasOwn(declared, scope.startsWith("@") ? `${scope}/${name}` : scope);
        const inside = normalize(join(dirname(path), from)).startsWith(`apps/${app}/`);
        if (!(from.startsWith("node:") || (from.startsWith(".") ? inside : known)))
          wrong.push(`${path} may not import ${from}`);
      }
    expect(wrong).toEqual([]);
  });
});
