// Whole pictures are diffusers', to the bounds of the project: text embeddings, latents after each step, pixels.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ortNode } from "../../src/runtime/ort-node.ts";
import type { Runtime } from "../../src/runtime/runtime.ts";
import { type TinyKind, writeTinyModel } from "../tiny-model.ts";
import { allowed, compareCase, diffusersCases, writeEmbeddings } from "./diffusers.ts";

let folder: string;
let runtime: Runtime;
const models = new Map<TinyKind, Promise<string>>();
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "dreamgrain-diffusers-"));
  runtime = await ortNode({ threads: 1 });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test.each(diffusersCases.map((c) => [c.name, c] as const))("%s", async (_, c) => {
  if (!models.has(c.kind)) models.set(c.kind, writeTinyModel(join(folder, c.kind), c.kind));
  const embeddings = await writeEmbeddings(join(folder, c.name), c);
  const { text, latents, picture, pixels } = await compareCase(c, await models.get(c.kind)!, embeddings, runtime);
  expect(Math.max(text, latents, picture)).toBeLessThanOrEqual(allowed.tensors);
  expect(pixels).toBeLessThanOrEqual(allowed.pixels);
});
