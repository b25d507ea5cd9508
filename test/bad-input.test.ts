// Bad input: one clear line, the right exit code, and nothing left behind; and the ways in which a drawing can be cut short.
import { readFileSync } from "node:fs";
import { cp, mkdtemp, readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { decodePng } from "../src/image/png.ts";
import { dreamgrain } from "./dreamgrain.ts";
import { writeTinyModel } from "./tiny-model.ts";

let home: string;
let model: string;
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "dreamgrain-bad-"));
  model = await writeTinyModel(join(home, "tiny"));
});
afterAll(() => rm(home, { recursive: true, force: true }));

/** Run in an empty folder, and look at what is left in it. */
async function attempt(args: readonly string[], watch?: Parameters<typeof dreamgrain>[1]) {
  const cwd = await mkdtemp(join(home, "run-"));
  const ran = await dreamgrain(args, { cwd, ...watch });
  return { ...ran, left: await readdir(cwd), cwd };
}

describe("what cannot be is refused", { timeout: 180_000 }, () => {
  const cases: readonly (readonly [what: string, args: readonly string[], code: number, line: RegExp])[] = [
    ["an unknown sampler", ["--sampler", "dpm++2n"], 2, /sampler "dpm\+\+2n" is unknown\. Did you mean "dpmpp2m"\?/],
    ["an unknown schedule", ["--schedule", "karas"], 2, /schedule "karas" is unknown\. Did you mean "karras"\?/],
    ["a size off the grid", ["--size", "33x64"], 2, /width 33 must be a multiple of 8 .* 32 is near/],
    ["a size that is none", ["--size", "big"], 2, /--size "big": expected width x height/],
    ["no steps", ["--steps", "0"], 2, /steps: 0 must be a whole number from 1 to 1000/],
    ["too many steps", ["--steps", "1000000"], 2, /steps: 1000000 must be/],
    ["steps that are no number", ["--steps", "few"], 2, /--steps "few": expected a whole number/],
    ["a seed with a fraction", ["--seed", "1.5"], 2, /--seed "1.5": expected a whole number/],
    ["guidance that is no number", ["--guidance", "NaN"], 2, /--guidance "NaN": expected a number/],
    ["an unknown option", ["--stpes", "3"], 2, /unknown option '--stpes' \(Did you mean --steps\?\)/],
    ["words with --unguided", ["--unguided"], 2, /--unguided draws without words/],
    ["a picture that is no PNG", ["-o", "boat.jpg"], 2, /written as PNG; call it boat\.png/],
    [
      "a folder that is not there",
      ["-o", "nowhere/boat.png"],
      1,
      /nowhere\/boat\.png cannot be written: there is no folder nowhere/,
    ],
    ["a file as a folder", ["-o", "/dev/null/boat.png"], 1, /cannot be written: \/dev\/null is no folder/],
    ["a batch on stdout", ["-o", "-", "--batch", "2"], 2, /stdout takes one picture/],
    ["a model that is not there", ["--model", "./none"], 3, /there is no \.\/none/],
    ["a model by an unknown name", ["--model", "none"], 3, /there is no model or folder "none"/],
  ];
  it.each(cases)("%s", async (_what, args, code, line) => {
    const named = args.includes("--model") ? args : [...args, "--model", model];
    const ran = await attempt(["a red boat", ...named]);
    expect(ran.stderr).toMatch(/^dreamgrain: [^\n]+\n$/);
    expect(ran.stderr).toMatch(line);
    expect({ code: ran.code, stdout: ran.stdout.toString(), left: ran.left }).toEqual({ code, stdout: "", left: [] });
  });

  it("no words at all, with a hint", async () => {
    const ran = await attempt([]);
    expect(ran.stderr).toMatch(/^dreamgrain: what should the picture show\? [^\n]+\n$/);
    expect([ran.code, ran.left]).toEqual([2, []]);
  });
});

