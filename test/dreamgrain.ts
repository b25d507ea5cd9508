// Runs the built command line as a process of its own, as people do, and hands back everything it said.
import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

const main = fileURLToPath(new URL("../apps/cli/dist/main.js", import.meta.url));

/** What a finished command left behind. */
export interface Ran {
  readonly code: number | null;
  readonly stdout: Buffer;
  readonly stderr: string;
}

export interface RunOptions {
  readonly cwd?: string;
  /** Variables beside those of the tests themselves. */
  readonly env?: Readonly<Record<string, string>>;
  /** Sees the process whenever it has said something, and everything that it has said so far on stdout. */
  readonly watch?: (child: ChildProcess, stdout: string) => void;
}

/** Run `dreamgrain …args`. */
export function dreamgrain(args: readonly string[], { cwd, env = {}, watch }: RunOptions = {}): Promise<Ran> {
  const { NO_COLOR: _, FORCE_COLOR: __, ...own } = process.env;
  const child = spawn(process.execPath, [main, ...args], { cwd, env: { ...own, DREAMGRAIN_MODELS: "", ...env } });
  const stdout: Buffer[] = [];
  let stderr = "";
  child.stdout.on("data", (bytes: Buffer) => {
    stdout.push(bytes);
    watch?.(child, Buffer.concat(stdout).toString());
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, stdout: Buffer.concat(stdout), stderr }));
  });
}
