// Parts: what a server is made of, as its pieces know each other.
import type { Logger } from "pino";
import type { Decoder } from "./decoder/decoder.ts";
import type { Engine } from "./engine/engine.ts";
import type { Estimates } from "./estimate.ts";
import type { Hub } from "./events.ts";
import type { RoomOptions } from "./http/room.ts";
import type { Meaning } from "./meaning.ts";
import type { Models } from "./models.ts";
import type { Database } from "./store/database.ts";
import type { JobStore } from "./store/jobs.ts";
import type { Ledger } from "./store/ledger.ts";
import type { Objects } from "./store/objects.ts";
import type { PictureStore } from "./store/pictures.ts";

/** How much is taken on. */
export interface Limits {
  /** Queued and running jobs of one account. */
  readonly jobs: number;
  /** Seconds of work that may wait. */
  readonly queueSeconds: number;
  /** Requests a minute of one account, or of one address where there is none. */
  readonly requests: number;
  /** Seconds that an answer may wait to be read on. */
  readonly unread: number;
  /** Bytes of requests' bodies that are held at once, and seconds that one waits for room for another. */
  readonly bodies: RoomOptions;
}

export interface Parts {
  readonly db: Database;
  readonly ledger: Ledger;
  readonly jobs: JobStore;
  readonly pictures: PictureStore;
  readonly objects: Objects;
  readonly hub: Hub;
  readonly models: Models;
  readonly estimates: Estimates;
  readonly engine: Engine;
  readonly decoder: Decoder;
  readonly meaning: Meaning;
  readonly log: Logger;
  /** Whether one signs in, and pays. */
  readonly accounts: boolean;
  readonly limits: Limits;
  /** Told of each point of a job's way at which the process may die; tests end it there. */
  readonly passing: (point: string) => void;
}
