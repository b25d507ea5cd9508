// dreamgrain/web in a browser: the pictures that Node draws, steps as they come, stops, failures, threads and WebGPU.
import { cp, mkdtemp, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Browser, Page } from "playwright-core";
import { build } from "vite";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { decodePng } from "../src/image/png.ts";
import { clipMerges, open, recipeIn } from "../src/node.ts";
import { launch } from "./chromium.ts";
import { writeTinyModel } from "./tiny-model.ts";
import type { Asked } from "./web/page.ts";
import { type Served, serve } from "./web/serve.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const shipped = join(root, "models/default");

let folder: string;
let isolated: Served;
let plain: Served;
let browser: Browser;
const complaints: string[] = [];

/** The browser has a line for each file that is not there; those that a model may do without are asked for. */
const forgiveMissing = (): void => {
  const others = complaints.filter((line) => !line.includes("status of 404"));
  complaints.splice(0, complaints.length, ...others);
};

/** A page that says what it complains of. */
async function opened(address: string, from: Browser = browser): Promise<Page> {
  const page = await from.newPage();
  page.setDefaultTimeout(120_000);
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(error.message));
  await page.goto(address);
  await page.waitForLoadState("networkidle");
  return page;
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "dreamgrain-web-"));
  for (const [source, out] of [
    ["test/web", "page"],
    ["examples/browser", "example"],
  ])
    await build({
      configFile: join(root, "examples/browser/vite.config.ts"),
      root: join(root, source),
      publicDir: false,
      logLevel: "error",
      build: { outDir: join(folder, out), emptyOutDir: true, minify: false },
    });
  await writeTinyModel(join(folder, "sd"), "sd");
  await cp(join(folder, "sd"), join(folder, "cut"), { recursive: true });
  await truncate(join(folder, "cut/unet/diffusion_pytorch_model.safetensors"), 5000);
  await cp(join(folder, "sd"), join(folder, "partial"), { recursive: true });
  await rm(join(folder, "partial/vae/config.json"));
  await cp(join(folder, "sd"), join(folder, "html"), { recursive: true });
  await writeFile(join(folder, "html/unet/diffusion_pytorch_model.safetensors"), "<!doctype html><p>Log in");
  const folders = {
    "/": join(folder, "page/"),
    "/default/": `${shipped}/`,
    ...Object.fromEntries(["sd", "cut", "partial", "html"].map((name) => [`/models/${name}/`, join(folder, name)])),
  };
  isolated = await serve(folders, true);
  plain = await serve(folders, false);
  browser = await launch("--enable-unsafe-webgpu");
}, 240_000);
afterEach(() => {
  expect(complaints.splice(0)).toEqual([]);
});
afterAll(async () => {
  await browser?.close();
  await isolated?.[Symbol.asyncDispose]();
  await plain?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

const drawIn = (page: Page, asked: Asked) => page.evaluate((what) => window.dreamgrain.draw(what), asked);

/** The share of values that are within 1 of 255. */
function near(a: Uint8Array, b: Uint8Array): number {
  expect(a.length).toBe(b.length);
  return a.reduce((count, value, i) => count + Number(Math.abs(value - b[i]) <= 1), 0) / a.length;
}

async function drawnByNode({ model, prompt, seed, steps }: Asked) {
  await using dream = await open({ model });
  return decodePng((await dream.draw(prompt, { seed, steps })).png);
}

describe("the model that ships", () => {
  const asked = { model: "/default", prompt: "a red sailboat at dusk", seed: 7, steps: 12 };
  let wanted: Awaited<ReturnType<typeof drawnByNode>>;
  beforeAll(async () => {
    wanted = await drawnByNode({ ...asked, model: shipped });
  });

  it.each([
    ["on threads, where the page is isolated", () => isolated, /wasm, \d+ threads$/, true],
    ["on one thread, where it is not", () => plain, /wasm, 1 thread$/, false],
  ])("draws what Node draws: %s", async (_, server, name, alone) => {
    const page = await opened(server().address);
    const drawn = await drawIn(page, asked);
    expect(drawn.isolated).toBe(alone);
    expect(drawn.name).toMatch(name);
    const walked = asked.steps + asked.steps / 2; // it composes, then walks on for half as many
    expect(drawn.seen).toEqual(Array.from({ length: walked }, (_, i) => i));
    expect(drawn.turns, "the page was alive meanwhile").toBeGreaterThan(asked.steps);
    const { picture, text } = decodePng(Uint8Array.from(drawn.png));
    expect(near(picture.data, wanted.picture.data)).toBeGreaterThanOrEqual(0.999);
    expect(recipeIn(text), "and remembers the same, the model's hash too").toEqual(recipeIn(wanted.text));
    await page.close();
  });

  it("is drawn with by the example", async () => {
    const example = await serve({ "/": join(folder, "example/"), "/default/": `${shipped}/` }, true);
    const page = await opened(example.address);
    await page.getByRole("button", { name: "Draw" }).click();
    await page.getByText(/^Done, with seed \d+/).waitFor();
    const colours = await page.locator("canvas").evaluate((canvas: HTMLCanvasElement) => {
      const { data } = canvas.getContext("2d")!.getImageData(0, 0, canvas.width, canvas.height);
      return new Set(new Uint32Array(data.buffer)).size;
    });
    expect(colours).toBeGreaterThan(100);
    await page.close();
    await example[Symbol.asyncDispose]();
  });
});

describe("a Stable Diffusion 1", () => {
  it("is drawn with as in Node, its words read by CLIP's vocabulary", async () => {
    const page = await opened(isolated.address);
    const asked = { model: "/models/sd", prompt: "a cat, naïve art", seed: 3, steps: 3 };
    const { png } = await drawIn(page, asked);
    const wanted = await drawnByNode({ ...asked, model: join(folder, "sd") });
    const { picture, text } = decodePng(Uint8Array.from(png));
    expect(near(picture.data, wanted.picture.data)).toBeGreaterThanOrEqual(0.999);
    expect(recipeIn(text)).toEqual(recipeIn(wanted.text));
    const merges = await page.evaluate(() => window.dreamgrain.fetchClipMerges());
    expect(merges).toEqual(clipMerges());
    await page.close();
    forgiveMissing();
  });

  it("is drawn with by WebGPU too, where that is asked of an adapter in software", async () => {
    const page = await opened(isolated.address);
    const asked = { model: "/models/sd", prompt: "a cat", seed: 3, steps: 2 };
    const { name, png } = await drawIn(page, { ...asked, provider: "webgpu" });
    expect(name).toMatch(/webgpu/);
    const wanted = await drawnByNode({ ...asked, model: join(folder, "sd") });
    expect(near(decodePng(Uint8Array.from(png)).picture.data, wanted.picture.data)).toBeGreaterThanOrEqual(0.999);
    await page.close();
    forgiveMissing();
  });

  it.each([
    ["nothing", "/models/none", "missing", /no \/models\/none\/model_index\.json|\/models\/none has no model_index/],
    ["half a file", "/models/cut", "corrupt", /cut\/unet\/diffusion_pytorch_model\.safetensors/],
    ["no config", "/models/partial", "missing", /partial\/vae\/config\.json/],
    ["a page instead of weights", "/models/html", "not-safetensors", /is a web page/],
  ])("refuses %s in words", async (_, model, code, message) => {
    const page = await opened(isolated.address);
    const error = await page.evaluate(
      (url) =>
        window.dreamgrain.fetchModel(url).catch((e: { name: string; code: string; message: string }) => ({
          ...{ name: e.name, code: e.code, message: e.message },
        })),
      model,
    );
    expect(error).toMatchObject({ name: "ModelError", code, message: expect.stringMatching(message) });
    await page.close();
    forgiveMissing();
  });
});

describe("stopping", () => {
  it("stops between steps when told to, in the middle of a run when killed, and draws again after either", async () => {
    const page = await opened(isolated.address);
    const said = await page.evaluate(() => window.dreamgrain.stop("/models/sd"));
    expect(said).toEqual({ seen: [0, 1, 2], aborted: "AbortError", killed: "killed", bytes: expect.any(Number) });
    await page.close();
    forgiveMissing();
  });

  it("is a worker's death when its script is not there", async () => {
    const page = await opened(isolated.address);
    const said = await page.evaluate(async () => {
      const { graph, inWorker } = window.dreamgrain;
      const runtime = inWorker({ worker: () => new Worker("/nowhere.js", { type: "module" }) });
      const double = graph.trace({ x: [1] }, (_, { x }) => ({ y: x.mul(2) }));
      return runtime.compile(double).catch((error: Error) => `${error.name}: ${error.message}`);
    });
    expect(said).toMatch(/^EngineDied: engine: its worker died during start: .*Compile again/);
    await page.close();
    complaints.splice(0);
  });
});

it("is one file more for a server: nothing that Node alone can load is in the page", async () => {
  const html = await readFile(join(folder, "page/index.html"), "utf8");
  const script = /src="\/?([^"]+\.js)"/.exec(html)?.[1] ?? "";
  expect(await readFile(join(folder, "page", script), "utf8")).not.toMatch(/node:(fs|zlib|child_process)/);
});
