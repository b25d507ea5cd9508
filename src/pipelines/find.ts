// Find: where models lie. The one that ships, and those in the folders that DREAMGRAIN_MODELS names. Node only.
import { readdir, stat } from "node:fs/promises";
import { createRequire } from "node:module";
import { delimiter, dirname, join, resolve } from "node:path";
import { nearest } from "../spelling/spelling.ts";
import { ModelError } from "../weights/model-error.ts";

/** The package with the model that ships. */
const SHIPPED = "@dreamgrain/model-default";

/** A folder with a model_index.json, and the name by which `findModel` knows it. */
export interface FoundModel {
  readonly name: string;
  readonly path: string;
}

const isModel = (folder: string): Promise<boolean> =>
  stat(join(folder, "model_index.json")).then(
    (file) => file.isFile(),
    () => false,
  );

/** The folder of the model that ships, if its package is installed. */
async function shipped(): Promise<FoundModel | undefined> {
  try {
    const path = dirname(createRequire(import.meta.url).resolve(`${SHIPPED}/package.json`));
    return (await isModel(path)) ? { name: "default", path } : undefined;
  } catch {
    return undefined;
  }
}

/** All models that have a name: the one that ships as "default", then the folders in those of DREAMGRAIN_MODELS, by name. */
export async function findModels(): Promise<FoundModel[]> {
  const found = [await shipped()];
  for (const place of (process.env.DREAMGRAIN_MODELS ?? "").split(delimiter).filter((path) => path !== ""))
    for (const name of (await readdir(place).catch(() => [])).sort()) {
      const path = resolve(place, name);
      if (await isModel(path)) found.push({ name, path });
    }
  return found.filter((model) => model !== undefined);
}

/**
 * The folder (or file) of a model by path or by name.
 * @throws ModelError `missing`, with the nearest name
 */
export async function findModel(nameOrPath: string): Promise<string> {
  if (/[/\\]/.test(nameOrPath)) return nameOrPath;
  const models = await findModels();
  const named = models.find(({ name }) => name === nameOrPath);
  if (named) return named.path;
  if (await stat(nameOrPath).catch(() => undefined)) return nameOrPath;
  const names = models.map(({ name }) => name);
  const close = nearest(nameOrPath, names);
  const hint = close ? `Did you mean "${close}"?` : names.length > 0 ? `There are: ${names.join(", ")}.` : "";
  throw new ModelError("missing", `model: there is no model or folder "${nameOrPath}". ${hint}`.trim());
}

/**
 * The folder of the model to draw with when none is named: "default" in the folders of DREAMGRAIN_MODELS, or else the one
 * that ships.
 * @throws ModelError `missing`, saying what to do
 */
export async function defaultModel(): Promise<string> {
  const models = await findModels();
  const found = models.findLast(({ name }) => name === "default") ?? models[0];
  if (found) return found.path;
  throw new ModelError(
    "missing",
    `model: there is none. Install ${SHIPPED}, name a folder with --model, or set DREAMGRAIN_MODELS to a folder of models`,
  );
}
