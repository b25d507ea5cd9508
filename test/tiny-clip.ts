// A tiny CLIP folder with formula weights, as transformers lays one out: with words of its own, or with CLIP's.
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { clipImageEmbedsGraph, clipTextEmbedsGraph } from "../src/models/clip.ts";
import { clipSpec } from "../src/models/config.ts";
import type { Tensor } from "../src/tensor/tensor.ts";
import { type Config, writeComponent } from "../src/weights/checkpoint.ts";
import { formulaParam } from "./formula.ts";

const layers = { hidden_size: 16, num_attention_heads: 2, num_hidden_layers: 1, intermediate_size: 32 };
const WORDS = ["a", "red", "green", "blue", "boat", "cat", "sea"];

const configs = {
  own: { vocab_size: 16, max_position_embeddings: 8 },
  clip: { vocab_size: 49408, max_position_embeddings: 77 },
} as const;

/** The config.json of such a folder. */
export const tinyClipConfig = (kind: keyof typeof configs): Config => ({
  architectures: ["CLIPModel"],
  model_type: "clip",
  projection_dim: 12,
  text_config: { ...layers, ...configs[kind], projection_dim: 512 },
  vision_config: { ...layers, image_size: 16, patch_size: 8 },
});

/** Its tensors. */
export function tinyClipTensors(kind: keyof typeof configs): Record<string, Tensor> {
  const spec = clipSpec(tinyClipConfig(kind));
  const params = [clipTextEmbedsGraph(spec, 1), clipImageEmbedsGraph(spec, 1)].flatMap((graph) => [...graph.params]);
  const all = [...params.map(([name, { shape }]) => [name, shape] as const), ["logit_scale", []] as const];
  return Object.fromEntries(all.map(([name, shape]) => [name, formulaParam(name, shape)]));
}

/** Write such a folder and return its path. */
export async function writeTinyClip(folder: string, kind: keyof typeof configs = "own"): Promise<string> {
  await mkdir(folder, { recursive: true });
  await writeComponent(folder, "model", tinyClipConfig(kind), tinyClipTensors(kind));
  if (kind === "own")
    await writeFile(
      join(folder, "vocabulary.json"),
      JSON.stringify({ words: WORDS, length: 8, synonyms: { the: "a" } }),
    );
  return folder;
}
