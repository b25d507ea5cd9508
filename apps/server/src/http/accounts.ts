// Routes of accounts: signing up, in and out, keys, credits. On a server without accounts there is one, which signs in nowhere.
import type { Context } from "hono";
import { deleteCookie, getCookie, setCookie } from "hono/cookie";
import * as contract from "../contract.ts";
import { Failed, notFound } from "../failures.ts";
import { before } from "../jobs.ts";
import type { Parts } from "../parts.ts";
import { type AccountRow, type AccountStore, SESSION } from "../store/accounts.ts";
import { addressOf, COOKIE, limiter } from "./security.ts";
import { type App, accountOf, body, type Env, idempotent, idParam, json, route } from "./web.ts";

const PAGE = 100;

/** Add the routes of accounts. @param signUp whether whoever asks may make an account; the first one may always be made */
export function accountRoutes(app: App, parts: Parts, accounts: AccountStore, signUp: boolean): void {
  const { ledger } = parts;
  const describe = (row: AccountRow): contract.Account => ({
    ...row,
    balance: parts.accounts ? ledger.balance(row.id) : null,
  });
  const on = (): void => {
    if (!parts.accounts) throw new Failed("conflict", "this server has no accounts; start it with --accounts");
  };
  const enter = (c: Context<Env>, account: AccountRow): void =>
    setCookie(c, COOKIE, accounts.openSession(account.id), {
      ...{ path: "/", httpOnly: true, sameSite: "Strict", maxAge: SESSION / 1000 },
      secure: c.req.header("origin")?.startsWith("https:") ?? false,
    });
  // Guessing passwords is slow by name and by address; so is making accounts by address.
  const triesByName = limiter(10, 900);
  const triesByAddress = limiter(100, 900);
  const newByAddress = limiter(20, 3600);
  const attempt = async (c: Context<Env>, name: string): Promise<void> => {
    await triesByAddress(addressOf(c));
    await triesByName(name.toLowerCase());
  };

  app.openapi(
    route("anybody", {
      method: "post",
      path: "/v1/accounts",
      summary: "Sign up",
      tags: ["accounts"],
      request: { body: body(contract.SignUp) },
      responses: { 201: json(contract.Account, "The account, signed in.") },
    }),
    async (c) => {
      on();
      if (!signUp && accounts.list("", 1).length > 0)
        throw new Failed("forbidden", "this server makes no new accounts");
      await newByAddress(addressOf(c));
      const { name, password } = c.req.valid("json");
      const account = await accounts.signUp(name, password);
      enter(c, account);
      return c.json(describe(account), 201);
    },
  );
  app.openapi(
    route("anybody", {
      method: "post",
      path: "/v1/session",
      summary: "Sign in",
      tags: ["accounts"],
      request: { body: body(contract.SignIn) },
      responses: { 200: json(contract.Account, "The account, signed in.") },
    }),
    async (c) => {
      on();
      const { name, password } = c.req.valid("json");
      await attempt(c, name);
      const account = await accounts.signIn(name, password);
      enter(c, account);
      return c.json(describe(account), 200);
    },
  );
  app.openapi(
    route("anybody", {
      method: "delete",
      path: "/v1/session",
      summary: "Sign out",
      tags: ["accounts"],
      responses: { 204: { description: "Signed out, or never signed in." } },
    }),
    (c) => {
      const secret = getCookie(c, COOKIE);
      if (secret !== undefined) accounts.closeSession(secret);
      deleteCookie(c, COOKIE, { path: "/" });
      return c.body(null, 204);
    },
  );
  app.openapi(
    route("account", {
      method: "get",
      path: "/v1/account",
      summary: "Who one is, and one's credits",
      tags: ["accounts"],
      responses: { 200: json(contract.Account, "The account.") },
    }),
    (c) => c.json(describe(accountOf(c)), 200),
  );
  app.openapi(
    route("account", {
      method: "post",
      path: "/v1/account/password",
      summary: "Change the password; ends all other sessions",
      tags: ["accounts"],
      request: { body: body(contract.NewPassword) },
      responses: { 204: { description: "Changed." } },
    }),
    async (c) => {
      on();
      const account = accountOf(c);
      const { old, new: password } = c.req.valid("json");
      await attempt(c, account.name);
      await accounts.signIn(account.name, old);
      await accounts.setPassword(account.id, password);
      accounts.closeSessions(account.id);
      enter(c, account);
      return c.body(null, 204);
    },
  );
  app.openapi(
    route("account", {
      method: "get",
      path: "/v1/account/ledger",
      summary: "What moved one's credits, newest first",
      tags: ["accounts"],
      request: { query: contract.LedgerQuery },
      responses: { 200: json(contract.Ledger, "A page of it.") },
    }),
    (c) => {
      const { cursor, limit } = c.req.valid("query");
      const rows = ledger.entries(accountOf(c).id, before(cursor), limit + 1);
      const items = rows.slice(0, limit).map(({ id, created, kind, amount, job, reason }) => {
        return { id, created, kind, amount, job, reason };
      });
      return c.json({ items, next: rows.length > limit ? `${items.at(-1)?.id}` : null }, 200);
    },
  );
  app.openapi(
    route("account", {
      method: "get",
      path: "/v1/keys",
      summary: "One's API keys",
      tags: ["accounts"],
      responses: { 200: json(contract.Keys, "What can be said about them.") },
    }),
    (c) => c.json({ items: accounts.keys(accountOf(c).id) }, 200),
  );
  app.openapi(
    route("account", {
      method: "post",
      path: "/v1/keys",
      summary: "Make an API key",
      tags: ["accounts"],
      request: { body: body(contract.NewKey) },
      responses: { 201: json(contract.MadeKey, "The key, which is shown this once.") },
    }),
    (c) => {
      on();
      return c.json(accounts.addKey(accountOf(c).id, c.req.valid("json").label), 201);
    },
  );
  app.openapi(
    route("account", {
      method: "delete",
      path: "/v1/keys/{id}",
      summary: "End an API key",
      tags: ["accounts"],
      request: { params: idParam },
      responses: { 204: { description: "It opens nothing any more." } },
    }),
    (c) => {
      if (!accounts.removeKey(accountOf(c).id, c.req.valid("param").id)) throw notFound("key");
      return c.body(null, 204);
    },
  );
  app.openapi(
    route("admin", {
      method: "get",
      path: "/v1/admin/accounts",
      summary: "All accounts",
      tags: ["admin"],
      request: { query: contract.AccountsQuery },
      responses: { 200: json(contract.Accounts, "A page of them.") },
    }),
    (c) => {
      const { cursor = "", name = "" } = c.req.valid("query");
      const rows = accounts.list(cursor, PAGE + 1, name);
      const items = rows.slice(0, PAGE).map(describe);
      return c.json({ items, next: rows.length > PAGE ? (items.at(-1)?.id ?? null) : null }, 200);
    },
  );
  app.openapi(
    route("admin", {
      method: "post",
      path: "/v1/admin/accounts/{id}/grants",
      summary: "Give credits",
      description: "With an Idempotency-Key it is safe to ask again: what was given with it is not given twice.",
      tags: ["admin"],
      request: { params: idParam, headers: idempotent, body: body(contract.Grant) },
      responses: { 200: json(contract.Account, "The account that has them now.") },
    }),
    (c) => {
      on();
      const account = accounts.get(c.req.valid("param").id);
      if (!account) throw notFound("account");
      const { amount, reason } = c.req.valid("json");
      const key = c.req.valid("header")["idempotency-key"];
      parts.db.transaction(() => ledger.give(accountOf(c).id, account.id, amount, reason, key));
      parts.hub.publish(account.id, undefined, "balance", ledger.balance(account.id));
      return c.json(describe(account), 200);
    },
  );
}
