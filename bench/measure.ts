// How things are timed here: two sides in turn (A B A B …), so that a busy machine slows both alike; medians are compared.
import { execFileSync } from "node:child_process";
import { appendFileSync } from "node:fs";
import { availableParallelism, cpus } from "node:os";
import { fileURLToPath } from "node:url";

/** Does the work once. */
export type Work = () => Promise<unknown>;

export const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1];

/** What one round of a side took. */
export interface Time {
  readonly seconds: number;
  /** Of processor time, all threads together: what counts when others use the machine too. */
  readonly cpu: number;
}

export async function timed(work: Work): Promise<Time> {
  const [started, before] = [performance.now(), process.cpuUsage()];
  await work();
  const { user, system } = process.cpuUsage(before);
  return { seconds: (performance.now() - started) / 1000, cpu: (user + system) / 1e6 };
}

/** Run each of `sides` in turn until `seconds` are over (three rounds at least) after one round that does not count. */
export async function inTurn(sides: readonly Work[], seconds: number): Promise<Time[]> {
  for (const side of sides) await side();
  const times = sides.map((): Time[] => []);
  const end = performance.now() + 1000 * seconds;
  for (let round = 0; round < 3 || performance.now() < end; round++)
    for (const [i, side] of sides.entries()) times[i].push(await timed(side));
  return times.map((all) => ({ seconds: median(all.map((t) => t.seconds)), cpu: median(all.map((t) => t.cpu)) }));
}

const results = fileURLToPath(new URL("results.md", import.meta.url));
const git = (...args: string[]): string =>
  execFileSync("git", args, {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
    cwd: fileURLToPath(new URL("..", import.meta.url)),
  }).trim();

/** Print a row, and keep it in results.md unless told otherwise. */
export function record(what: string, number: string, keep: boolean): void {
  const date = new Date().toISOString().slice(0, 10);
  const machine = `${cpus()[0].model.replace(/\s+/g, " ").trim()}, ${availableParallelism()} cores`;
  const commit = `${git("rev-parse", "--short", "HEAD")}${git("status", "--porcelain", "--", "src") ? "+" : ""}`;
  const row = `| ${date} | ${machine} | ${commit} | ${what} | ${number} |`;
  console.log(row);
  if (keep) appendFileSync(results, `${row}\n`);
}
