// The gateway's side of the decoder's process: started when it is needed, ended when it is not or takes too long.
import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { Failed } from "../failures.ts";
import { type FromDecoder, type Kind, MOST_UPLOADED, type Requests } from "./protocol.ts";

export interface Decoder {
  /** @throws Failed `invalid` when the picture cannot be used */
  ask<K extends Kind>(kind: K, bytes: Uint8Array, more: Requests[K]["send"]): Promise<Requests[K]["answer"]>;
  stop(): void;
}

interface Call {
  readonly message: { readonly id: number; readonly kind: Kind; readonly length: number };
  readonly bytes: Uint8Array;
  readonly resolve: (answer: never) => void;
  readonly reject: (error: Error) => void;
}

/** The module of the process. */
export const decoderEntry = fileURLToPath(
  new URL(import.meta.url.endsWith(".ts") ? "../../dist/decoder/child.js" : "./child.js", import.meta.url),
);

/** Milliseconds for one picture, and until an idle process is ended. */
const PATIENCE = 20_000;
const IDLE = 30_000;
/** Calls that may wait, and bytes of their pictures together; a picture takes milliseconds. */
const WAITING = { calls: 64, bytes: 4 * MOST_UPLOADED };

/** A decoder; one picture at a time. */
export function openDecoder(entry = decoderEntry): Decoder {
  const waiting: Call[] = [];
  let child: ChildProcess | undefined;
  let current: Call | undefined;
  let timer: NodeJS.Timeout | undefined;
  let calls = 0;

  const start = (): ChildProcess => {
    const fresh = fork(entry, [], {
      serialization: "advanced",
      stdio: ["pipe", "ignore", "ignore", "ipc"],
      execArgv: ["--max-old-space-size=256"],
    });
    fresh.on("message", (message: FromDecoder) => {
      const call = current;
      if (message.id !== call?.message.id) return;
      current = undefined;
      if ("refused" in message) call.reject(new Failed("invalid", `picture: ${message.refused}`));
      else call.resolve(message.answer as never);
      next();
    });
    const gone = (): void => {
      if (child !== fresh) return;
      child = undefined;
      const call = current;
      current = undefined;
      call?.reject(new Failed("invalid", "picture: reading it took too much; it is damaged or made to do harm"));
      next();
    };
    fresh.stdin?.on("error", () => {}); // it is gone, which "close" tells
    fresh.on("error", gone);
    fresh.on("close", gone);
    return fresh;
  };

  const stop = (): void => {
    clearTimeout(timer);
    const idle = child;
    child = undefined;
    idle?.kill("SIGKILL");
  };

  const next = (): void => {
    if (current) return;
    clearTimeout(timer);
    const call = waiting.shift();
    timer = setTimeout(call ? () => child?.kill("SIGKILL") : stop, call ? PATIENCE : IDLE);
    timer.unref();
    if (!call) return;
    current = call;
    child ??= start();
    child.send(call.message, () => {});
    child.stdin?.write(call.bytes);
  };

  return {
    ask: (kind, bytes, more) =>
      new Promise((resolve, reject) => {
        const bytesWaiting = waiting.reduce((sum, call) => sum + call.bytes.length, bytes.length);
        if (waiting.length >= WAITING.calls || (waiting.length > 0 && bytesWaiting > WAITING.bytes))
          return reject(new Failed("busy", "too many pictures are being read; try again", { retryAfter: 2 }));
        waiting.push({ message: { id: ++calls, kind, length: bytes.length, ...more }, bytes, resolve, reject });
        next();
      }),
    stop,
  };
}
