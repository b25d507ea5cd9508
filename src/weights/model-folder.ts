// Models as diffusers lays them out: a folder with model_index.json and one subfolder for each component, read through `Files`.
import type { Config, Files } from "./files.ts";
import { ModelError } from "./model-error.ts";
import type { SafetensorsFile } from "./safetensors.ts";
import { merged, type Weights } from "./weights.ts";

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
 * Reads a diffusers folder: only model_index.json is read.
 * @throws ModelError `missing` when there is no index in it, `corrupt` when the index is no JSON object.
 */
export async function readModelFolder(files: Files, path: string): Promise<ModelFolder> {
  const index = await files.json(`${path}/model_index.json`).catch(async (error) => {
    if (!(error instanceof ModelError) || error.code !== "missing") throw error;
    throw new ModelError(
      "missing",
      `model: ${path} has no model_index.json, so it is no diffusers folder. ${await insteadOf(files, path)}`,
      { cause: error },
    );
  });
  const entry = (component: string): readonly unknown[] => {
    const found = Object.hasOwn(index, component) ? index[component] : undefined;
    return Array.isArray(found) ? found : [];
  };
  return {
    path,
    index,
    has: (component) => entry(component).some((part) => part !== null),
    component: (name, options) => {
      const [library] = entry(name);
      return readComponent(files, `${path}/${name}`, library === "transformers" ? OF_TRANSFORMERS : STEMS, options);
    },
    json: (file) => files.json(`${path}/${file}`),
  };
}

/** What to name instead of a folder that is no model, by what is in it. */
async function insteadOf(files: Files, folder: string): Promise<string> {
  const there = [...((await files.list?.(folder)) ?? [])].sort();
  if (there.includes("config.json")) return `It is one part of a model: name the folder that it lies in.`;
  const file = there.find((name) => name.endsWith(".safetensors"));
  if (file !== undefined) return `Name a file in it, such as ${folder}/${file}.`;
  return "Name a folder that has one, or a .safetensors file.";
}

/** What the files of weights are called: by diffusers, and by transformers; first what is likely. */
const STEMS: readonly string[] = ["diffusion_pytorch_model", "model"];
const OF_TRANSFORMERS: readonly string[] = [...STEMS].reverse();

/**
 * Reads one component folder: its config.json and the headers of its .safetensors, in one file or in shards.
 * @throws ModelError `missing` (says what is there instead), `corrupt`, `not-safetensors` or `unreadable`
 */
export async function readComponent(
  files: Files,
  folder: string,
  stems: readonly string[] = STEMS,
  options: ComponentOptions = {},
): Promise<Component> {
  const config = await files.json(`${folder}/config.json`);
  const order = new Set(options.variant === undefined ? [undefined, "fp16"] : [options.variant, undefined, "fp16"]);
  for (const variant of order)
    for (const stem of stems) {
      const dotted = variant === undefined ? "" : `.${variant}`;
      const whole = `${folder}/${stem}${dotted}.safetensors`;
      if (await files.has(whole)) {
        const file = await files.safetensors(whole);
        return { config, weights: file, files: [file] };
      }
      const indices = new Set([`${stem}.safetensors.index${dotted}.json`, `${stem}${dotted}.safetensors.index.json`]);
      for (const index of indices)
        if (await files.has(`${folder}/${index}`)) return { config, ...(await readShards(files, folder, index)) };
    }
  const there = await files.list?.(folder);
  const torch = (there ?? []).filter((name) => /\.(bin|ckpt|pt|pth|h5|msgpack|onnx)$/.test(name));
  const hint =
    there === undefined
      ? "nor any that is called so in another way."
      : torch.length > 0
        ? `only ${torch.slice(0, 3).join(", ")}, which dreamgrain does not read. Look for the model as .safetensors.`
        : `only ${[...there].sort().slice(0, 8).join(", ")}.`;
  throw new ModelError(
    "missing",
    `model: ${folder} has no diffusion_pytorch_model.safetensors or model.safetensors, ${hint}`,
  );
}

async function readShards(
  all: Files,
  folder: string,
  index: string,
): Promise<{ weights: Weights; files: SafetensorsFile[] }> {
  const where = `${folder}/${index}`;
  const corrupt = (problem: string): never => {
    throw new ModelError("corrupt", `model: ${where} ${problem}`);
  };
  const { weight_map: map } = await all.json(where);
  if (typeof map !== "object" || map === null) return corrupt('has no "weight_map"');
  const home = new Map<string, string>();
  for (const [name, file] of Object.entries(map)) {
    if (typeof file !== "string" || !/^[^/\\:\0]+\.safetensors$/.test(file) || file.startsWith("."))
      corrupt(`puts ${name} into ${JSON.stringify(file)}, which is no .safetensors file beside it`);
    home.set(name, file);
  }
  const names = [...new Set(home.values())].sort();
  const files: SafetensorsFile[] = [];
  for (const name of names) files.push(await all.safetensors(`${folder}/${name}`));
  for (const [name, file] of home)
    if (!files[names.indexOf(file)].entries.has(name)) corrupt(`says that ${file} holds ${name}; it does not`);
  return { weights: merged(...files), files };
}
