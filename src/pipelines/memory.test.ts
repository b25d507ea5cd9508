import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { writeTinyModel } from "../../test/tiny-model.ts";
import { trace } from "../graph/trace.ts";
import { ortNode } from "../runtime/ort-node.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { cpuGenerator } from "../tensor/random.ts";
import { fromTensors } from "../weights/weights.ts";
import { engine } from "./engine.ts";
import { openModel } from "./load.ts";
import { MemoryError, needOf, programs, requirements, tileSide } from "./memory.ts";
import type { Model } from "./model.ts";
import { drawingNeeds, settings } from "./text-to-image.ts";

let folder: string;
let model: Model;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "dreamgrain-memory-"));
  model = await openModel(await writeTinyModel(join(folder, "sd"), "sd"));
});
afterAll(() => rm(folder, { recursive: true }));

const none = fromTensors({});
/** A graph that works with `bytes`: two values of half of them. */
const heavy = (bytes: number) => () => trace<string, string>({ x: [bytes / 8] }, (_, { x }) => ({ y: x.affine(2, 1) }));

/** A runtime that notes what is compiled and what is released. */
function noted(): { runtime: Runtime; said: string[] } {
  const said: string[] = [];
  let count = 0;
  const runtime: Runtime = {
    name: "noted",
    async compile() {
      const name = `${count++}`;
      said.push(`compile ${name}`);
      return { run: async () => ({}) as never, [Symbol.asyncDispose]: async () => void said.push(`release ${name}`) };
    },
    [Symbol.asyncDispose]: async () => {},
  };
  return { runtime, said };
}

describe("programs", () => {
  it("keep small networks, and let large ones make room, those used longest ago first", async () => {
    const { runtime, said } = noted();
    const all = programs(runtime, Number.POSITIVE_INFINITY);
    const use = (key: string, bytes: number) => all.use(key, heavy(bytes), none, async () => {});
    await use("a", 2e8);
    await use("b", 2e8);
    await use("a", 2e8);
    expect(said).toEqual(["compile 0", "compile 1"]);
    await use("c", 4e8); // 1.5 · (0.2 + 0.2 + 0.4) GB is more than may be kept: b was used longest ago
    expect(said.slice(2)).toEqual(["release 1", "compile 2"]);
    await use("a", 2e8);
    await use("d", 8e9); // more than may be kept alone, and used all the same
    expect(said.slice(4)).toEqual(["release 2", "release 0", "compile 3"]);
    await all[Symbol.asyncDispose]();
    expect(said.at(-1)).toBe("release 3");
  });

  it("release nothing that is in use", async () => {
    const { runtime, said } = noted();
    const all = programs(runtime, Number.POSITIVE_INFINITY);
    let finish = (): void => {};
    const busy = all.use("a", heavy(8e9), none, () => new Promise<void>((resolve) => (finish = resolve)));
    await all.use("b", heavy(8e9), none, async () => {});
    expect(said).toEqual(["compile 0", "compile 1"]);
    finish();
    await busy;
    await all.use("c", heavy(8e9), none, async () => {});
    expect(said.slice(2).sort()).toEqual(["compile 2", "release 0", "release 1"]);
  });

  it("refuse what needs more than there is, with the estimate, and compile nothing", async () => {
    const { runtime, said } = noted();
    const refused = programs(runtime, 1e9).use("drawing", heavy(8e9), none, async () => {});
    await expect(refused).rejects.toThrow(MemoryError);
    await expect(refused).rejects.toThrow(/drawing would take about 12 GB, and 1\.0 GB are free\. Choose a smaller/);
    expect(said).toEqual([]);
  });

  it("forget a network that could not be compiled, so that the next try is a new one", async () => {
    let tries = 0;
    const { runtime } = noted();
    const failing: Runtime = {
      ...runtime,
      compile: async (...given) => {
        if (tries++ === 0) throw new Error("no");
        return runtime.compile(...given);
      },
    };
    const all = programs(failing, Number.POSITIVE_INFINITY);
    await expect(all.use("a", heavy(800), none, async () => {})).rejects.toThrow("no");
    expect(await all.use("a", heavy(800), none, async () => 5)).toBe(5);
  });
});

