// The page of a run: what the logs and sheets say, whole at every moment, and nothing from elsewhere.
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { writePage } from "./page.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "dreamgrain-page-"));
});
afterEach(() => rm(folder, { recursive: true }));

const page = async (running: boolean): Promise<string> => {
  await writePage(folder, running);
  return readFile(join(folder, "index.html"), "utf8");
};
const log = (name: string, losses: readonly number[]): Promise<void> =>
  writeFile(
    join(folder, `${name}.jsonl`),
    losses.map((smooth, i) => `${JSON.stringify({ step: 20 * (i + 1), smooth })}\n`).join(""),
  );

it("shows each stage's curve, its latest sheet first", async () => {
  await log("coarse", [2, 1.5, 1.25]);
  await log("denoiser", [1]);
  for (const step of ["000050", "000100"]) await writeFile(join(folder, `coarse-${step}.png`), "");
  const html = await page(true);
  expect(html).toContain("Loss 1.2500 at step 60.");
  expect(html).toContain("Loss 1.0000 at step 20."); // a curve of one point
  expect(html.indexOf("coarse-000100.png")).toBeLessThan(html.indexOf("coarse-000050.png"));
  const [, points] = /<polyline points="([^"]+)"/.exec(html)!;
  const [first, , last] = points.split(" ").map((pair) => pair.split(",").map(Number));
  expect(last[0]).toBeGreaterThan(first[0]);
  expect(last[1]).toBeGreaterThan(first[1]); // the loss fell, and y grows downwards
  expect(html).not.toMatch(/https?:|<script/);
});

it("looks again by itself while the run goes on, and no longer", async () => {
  expect(await page(true)).toMatch(/http-equiv="refresh"/);
  await log("decoder", [0.1, 0.1]);
  const html = await page(false);
  expect(html).not.toMatch(/refresh/);
  expect(html).toContain("Learnt so far");
});
