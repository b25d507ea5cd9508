// Answers: rows of the database as the contract shows them.
import type { Job, Picture, Progress } from "./contract.ts";
import type { JobRow } from "./store/jobs.ts";
import type { PictureRow } from "./store/pictures.ts";

/** A picture as the contract shows it. */
export function pictureAnswer(row: PictureRow): Picture {
  const { seq: _, account: __, ...rest } = row;
  return {
    ...rest,
    notices: [...rest.notices],
    url: `/v1/pictures/${row.id}/file`,
    thumbnail: `/v1/pictures/${row.id}/thumbnail`,
  };
}

/** What is known of a job only while it waits or runs. */
export interface Live {
  readonly position: number | null;
  readonly wait: number | null;
  readonly progress: Progress | null;
}

/** A job as the contract shows it. */
export function jobAnswer(row: JobRow, pictures: readonly PictureRow[], live: Live): Job {
  const { seq: _, account: __, modelHash: ___, steps: ____, count: _____, interruptions: ______, ...rest } = row;
  return { ...rest, notices: [...row.notices], ...live, pictures: pictures.map(pictureAnswer) };
}
