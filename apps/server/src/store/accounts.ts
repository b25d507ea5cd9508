// Accounts: who there is, how they prove it, and until when. Passwords and keys are kept as hashes alone.
import { randomBytes, type ScryptOptions, scrypt, timingSafeEqual } from "node:crypto";
import { Failed } from "../failures.ts";
import { newId, newSecret, sha256 } from "../ids.ts";
import type { Database } from "./database.ts";
import { GRANT, type Ledger } from "./ledger.ts";

/** Somebody who draws. */
export interface AccountRow {
  readonly id: string;
  readonly name: string;
  readonly role: "user" | "admin";
  readonly created: number;
}

/** What can be said about an API key. */
export interface KeyRow {
  readonly id: string;
  readonly label: string;
  readonly start: string;
  readonly created: number;
  readonly used: number | null;
}

export interface AccountStore {
  /** The account of a server without accounts. */
  local(): AccountRow;
  get(id: string): AccountRow | undefined;
  /** Those that somebody can sign in to, and whose name holds this. */
  list(after: string, limit: number, name?: string): AccountRow[];
  /** A new account, with its grant; the first one is an admin's, and takes over what the local account drew. */
  signUp(name: string, password: string): Promise<AccountRow>;
  /** @throws Failed `unauthenticated`, after the same time whether the name is known or not */
  signIn(name: string, password: string): Promise<AccountRow>;
  setPassword(id: string, password: string): Promise<void>;
  /** @returns the secret for the cookie */
  openSession(account: string): string;
  session(secret: string): AccountRow | undefined;
  closeSession(secret: string): void;
  closeSessions(account: string): void;
  addKey(account: string, label: string): KeyRow & { readonly secret: string };
  key(secret: string): AccountRow | undefined;
  keys(account: string): KeyRow[];
  removeKey(account: string, id: string): boolean;
  sweep(): void;
}

/** Milliseconds that a session lasts. */
export const SESSION = 30 * 24 * 3600 * 1000;
const LOCAL = "localowner";
const KEY = "dg_";

const cost = { N: 2 ** 15, r: 8, p: 1, maxmem: 2 ** 26 } as const;

const derive = (password: string, salt: Buffer, options: ScryptOptions): Promise<Buffer> =>
  new Promise((resolve, reject) =>
    scrypt(password.normalize("NFKC"), salt, 32, options, (error, key) => (error ? reject(error) : resolve(key))),
  );

async function hashed(password: string): Promise<string> {
  const salt = randomBytes(16);
  const key = await derive(password, salt, cost);
  return ["scrypt", cost.N, cost.r, cost.p, salt.toString("base64"), key.toString("base64")].join("$");
}

async function matches(password: string, kept: string): Promise<boolean> {
  const [, n, r, p, salt = "", key = ""] = kept.split("$");
  const options = { N: Number(n), r: Number(r), p: Number(p), maxmem: cost.maxmem };
  return timingSafeEqual(await derive(password, Buffer.from(salt, "base64"), options), Buffer.from(key, "base64"));
}

