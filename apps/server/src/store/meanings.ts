// Meanings in the database: a vector for each picture's file and each model that has looked at it.
import type { Database } from "./database.ts";

/** What is known of a picture's file: null where it cannot be understood. */
export interface MeaningRow {
  /** The picture's number. */
  readonly seq: number;
  readonly sha256: string;
  readonly vector: Float32Array | null;
}

export interface MeaningStore {
  /** Those of pictures after a number, in order. */
  after(model: string, seq: number, limit: number): MeaningRow[];
  /** Files of pictures that this model has not looked at, the newest first. */
  missing(model: string): string[];
  /** @returns the numbers of the pictures that it is the meaning of */
  keep(model: string, sha256: string, vector: Float32Array | null): number[];
  /** Remove what other models thought. */
  forgetOthers(model: string): void;
}

/** libsql gives blobs as buffers of their own. */
type Raw = { readonly seq: number; readonly sha256: string; readonly vector: ArrayBuffer | null };

/** The meanings of a database. */
export function meaningStore(db: Database): MeaningStore {
  return {
    after: (model, seq, limit) =>
      db
        .all<Raw>(
          `SELECT seq, sha256, vector FROM pictures JOIN meanings USING (sha256)
           WHERE model = ? AND seq > ? ORDER BY seq LIMIT ?`,
          ...[model, seq, limit],
        )
        .map(({ seq, sha256, vector }) => ({ seq, sha256, vector: vector && new Float32Array(vector) })),
    missing: (model) =>
      db
        .all<{ sha256: string }>(
          `SELECT sha256, max(seq) AS newest FROM pictures
           WHERE NOT EXISTS (SELECT 1 FROM meanings WHERE meanings.sha256 = pictures.sha256 AND model = ?)
           GROUP BY sha256 ORDER BY newest DESC`,
          model,
        )
        .map(({ sha256 }) => sha256),
    keep: (model, sha256, vector) =>
      db.transaction(() => {
        const seqs = db.all<{ seq: number }>("SELECT seq FROM pictures WHERE sha256 = ?", sha256);
        const bytes = vector && new Uint8Array(vector.buffer, vector.byteOffset, vector.byteLength);
        if (seqs.length > 0) db.run("INSERT OR REPLACE INTO meanings VALUES (?, ?, ?)", sha256, model, bytes);
        return seqs.map(({ seq }) => seq);
      }),
    forgetOthers(model) {
      db.run("DELETE FROM meanings WHERE model <> ?", model);
    },
  };
}
