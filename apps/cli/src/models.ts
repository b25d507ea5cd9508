// dreamgrain models: the models that are there.
import { byteSize, findModels, openModel, showBytes } from "dreamgrain/node";
import { print } from "./draw.ts";
import { table } from "./table.ts";

/** The command `dreamgrain models`. */
export async function models(flags: { readonly json?: boolean }): Promise<void> {
  const rows: string[][] = [];
  for (const { name, path } of await findModels()) {
    try {
      const model = await openModel(path);
      const { width, height } = model.defaults;
      const networks = [...Object.values(model.weights), ...model.texts.map(({ weights }) => weights)];
      const parts = [...networks, ...(model.fewSteps ? [model.fewSteps.lora] : [])];
      const size = parts.reduce((sum, weights) => sum + byteSize(weights), 0);
      if (flags.json)
        print(JSON.stringify({ name, title: model.name, path, hash: model.hash, bytes: size, width, height }));
      rows.push([name, `${width}x${height}`, showBytes(size), model.hash, path]);
    } catch (error) {
      const problem = error instanceof Error ? error.message.split("\n")[0]! : String(error);
      if (flags.json) print(JSON.stringify({ name, path, problem }));
      rows.push([name, "", "", "", `cannot be used: ${problem}`]);
    }
  }
  if (flags.json) return;
  if (rows.length > 0) print(table([["name", "pictures", "weights", "hash", "folder"], ...rows]));
  else
    process.stderr.write(
      "There are no models. Install @dreamgrain/model-default, or set DREAMGRAIN_MODELS to a folder of models.\n",
    );
}
