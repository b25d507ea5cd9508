// Pictures and uploads in the database: the gallery, and what is drawn from. Their files are objects.
import type { Settings } from "../contract.ts";
import type { Database } from "./database.ts";

/** A picture as it is kept. */
export interface PictureRow {
  readonly seq: number;
  readonly id: string;
  readonly account: string;
  readonly job: string | null;
  readonly index: number;
  readonly created: number;
  readonly sha256: string;
  readonly bytes: number;
  readonly width: number;
  readonly height: number;
  readonly settings: Settings;
  readonly modelHash: string;
  readonly seconds: number;
  readonly price: number;
  readonly starred: boolean;
  readonly deleted: number | null;
  readonly group: string | null;
  readonly notices: readonly string[];
}

/** Which pictures are wanted. */
export interface Filter {
  readonly text?: string | undefined;
  readonly starred?: boolean | undefined;
  readonly deleted: boolean;
  readonly group?: string | undefined;
  readonly job?: string | undefined;
}

/** A picture to draw from. */
export interface UploadRow {
  readonly id: string;
  readonly account: string;
  readonly sha256: string;
  readonly width: number;
  readonly height: number;
  readonly created: number;
}

export interface PictureStore {
  add(picture: Omit<PictureRow, "seq" | "starred" | "deleted">): void;
  get(id: string): PictureRow | undefined;
  ofJob(job: string): PictureRow[];
  /** Newest first. */
  list(account: string, filter: Filter, before: number, limit: number): PictureRow[];
  count(account: string, filter: Filter): number;
  /** The numbers of all of them. */
  seqs(account: string, filter: Filter): number[];
  /** Those with these numbers, in this order; what is gone is passed over. */
  numbered(seqs: readonly number[]): PictureRow[];
  star(id: string, starred: boolean): void;
  /** @returns how many were there */
  setDeleted(account: string, ids: readonly string[], when: number | null): number;
  /** Remove rows for good. @returns the hashes of files that nothing needs any more */
  purge(which: { readonly deletedBefore: number } | { readonly ids: readonly string[] }): string[];
  addUpload(upload: UploadRow): void;
  upload(id: string): UploadRow | undefined;
  touchUpload(id: string): void;
  purgeUploads(usedBefore: number): string[];
  /** Whether a file is needed. */
  needs(hash: string): boolean;
  /** Every file that pictures need, and whose. */
  files(): Pick<PictureRow, "id" | "sha256" | "job" | "price">[];
}

type Raw = Record<string, string | number | null>;

function rowOf(raw: Raw): PictureRow {
  const text = (name: string): string => `${raw[name]}`;
  const number = (name: string): number => Number(raw[name]);
  return {
    ...{ seq: number("seq"), id: text("id"), account: text("account"), index: number("idx") },
    job: raw.job === null ? null : text("job"),
    ...{ created: number("created"), sha256: text("sha256"), bytes: number("bytes") },
    ...{ width: number("width"), height: number("height"), settings: JSON.parse(text("settings")) as Settings },
    ...{ modelHash: text("model_hash"), seconds: number("seconds"), price: number("price") },
    starred: number("starred") === 1,
    deleted: raw.deleted === null ? null : number("deleted"),
    group: raw.collection === null ? null : text("collection"),
    notices: JSON.parse(text("notices")) as string[],
  };
}

/** Words as FTS5 wants them: each as a text, found at the beginning of a word. Undefined when there is none. */
export function ftsQuery(text: string): string | undefined {
  const words = text.match(/[\p{L}\p{N}]+/gu) ?? [];
  return words.length === 0 ? undefined : words.map((word) => `"${word}"*`).join(" ");
}

