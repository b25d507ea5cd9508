// dreamgrain verify: draw a picture once more and compare, pixel by pixel.
import { decodePng, settings } from "dreamgrain/node";
import { type GuideFlags, pngBytes, remade } from "./again.ts";
import { drawOne, print } from "./draw.ts";
import type { EmbeddingFlags } from "./embeddings.ts";
import { asUsage, EXIT } from "./errors.ts";
import { type ModelFlags, withEngine } from "./host.ts";
import { counted } from "./table.ts";

/** The command `dreamgrain verify picture.png`; the exit code is 1 when a pixel differs. */
export async function verify(
  file: string,
  flags: ModelFlags & GuideFlags & EmbeddingFlags & { readonly json?: boolean },
): Promise<void> {
  const { recipe, request, model, notices } = await remade(file, flags);
  for (const notice of notices) process.stderr.write(`${notice}\n`);
  const { picture } = decodePng(await pngBytes(file));
  const chosen = asUsage(() => settings(model, request));
  const { png } = await withEngine(
    model,
    () => "nothing was compared",
    (engine) => drawOne(engine, chosen, { step() {} }, recipe.strip),
  );
  const { picture: again } = decodePng(png);
  if (again.data.length !== picture.data.length)
    throw new Error(
      `${file} has ${picture.width}x${picture.height} pixels, drawn again it has ${again.width}x${again.height}`,
    );
  let largest = 0;
  let differing = 0;
  for (const [i, value] of picture.data.entries()) {
    const off = Math.abs(value - (again.data[i] ?? 0));
    largest = Math.max(largest, off);
    if (off > 0) differing++;
  }
  const values = picture.data.length;
  if (flags.json) print(JSON.stringify({ path: file, largest, differing, values }));
  else if (largest === 0) print("the same, to the last pixel");
  else print(`differs by ${largest} of 255 at most, in ${counted(differing, "value")} of ${values}`);
  if (largest > 0) process.exitCode = EXIT.failure;
}
