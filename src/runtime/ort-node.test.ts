// ort-node: weights mapped straight out of .safetensors files in every storage, and errors in the user's words.
import { mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { trace } from "../graph/trace.ts";
import { conv2d, groupNorm, linear } from "../nn/layers.ts";
import { toFloat } from "../tensor/dtype.ts";
import { type Tensor, tensor } from "../tensor/tensor.ts";
import { random } from "../training/random.ts";
import { initialise } from "../training/train.ts";
import { openSafetensors, writeSafetensors } from "../weights/safetensors-file.ts";
import { fromTensors } from "../weights/weights.ts";
import { ortNode } from "./ort-node.ts";
import { referenceRuntime } from "./reference.ts";
import type { Runtime } from "./runtime.ts";

const graph = trace({ x: [2, 3, 6, 5] }, (p, { x }) => {
  const h = groupNorm(p.at("norm"), conv2d(p.at("conv"), x, 8), { groups: 4 });
  return { y: linear(p.at("out"), h.mean([2, 3]).reshape([2, 8]), 3) };
});
const x = tensor(random(1, "x").fillNormal(new Float32Array(180)), [2, 3, 6, 5]);
const params = initialise(graph, 3);
params["norm.weight"].data.fill(1.5);

let folder: string;
let runtime: Runtime;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "dreamgrain-ort-"));
  runtime = await ortNode({ threads: 1 });
});
afterAll(() => rm(folder, { recursive: true }));

const worst = (a: Tensor, b: Tensor): number => Math.max(...a.data.map((v, i) => Math.abs(v - b.data[i])));

describe("weights", () => {
  for (const dtype of ["f32", "f16", "bf16"] as const)
    it(`are mapped as ${dtype}, and mean what the file says`, async () => {
      const path = join(folder, `${dtype}.safetensors`);
      await writeSafetensors(
        path,
        Object.fromEntries(Object.entries(params).map(([name, t]) => [name, toFloat(t, dtype)])),
      );
      const weights = await openSafetensors(path);
      expect(weights.info("conv.weight")?.file).toBeDefined();
      await using mapped = await runtime.compile(graph, weights);
      await using repacked = await runtime.compile(graph, weights, { repack: true });
      await using meant = await referenceRuntime().compile(graph, weights);
      const { y } = await meant.run({ x });
      for (const program of [mapped, repacked]) expect(worst((await program.run({ x })).y, y)).toBeLessThan(3e-6);
    });

  it("may lie behind a symbolic link out of its folder, as in a Hugging Face cache", async () => {
    const path = join(folder, "blob");
    await writeSafetensors(path, params);
    const elsewhere = await mkdtemp(join(tmpdir(), "dreamgrain-link-"));
    await symlink(path, join(elsewhere, "model.safetensors"));
    await using program = await runtime.compile(graph, await openSafetensors(join(elsewhere, "model.safetensors")));
    expect((await program.run({ x })).y.shape).toEqual([2, 3]);
    await rm(elsewhere, { recursive: true });
  });

  it("may come from memory, or with every run, with the same result", async () => {
    await using kept = await runtime.compile(graph, fromTensors(params));
    await using fed = await runtime.compile(graph);
    expect((await fed.run({ x }, params)).y).toEqual((await kept.run({ x })).y);
  });

  it("that are missing or of another shape are listed before anything runs", async () => {
    const { "out.bias": _, ...rest } = params;
    const wrong = fromTensors({ ...rest, "conv.bias": tensor([1, 2], [2]) });
    const problem = await runtime.compile(graph, wrong).catch((error: Error) => error.message);
    expect(problem).toContain("wants conv.bias [8]; the file has [2] there");
    expect(problem).toContain("wants out.bias [3]; the file has no such tensor");
  });
});

describe("runs", () => {
  it("are the same to the last bit, whatever the number of threads", async () => {
    await using one = await runtime.compile(graph, fromTensors(params));
    await using two = await (await ortNode({ threads: 2 })).compile(graph, fromTensors(params));
    const { y } = await one.run({ x });
    expect((await two.run({ x })).y).toEqual(y);
    expect((await one.run({ x })).y).toEqual(y);
  });

  it("refuse inputs that the graph does not have, or has otherwise", async () => {
    await using program = await runtime.compile(graph, fromTensors(params));
    await expect(program.run({ x, z: x } as never)).rejects.toThrow("run: unknown input z; the graph has x");
    await expect(program.run({} as never)).rejects.toThrow("run: input x [2,3,6,5] is missing");
    await expect(program.run({ x: tensor(x.data, [2, 3, 5, 6]) })).rejects.toThrow(
      "run: input x is f32 [2,3,5,6]; the graph wants f32 [2,3,6,5]",
    );
  });
});
