// The parent's side of one child process: a queue of calls, answered in order, all of them rejected when the child dies.
import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { ModelError, type ModelErrorCode } from "../weights/model-error.ts";
import type { ErrorData, FromChild, Kind, Progress, Requests } from "./isolated-protocol.ts";
import { RuntimeError } from "./runtime.ts";

/** Why an engine process is no more: it was told to go, memory (probably) ran out, or it failed by itself. */
export type Death = "killed" | "memory" | "crashed";

/** The engine's process ended while, or before, it was needed. Its programs are gone; compiling anew starts another one. */
export class EngineDied extends RuntimeError {
  override readonly name = "EngineDied";
  readonly reason: Death;
  /** What it wrote to stderr last. */
  readonly stderr: string;

  constructor(reason: Death, message: string, stderr: string) {
    super(message);
    this.reason = reason;
    this.stderr = stderr;
  }
}

interface Call {
  readonly kind: Kind;
  readonly content: Requests[Kind]["send"];
  readonly signal: AbortSignal | undefined;
  readonly resolve: (answer: never) => void;
  readonly reject: (reason: unknown) => void;
}

/** A running child. */
export interface EngineProcess {
  readonly pid: number | undefined;
  /** Why it is no more, once it is. */
  readonly died: EngineDied | undefined;
  /**
   * Ask for something; calls are sent one at a time, in order.
   * @param signal when it aborts before the call is sent, the call is dropped and rejects with the signal's reason
   */
  call<K extends Kind>(kind: K, content: Requests[K]["send"], signal?: AbortSignal): Promise<Requests[K]["answer"]>;
  /** End it at once by SIGKILL, in the middle of a run too; resolves when it is gone. */
  kill(): Promise<void>;
}

/** The compiled child: Node 20 runs no TypeScript, so from sources (as tests run) it is the one that `tsc -b` put in dist. */
const entry = fileURLToPath(
  new URL(
    import.meta.url.endsWith(".ts") ? "../../dist/runtime/isolated-child.js" : "./isolated-child.js",
    import.meta.url,
  ),
);

const tailLength = 4000;

/** Start a child. It does not keep this process alive while it is idle, and ends when this process does. */
export function startProcess(onProgress: (progress: Progress) => void): EngineProcess {
  // No stdout: that belongs to the application's results.
  const child: ChildProcess = fork(entry, [], {
    serialization: "advanced",
    stdio: ["ignore", "ignore", "pipe", "ipc"],
    execArgv: [],
  });
  const waiting: Call[] = [];
  let current: Call | undefined;
  let asked = false;
  let died: EngineDied | undefined;
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

  const next = (): void => {
    while (!current && !died) {
      const call = waiting.shift();
      if (!call) break;
      if (call.signal?.aborted) {
        call.reject(call.signal.reason);
        continue;
      }
      current = call;
      try {
        // A failed send means the channel is closed, and "close" follows.
        child.send({ kind: call.kind, content: call.content }, () => {});
      } catch (error) {
        current = undefined;
        call.reject(error); // what was given cannot be copied, or the channel is closed already
      }
    }
    hold(current !== undefined);
  };

  const bereave = (death: EngineDied): void => {
    if (died) return;
    died = death;
    for (const call of [current, ...waiting.splice(0)]) call?.reject(death);
    current = undefined;
    bury();
  };

  child.on("message", (message: FromChild) => {
    if ("progress" in message) return onProgress(message.progress);
    const call = current;
    current = undefined;
    if ("error" in message) call?.reject(revived(message.error));
    else call?.resolve(message.answer as never);
    next();
  });
  child.on("error", (error) => bereave(new EngineDied("crashed", `engine: cannot start: ${error.message}`, stderr)));
  child.on("close", (code, signal) => bereave(obituary(code, signal, asked, current?.kind, stderr.trim())));
  hold(false);

  return {
    pid: child.pid,
    get died() {
      return died;
    },
    call: (kind, content, signal) =>
      new Promise((resolve, reject) => {
        if (died) return reject(died);
        waiting.push({ kind, content, signal, resolve, reject });
        next();
      }),
    async kill() {
      if (died) return;
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

/** The error of the child as one of this process, of the class it had there. */
function revived({ name, message, stack, code }: ErrorData): Error {
  const cause = { cause: stack };
  if (name === "ModelError") return new ModelError(code as ModelErrorCode, message, cause);
  if (name === "RangeError") return new RangeError(message, cause);
  return new RuntimeError(message, cause);
}
