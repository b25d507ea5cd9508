// Server-sent events: a hub's messages as a stream that a client can come back to, and that a slow client cannot fill.
import type { Hub, Listener, Message } from "../events.ts";

/** Bytes that wait for a slow client: beyond the first, previews and progress are left out; beyond the second it is let go. */
const SLOW = 2 ** 18;
const LOST = 2 ** 22;
const HEARTBEAT = 15_000;

const passing = new Set(["preview", "progress"]);
/** What has been written of messages that are still on their way: many listeners hear the same. */
const written = new WeakMap<Message, Uint8Array>();
function encode(message: Message): Uint8Array {
  const { id, name, data } = message;
  const bytes = written.get(message) ?? new TextEncoder().encode(`id: ${id}\nevent: ${name}\ndata: ${data}\n\n`);
  written.set(message, bytes);
  return bytes;
}

/**
 * What a listener hears, as the body of an answer.
 * @param last the id that the client heard last
 * @param snapshot how things stand, for a client that knows nothing or too little
 * @param ends whether a message is the last one
 */
export function eventStream(
  hub: Hub,
  who: Listener,
  last: string | undefined,
  snapshot: () => Message,
  ends: (message: Message) => boolean,
): ReadableStream<Uint8Array> {
  const waiting: Uint8Array[] = [];
  let bytes = 0;
  let over = false;
  let leave = (): void => {};
  let resume = (): void => {};
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        const flush = (): void => {
          while ((controller.desiredSize ?? 0) > 0) {
            const chunk = waiting.shift();
            if (!chunk) break;
            bytes -= chunk.length;
            controller.enqueue(chunk);
          }
          if (over && waiting.length === 0) end();
        };
        const end = (): void => {
          leave();
          try {
            controller.close();
          } catch {
            // The client has closed it.
          }
        };
        const push = (message: Message): void => {
          if (over || (bytes > SLOW && passing.has(message.name))) return;
          const chunk = encode(message);
          waiting.push(chunk);
          bytes += chunk.length;
          over = ends(message);
          if (bytes > LOST) {
            waiting.length = 0;
            end();
          } else flush();
        };
        const heartbeat = setInterval(() => {
          if (waiting.length === 0) controller.enqueue(new TextEncoder().encode(":\n\n"));
        }, HEARTBEAT);
        heartbeat.unref();
        const { missed, stop } = hub.listen(who, last, push);
        leave = () => {
          clearInterval(heartbeat);
          stop();
        };
        resume = flush;
        for (const message of missed ?? [snapshot()]) push(message);
      },
      pull() {
        resume();
      },
      cancel() {
        leave();
      },
    },
    { highWaterMark: 2 ** 16, size: (chunk) => chunk?.byteLength ?? 0 },
  );
}
