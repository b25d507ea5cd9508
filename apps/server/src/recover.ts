// Recovery and housekeeping: what a start finds half done is put right, and what nobody needs any more goes.
import type { Logger } from "pino";
import type { Database } from "./store/database.ts";
import type { JobStore } from "./store/jobs.ts";
import type { Ledger } from "./store/ledger.ts";
import type { Objects } from "./store/objects.ts";
import type { PictureStore } from "./store/pictures.ts";

interface Kept {
  readonly db: Database;
  readonly jobs: JobStore;
  readonly pictures: PictureStore;
  readonly ledger: Ledger;
  readonly objects: Objects;
  readonly log: Logger;
}

/** A job in whose middle the server ended so often may be why it did. */
const INTERRUPTIONS = 10;
const HOUR = 3600 * 1000;
const DAY = 24 * HOUR;

/** Jobs that were running when the server ended are queued again, at the front, or end as they were told to. */
export function recoverJobs({ db, jobs, pictures, ledger, log }: Kept): void {
  for (const row of jobs.running())
    db.transaction(() => {
      const steps = pictures.ofJob(row.id).length * row.steps;
      const charged = Math.floor((row.price * steps) / (row.steps * row.count));
      if (row.cancelling) {
        jobs.end(row.id, { state: "cancelled", charged });
        ledger.settle(row.account, row.id, charged);
      } else if (row.interruptions >= INTERRUPTIONS) {
        const message = `the server ended ${INTERRUPTIONS + 1} times in the middle of this, so it is not tried again. Nothing was charged.`;
        jobs.end(row.id, { state: "failed", charged: 0, error: { code: "engine_crashed", message } });
        ledger.settle(row.account, row.id, 0);
      } else jobs.requeue(row.id, "interrupted");
      log.info({ job: row.id }, "a job was found half done");
    });
}

/** Pictures whose file somebody removed are no pictures: the row goes, and what it cost is given back. */
export async function recoverPictures({ db, jobs, pictures, ledger, objects, log }: Kept): Promise<void> {
  for (const { id, sha256, job, price } of pictures.files()) {
    if (await objects.has(sha256, ".png")) continue;
    log.error({ picture: id }, "the file of a picture is missing");
    db.transaction(() => {
      const row = job === null ? undefined : jobs.get(job);
      if (row) ledger.refund(row.account, row.id, id, price);
      pictures.purge({ ids: [id] });
    });
  }
}

/** Remove what is past its time. */
export async function clean({ db, pictures, objects }: Kept): Promise<void> {
  const now = Date.now();
  const purged = [...pictures.purge({ deletedBefore: now - 30 * DAY }), ...pictures.purgeUploads(now - 30 * DAY)];
  for (const hash of purged) for (const suffix of [".png", ".thumb.webp"]) await objects.remove(hash, suffix);
  db.run("DELETE FROM idempotency WHERE created < ?", now - 7 * DAY);
}

/** Remove files that no row needs: a server that ends between keeping a file and its row leaves one. */
export async function removeOrphans({ pictures, objects }: Kept, olderThan = HOUR): Promise<number> {
  let count = 0;
  for await (const { hash, suffix, age } of objects.all()) {
    if (age < olderThan || pictures.needs(hash)) continue;
    await objects.remove(hash, suffix);
    count++;
  }
  return count;
}
