// What a start puts right: pictures whose files are gone are given back, each for itself and once.
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { client } from "../faults/client.ts";
import { folder, start } from "../faults/harness.ts";
import type { Picture } from "./contract.ts";
import { openDatabase } from "./store/database.ts";
import { openLedger } from "./store/ledger.ts";

let data: Awaited<ReturnType<typeof folder>>;
beforeEach(async () => {
  data = await folder();
});
afterEach(() => data.remove());

const GRANT = 200_000;
/** A server with accounts, for as long as somebody who is signed in does something. */
async function visit<T>(act: (c: ReturnType<typeof client>) => Promise<T>): Promise<T> {
  const server = await start({ data: data.path, accounts: true });
  try {
    const who = { name: "ann", password: "correct horse" };
    const up = await client(server.url).ask("POST", "/v1/accounts", who);
    const { headers } = up.status === 201 ? up : await client(server.url).ask("POST", "/v1/session", who);
    return await act(client(server.url, { cookie: headers.get("set-cookie")?.split(";")[0] ?? "" }));
  } finally {
    await server.close(0);
  }
}
const state = () =>
  visit(async (c) => ({
    balance: (await c.ask("GET", "/v1/account")).json.balance,
    left: (await c.ask("GET", "/v1/pictures")).json.items.map(({ index }: Picture) => index),
    back: (await c.ask("GET", "/v1/account/ledger")).json.items
      .filter(({ kind }: { kind: string }) => kind === "refund")
      .map(({ amount }: { amount: number }) => amount),
  }));
const lose = ({ sha256 }: Picture): Promise<void> =>
  rm(join(data.path, "objects", sha256.slice(0, 2), `${sha256}.png`));

it("of several pictures, what is missing is given back: its own price, once, and no more than was charged", async () => {
  const pictures = await visit(async (c) => {
    const job = await c.draw({ prompt: "a boat", steps: 9, count: 4 });
    expect(job.price).toBe(4 * 278);
    return (await c.ended(job.id)).pictures;
  });
  const [first, second, third, fourth] = pictures as [Picture, Picture, Picture, Picture];
  await lose(second);
  const once = { balance: { available: GRANT - 3 * 278, held: 0 }, left: [3, 2, 0], back: [278] };
  expect(await state()).toEqual(once);
  expect(await state()).toEqual(once); // another start changes nothing
  await lose(fourth);
  await lose(first);
  expect(await state()).toMatchObject({ balance: { available: GRANT - 278 }, left: [2], back: [278, 278, 278] });
  await lose(third);
  expect(await state()).toEqual({ balance: { available: GRANT, held: 0 }, left: [], back: [278, 278, 278, 278] });
  const db = openDatabase(join(data.path, "dreamgrain.db"));
  expect(openLedger(db).audit()).toBeUndefined();
  expect(() =>
    db.run(
      `INSERT INTO transfers (created, kind, source, target, amount, account, job, part)
       SELECT 0, 'refund', 'house:revenue', target, 1, account, job, 'another' FROM transfers WHERE kind = 'refund' LIMIT 1`,
    ),
  ).toThrow(/more than was charged/);
  db.close();
});

it("of a cancelled job only what was charged for the missing picture comes back", async () => {
  const { charged, pictures } = await visit(async (c) => {
    const job = await c.draw({ prompt: "step=20 a boat", steps: 10, count: 16 });
    while ((await c.ask("GET", `/v1/jobs/${job.id}`)).json.pictures.length < 2)
      await new Promise((r) => setTimeout(r, 5));
    await c.ask("DELETE", `/v1/jobs/${job.id}`);
    return c.ended(job.id);
  });
  await lose(pictures[0] as Picture);
  expect(await state()).toMatchObject({ balance: { available: GRANT - (charged ?? 0) + 333, held: 0 }, back: [333] });
});
