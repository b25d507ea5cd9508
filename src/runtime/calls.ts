// Calls: the near side of an engine that lives elsewhere, a process or a worker: a queue, answered in order, all of it
// rejected when the engine dies.
import { ModelError, type ModelErrorCode } from "../weights/model-error.ts";
import type { ErrorData, FromChild, Kind, Progress, Requests, ToChild } from "./isolated-protocol.ts";
import { RuntimeError } from "./runtime.ts";

/** Why an engine is no more: it was told to go, memory (probably) ran out, or it failed by itself. */
export type Death = "killed" | "memory" | "crashed";

/** The engine's process or worker ended while, or before, it was needed. Its programs are gone; compiling anew starts another one. */
export class EngineDied extends RuntimeError {
  override readonly name = "EngineDied";
  readonly reason: Death;
  /** What it wrote to stderr last; empty for a worker. */
  readonly stderr: string;

  constructor(reason: Death, message: string, stderr = "") {
    super(message);
    this.reason = reason;
    this.stderr = stderr;
  }
}

/** Asks for something; calls are sent one at a time, in order. */
export type Ask = <K extends Kind>(
  kind: K,
  content: Requests[K]["send"],
  /** When it aborts before the call is sent, the call is dropped and rejects with the signal's reason. */
  signal?: AbortSignal,
) => Promise<Requests[K]["answer"]>;

/** An engine that lives elsewhere. */
export interface Home {
  /** Of a process. */
  readonly pid?: number | undefined;
  /** Why it is no more, once it is. */
  readonly died: EngineDied | undefined;
  readonly call: Ask;
  /** End it at once, in the middle of a run too; resolves when it is gone. */
  kill(): Promise<void>;
}

interface Call {
  readonly message: ToChild;
  readonly signal: AbortSignal | undefined;
  readonly resolve: (answer: never) => void;
  readonly reject: (reason: unknown) => void;
}

/** A queue of calls. */
export interface Calls {
  readonly died: EngineDied | undefined;
  /** What is being done. */
  readonly doing: Kind | undefined;
  readonly call: Ask;
  /** Take in what the far side says. */
  receive(message: FromChild): void;
  /** The far side is no more: reject everything. */
  bereave(death: EngineDied): void;
}

/**
 * @param send puts one message on its way; throws when what it carries cannot be copied
 * @param held told whether there is a call that is not answered yet
 */
export function calls(
  send: (message: ToChild) => void,
  onProgress: (progress: Progress) => void,
  held: (held: boolean) => void = () => {},
): Calls {
  const waiting: Call[] = [];
  let current: Call | undefined;
  let died: EngineDied | undefined;

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
        send(call.message);
      } catch (error) {
        current = undefined;
        call.reject(error);
      }
    }
    held(current !== undefined);
  };

  return {
    get died() {
      return died;
    },
    get doing() {
      return current?.message.kind;
    },
    call: (kind, content, signal) =>
      new Promise((resolve, reject) => {
        if (died) return reject(died);
        waiting.push({ message: { kind, content } as ToChild, signal, resolve, reject });
        next();
      }),
    receive(message) {
      if ("progress" in message) return onProgress(message.progress);
      const call = current;
      current = undefined;
      if ("error" in message) call?.reject(revived(message.error));
      else call?.resolve(message.answer as never);
      next();
    },
    bereave(death) {
      if (died) return;
      died = death;
      for (const call of [current, ...waiting.splice(0)]) call?.reject(death);
      current = undefined;
    },
  };
}

/** The error of the far side as one of this side, of the class it had there. */
function revived({ name, message, stack, code }: ErrorData): Error {
  const cause = { cause: stack };
  if (name === "ModelError") return new ModelError(code as ModelErrorCode, message, cause);
  if (name === "RangeError") return new RangeError(message, cause);
  return new RuntimeError(message, cause);
}