describe("a model that is not what it says", { timeout: 180_000 }, () => {
  const unet = "unet/diffusion_pytorch_model.safetensors";
  const cases: readonly (readonly [what: string, harm: (folder: string) => Promise<void>, line: RegExp])[] = [
    ["is truncated", (folder) => truncate(join(folder, unet), 5000), /corrupt|truncated|ends|incomplete|bytes/i],
    [
      "lies about its shapes",
      async (folder) => {
        const bytes = await readFile(join(folder, unet));
        const length = Number(bytes.readBigUInt64LE(0));
        const header = bytes
          .subarray(8, 8 + length)
          .toString()
          .replace("[32,8,3,3]", "[8,32,3,3]");
        bytes.write(header, 8);
        await writeFile(join(folder, unet), bytes);
      },
      /conv_in\.weight \[32,8,3,3\]; the file has \[8,32,3,3\]/,
    ],
    ["is a pickle", (folder) => writeFile(join(folder, unet), "\x80\x02}q\x00.".repeat(40), "latin1"), /Python pickle/],
    ["lacks a part", (folder) => rm(join(folder, "vae"), { recursive: true }), /vae/],
    ["has a config that is no JSON", (folder) => writeFile(join(folder, "unet/config.json"), "{"), /is no JSON/],
    [
      "wants a network that is not supported",
      (folder) => writeFile(join(folder, "model_index.json"), '{"_class_name":"FluxPipeline","transformer":["a","b"]}'),
      /FluxPipeline, which is not supported/,
    ],
  ];
  it.each(cases)("%s", async (what, harm, line) => {
    const folder = join(home, what.replaceAll(" ", "-"));
    await cp(model, folder, { recursive: true });
    await harm(folder);
    const ran = await attempt(["a red boat", "--model", folder]);
    expect(ran.stderr).toMatch(/^dreamgrain: [^\n]+\n$/);
    expect(ran.stderr).toMatch(line);
    expect({ code: ran.code, left: ran.left }).toEqual({ code: 3, left: [] });
  });

  it("is one network of a model", async () => {
    const ran = await attempt(["a red boat", "--model", join(model, unet)]);
    expect(ran.stderr).toMatch(
      /unet\/[^ ]+ is one part of a model: name the folder or file that it belongs to\. [^\n]+\n$/,
    );
    expect([ran.code, ran.left]).toEqual([3, []]);
  });
});

describe("what is unusual is drawn, and said", { timeout: 180_000 }, () => {
  it("an empty prompt", async () => {
    const ran = await attempt(["", "--seed", "0", "-n", "sea", "--model", model]);
    expect(ran.stderr).toMatch(/^The prompt is empty, so nothing guides/);
    expect(ran.stderr).toMatch(/negative prompt has no effect without a prompt/);
    expect([ran.code, ran.left]).toEqual([0, ["unguided-0.png"]]);
  });

  it("a prompt of 10,000 words", async () => {
    const ran = await attempt(["red boat ".repeat(5000), "--model", model, "--seed", "-1"]);
    expect(ran.stderr).toMatch(/has 10000 tokens and the model reads 10: the last 9990 were left out/);
    expect(ran.code).toBe(0);
    expect(ran.left).toHaveLength(1);
    expect(ran.left[0]!.length).toBeLessThan(90);
    const { parameters } = decodePng(readFileSync(join(ran.cwd, ran.left[0]!))).text;
    expect(parameters).toContain("red boat ".repeat(5000).trim());
  });
});

describe("a drawing that is cut short", { timeout: 180_000 }, () => {
  /** The child processes of a process. */
  const childrenOf = (pid: number): number[] =>
    readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ").filter(Boolean).map(Number);
  const alive = (pid: number): boolean => {
    try {
      process.kill(pid, 0);
      return true;
    } catch {
      return false;
    }
  };

  it.skipIf(process.platform !== "linux").each([
    ["Ctrl-C ends it, and it says what was saved", 130, /^dreamgrain: interrupted; saved .*-0\.png[^\n]*\n$/],
    [
      "an engine killed for memory is an error of its own",
      4,
      /^dreamgrain: engine: its process died[^\n]*memory[^\n]*\n$/,
    ],
  ])("%s", async (_what, code, line) => {
    let engines: number[] = [];
    const args = ["red boat", "--seed", "0", "--batch", "500", "--steps", "40", "--model", model];
    const ran = await attempt(args, {
      watch: (child) => {
        if (engines.length > 0 || child.pid === undefined) return;
        engines = childrenOf(child.pid);
        if (code === 130) child.kill("SIGINT");
        else for (const pid of engines) process.kill(pid, "SIGKILL");
      },
    });
    expect(
      ran.stderr
        .split("\n")
        .filter((text) => text.startsWith("dreamgrain: "))
        .join("\n") + "\n",
    ).toMatch(line);
    expect(ran.code).toBe(code);
    expect(ran.left.sort()).toEqual(ran.stdout.toString().trim().split("\n").sort());
    expect(ran.left.length).toBeLessThan(500);
    for (const name of ran.left) decodePng(readFileSync(join(ran.cwd, name)));
    expect(engines).toHaveLength(1);
    expect(engines.filter(alive)).toEqual([]);
  });
});
