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
  if (left.length > 0)
    process.stderr.write(`${counted(left.length, "tensor")} that no network wants left out, such as ${left[0]}\n`);
  print(to);
}
