// Peers: what is asked and answered over lines of JSON, with a small program of Node's in the place of Python.
import { chmod, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, it, vi } from "vitest";
import { converse, noPeers, openPeer, peerPython } from "./peer.ts";

/** Says its arguments, then echoes; `{"do":"…"}` may tell it to refuse, to babble or to die. */
const standIn = `
const say = (content) => console.log(JSON.stringify(content));
const { readdirSync, readFileSync, writeSync } = require("node:fs");
say({ versions: process.argv.slice(2).join(" ") });
require("node:readline").createInterface(process.stdin).on("line", (line) => {
  const request = JSON.parse(line);
  if (request.do === "refuse") say({ error: "ValueError: no" });
  else if (request.do === "babble") console.log("Loading: 50%");
  else if (request.do === "die") { writeSync(2, "out of luck"); process.exit(3); }
  else if (request.do === "kill") process.kill(process.pid, "SIGKILL");
  else if (request.do === "configs") {
    const [folder] = process.argv.slice(-2);
    const files = readdirSync(folder, { recursive: true }).filter((file) => file.endsWith(".json"));
    say(files.map((file) => [file, JSON.parse(readFileSync(folder + "/" + file, "utf8"))]));
  }
  else say(request);
});`;

afterEach(() => vi.unstubAllEnvs());
const start = () => converse(process.execPath, ["-e", standIn, "--", "x"]);

it("answers come in the order of what was asked, each a value or an error", async () => {
  const peer = start();
  expect(await peer.hello).toEqual({ versions: "" });
  const answers = [
    peer.ask({ do: "a" }),
    peer.ask({ do: "refuse" }),
    peer.ask({ do: "babble" }),
    peer.ask({ do: "b" }),
  ];
  expect(await Promise.allSettled(answers)).toEqual([
    { status: "fulfilled", value: { do: "a" } },
    { status: "rejected", reason: new Error("peer: ValueError: no") },
    { status: "rejected", reason: new Error(`peer: ${process.execPath} said what is no JSON: Loading: 50%`) },
    { status: "fulfilled", value: { do: "b" } },
  ]);
  await peer.end();
  await expect(peer.ask({ do: "a" })).rejects.toThrow("ended with code 0");
});

it("a death rejects all that is waited for and all that comes after, with what was said last", async () => {
  const peer = start();
  const answers = [peer.ask({ do: "die" }), peer.ask({ do: "a" })];
  for (const { status, reason } of (await Promise.allSettled(answers)) as PromiseRejectedResult[]) {
    expect(status).toBe("rejected");
    expect(reason.message).toMatch(/ended with code 3\.\nIt said last:\nout of luck$/);
  }
  await expect(peer.ask({ do: "a" })).rejects.toThrow("out of luck");
  await peer.end();
});

it("says that memory may have run out when it was killed, and what cannot be started", async () => {
  const peer = start();
  await expect(peer.ask({ do: "kill" })).rejects.toThrow("was killed by SIGKILL. Probably memory ran out.");
  await expect(converse("/no/such/python", []).hello).rejects.toThrow("cannot start /no/such/python");
});

it("without Python there are no peers", async () => {
  vi.stubEnv("PYTHON", "");
  if (peerPython() === undefined)
    await expect(openPeer("diffusers", "f32", "x.safetensors", "sd15")).rejects.toThrow(noPeers);
  vi.stubEnv("PYTHON", "/some/python");
  expect(peerPython()).toBe("/some/python");
});

it.each(["sd15", "sdxl"] as const)(
  "a peer is given %s as a folder of configs, which goes when it does",
  async (family) => {
    const folder = await mkdtemp(join(tmpdir(), "dreamgrain-stand-in-"));
    try {
      const python = join(folder, "python");
      await writeFile(join(folder, "stand-in.cjs"), standIn);
      await writeFile(python, `#!/bin/sh\nexec "${process.execPath}" "${folder}/stand-in.cjs" "$@"\n`);
      await chmod(python, 0o755);
      vi.stubEnv("PYTHON", python);
      vi.stubEnv("TMPDIR", folder);
      const peer = await openPeer("diffusers", "bf16", "some.safetensors", family);
      expect(peer.name).toMatch(/bench_peer\.py diffusers bf16 some\.safetensors .* \d+, bf16$/);
      const request = { do: "configs" } as unknown as Parameters<typeof peer.do>[0];
      const files = Object.fromEntries((await peer.do(request)) as unknown as [string, Record<string, unknown>][]);
      const encoders = family === "sdxl" ? ["text_encoder", "text_encoder_2"] : ["text_encoder"];
      const parts = [...encoders, "unet", "vae"];
      expect(Object.keys(files).sort()).toEqual(
        ["model_index.json", "scheduler/scheduler_config.json", ...parts.map((part) => `${part}/config.json`)].sort(),
      );
      expect(files["unet/config.json"].cross_attention_dim).toBe(family === "sdxl" ? 2048 : 768);
      expect(Object.keys(files["model_index.json"])).toEqual(expect.arrayContaining(parts));
      await peer[Symbol.asyncDispose]();
      expect((await readdir(folder)).sort()).toEqual(["python", "stand-in.cjs"]);
    } finally {
      await rm(folder, { recursive: true });
    }
  },
);
