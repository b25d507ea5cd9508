// Upgrades: data of every schema that there was is opened by this version, and data of a later one refused. D2 of the plan.
import { join } from "node:path";
import Libsql from "libsql";
import { DataError, openDatabase } from "../src/store/database.ts";
import { openLedger } from "../src/store/ledger.ts";
import { migrations } from "../src/store/migrations.ts";
import type { Figures } from "./abuse.ts";

/** What every schema so far can hold. */
const contents = `
  INSERT INTO accounts (id, name, role, created) VALUES ('account1', 'ann', 'admin', 1);
  INSERT INTO jobs (id, account, state, place, created, settings, model_hash, steps, count, price, charged, seconds, notices)
    VALUES ('job00001', 'account1', 'done', 1, 1, '{}', 'x', 1, 1, 5, 5, 1, '[]');
  INSERT INTO transfers (created, kind, source, target, amount, account) VALUES (1, 'grant', 'house:grants', 'user:account1:available', 9, 'account1');
  INSERT INTO transfers (created, kind, source, target, amount, account, job)
    VALUES (1, 'hold', 'user:account1:available', 'user:account1:held', 5, 'account1', 'job00001'),
           (1, 'capture', 'user:account1:held', 'house:revenue', 5, 'account1', 'job00001');
  INSERT INTO pictures (id, account, job, idx, created, sha256, bytes, width, height, settings, model_hash, seconds, price, notices, prompt, negative)
    VALUES ('picture1', 'account1', 'job00001', 0, 1, 'x', 1, 8, 8, '{}', 'x', 1, 5, '[]', 'a boat', '');
`;

function worked(act: () => unknown): boolean {
  try {
    act();
    return true;
  } catch {
    return false;
  }
}

/** D2. @param folder an empty one */
export function upgrades(folder: string): Figures {
  for (let version = 1; version <= migrations.length; version++) {
    const path = join(folder, `${version}.db`);
    const old = new Libsql(path);
    for (const migration of migrations.slice(0, version)) old.exec(migration);
    old.exec(`${contents} PRAGMA user_version = ${version};`);
    old.close();
    const db = openDatabase(path);
    try {
      const ledger = openLedger(db);
      if (ledger.balance("account1").available !== 4 || ledger.audit() !== undefined)
        throw new Error(`D2: the books of schema ${version} are wrong`);
      const found = db.get("SELECT 1 FROM pictures_text WHERE pictures_text MATCH 'boat'");
      const now = db.get<{ v: number }>("SELECT user_version AS v FROM pragma_user_version")?.v;
      if (!found || now !== migrations.length) throw new Error(`D2: schema ${version} became ${now}`);
      for (const forbidden of ["UPDATE transfers SET amount = 0", "DELETE FROM transfers"])
        if (worked(() => db.run(forbidden))) throw new Error(`D2: schema ${version} lets one ${forbidden}`);
    } finally {
      db.close();
    }
  }
  const path = join(folder, "later.db");
  const later = new Libsql(path);
  later.exec(`PRAGMA user_version = ${migrations.length + 1}`);
  later.close();
  let refused = "";
  try {
    openDatabase(path).close();
  } catch (error) {
    if (error instanceof DataError) refused = error.message;
  }
  if (!/newer dreamgrain/.test(refused)) throw new Error("D2: a later schema was not refused");
  return { schemas: migrations.length, opened: migrations.length, "a later one": "refused" };
}
