// dreamgrain convert: a model from a single file to a folder, or back.
import { stat } from "node:fs/promises";
import { findModel, openCheckpoint, writeFolder, writeSingleFile } from "dreamgrain/node";
import { print } from "./draw.ts";
import { UsageError } from "./errors.ts";
import { counted } from "./table.ts";

const DTYPES = ["f16", "bf16", "f32"] as const;

/** The command `dreamgrain convert FROM TO`. */
export async function convert(
  from: string,
  to: string,
  flags: { readonly dtype?: string; readonly ema?: boolean },
): Promise<void> {
  const dtype = flags.dtype === undefined ? undefined : DTYPES.find((known) => known === flags.dtype);
  if (flags.dtype !== undefined && !dtype)
    throw new UsageError(`--dtype ${flags.dtype}: expected ${DTYPES.join(", ")}`);
  if (await stat(to).catch(() => undefined)) throw new UsageError(`${to} is there already; name a path that is free`);
  const source = await openCheckpoint(await findModel(from), flags.ema ? { average: true } : {});
  const write = to.endsWith(".safetensors") ? writeSingleFile : writeFolder;
  const { tensors, left } = await write(to, source, dtype ? { dtype } : {});
  process.stderr.write(`${counted(tensors, "tensor")} written\n`);
  if (left.length > 0) process.stderr.write(`left out, since nothing here wants it: ${listed(left)}\n`);
  print(to);
}

const MOST_NAMED = 5;

const listed = (names: readonly string[]): string => {
  const more = names.length - MOST_NAMED;
  return [...names.slice(0, MOST_NAMED), ...(more > 0 ? [`${more} more`] : [])].join(", ");
};
