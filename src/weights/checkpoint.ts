// Models as diffusers lays them out: a folder with model_index.json and one subfolder for each component. Node only.
import { mkdir, readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import type { AnyTensor } from "../tensor/tensor.ts";
import { writeFileAtomically } from "./atomic-file.ts";
import { ModelError } from "./model-error.ts";
import { openSafetensors, type SafetensorsFile, unusable, writeSafetensors } from "./safetensors-file.ts";
import { merged, type Weights } from "./weights.ts";

/** A parsed config.json: whatever it says, to be checked by whoever reads a field. */
export type Config = Readonly<Record<string, unknown>>;

/** One network of a model: what it is built like, and its tensors. */
export interface Component {
  readonly config: Config;
  readonly weights: Weights;
  /** The files behind the weights: one, or the shards in order of their names. */
  readonly files: readonly SafetensorsFile[];
}

export interface ComponentOptions {
  /** Prefer the files of this variant ("fp16") where there are any. Unless told, the plain files come first. */
  readonly variant?: string;
}

/** A folder with a model_index.json. */
export interface ModelFolder {
  readonly path: string;
  /** model_index.json. */
  readonly index: Config;
  /** Whether the model has this subfolder, by what the index says. */
  has(component: string): boolean;
  /** Opens a network: `unet`, `vae`, `text_encoder`. */
  component(name: string, options?: ComponentOptions): Promise<Component>;
  /** A JSON file of the model: `json("scheduler/scheduler_config.json")`. */
  json(file: string): Promise<Config>;
}

/**
 * Opens a diffusers folder, or the one that a model's folder in Hugging Face's cache keeps: only model_index.json is read.
 * @throws ModelError `missing` when there is no such folder or no index in it, `corrupt` when the index is no JSON object.
 */
export async function openModelFolder(given: string): Promise<ModelFolder> {
  const found = await stat(given).catch((error) => unusable(given, error));
  if (!found.isDirectory()) throw new ModelError("missing", `model: ${given} is a file, not a model folder`);
  const path = await snapshotOf(given);
  const index = await readJsonFile(join(path, "model_index.json")).catch(async (error) => {
    if (!(error instanceof ModelError) || error.code !== "missing") throw error;
    throw new ModelError(
      "missing",
      `model: ${path} has no model_index.json, so it is no diffusers folder. ${await insteadOf(path)}`,
      { cause: error },
    );
  });
  return {
    path,
    index,
    has: (component) => {
      const entry = Object.hasOwn(index, component) ? index[component] : undefined;
      return Array.isArray(entry) && entry.some((part) => part !== null);
    },
    component: (name, options) => openComponent(join(path, name), options),
    json: (file) => readJsonFile(join(path, file)),
  };
}

/** What to name instead of a folder that is no model, by what is in it. */
async function insteadOf(folder: string): Promise<string> {
  const there = (await readdir(folder).catch((error) => unusable(folder, error))).sort();
  if (there.includes("config.json")) return `It is one part of a model: name the folder that it lies in.`;
  const file = there.find((name) => name.endsWith(".safetensors"));
  if (file !== undefined) return `Name a file in it, such as ${join(folder, file)}.`;
  return "Name a folder that has one, or a .safetensors file.";
}

/** The snapshot of a folder `models--…` in Hugging Face's cache that its branch main is at; any other folder as it is. */
async function snapshotOf(folder: string): Promise<string> {
  const revision = await readFile(join(folder, "refs", "main"), "utf8").catch(() => undefined);
  return revision === undefined ? folder : join(folder, "snapshots", revision.trim());
}

/**
 * Opens one component folder: its config.json and the headers of its .safetensors, in one file or in shards.
 * @throws ModelError `missing` (says what is there instead), `corrupt`, `not-safetensors` or `unreadable`
 */
export async function openComponent(folder: string, options: ComponentOptions = {}): Promise<Component> {
  const config = await readJsonFile(join(folder, "config.json"));
  const there = new Set(await readdir(folder).catch((error) => unusable(folder, error)));
  const order = new Set(options.variant === undefined ? [undefined, "fp16"] : [options.variant, undefined, "fp16"]);
  for (const variant of order)
    for (const stem of ["diffusion_pytorch_model", "model"]) {
      const dotted = variant === undefined ? "" : `.${variant}`;
      const whole = `${stem}${dotted}.safetensors`;
      if (there.has(whole)) {
        const file = await openSafetensors(join(folder, whole));
        return { config, weights: file, files: [file] };
      }
      for (const index of [`${stem}.safetensors.index${dotted}.json`, `${stem}${dotted}.safetensors.index.json`])
        if (there.has(index)) return { config, ...(await openShards(folder, index)) };
    }
  const torch = [...there].filter((name) => /\.(bin|ckpt|pt|pth|h5|msgpack|onnx)$/.test(name));
  const hint =
    torch.length > 0
      ? `only ${torch.slice(0, 3).join(", ")}, which dreamgrain does not read. Look for the model as .safetensors.`
      : `only ${[...there].sort().slice(0, 8).join(", ")}.`;
  throw new ModelError(
    "missing",
    `model: ${folder} has no diffusion_pytorch_model.safetensors or model.safetensors, ${hint}`,
  );
}

async function openShards(folder: string, index: string): Promise<{ weights: Weights; files: SafetensorsFile[] }> {
  const where = join(folder, index);
  const corrupt = (problem: string): never => {
    throw new ModelError("corrupt", `model: ${where} ${problem}`);
  };
  const { weight_map: map } = await readJsonFile(where);
  if (typeof map !== "object" || map === null) return corrupt('has no "weight_map"');
  const home = new Map<string, string>();
  for (const [name, file] of Object.entries(map)) {
    if (typeof file !== "string" || !/^[^/\\:\0]+\.safetensors$/.test(file) || file.startsWith("."))
      corrupt(`puts ${name} into ${JSON.stringify(file)}, which is no .safetensors file beside it`);
    home.set(name, file);
  }
  const names = [...new Set(home.values())].sort();
  const files: SafetensorsFile[] = [];
  for (const name of names) files.push(await openSafetensors(join(folder, name)));
  for (const [name, file] of home)
    if (!files[names.indexOf(file)].entries.has(name)) corrupt(`says that ${file} holds ${name}; it does not`);
  return { weights: merged(...files), files };
}

/**
 * Writes one component folder (made when absent): config.json and `${file}.safetensors`.
 * @param file "diffusion_pytorch_model" for networks of diffusers, "model" for text encoders.
 */
export async function writeComponent(
  folder: string,
  file: "diffusion_pytorch_model" | "model",
  config: Config,
  tensors: Weights | Readonly<Record<string, AnyTensor>>,
  metadata: Readonly<Record<string, string>> = { format: "pt" },
): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeSafetensors(join(folder, `${file}.safetensors`), tensors, metadata);
  await writeFileAtomically(join(folder, "config.json"), `${JSON.stringify(config, null, 2)}\n`);
}

/** Bytes of the largest JSON file that is read; a tokenizer.json takes 2 MB. */
const maxJson = 32 * 2 ** 20;

/**
 * A JSON file that holds an object.
 * @throws ModelError `missing`, `unreadable`, or `corrupt` when it is too large, no JSON or no object.
 */
export async function readJsonFile(path: string): Promise<Config> {
  const found = await stat(path).catch((error) => unusable(path, error));
  if (!found.isFile()) throw new ModelError("corrupt", `model: ${path} should be a JSON file`);
  if (found.size > maxJson)
    throw new ModelError("corrupt", `model: ${path} has ${found.size} bytes; at most ${maxJson} are read`);
  const text = await readFile(path, "utf8").catch((error) => unusable(path, error));
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new ModelError("corrupt", `model: ${path} is no JSON: ${why}`, { cause: error });
  }
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new ModelError("corrupt", `model: ${path} should hold a JSON object`);
  return value as Config;
}
