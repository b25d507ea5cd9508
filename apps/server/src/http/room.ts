// Room: how many bytes of requests' bodies are held at once, and who waits for how long until there is room for theirs.
import type { MiddlewareHandler } from "hono";
import { Failed } from "../failures.ts";
import { addressOf } from "./security.ts";
import type { Env } from "./web.ts";

/** Room for bodies that are being read. */
export interface Room {
  /**
   * Wait for room for so many bytes, first come, first served; whoever holds half of all waits until some of it is given back.
   * @returns gives the room back
   * @throws Failed `busy` when there is none in time; the signal's reason when whoever asked has gone
   */
  take(who: string, bytes: number, signal?: AbortSignal): Promise<() => void>;
  /** Bytes that are held now. */
  held(): number;
}

export interface RoomOptions {
  /** Bytes that are held at once. */
  readonly bytes: number;
  /** Seconds that one waits for room. */
  readonly seconds: number;
}

/** Room for so many bytes; `take` throws a RangeError for more than anybody may hold. */
export function openRoom({ bytes: total, seconds }: RoomOptions): Room {
  const each = total / 2;
  let free = total;
  const holds = new Map<string, number>();
  const waiting = new Set<{ readonly who: string; readonly bytes: number; readonly go: () => void }>();
  const mayHold = (who: string, bytes: number): boolean => (holds.get(who) ?? 0) + bytes <= each;
  function take(who: string, bytes: number): () => void {
    free -= bytes;
    holds.set(who, (holds.get(who) ?? 0) + bytes);
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      free += bytes;
      const left = (holds.get(who) ?? 0) - bytes;
      if (left > 0) holds.set(who, left);
      else holds.delete(who);
      admit();
    };
  }
  /** Let those in for whom there is room now, in their order; nobody overtakes who waits for others to leave. */
  function admit(): void {
    for (const one of waiting) {
      if (!mayHold(one.who, one.bytes)) continue;
      if (one.bytes > free) return;
      waiting.delete(one);
      one.go();
    }
  }
  return {
    async take(who, bytes, signal) {
      if (bytes > each) throw new RangeError(`room: ${bytes} bytes; nobody may hold more than ${each}`);
      return new Promise((resolve, reject) => {
        const over = (error: unknown): void => {
          waiting.delete(one);
          clearTimeout(late);
          reject(error);
          admit();
        };
        const gone = (): void => over(signal?.reason);
        const late = setTimeout(
          () =>
            over(
              new Failed("busy", "too many pictures are being sent at once; try again in a moment", {
                retryAfter: Math.max(1, seconds),
              }),
            ),
          seconds * 1000,
        );
        const one = {
          who,
          bytes,
          go: () => {
            clearTimeout(late);
            signal?.removeEventListener("abort", gone);
            resolve(take(who, bytes));
          },
        };
        if (signal?.aborted) return gone();
        signal?.addEventListener("abort", gone, { once: true });
        waiting.add(one);
        admit();
      });
    },
    held: () => total - free,
  };
}

/** Bodies below this are read at once: a thousand of them are nothing. */
const SMALL = 2 ** 16;

/** Read bodies when there is room for them, at most so many bytes of a path. */
export const readWithin =
  (room: Room, most: (path: string) => number): MiddlewareHandler<Env> =>
  async (c, next) => {
    const told = Number(c.req.header("content-length") ?? 0);
    const bytes = Math.min(most(c.req.path), c.req.header("transfer-encoding") === undefined ? told : Infinity);
    if (!(bytes > SMALL)) return next();
    const release = await room.take(c.get("account")?.id ?? addressOf(c), bytes, c.req.raw.signal);
    try {
      await next();
    } finally {
      release();
    }
  };
