// The parent's side of one child process: how it is started, spoken to, killed, and what its death means.
import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { calls, EngineDied, type Home } from "./calls.ts";
import type { FromChild, Kind, Progress } from "./isolated-protocol.ts";

/** The compiled child: Node 20 runs no TypeScript, so from sources (as tests run) it is the one that `tsc -b` put in dist. */
const entry = fileURLToPath(
  new URL(
    import.meta.url.endsWith(".ts") ? "../../dist/runtime/isolated-child.js" : "./isolated-child.js",
    import.meta.url,
  ),
);

const tailLength = 4000;

/** Start a child. It does not keep this process alive while it is idle, and ends when this process does. */
export function startProcess(onProgress: (progress: Progress) => void): Home {
  // No stdout: that belongs to the application's results.
  const child: ChildProcess = fork(entry, [], {
    serialization: "advanced",
    stdio: ["ignore", "ignore", "pipe", "ipc"],
    execArgv: [],
  });
  let asked = false;
  let stderr = "";
  let bury = (): void => {};
  const gone = new Promise<void>((resolve) => {
    bury = resolve;
  });

  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    stderr = (stderr + text).slice(-tailLength);
  });

  /** Only a child with work to do keeps this process alive. */
  const hold = (held: boolean): void => {
    const stream = child.stderr as unknown as { ref(): void; unref(): void } | null;
    for (const part of [child, child.channel, stream]) held ? part?.ref() : part?.unref();
  };
  // A failed send means the channel is closed, and "close" follows.
  const queue = calls((message) => child.send(message, () => {}), onProgress, hold);

  const bereave = (death: EngineDied): void => {
    queue.bereave(death);
    bury();
  };
  child.on("message", (message: FromChild) => queue.receive(message));
  child.on("error", (error) => bereave(new EngineDied("crashed", `engine: cannot start: ${error.message}`, stderr)));
  child.on("close", (code, signal) => bereave(obituary(code, signal, asked, queue.doing, stderr.trim())));
  hold(false);

  return {
    pid: child.pid,
    get died() {
      return queue.died;
    },
    call: queue.call,
    async kill() {
      if (queue.died) return;
      asked = true;
      hold(true);
      child.kill("SIGKILL");
      await gone;
    },
  };
}

function obituary(
  code: number | null,
  signal: NodeJS.Signals | null,
  asked: boolean,
  during: Kind | undefined,
  stderr: string,
): EngineDied {
  const when = during ? ` during ${during}` : "";
  const again = "Compile again to start a fresh one.";
  if (asked) return new EngineDied("killed", `engine: stopped${when}, as asked. ${again}`, stderr);
  const how = signal ? `killed by ${signal}` : `exit code ${code}`;
  const tail = stderr ? `\nIt said last:\n${stderr}` : "";
  const memory = signal === "SIGKILL" || /bad_alloc|out of memory|Allocation failed|ENOMEM/i.test(stderr);
  if (!memory) return new EngineDied("crashed", `engine: its process died${when} (${how}). ${again}${tail}`, stderr);
  const advice = "Probably memory ran out: use a smaller picture or batch, or close other programs.";
  return new EngineDied("memory", `engine: its process died${when} (${how}). ${advice} ${again}${tail}`, stderr);
}
