// Find: where models lie. The one that ships, and those in the folders that DREAMGRAIN_MODELS names. Node only.
import { readdir, stat } from "node:fs/promises";
import { createRequire } from "node:module";
import { delimiter, dirname, join, resolve } from "node:path";
import { nearest } from "../spelling/spelling.ts";
import { ModelError } from "../weights/model-error.ts";

/** What models are for, by the name of the one that ships: its package, and the file by which a folder is one. */
const KINDS = {
  default: { shipped: "@dreamgrain/model-default", file: "model_index.json" },
  distance: { shipped: "@dreamgrain/model-distance", file: "config.json" },
} as const;

/** `default` draws; `distance` compares texts and pictures. */
export type ModelKind = keyof typeof KINDS;

/** A model's folder, and the name by which `findModel` knows it. */
export interface FoundModel {
  readonly name: string;
  readonly path: string;
}

const isModel = (folder: string, kind: ModelKind): Promise<boolean> =>
  stat(join(folder, KINDS[kind].file)).then(
    (file) => file.isFile(),
    () => false,
  );

/** The folder of the model that ships, if its package is installed. */
async function shipped(kind: ModelKind): Promise<FoundModel | undefined> {
  try {
    const path = dirname(createRequire(import.meta.url).resolve(`${KINDS[kind].shipped}/package.json`));
    return (await isModel(path, kind)) ? { name: kind, path } : undefined;
  } catch {
    return undefined;
  }
}

/** All models of a kind that have a name: the one that ships, then the folders in those of DREAMGRAIN_MODELS, by name. */
export async function findModels(kind: ModelKind = "default"): Promise<FoundModel[]> {
  const found = [await shipped(kind)];
  for (const place of (process.env.DREAMGRAIN_MODELS ?? "").split(delimiter).filter((path) => path !== ""))
    for (const name of (await readdir(place).catch(() => [])).sort()) {
      const path = resolve(place, name);
      if (await isModel(path, kind)) found.push({ name, path });
    }
  return found.filter((model) => model !== undefined);
}

/**
 * The folder (or file) of a model by path or by name.
 * @throws ModelError `missing`, with the nearest name
 */
export async function findModel(nameOrPath: string, kind: ModelKind = "default"): Promise<string> {
  if (/[/\\]/.test(nameOrPath)) return nameOrPath;
  const models = await findModels(kind);
  const named = models.find(({ name }) => name === nameOrPath);
  if (named) return named.path;
  if (await stat(nameOrPath).catch(() => undefined)) return nameOrPath;
  const names = models.map(({ name }) => name);
  const close = nearest(nameOrPath, names);
  const hint = close ? `Did you mean "${close}"?` : names.length > 0 ? `There are: ${names.join(", ")}.` : "";
  throw new ModelError("missing", `model: there is no model or folder "${nameOrPath}". ${hint}`.trim());
}

/**
 * The folder of the model to take when none is named: the one of the kind's name in the folders of DREAMGRAIN_MODELS, or else
 * the one that ships.
 * @throws ModelError `missing`, saying what to do
 */
export async function defaultModel(kind: ModelKind = "default"): Promise<string> {
  const models = await findModels(kind);
  const found = models.findLast(({ name }) => name === kind) ?? models[0];
  if (found) return found.path;
  const what = kind === "default" ? "there is none" : "there is none that compares texts and pictures";
  throw new ModelError(
    "missing",
    `model: ${what}. Install ${KINDS[kind].shipped}, name a folder with --model, or set DREAMGRAIN_MODELS to a folder of models`,
  );
}
