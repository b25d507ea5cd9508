// dreamgrain distance: how near words and pictures are to one another.
import { availableMemory, distance as distanceOf, embedder, similarity } from "dreamgrain/node";
import { print } from "./draw.ts";
import { UsageError } from "./errors.ts";
import { openEye, withRuntime } from "./host.ts";
import { table } from "./table.ts";
import { json, meaningOf, nameOf, noticesOf, type Thing, thingOf } from "./things.ts";

/** The command `dreamgrain distance "words" picture.png …`: every two of them. */
export async function distance(
  given: readonly string[],
  flags: { readonly model?: string; readonly json?: boolean },
): Promise<void> {
  if (given.length < 2)
    throw new UsageError('distance: name at least two things, as in: dreamgrain distance "a red boat" boat.png');
  const model = await openEye(flags.model);
  const things: Thing[] = [];
  for (const argument of given) things.push(await thingOf(argument, model));
  for (const notice of new Set(things.flatMap((thing) => noticesOf(thing, model)))) process.stderr.write(`${notice}\n`);
  const vectors = await withRuntime(
    () => "nothing was compared",
    async (runtime) => {
      const eye = embedder(model, runtime, { memory: availableMemory() });
      const meanings: Float32Array[] = [];
      for (const thing of things) meanings.push(await meaningOf(thing, eye));
      return meanings;
    },
  );
  const pairs = things.flatMap((a, i) =>
    things.slice(i + 1).map((b, j) => {
      const [va, vb] = [vectors[i]!, vectors[i + 1 + j]!];
      return { a, b, similarity: similarity(va, vb), distance: distanceOf(va, vb) };
    }),
  );
  if (flags.json) {
    const { name, hash } = model;
    print(JSON.stringify({ model: { name, hash }, pairs: pairs.map((p) => ({ ...p, a: json(p.a), b: json(p.b) })) }));
    return;
  }
  const rows = pairs.map((p) => [p.similarity.toFixed(3), p.distance.toFixed(3), nameOf(p.a), nameOf(p.b)]);
  print(table([["similarity", "distance", "of", "and"], ...rows]));
}
