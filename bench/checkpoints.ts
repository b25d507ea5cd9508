// Checkpoints of random weights in the true shapes of the models of the world: as heavy as real ones, and nobody's property.
import { access, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { clipTextGraph } from "../src/models/clip-text.ts";
import { clipTextSpec, unetSpec, vaeSpec } from "../src/models/config.ts";
import { configs } from "../src/models/specs.ts";
import { unetGraph } from "../src/models/unet.ts";
import { vaeDecoderGraph, vaeEncoderGraph } from "../src/models/vae.ts";
import { writeSingleFile } from "../src/pipelines/convert.ts";
import { toFloat } from "../src/tensor/dtype.ts";
import { cpuGenerator } from "../src/tensor/random.ts";
import { type AnyTensor, type Shape, size } from "../src/tensor/tensor.ts";
import type { Config, ModelFolder } from "../src/weights/checkpoint.ts";
import { ModelError } from "../src/weights/model-error.ts";
import type { Weights } from "../src/weights/weights.ts";

/** The families that are measured. */
export const families = {
  sd15: { ...configs.sd15, name: "SD 1.5" },
  sdxl: { ...configs.sdxl, name: "SDXL" },
} as const;
export type Family = keyof typeof families;

/** A single file in fp16 under `folder`, written unless it is there: 2.1 GB for SD 1.5, 6.9 GB for SDXL. */
export async function randomCheckpoint(folder: string, family: Family): Promise<string> {
  const path = join(folder, `${family}-random.safetensors`);
  if (
    await access(path).then(
      () => true,
      () => false,
    )
  )
    return path;
  await mkdir(folder, { recursive: true });
  await writeSingleFile(path, imagined(families[family]));
  return path;
}

/** What Stable Diffusion 1 and XL were trained with. */
const SCHEDULER: Config = {
  _class_name: "EulerDiscreteScheduler",
  beta_schedule: "scaled_linear",
  beta_start: 0.00085,
  beta_end: 0.012,
  num_train_timesteps: 1000,
  prediction_type: "epsilon",
};

/** The folder that such a model would be, its tensors made as they are read. */
function imagined(parts: Readonly<Record<string, unknown>>): ModelFolder {
  return {
    path: "random",
    index: {},
    has: (name) => Object.hasOwn(parts, name),
    component: async (name) => {
      const config = parts[name] as Config;
      return { config, weights: randomWeights(shapesOf(name, config)), files: [] };
    },
    async json(file) {
      if (file === "scheduler/scheduler_config.json") return SCHEDULER;
      throw new ModelError("missing", `bench: a random checkpoint has no ${file}`);
    },
  };
}

function shapesOf(name: string, config: Config): ReadonlyMap<string, Shape> {
  const graphs = () => {
    if (name === "unet") return [unetGraph(unetSpec(config), { batch: 1, height: 8, width: 8, tokens: 77 })];
    if (name === "vae") return [vaeEncoderGraph(vaeSpec(config), 1, 64, 64), vaeDecoderGraph(vaeSpec(config), 1, 8, 8)];
    const spec = clipTextSpec(config);
    return [clipTextGraph(spec, 1, name === "text_encoder" ? ["last_hidden_state"] : ["penultimate", "text_embeds"])];
  };
  return new Map(graphs().flatMap(({ params }) => [...params].map(([key, { shape }]) => [key, shape] as const)));
}

/** A prime length, so that no two rows of a matrix begin alike. */
const noise = cpuGenerator(1).randn([1, 65521]);

/** Where in the noise a tensor begins: its own place, since some programs store equal tensors once. */
const offsets = new Map<string, number>();
const offsetOf = (name: string): number => {
  const at = offsets.get(name) ?? (offsets.size * 7919) % noise.data.length;
  offsets.set(name, at);
  return at;
};

/** Normal numbers of deviation fan_in^-½ for what multiplies, ones and zeros for what normalises and shifts. */
function randomWeights(shapes: ReadonlyMap<string, Shape>): Weights {
  const info = (name: string) => {
    const shape = shapes.get(name);
    return shape && { dtype: "f16" as const, shape };
  };
  return {
    names: () => [...shapes.keys()],
    info,
    read: async (name): Promise<AnyTensor> => {
      const shape = shapes.get(name)!;
      const data = new Uint16Array(size(shape));
      if (shape.length === 1) return { dtype: "f16", shape, data: data.fill(name.endsWith("bias") ? 0 : ONE) };
      const deviation = 1 / Math.sqrt(size(shape.slice(1)));
      const scaled = { ...noise, data: noise.data.map((x) => x * deviation) };
      const { data: row } = toFloat(scaled, "f16") as { data: Uint16Array };
      for (let at = -offsetOf(name); at < data.length; at += row.length)
        data.set(row.subarray(Math.max(0, -at), data.length - at), Math.max(0, at));
      return { dtype: "f16", shape, data };
    },
  };
}

/** 1 in half precision. */
const ONE = 0x3c00;
