// A peer in a process of its own (reference/bench_peer.py), asked one thing at a time, so that it can be timed in turn with us.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { configs } from "../src/models/specs.ts";

/**
 * `diffusers`: torch, eager, as it is. `compiled`: the same through torch.compile, which takes minutes
 * and a copy of the weights for each shape. `openvino`: the same networks exported by diffusers' modules, shapes static.
 */
export type PeerEngine = "diffusers" | "compiled" | "openvino";
/** What a peer computes in. Where a processor has no bf16 (AVX-512 or AMX), torch takes six times as long in it as in f32. */
export type PeerDType = "f32" | "bf16";

/** What a peer can be asked. `side` is that of the latents: an eighth of the picture's. */
export type PeerRequest =
  /** Read the checkpoint; first of all. */
  | { readonly do: "load" }
  /** One call of the U-Net. */
  | { readonly do: "unet"; readonly side: number; readonly batch: number }
  /** A guided step: one call at batch 2, and guidance. */
  | { readonly do: "step"; readonly side: number }
  /** Latents to a picture. */
  | { readonly do: "decode"; readonly side: number }
  /** One text of 77 tokens, by each text encoder of the family. */
  | { readonly do: "text" };

/** What a request took. Memory is the whole process's, in bytes, when it was done. */
export interface PeerAnswer {
  readonly seconds: number;
  /** Of processor time, all threads together. */
  readonly cpu: number;
  /** Seconds before that, not in them: making inputs, and compiling a shape that is not the last one of its part. */
  readonly prepared: number;
  readonly rss: number;
  /** Of `rss`: what is in no file, and what is mapped from files. */
  readonly anon: number;
  readonly file: number;
  /** The most that was ever resident. */
  readonly peak: number;
}

export interface Peer extends AsyncDisposable {
  /** With versions: "diffusers 0.42.1, torch 2.15.0, f32". */
  readonly name: string;
  /** @throws Error when the peer says so, or died, with what it said last */
  do(request: PeerRequest): Promise<PeerAnswer>;
}

const reference = fileURLToPath(new URL("../reference/", import.meta.url));

/** The Python that peers run in: `PYTHON`, or that of reference/venv; none, and peers cannot be measured. */
export function peerPython(): string | undefined {
  const venv = join(reference, "venv/bin/python");
  return process.env.PYTHON || (existsSync(venv) ? venv : undefined);
}

/** What to say where peers are skipped. */
export const noPeers = "no reference/venv and no PYTHON: peers are not measured (see reference/README.md)";

/**
 * Start a peer on a single file in the original layout. OpenVINO's files are exported beside it the first time, which takes
 * minutes and as much memory as the checkpoint in f32.
 * @throws Error when there is no Python, or it has not what the engine needs
 */
export async function openPeer(
  engine: PeerEngine,
  dtype: PeerDType,
  checkpoint: string,
  family: "sd15" | "sdxl",
): Promise<Peer> {
  const python = peerPython();
  if (!python) throw new Error(noPeers);
  const folder = await mkdtemp(join(tmpdir(), "dreamgrain-peer-"));
  const clean = () => rm(folder, { recursive: true, force: true });
  try {
    await writeConfigs(folder, family);
    const threads = String(availableParallelism());
    const script = join(reference, "bench_peer.py");
    const { hello, ask, end } = converse(python, [script, engine, dtype, checkpoint, folder, threads]);
    const { versions } = (await hello) as { versions: string };
    return {
      name: `${versions}, ${dtype}`,
      do: (request) => ask(request) as Promise<PeerAnswer>,
      async [Symbol.asyncDispose]() {
        await end();
        await clean();
      },
    };
  } catch (error) {
    await clean();
    throw error;
  }
}

/** The config.json files of a family as a folder, with nothing else: all that diffusers needs beside a single file. */
async function writeConfigs(folder: string, family: "sd15" | "sdxl"): Promise<void> {
  const xl = family === "sdxl";
  const text = Object.keys(configs[family]).filter((part) => part.startsWith("text_encoder"));
  const files: Record<string, unknown> = {
    model_index: {
      _class_name: `StableDiffusion${xl ? "XL" : ""}Pipeline`,
      unet: ["diffusers", "UNet2DConditionModel"],
      vae: ["diffusers", "AutoencoderKL"],
      ...Object.fromEntries(
        text.map((part) => [part, ["transformers", configs.sdxl[part as "text_encoder"].architectures[0]]]),
      ),
      scheduler: ["diffusers", "EulerDiscreteScheduler"],
    },
    "scheduler/scheduler_config": {
      beta_start: 0.00085,
      beta_end: 0.012,
      beta_schedule: "scaled_linear",
      steps_offset: 1,
    },
    ...Object.fromEntries(Object.entries(configs[family]).map(([part, config]) => [`${part}/config`, config])),
  };
  for (const [name, content] of Object.entries(files)) {
    await mkdir(join(folder, name, ".."), { recursive: true });
    await writeFile(join(folder, `${name}.json`), JSON.stringify(content));
  }
}

/** A process that answers each line of JSON with one, and says one by itself when it is ready. */
export interface Conversation {
  /** What it says when it is ready. */
  readonly hello: Promise<unknown>;
  /** Say something; answers come in the order of what was asked. */
  ask(request: unknown): Promise<unknown>;
  /** Close its input, on which it ends by itself, and wait for that. */
  end(): Promise<void>;
}

/** Bytes of stderr that are kept, to be quoted when the process dies. */
const tailLength = 2000;

/** Starts `command`. An answer `{ error }` rejects, and so does all that is still waited for when the process dies. */
export function converse(command: string, args: readonly string[]): Conversation {
  const child = spawn(command, args, { stdio: ["pipe", "pipe", "pipe"] });
  const waiting: { resolve: (answer: unknown) => void; reject: (reason: Error) => void }[] = [];
  let stderr = "";
  let dead: Error | undefined;
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr = (stderr + text).slice(-tailLength);
  });
  child.stdin.on("error", () => {}); // it died, and "close" follows
  createInterface(child.stdout).on("line", (line) => {
    const { resolve, reject } = waiting.shift() ?? {};
    let answer: unknown;
    try {
      answer = JSON.parse(line);
    } catch {
      return reject?.(new Error(`peer: ${command} said what is no JSON: ${line.slice(0, 200)}`));
    }
    const error = (answer as { error?: unknown } | null)?.error;
    if (error === undefined) resolve?.(answer);
    else reject?.(new Error(`peer: ${error}`));
  });
  const gone = new Promise<void>((resolve) => {
    const bury = (death: Error): void => {
      dead ??= death;
      for (const { reject } of waiting.splice(0)) reject(dead);
      resolve();
    };
    child.on("error", (error) => bury(new Error(`peer: cannot start ${command}: ${error.message}`)));
    child.on("close", (code, signal) => {
      const how = signal ? `was killed by ${signal}` : `ended with code ${code}`;
      const memory = signal === "SIGKILL" ? " Probably memory ran out." : "";
      bury(new Error(`peer: ${command} ${how}.${memory}${stderr.trim() && `\nIt said last:\n${stderr.trim()}`}`));
    });
  });
  const answered = (): Promise<unknown> =>
    dead ? Promise.reject(dead) : new Promise((resolve, reject) => waiting.push({ resolve, reject }));
  return {
    hello: answered(),
    ask(request) {
      const answer = answered();
      child.stdin.write(`${JSON.stringify(request)}\n`);
      return answer;
    },
    async end() {
      child.stdin.end();
      await gone;
    },
  };
}
