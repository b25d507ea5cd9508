// Accounts and credits over HTTP: who gets in, what a picture costs, and what is left.
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Client, client } from "../faults/client.ts";
import { folder, start } from "../faults/harness.ts";
import { Account, Key, Ledger } from "./contract.ts";
import type { RunningServer } from "./server.ts";

let server: RunningServer;
let ann: Client;
let data: Awaited<ReturnType<typeof folder>>;
const password = "correct horse";
const post = (path: string, body: unknown) => client(server.url).ask("POST", path, body);
/** Sign up or in. */
async function enter(path: string, name: string, secret = password): Promise<{ c: Client; account: Account }> {
  const { status, headers, json, text } = await post(path, { name, password: secret });
  if (status >= 300) throw new Error(`${status} ${text}`);
  const cookie = headers.get("set-cookie")?.split(";")[0] ?? "";
  return { c: client(server.url, { cookie }), account: Account.parse(json) };
}

beforeAll(async () => {
  data = await folder();
  const before = await start({ data: data.path });
  const c = client(before.url);
  await c.ended((await c.draw({ prompt: "drawn before there were accounts", steps: 1 })).id);
  await before.close();
  server = await start({ data: data.path, accounts: true });
});
afterAll(async () => {
  await server.close(0);
  await data.remove();
});

it("the first is an admin, with what was drawn before; each has credits for 200 pictures", async () => {
  const { c, account } = await enter("/v1/accounts", "ann");
  expect(account).toMatchObject({ name: "ann", role: "admin", balance: { available: 200_000, held: 0 } });
  expect((await c.ask("GET", "/v1/pictures")).json.items).toHaveLength(1);
  ann = c;
  const second = await enter("/v1/accounts", "ben");
  expect(second.account).toMatchObject({ role: "user", balance: { available: 200_000 } });
  expect((await second.c.ask("GET", "/v1/pictures")).json.items).toEqual([]);
  expect((await post("/v1/accounts", { name: "BEN", password })).status).toBe(409);
});

it("pictures cost what was quoted, failures nothing, and nobody owes anything", async () => {
  const { c } = await enter("/v1/accounts", "cleo");
  const request = { prompt: "a boat", steps: 10, count: 3 };
  const quote = (await c.ask("POST", "/v1/quotes", { request })).json;
  expect(quote).toMatchObject({ price: 999, affordable: true });
  const job = await c.draw(request);
  expect((await c.ask("GET", "/v1/account")).json.balance).toMatchObject({ available: 199_001 });
  await c.ended(job.id);
  await c.ended((await c.draw({ prompt: "crash@1", steps: 5 })).id);
  const ledger = Ledger.parse((await c.ask("GET", "/v1/account/ledger")).json).items;
  expect(ledger.map(({ kind, amount }) => [kind, amount])).toEqual([
    ...[
      ["release", 145],
      ["capture", 0],
      ["hold", -145],
      ["release", 0],
      ["capture", 0],
      ["hold", -999],
    ],
    ["grant", 200_000],
  ]);
  expect((await c.ask("GET", "/v1/account")).json.balance).toEqual({ available: 199_001, held: 0 });
  const dear = { request: { width: 512, height: 512, steps: 50, count: 16 } };
  expect((await c.ask("POST", "/v1/quotes", dear)).json.affordable).toBe(false);
  const refused = await c.ask("POST", "/v1/jobs", dear);
  expect([refused.status, refused.json.error.code]).toEqual([402, "insufficient_credits"]);
});

