// Room: never more is held than there is, nobody holds more than half, and who waits is served in turn or told to come later.
import { connect } from "node:net";
import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { client } from "../../faults/client.ts";
import { folder, start } from "../../faults/harness.ts";
import { plainPng } from "../../faults/payloads.ts";
import { openRoom } from "./room.ts";

const soon = () => new Promise((resolve) => setImmediate(resolve));

describe("room", () => {
  it("holds no more than there is, whoever comes and goes, and serves everybody in the end", async () => {
    const visits = fc.array(
      fc.record({ who: fc.constantFrom("a", "b", "c"), bytes: fc.integer({ min: 1, max: 50 }) }),
      {
        minLength: 1,
        maxLength: 40,
      },
    );
    await fc.assert(
      fc.asyncProperty(visits, fc.infiniteStream(fc.nat()), async (all, dice) => {
        const room = openRoom({ bytes: 100, seconds: 60 });
        const inside: { readonly who: string; readonly bytes: number; readonly leave: () => void }[] = [];
        let served = 0;
        const take = async ({ who, bytes }: (typeof all)[number]) => {
          const leave = await room.take(who, bytes);
          inside.push({ who, bytes, leave });
          served++;
        };
        const under = all.map(take);
        const held = (who?: string) =>
          inside.reduce((sum, one) => sum + (who === undefined || one.who === who ? one.bytes : 0), 0);
        while (served < all.length || inside.length > 0) {
          await soon();
          expect(room.held()).toBe(held());
          expect(held()).toBeLessThanOrEqual(100);
          for (const who of ["a", "b", "c"]) expect(held(who)).toBeLessThanOrEqual(50);
          expect(inside.length, "somebody is inside while anybody waits").toBeGreaterThan(0);
          const [gone] = inside.splice((dice.next().value as number) % inside.length, 1);
          gone!.leave();
          gone!.leave(); // once is enough
        }
        await Promise.all(under);
        expect(room.held()).toBe(0);
      }),
      { numRuns: 100 },
    );
  });

  it("lets others pass whoever holds his half, and nobody pass who waits for others", async () => {
    const room = openRoom({ bytes: 100, seconds: 60 });
    const order: string[] = [];
    const take = (who: string, bytes: number) =>
      room.take(who, bytes).then((leave) => {
        order.push(`${who} ${bytes}`);
        return leave;
      });
    const first = await take("a", 50);
    const [second, third, fourth] = [take("a", 10), take("b", 40), take("c", 20)];
    const leave = await third;
    await soon();
    expect(order).toEqual(["a 50", "b 40"]);
    const small = take("c", 5); // there would be room, but another came before
    await soon();
    expect(order).toHaveLength(2);
    first();
    await Promise.all([second, fourth, small]);
    expect(order).toEqual(["a 50", "b 40", "a 10", "c 20", "c 5"]);
    leave();
    await expect(room.take("a", 51)).rejects.toThrow(/51 bytes; nobody may hold more than 50/);
  });

  it("tells who waited long enough to come later, and forgets who has gone", async () => {
    vi.useFakeTimers();
    try {
      const room = openRoom({ bytes: 100, seconds: 7 });
      const [leave] = [await room.take("a", 50), await room.take("b", 50)];
      const late = expect(room.take("c", 10)).rejects.toMatchObject({ code: "busy", retryAfter: 7 });
      const leaving = new AbortController();
      const gone = expect(room.take("d", 10, leaving.signal)).rejects.toThrow("gone");
      leaving.abort(new Error("gone"));
      await vi.advanceTimersByTimeAsync(7000);
      await Promise.all([late, gone]);
      await expect(room.take("e", 1, AbortSignal.abort(new Error("gone before")))).rejects.toThrow("gone before");
      leave();
      expect(room.held()).toBe(50);
    } finally {
      vi.useRealTimers();
    }
  });
});

describe("a server", () => {
  it("reads no more bodies at once than it has room for, and goes on when the slow ones are gone", async () => {
    const data = await folder();
    const server = await start({ data: data.path, limits: { bodies: { bytes: 2 ** 22, seconds: 0.2 } } });
    const { hostname, port } = new URL(server.url);
    const slow = connect({ host: hostname, port: Number(port) });
    try {
      const c = client(server.url);
      const picture = Buffer.concat([plainPng(), Buffer.alloc(2 ** 17)]);
      const upload = () => c.ask("POST", "/v1/uploads", picture, { "content-type": "image/png" });
      const before = await upload();
      expect(before.status).toBe(201);
      slow.write(
        `POST /v1/uploads HTTP/1.1\r\nHost: ${hostname}\r\nContent-Type: image/png\r\nContent-Length: ${2 ** 21}\r\n\r\nx`,
      );
      await vi.waitFor(async () => {
        const refused = await upload();
        expect(refused.status).toBe(503);
        expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
        expect(refused.json.error.message).toMatch(/too many pictures are being sent at once/);
      });
      expect((await c.ask("GET", "/v1/server")).status).toBe(200);
      slow.destroy();
      await vi.waitFor(async () => expect((await upload()).status).toBe(201));
    } finally {
      slow.destroy();
      await server.close(0);
      await data.remove();
    }
  });
});