/** The accounts of a database. */
export function accountStore(db: Database, ledger: Ledger): AccountStore {
  const columns = "accounts.id, accounts.name, accounts.role, accounts.created";
  const plain = (row: AccountRow | undefined): AccountRow | undefined =>
    row && { id: row.id, name: row.name, role: row.role, created: row.created };
  const nobody = hashed(newSecret());
  const get = (id: string): AccountRow | undefined =>
    plain(db.get<AccountRow>(`SELECT ${columns} FROM accounts WHERE id = ?`, id));
  return {
    local() {
      db.run(
        "INSERT OR IGNORE INTO accounts (id, name, role, created) VALUES (?, 'local', 'admin', ?)",
        LOCAL,
        Date.now(),
      );
      return get(LOCAL) as AccountRow;
    },
    get,
    list: (after, limit, name = "") =>
      db
        .all<AccountRow>(
          `SELECT ${columns} FROM accounts
           WHERE password IS NOT NULL AND id > ? AND instr(lower(name), lower(?)) > 0 ORDER BY id LIMIT ?`,
          ...[after, name, limit],
        )
        .map((row) => plain(row) as AccountRow),
    async signUp(name, password) {
      const kept = await hashed(password);
      return db.transaction(() => {
        if (db.get("SELECT 1 FROM accounts WHERE name = ?", name))
          throw new Failed("conflict", "this name is taken; choose another", { param: "name" });
        const first = !db.get("SELECT 1 FROM accounts WHERE password IS NOT NULL");
        const id = newId();
        db.run(
          "INSERT INTO accounts (id, name, role, password, created) VALUES (?, ?, ?, ?, ?)",
          ...[id, name, first ? "admin" : "user", kept, Date.now()],
        );
        ledger.grant(id, GRANT, "welcome");
        if (first)
          for (const table of ["jobs", "pictures", "uploads"])
            db.run(`UPDATE ${table} SET account = ? WHERE account = ?`, id, LOCAL);
        return get(id) as AccountRow;
      });
    },
    async signIn(name, password) {
      const row = db.get<AccountRow & { password: string | null }>(
        `SELECT ${columns}, password FROM accounts WHERE name = ?`,
        name,
      );
      const right = await matches(password, row?.password ?? (await nobody));
      if (!row?.password || !right) throw new Failed("unauthenticated", "the name or the password is wrong");
      return plain(row) as AccountRow;
    },
    async setPassword(id, password) {
      db.run("UPDATE accounts SET password = ? WHERE id = ?", await hashed(password), id);
    },
    openSession(account) {
      const secret = newSecret();
      const now = Date.now();
      db.run("INSERT INTO sessions VALUES (?, ?, ?, ?)", sha256(secret), account, now, now + SESSION);
      return secret;
    },
    session: (secret) =>
      plain(
        db.get<AccountRow>(
          `SELECT ${columns} FROM sessions JOIN accounts ON accounts.id = account WHERE hash = ? AND expires > ?`,
          sha256(secret),
          Date.now(),
        ),
      ),
    closeSession(secret) {
      db.run("DELETE FROM sessions WHERE hash = ?", sha256(secret));
    },
    closeSessions(account) {
      db.run("DELETE FROM sessions WHERE account = ?", account);
    },
    addKey(account, label) {
      const secret = `${KEY}${newSecret()}`;
      const key = { id: newId(), label, start: secret.slice(0, 7), created: Date.now(), used: null };
      db.run(
        "INSERT INTO keys (id, account, hash, label, start, created) VALUES (?, ?, ?, ?, ?, ?)",
        ...[key.id, account, sha256(secret), label, key.start, key.created],
      );
      return { ...key, secret };
    },
    key(secret) {
      if (!secret.startsWith(KEY)) return undefined;
      const hash = sha256(secret);
      const row = db.get<AccountRow>(
        `SELECT ${columns} FROM keys JOIN accounts ON accounts.id = account WHERE hash = ?`,
        hash,
      );
      const now = Date.now();
      // Once a minute is enough to know that it is in use.
      if (row && db.get("SELECT 1 FROM keys WHERE hash = ? AND coalesce(used, 0) < ?", hash, now - 60_000))
        db.run("UPDATE keys SET used = ? WHERE hash = ?", now, hash);
      return plain(row);
    },
    keys: (account) =>
      db
        .all<KeyRow>(
          "SELECT id, label, start, created, used FROM keys WHERE account = ? ORDER BY created DESC",
          account,
        )
        .map(({ id, label, start, created, used }) => ({ id, label, start, created, used })),
    removeKey: (account, id) => db.run("DELETE FROM keys WHERE account = ? AND id = ?", account, id) > 0,
    sweep() {
      db.run("DELETE FROM sessions WHERE expires < ?", Date.now());
    },
  };
}
