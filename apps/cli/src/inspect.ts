// dreamgrain inspect: what is in a model folder, a .safetensors file or a PNG.
import { open, stat } from "node:fs/promises";
import {
  isPng,
  ModelError,
  type ModelFolder,
  openModelFolder,
  openSafetensors,
  openSingleFile,
  original,
  otherKind,
  parseInfotext,
  type SafetensorsFile,
  showBytes,
  type Weights,
} from "dreamgrain/node";
import { textsOf } from "./again.ts";
import { print } from "./draw.ts";
import { EXIT } from "./errors.ts";
import { inspectModel } from "./inspect-model.ts";
import { counted, table, whole } from "./table.ts";

/** The command `dreamgrain inspect FILE`. */
export async function inspect(path: string, flags: { readonly json?: boolean }): Promise<void> {
  const found = await stat(path).catch(() => undefined);
  if (!found) throw new ModelError("missing", `there is no ${path}`);
  const json = flags.json ?? false;
  if (found.isDirectory()) await inspected(path, await openModelFolder(path), json);
  else if (await startsAsPng(path)) await inspectPicture(path, json);
  else await inspectFile(path, json);
}

async function inspected(path: string, model: ModelFolder, json: boolean): Promise<void> {
  const sound = await inspectModel(path, model, json);
  if (!sound) process.exitCode = EXIT.model;
}

/** A checkpoint is shown as the model that it holds; any other file tensor by tensor. */
async function inspectFile(path: string, json: boolean): Promise<void> {
  const file = await openSafetensors(path);
  const kind = otherKind(file);
  if (kind !== undefined || !original(file)) return inspectWeights(file, kind, json);
  const model = await openSingleFile(path);
  const { family, task, hasAverage } = model.found;
  if (!json) {
    print(
      `${family}, ${task}, ${showBytes(file.fileSize)}${hasAverage ? ", with an averaged copy of the U-Net (--ema)" : ""}`,
    );
    if (model.unused.length > 0)
      print(`${counted(model.unused.length, "tensor")} that no network wants, such as ${model.unused[0]}`);
  }
  await inspected(path, model, json);
}

async function startsAsPng(path: string): Promise<boolean> {
  await using file = await open(path);
  const { buffer, bytesRead } = await file.read(new Uint8Array(8), 0, 8, 0);
  return isPng(buffer.subarray(0, bytesRead));
}

async function inspectPicture(path: string, json: boolean): Promise<void> {
  const texts = await textsOf(path);
  if (json) return print(JSON.stringify(texts));
  const keywords = Object.keys(texts);
  if (keywords.length === 0) return print("a PNG without any text in it");
  for (const keyword of keywords) {
    const text = texts[keyword] ?? "";
    if (keyword !== "parameters") {
      print(`${keyword}: ${text}`);
      continue;
    }
    const { prompt, negative, settings } = parseInfotext(text);
    const rows = Object.entries({ Prompt: prompt, ...(negative && { "Negative prompt": negative }), ...settings });
    print(table(rows));
  }
}

function inspectWeights(file: SafetensorsFile, kind: string | undefined, json: boolean): void {
  const rows = tensorsOf(file);
  const { path, fileSize, metadata } = file;
  if (json) {
    print(JSON.stringify({ path, bytes: fileSize, kind, metadata, tensors: rows }));
    return;
  }
  if (kind !== undefined) print(kind);
  print(
    `${counted(rows.length, "tensor")}, ${whole(parameters(file))} parameters, ${showBytes(fileSize)}, ${dtypes(file)}`,
  );
  for (const [key, value] of Object.entries(metadata)) print(`${key}: ${value}`);
  print("");
  print(table(rows.map(({ name, dtype, shape }) => [name, dtype, `[${shape}]`])));
}

const tensorsOf = (weights: Weights) =>
  weights.names().flatMap((name) => {
    const info = weights.info(name);
    return info ? [{ name, dtype: info.dtype, shape: info.shape }] : [];
  });

/** How many numbers weights hold. */
export const parameters = (weights: Weights): number =>
  tensorsOf(weights).reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);

/** The dtypes of weights, most frequent first: `f16`, or `f16 and i64`. */
export function dtypes(weights: Weights): string {
  const counts = new Map<string, number>();
  for (const { dtype } of tensorsOf(weights)) counts.set(dtype, (counts.get(dtype) ?? 0) + 1);
  return [...counts]
    .sort((a, b) => b[1] - a[1])
    .map(([dtype]) => dtype)
    .join(" and ");
}
