// The ledger: credits as transfers between books, append-only. The schema itself forbids debts, changes and second times.
import { Failed } from "../failures.ts";
import type { Database } from "./database.ts";

/** How a new account begins: 200 default pictures. */
export const GRANT = 200_000;

/** What an account may spend, and what its unfinished jobs hold; milli-credits. */
export interface Balance {
  readonly available: number;
  readonly held: number;
}

/** A transfer, as an account sees it: `amount` is what it did to what is available. */
export interface Entry {
  readonly id: number;
  readonly created: number;
  readonly kind: "grant" | "hold" | "capture" | "release" | "refund";
  readonly amount: number;
  readonly job: string | null;
  readonly reason: string | null;
}

export interface Ledger {
  balance(account: string): Balance;
  grant(account: string, amount: number, reason: string): void;
  /**
   * A grant that somebody gives.
   * @param key of theirs: the same one again gives nothing more
   * @throws Failed `idempotency_mismatch` when the key was used for another grant
   */
  give(giver: string, account: string, amount: number, reason: string, key: string | undefined): void;
  /** Set aside what a job costs. @throws Failed `insufficient_credits` */
  hold(account: string, job: string, amount: number): void;
  /** Of what a job holds keep this much, and give back the rest. Once for each job. */
  settle(account: string, job: string, charged: number): void;
  /** Give back what a picture cost, but no more than is left of what was charged for its job. Once for each picture. */
  refund(account: string, job: string, picture: string, amount: number): void;
  entries(account: string, before: number, limit: number): Entry[];
  /** Count everything again: what is wrong with the books, or nothing. */
  audit(): string | undefined;
}

/** What is known of a transfer besides what it moves. */
interface Particulars {
  /** Of a job: the picture. */
  readonly part?: string;
  readonly reason?: string | null;
  readonly giver?: string | null;
  readonly key?: string | null;
}

type Given = { readonly account: string; readonly amount: number; readonly reason: string | null };

const available = (account: string): string => `user:${account}:available`;
const held = (account: string): string => `user:${account}:held`;
const REVENUE = "house:revenue";
const GRANTS = "house:grants";

/** The ledger in a database. Calls belong into the transaction of what they pay for. */
export function openLedger(db: Database): Ledger {
  const amountIn = (book: string): number =>
    db.get<{ amount: number }>("SELECT amount FROM balances WHERE book = ?", book)?.amount ?? 0;
  const transfer = (
    kind: Entry["kind"],
    source: string,
    target: string,
    amount: number,
    account: string,
    job: string | null,
    { part = "", reason = null, giver = null, key = null }: Particulars = {},
  ): void => {
    db.run(
      `INSERT INTO transfers (created, kind, source, target, amount, account, job, part, reason, giver, key)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      ...[Date.now(), kind, source, target, amount, account, job, part, reason, giver, key],
    );
  };
  const grant = (account: string, amount: number, particulars: Particulars): void =>
    transfer("grant", GRANTS, available(account), amount, account, null, particulars);
  const moved = (job: string, kind: Entry["kind"]): number =>
    db.get<{ sum: number | null }>("SELECT sum(amount) AS sum FROM transfers WHERE job = ? AND kind = ?", job, kind)
      ?.sum ?? 0;
  return {
    balance: (account) => ({ available: amountIn(available(account)), held: amountIn(held(account)) }),
    grant: (account, amount, reason) => grant(account, amount, { reason }),
    give(giver, account, amount, reason, key) {
      const before =
        key === undefined
          ? undefined
          : db.get<Given>("SELECT account, amount, reason FROM transfers WHERE giver = ? AND key = ?", giver, key);
      if (!before) grant(account, amount, { reason, giver, key: key ?? null });
      else if (before.account !== account || before.amount !== amount || before.reason !== reason)
        throw new Failed("idempotency_mismatch", "this Idempotency-Key was used for another grant; take a new one");
    },
    hold(account, job, amount) {
      const has = amountIn(available(account));
      if (has < amount)
        throw new Failed(
          "insufficient_credits",
          `this costs ${amount / 1000} credits, and ${has / 1000} are left; draw fewer or smaller pictures, or with fewer steps`,
        );
      transfer("hold", available(account), held(account), amount, account, job);
    },
    settle(account, job, charged) {
      const hold = db.get<{ amount: number }>("SELECT amount FROM transfers WHERE job = ? AND kind = 'hold'", job);
      if (!hold) return; // accepted while nothing was paid
      transfer("capture", held(account), REVENUE, charged, account, job);
      transfer("release", held(account), available(account), hold.amount - charged, account, job);
    },
    refund(account, job, picture, amount) {
      const back = Math.min(amount, moved(job, "capture") - moved(job, "refund"));
      if (back > 0) transfer("refund", REVENUE, available(account), back, account, job, { part: picture });
    },
    entries: (account, before, limit) =>
      db.all<Entry>(
        `SELECT id, created, kind, job, reason,
           CASE WHEN target = ?1 THEN amount WHEN source = ?1 THEN -amount ELSE 0 END AS amount
         FROM transfers WHERE account = ?2 AND id < ?3 ORDER BY id DESC LIMIT ?4`,
        ...[available(account), account, before, limit],
      ),
    audit() {
      const wrong = db.get<{ book: string; kept: number | null; counted: number | null }>(
        `WITH moved AS (
           SELECT source AS book, -amount AS amount FROM transfers UNION ALL SELECT target, amount FROM transfers
         ), counted AS (SELECT book, sum(amount) AS amount FROM moved GROUP BY book)
         SELECT book, b.amount AS kept, c.amount AS counted FROM balances b FULL JOIN counted c USING (book)
         WHERE b.amount IS NOT c.amount LIMIT 1`,
      );
      if (wrong) return `the balance of ${wrong.book} is ${wrong.kept}; its transfers make it ${wrong.counted}`;
      const sum = db.get<{ sum: number | null }>("SELECT sum(amount) AS sum FROM balances")?.sum ?? 0;
      return sum === 0 ? undefined : `the balances add up to ${sum} instead of 0`;
    },
  };
}
