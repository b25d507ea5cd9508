// dreamgrain verify --reference: draw what others published, and compare the nine pixels that they published of it.
import {
  cornerOf,
  finish,
  type Reference,
  readJsonFile,
  referenceOf,
  references,
  samplerNamed,
  settings,
  textToImage,
} from "dreamgrain/node";
import { print } from "./draw.ts";
import { asUsage, EXIT, UsageError } from "./errors.ts";
import { type ModelFlags, openNamed, withEngine } from "./host.ts";
import { display } from "./progress.ts";
import { table } from "./table.ts";

/** The command `dreamgrain verify --reference sd14 --model PATH`; the exit code is 1 when a value is too far off. */
export async function verifyReference(name: string, flags: ModelFlags & { readonly json?: boolean }): Promise<void> {
  const reference = await referenceNamed(name);
  if (flags.model === undefined)
    throw new UsageError(`--reference ${name}: name the weights of ${reference.model} with --model`);
  const model = await openNamed(flags);
  const all = reference.slices.map((slice) => ({ ...slice, chosen: asUsage(() => settings(model, slice.request)) }));
  const screen = display(model, all[0]!.chosen, flags.json);
  try {
    await withEngine(
      model,
      () => "nothing was compared",
      async (engine) => {
        for (const [i, { chosen, values, tolerance }] of all.entries()) {
          screen.begin(all.length > 1 ? `${i + 1}/${all.length} ` : "");
          const { pixels } = await finish(textToImage(engine, chosen), screen.step);
          screen.close();
          const drawn = cornerOf(pixels);
          const off = values.map((value, k) => Math.abs(value - drawn[k]!));
          const largest = Math.max(...off);
          const { title } = samplerNamed(chosen.sampler);
          const near = largest <= tolerance;
          if (!near) process.exitCode = EXIT.failure;
          if (flags.json) {
            print(JSON.stringify({ sampler: title, published: values, drawn, largest, tolerance, near }));
            continue;
          }
          const row = (what: string, numbers: readonly number[]) => [what, ...numbers.map((x) => x.toFixed(5))];
          print(
            `${title}, ${chosen.steps} steps: off by ${largest.toFixed(5)} at most, ${near ? "within" : "beyond"} the tolerance of ${tolerance}`,
          );
          print(table([row("published", values), row("drawn", drawn), row("off by", off)]));
        }
      },
    );
  } finally {
    screen.close();
  }
}

/** A published reference by its name, or one's own in a JSON file. */
async function referenceNamed(name: string): Promise<Reference> {
  if (Object.hasOwn(references, name)) return references[name as keyof typeof references];
  if (name.endsWith(".json")) return referenceOf(await readJsonFile(name));
  throw new UsageError(
    `--reference ${name}: expected ${Object.keys(references).join(", ")}, or a .json file of one's own`,
  );
}
