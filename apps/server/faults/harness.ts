// Servers for tests: in this process, or in one of their own that can be killed; with an engine that only pretends.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { type RunningServer, type ServerOptions, startServer } from "../src/server.ts";
import { type Client, client } from "./client.ts";

const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

/** The process of an engine that only pretends. */
export const stub = here("stub.mjs");

/** Quick to give up, so that tests are quick. */
export const stubEngine = {
  entry: stub,
  deadline: { least: 1000, opening: 20_000 },
  grace: 300,
  backOff: { first: 20, most: 200 },
} as const;

/** A new folder, and how to remove it. */
export async function folder(): Promise<{ readonly path: string; readonly remove: () => Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), "dreamgrain-server-"));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}

/** A server in this process, ready to draw. */
export async function start(options: ServerOptions): Promise<RunningServer> {
  const server = await startServer({ port: 0, logLevel: "silent", engine: stubEngine, ...options });
  await server.engine.ready();
  return server;
}

/** A server that is a process of its own. */
export interface Gateway {
  readonly url: string;
  readonly client: Client;
  readonly pid: number;
  /** Resolves with its exit code, or the signal that ended it. */
  readonly ended: Promise<number | string>;
  signal(signal: NodeJS.Signals): void;
}

/** Begin a process, and do not wait until it can draw. @param environment such as DIE_AT and GRACE, see gateway.mjs */
export function begin(options: ServerOptions, environment: Readonly<Record<string, string>> = {}) {
  const all = { port: 0, logLevel: "silent", engine: stubEngine, ...options };
  const child = spawn(process.execPath, [here("gateway.mjs"), JSON.stringify(all)], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...environment },
  });
  const ended = once(child, "close").then(([code, signal]) => (signal ?? code) as number | string);
  return { child, ended, signal: (signal: NodeJS.Signals) => void child.kill(signal) };
}

/** Start a process, and wait until it can draw. */
export async function gateway(
  options: ServerOptions,
  environment: Readonly<Record<string, string>> = {},
): Promise<Gateway> {
  const { child, ended, signal } = begin(options, environment);
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    said += text;
  });
  const line = once(createInterface(child.stdout), "line").then(([text]) => `${text}`);
  const url = await Promise.race([line, ended.then((how) => Promise.reject(new Error(`it ended (${how}): ${said}`)))]);
  const asking = client(url);
  for (;;) {
    const ready = await asking.ask("GET", "/readyz").catch(() => undefined);
    if (ready?.status === 200) break;
    if (child.exitCode !== null || child.signalCode !== null) throw new Error(`it ended: ${said}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return { url, client: asking, pid: child.pid ?? 0, ended, signal };
}

/** Random numbers from a seed, 0…1: what fails once fails again. */
export function dice(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The value below which this share of the values lies. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}

export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