describe("weights", () => {
  /** A network of `count` parameters. */
  const network = (count: number) => () =>
    trace<string, string>({ x: [8, 1] }, (p, { x }) => ({
      y: x.matmul(p.get("w", [1, count], () => new Float32Array(count))),
    }));
  const stored = (dtype: "f16" | "f32") => ({ ...none, info: () => ({ dtype, shape: [] }) });

  it("of small networks are repacked, those of large ones where a model is to be fast", async () => {
    const told: unknown[] = [];
    const { runtime } = noted();
    const telling: Runtime = {
      ...runtime,
      compile(graph, weights, options) {
        told.push(options?.repack);
        return runtime.compile(graph, weights, options);
      },
    };
    for (const fast of [false, true])
      for (const count of [64e6, 64e6 + 1]) {
        await using all = programs(telling, Number.POSITIVE_INFINITY, fast);
        await all.use("it", network(count), stored("f16"), async () => {});
      }
    expect(told).toEqual([true, false, true, true]);
  });

  it("count as float32 where they are repacked, besides the file", () => {
    const large = network(100e6)();
    const lean = needOf(large, stored("f32"));
    const fast = needOf(large, stored("f32"), true);
    expect(fast.weights).toBe(4e8);
    expect(fast.working - lean.working).toBe(4e8);
  });
});

describe("what drawing takes", () => {
  it("is known before, grows with the picture, and counts the weights as they are stored", () => {
    const at = (side: number) =>
      drawingNeeds(model, settings(model, { seed: 1, prompt: "x", width: side, height: side }));
    expect(at(512).most).toBeGreaterThan(at(256).most);
    const { parts } = at(64);
    const stored = model.weights.unet
      .names()
      .reduce((sum, name) => sum + (model.weights.unet.info(name)?.file?.length ?? 0), 0);
    expect(parts[0]).toMatchObject({ name: "the U-Net at 64x64", weights: stored });
  });

  it("is refused when the U-Net does not fit; the decoder goes by tiles that do", () => {
    const given = { width: 512, height: 512, contexts: 2, rows: 1 };
    const [unet, decoder] = requirements(model, given).parts;
    expect(() => requirements(model, given, unet.working - 1)).toThrow(/the U-Net at 512x512 would take about/);
    const memory = Math.max(unet.working, decoder.working / 2);
    expect(memory).toBeLessThan(decoder.working); // so that this memory is enough for one and not for the other
    const tiled = requirements(model, given, memory);
    expect(tiled.tiles).toBeLessThan(512);
    expect(tiled.parts[1].working).toBeLessThanOrEqual(memory);
    expect(() => requirements(model, given, decoder.working / 1e3)).toThrow(MemoryError);
    expect(tileSide(model, [1, 4, 64, 64], decoder.working)).toBeUndefined();
  });

  it("counts the encoder where there is an image to begin with", () => {
    const image = { width: 64, height: 64, channels: 3 as const, data: new Uint8Array(64 * 64 * 3) };
    const names = (more: object) =>
      drawingNeeds(model, settings(model, { seed: 1, prompt: "x", width: 64, height: 64, ...more })).parts.map(
        ({ name }) => name,
      );
    expect(names({})).toEqual(["the U-Net at 64x64", "decoding 64x64"]);
    expect(names({ image })).toEqual([...names({}), "encoding 64x64"]);
  });

  it("of a batch that does not fit is that of its pictures one by one, each whole", async () => {
    await using runtime = await ortNode();
    const latents = cpuGenerator(6).randn([3, 4, 8, 8]);
    const one = requirements(model, { width: 64, height: 64, contexts: 1, rows: 1 }).parts[1].working;
    await using roomy = engine(model, runtime);
    await using tight = engine(model, runtime, { memory: one });
    const [together, apart] = [await roomy.decode(latents), await tight.decode(latents)];
    expect(apart.shape).toEqual(together.shape);
    for (const [i, value] of together.data.entries()) expect(Math.abs(apart.data[i] - value)).toBeLessThan(1e-5);
  });

  it("is what an engine keeps to: it decodes by tiles, and the picture is nearly the same", async () => {
    await using runtime = await ortNode();
    const latents = cpuGenerator(5).randn([1, 4, 40, 8]);
    const need = requirements(model, { width: 64, height: 320, contexts: 1, rows: 1 }).parts[1].working;
    await using whole = engine(model, runtime);
    await using tiled = engine(model, runtime, { memory: need - 1 });
    const [a, b] = [await whole.decode(latents), await tiled.decode(latents)];
    expect(b.shape).toEqual(a.shape);
    const rms = (x: Float32Array): number => Math.sqrt(x.reduce((sum, v) => sum + v * v, 0) / x.length);
    const off = rms(a.data.map((v, i) => v - b.data[i])) / rms(a.data);
    expect(off).toBeGreaterThan(0);
    expect(off).toBeLessThan(0.5);
  });
});
