// Few steps on the command line: the way it draws unless told, remembered by pictures, and told of by inspect.
import { cp, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { dreamgrain } from "./dreamgrain.ts";
import { teachFewSteps, writeTinyModel } from "./tiny-model.ts";

let folder: string;
const inside = (name: string): string => join(folder, name);
const run = (...args: string[]) => dreamgrain(args, { cwd: folder });
/** What `--json` says of a picture of a red boat. */
async function drawn(...args: string[]): Promise<Record<string, unknown>> {
  const { code, stdout, stderr } = await run("a red boat", "--seed", "7", "--model", "taught", "--json", ...args);
  expect(code, stderr).toBe(0);
  return JSON.parse(stdout.toString());
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "dreamgrain-few-"));
  await writeTinyModel(inside("taught"));
  for (const name of ["other", "untaught"]) await cp(inside("taught"), inside(name), { recursive: true });
  await teachFewSteps(inside("taught"));
  await teachFewSteps(inside("other"), "otherwise ");
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe("a model that was taught few steps", { timeout: 180_000 }, () => {
  it("draws so unless it is told how, and a picture remembers it", async () => {
    expect(await drawn("-o", "fast.png")).toMatchObject({ quality: "fast", steps: 2, guidance: 1, notices: [] });
    expect(await drawn("-o", "best.png", "--quality", "best")).toMatchObject({
      quality: "best",
      steps: 4,
      guidance: 2,
    });
    const { stdout } = await run("again", "fast.png", "--model", "taught", "-o", "-", "--quiet");
    expect(stdout.equals(await readFile(inside("fast.png")))).toBe(true);
  });
  it("says when another model draws few steps otherwise, or does not", async () => {
    const said = async (file: string, model: string) =>
      (await run("again", file, "--model", model, "-o", `${model}.png`)).stderr;
    expect(await said("fast.png", "other")).toMatch(
      /fast.png was drawn fast \(\w{10}\); what .* is another \(\w{10}\), so/,
    );
    expect(await said("fast.png", "untaught")).toMatch(
      /was drawn fast \(\w{10}\); this tiny draws in no few steps, so/,
    );
  });
  it("draws relatives of what it drew fast as well as it can", async () => {
    const { stdout } = await run("vary", "fast.png", "--model", "taught", "--json", "-o", "relative.png");
    expect(JSON.parse(stdout.toString())).toMatchObject({
      prompt: "a red boat",
      quality: "best",
      steps: 4,
      guidance: 2,
    });
  });
  it("tells of it in inspect, and refuses what it cannot", async () => {
    const json = JSON.parse((await run("inspect", "taught", "--json")).stdout.toString());
    expect(json.fewSteps).toEqual({ hash: expect.stringMatching(/^\w{10}$/), steps: 2, guidance: 1 });
    const refused = await run("x", "--quality", "fast", "--model", "untaught");
    expect([refused.code, refused.stderr]).toEqual([2, expect.stringMatching(/tiny was not taught to draw fast/)]);
  });
});