it("sessions and keys open until they are ended", async () => {
  const { c, account } = await enter("/v1/accounts", "dora");
  const made = (await c.ask("POST", "/v1/keys", { label: "a script" })).json;
  const script = client(server.url, { key: made.secret });
  expect((await script.ask("GET", "/v1/account")).json.id).toBe(account.id);
  const keys = (await script.ask("GET", "/v1/keys")).json.items.map((one: unknown) => Key.parse(one));
  expect(JSON.stringify(keys)).not.toContain(made.secret);
  expect((await c.ask("DELETE", `/v1/keys/${made.id}`)).status).toBe(204);
  expect((await script.ask("GET", "/v1/account")).status).toBe(401);
  const other = await enter("/v1/session", "Dora");
  const change = { old: password, new: "battery staple" };
  expect((await c.ask("POST", "/v1/account/password", { ...change, old: "wrong wrong" })).status).toBe(401);
  expect((await c.ask("POST", "/v1/account/password", change)).status).toBe(204);
  expect((await other.c.ask("GET", "/v1/account")).status).toBe(401);
  await expect(enter("/v1/session", "dora")).rejects.toThrow(/401/);
  const last = await enter("/v1/session", "dora", change.new);
  await last.c.ask("DELETE", "/v1/session");
  expect((await last.c.ask("GET", "/v1/account")).status).toBe(401);
});

it("guessing is slowed down", async () => {
  const tries = [];
  for (let i = 0; i < 12; i++) tries.push(await post("/v1/session", { name: "ann", password: `guess ${i}` }));
  expect(tries.map(({ status }) => status)).toEqual([...Array(10).fill(401), 429, 429]);
  expect(Number(tries.at(-1)?.headers.get("retry-after"))).toBeGreaterThan(60);
});

it("admins see all and give; others do not", async () => {
  const { c, account } = await enter("/v1/accounts", "eve");
  expect((await c.ask("GET", "/v1/admin/accounts")).status).toBe(403);
  const grants = `/v1/admin/accounts/${account.id}/grants`;
  expect((await c.ask("POST", grants, { amount: 5, reason: "me" })).status).toBe(403);
  const { items } = (await ann.ask("GET", "/v1/admin/accounts")).json;
  expect(items.map(({ name }: Account) => name).sort()).toEqual(["ann", "ben", "cleo", "dora", "eve"]);
  expect((await ann.ask("POST", grants, { amount: 5, reason: "a gift" })).json.balance.available).toBe(200_005);
});

it("what an admin gives is a transfer with a reason, given once for each key", async () => {
  const { c, account } = await enter("/v1/accounts", "fay");
  const give = (body: object, key?: string, id = account.id) =>
    ann.ask("POST", `/v1/admin/accounts/${id}/grants`, body, key === undefined ? {} : { "idempotency-key": key });
  const gift = { amount: 1500, reason: "for the exhibition" };
  const [first, second] = await Promise.all([give(gift, "one"), give(gift, "one")]);
  expect([first.status, second.status]).toEqual([200, 200]);
  expect(Account.parse(second.json).balance).toEqual({ available: 201_500, held: 0 });
  const mismatched = await give({ ...gift, amount: 1501 }, "one");
  expect([mismatched.status, mismatched.json.error.code]).toEqual([409, "idempotency_mismatch"]);
  expect((await give(gift, "two")).json.balance.available).toBe(203_000);
  expect((await give(gift)).json.balance.available).toBe(204_500);
  for (const [body, status] of [
    [{ amount: 0, reason: "nothing" }, 400],
    [{ amount: -5, reason: "less" }, 400],
    [{ amount: 1.5, reason: "a part" }, 400],
    [{ amount: 5, reason: " " }, 400],
  ] as const)
    expect((await give(body)).status, JSON.stringify(body)).toBe(status);
  expect((await give(gift, "three", "nobodyatall1")).status).toBe(404);
  const ledger = Ledger.parse((await c.ask("GET", "/v1/account/ledger")).json).items;
  expect(ledger.map(({ kind, amount, reason }) => [kind, amount, reason])).toEqual([
    ...Array(3).fill(["grant", 1500, "for the exhibition"]),
    ["grant", 200_000, "welcome"],
  ]);
  const found = async (name: string): Promise<string[]> =>
    (await ann.ask("GET", `/v1/admin/accounts?name=${name}`)).json.items.map((one: Account) => one.name);
  expect([await found("FA"), await found("%25"), (await found("")).length]).toEqual([["fay"], [], 6]);
});
