// dreamgrain search: the pictures of a folder that show what words say, or what another picture shows.
import { join } from "node:path";
import { availableMemory, embedder, indexFolder, search as nearest } from "dreamgrain/node";
import { print } from "./draw.ts";
import { UsageError } from "./errors.ts";
import { openEye, withRuntime } from "./host.ts";
import { bar, spell } from "./progress.ts";
import { whole } from "./request.ts";
import { counted, table } from "./table.ts";
import { lively } from "./terminal.ts";
import { json, meaningOf, nameOf, noticesOf, thingOf } from "./things.ts";

/** The most broken files that are named. */
const MOST_NAMED = 10;

/** The command `dreamgrain search FOLDER "words"`. */
export async function search(
  folder: string,
  words: readonly string[],
  flags: { readonly count: string; readonly model?: string; readonly json?: boolean },
): Promise<void> {
  const count = whole("--count", flags.count);
  if (count < 1) throw new UsageError(`--count ${flags.count}: expected a whole number from 1`);
  const model = await openEye(flags.model);
  const wanted = await thingOf(words.join(" "), model);
  const say = (line: string): void => void process.stderr.write(`${line}\n`);
  for (const notice of noticesOf(wanted, model)) say(notice);

  const { found, index, seconds } = await withRuntime(
    () => "the pictures that were looked at are remembered",
    async (runtime) => {
      const eye = embedder(model, runtime, { memory: availableMemory() });
      const query = await meaningOf(wanted, eye);
      const onProgress = progress();
      const index = await indexFolder(folder, eye, { onProgress });
      const started = performance.now();
      const found = nearest(query, index.vectors, count);
      return { found, index, seconds: (performance.now() - started) / 1000 };
    },
  );
  for (const notice of index.notices) say(notice);
  for (const { path, problem } of index.broken.slice(0, MOST_NAMED)) say(`skipped ${join(folder, path)}: ${problem}`);
  const more = index.broken.length - MOST_NAMED;
  if (more > 0) say(`skipped ${counted(more, "more file")} that cannot be read`);
  if (index.paths.length === 0) throw new Error(`${folder} holds no PNG that can be searched`);
  const matches = found.map(({ index: row, similarity }) => ({ path: join(folder, index.paths[row]!), similarity }));
  if (flags.json) {
    const { name, hash } = model;
    const { broken, fresh } = index;
    const searched = index.paths.length;
    print(JSON.stringify({ model: { name, hash }, query: json(wanted), searched, fresh, broken, matches }));
    return;
  }
  print(table([["similarity", "picture"], ...matches.map((m) => [m.similarity.toFixed(3), m.path])]));
  say(`${counted(index.paths.length, "picture")} searched for ${nameOf(wanted)} in ${(1000 * seconds).toFixed(1)} ms`);
}

/** Tells how far looking at new pictures has come, where it takes more than a moment. */
function progress(): (done: number, of: number) => void {
  const alive = lively(process.stderr);
  const started = performance.now();
  let told = started;
  return (done, of) => {
    const now = performance.now();
    const last = done === of;
    if (alive && last && told > started) process.stderr.write("\r\x1b[K");
    if (last || now - told < (alive ? 100 : 10_000)) return;
    told = now;
    const left = spell((((now - started) / 1000) * (of - done)) / done);
    const line = `${bar(done, of)} ${done}/${of} new pictures · ${left} left`;
    process.stderr.write(alive ? `\r\x1b[K${line}` : `${line}\n`);
  };
}