/** The pictures of a database. */
export function pictureStore(db: Database): PictureStore {
  const rows = (sql: string, ...values: (string | number | null)[]): PictureRow[] =>
    db.all<Raw>(sql, ...values).map(rowOf);
  const where = (account: string, filter: Filter): { sql: string; values: (string | number)[] } => {
    const parts = ["account = ?", filter.deleted ? "deleted IS NOT NULL" : "deleted IS NULL"];
    const values: (string | number)[] = [account];
    if (filter.starred !== undefined) parts.push(`starred = ${filter.starred ? 1 : 0}`);
    if (filter.group !== undefined) {
      parts.push("collection = ?");
      values.push(filter.group);
    }
    if (filter.job !== undefined) {
      parts.push("job = ?");
      values.push(filter.job);
    }
    const query = filter.text === undefined ? undefined : ftsQuery(filter.text);
    if (query !== undefined) {
      parts.push("seq IN (SELECT rowid FROM pictures_text WHERE pictures_text MATCH ?)");
      values.push(query);
    }
    return { sql: parts.join(" AND "), values };
  };
  /** Of these files, those that nothing needs. */
  const unneeded = (hashes: readonly string[]): string[] => [...new Set(hashes)].filter((hash) => !needs(hash));
  const needs = (hash: string): boolean =>
    db.get("SELECT 1 FROM pictures WHERE sha256 = ?1 UNION ALL SELECT 1 FROM uploads WHERE sha256 = ?1", hash) !==
    undefined;
  return {
    add({ id, account, job, index, created, sha256, bytes, width, height, settings, modelHash, ...more }) {
      db.run(
        `INSERT INTO pictures (id, account, job, idx, created, sha256, bytes, width, height, settings, model_hash,
           seconds, price, collection, notices, prompt, negative) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
        ...[id, account, job, index, created, sha256, bytes, width, height, JSON.stringify(settings), modelHash],
        ...[more.seconds, more.price, more.group, JSON.stringify(more.notices)],
        ...[settings.prompt ?? "", settings.negative ?? ""],
      );
    },
    get: (id) => rows("SELECT * FROM pictures WHERE id = ?", id)[0],
    ofJob: (job) => rows("SELECT * FROM pictures WHERE job = ? ORDER BY idx", job),
    list(account, filter, before, limit) {
      const { sql, values } = where(account, filter);
      return rows(
        `SELECT * FROM pictures WHERE ${sql} AND seq < ? ORDER BY seq DESC LIMIT ?`,
        ...values,
        before,
        limit,
      );
    },
    count(account, filter) {
      const { sql, values } = where(account, filter);
      return db.get<{ n: number }>(`SELECT count(*) AS n FROM pictures WHERE ${sql}`, ...values)?.n ?? 0;
    },
    // As one value: ten thousand rows take thirty times as long.
    seqs(account, filter) {
      const { sql, values } = where(account, filter);
      const row = db.get<{ all: string }>(
        `SELECT json_group_array(seq) AS "all" FROM pictures WHERE ${sql}`,
        ...values,
      );
      return JSON.parse(row?.all ?? "[]") as number[];
    },
    numbered(seqs) {
      const found = rows("SELECT * FROM pictures WHERE seq IN (SELECT value FROM json_each(?))", JSON.stringify(seqs));
      const bySeq = new Map(found.map((row) => [row.seq, row]));
      return seqs.flatMap((seq) => bySeq.get(seq) ?? []);
    },
    star(id, starred) {
      db.run("UPDATE pictures SET starred = ? WHERE id = ?", starred ? 1 : 0, id);
    },
    setDeleted: (account, ids, when) =>
      db.transaction(() => {
        let count = 0;
        for (const id of ids)
          count += db.run(
            "UPDATE pictures SET deleted = ? WHERE id = ? AND account = ? AND (deleted IS NULL) = (? IS NOT NULL)",
            ...[when, id, account, when],
          );
        return count;
      }),
    purge: (which) =>
      db.transaction(() => {
        const gone =
          "ids" in which
            ? which.ids.flatMap((id) =>
                db.all<{ sha256: string }>("DELETE FROM pictures WHERE id = ? RETURNING sha256", id),
              )
            : db.all<{ sha256: string }>(
                "DELETE FROM pictures WHERE deleted < ? RETURNING sha256",
                which.deletedBefore,
              );
        return unneeded(gone.map(({ sha256 }) => sha256));
      }),
    addUpload({ id, account, sha256, width, height, created }) {
      db.run(
        "INSERT INTO uploads (id, account, sha256, width, height, created, used) VALUES (?, ?, ?, ?, ?, ?, ?)",
        ...[id, account, sha256, width, height, created, created],
      );
    },
    upload: (id) => db.get<UploadRow>("SELECT * FROM uploads WHERE id = ?", id),
    touchUpload(id) {
      db.run("UPDATE uploads SET used = ? WHERE id = ?", Date.now(), id);
    },
    purgeUploads: (usedBefore) =>
      db.transaction(() => {
        const gone = db.all<{ sha256: string }>(
          `DELETE FROM uploads WHERE used < ? AND NOT EXISTS (
             SELECT 1 FROM jobs WHERE state IN ('queued', 'running') AND instr(settings, uploads.id) > 0
           ) RETURNING sha256`,
          usedBefore,
        );
        return unneeded(gone.map(({ sha256 }) => sha256));
      }),
    needs,
    files: () => db.all("SELECT id, sha256, job, price FROM pictures"),
  };
}
