// The database: SQLite in a file that one server owns, brought to the present schema when it is opened.
import { dirname } from "node:path";
import Libsql from "libsql";
import { migrations } from "./migrations.ts";

type Value = string | number | bigint | Uint8Array | null;

/** SQL with values; statements are prepared once. All calls are synchronous, and one at a time. */
export interface Database {
  get<T>(sql: string, ...values: Value[]): T | undefined;
  all<T>(sql: string, ...values: Value[]): T[];
  /** How many rows were changed. */
  run(sql: string, ...values: Value[]): number;
  /** All of it is in the file, synced, when this returns; none of it when it throws. Nested ones join the outer one. */
  transaction<T>(work: () => T): T;
  close(): void;
}

/** The data cannot be used by this server. */
export class DataError extends Error {
  override readonly name = "DataError";
}

/**
 * Open, or make, a database.
 * @param path of its file; `:memory:` for one that ends with the process
 * @throws DataError when another server has it open, or a newer dreamgrain made it
 */
export function openDatabase(path: string): Database {
  const db = new Libsql(path, { timeout: 2000 });
  try {
    // Exclusive: a second server is refused, and the lock ends with the process, however it ends.
    for (const pragma of ["locking_mode = EXCLUSIVE", "journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"])
      db.pragma(pragma);
    migrate(db, path);
  } catch (error) {
    db.close();
    const code = (error as { code?: unknown }).code;
    if (code === "SQLITE_BUSY")
      throw new DataError(
        `data: another dreamgrain server is using ${dirname(path)}; stop it, or name another folder (--data)`,
      );
    if (code === "SQLITE_NOTADB" || code === "SQLITE_CORRUPT")
      throw new DataError(`data: ${path} is damaged or no database: ${(error as Error).message}`);
    throw error;
  }
  const statements = new Map<string, Libsql.Statement>();
  const prepare = (sql: string): Libsql.Statement => {
    let statement = statements.get(sql);
    if (!statement) statements.set(sql, (statement = db.prepare(sql)));
    return statement;
  };
  let depth = 0;
  return {
    get: <T>(sql: string, ...values: Value[]) => prepare(sql).get(...values) as T | undefined,
    all: <T>(sql: string, ...values: Value[]) => prepare(sql).all(...values) as T[],
    run: (sql, ...values) => prepare(sql).run(...values).changes,
    transaction(work) {
      if (depth > 0) return work();
      db.exec("BEGIN IMMEDIATE");
      depth++;
      try {
        const result = work();
        db.exec("COMMIT");
        return result;
      } catch (error) {
        if (db.inTransaction) db.exec("ROLLBACK");
        throw error;
      } finally {
        depth--;
      }
    },
    close() {
      // Prepared statements keep the file open, and WAL its lock, until they are collected; without WAL there is none to keep.
      try {
        for (const pragma of ["wal_checkpoint(TRUNCATE)", "journal_mode = DELETE", "locking_mode = NORMAL"])
          db.prepare(`PRAGMA ${pragma}`).all();
        db.prepare("SELECT count(*) FROM accounts").all();
      } catch (error) {
        // A statement is still open. Everything is in the file; the lock ends with the process instead of now.
        if ((error as { code?: unknown }).code !== "SQLITE_BUSY") throw error;
      }
      db.close();
    },
  };
}

/** Each migration and the number it leads to are one transaction. */
function migrate(db: Libsql.Database, path: string): void {
  const { version } = db.prepare("SELECT user_version AS version FROM pragma_user_version").get() as {
    version: number;
  };
  if (version > migrations.length)
    throw new DataError(
      `data: ${path} was made by a newer dreamgrain (schema ${version}, this one knows ${migrations.length}); update dreamgrain`,
    );
  for (let next = version; next < migrations.length; next++) {
    db.exec("BEGIN IMMEDIATE");
    try {
      db.exec(migrations[next] ?? "");
      db.exec(`PRAGMA user_version = ${next + 1}`);
      db.exec("COMMIT");
    } catch (error) {
      if (db.inTransaction) db.exec("ROLLBACK");
      throw error;
    }
  }
}
