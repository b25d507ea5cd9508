// Failures: what a request or a job ends with when it cannot be done, for programs by code and for people in words.
import type { ErrorCode } from "./contract.ts";

const statuses = {
  invalid: 400,
  unauthenticated: 401,
  insufficient_credits: 402,
  forbidden: 403,
  not_found: 404,
  conflict: 409,
  idempotency_mismatch: 409,
  too_large: 413,
  out_of_memory: 422,
  rate_limited: 429,
  too_many_jobs: 429,
  internal: 500,
  engine_crashed: 500,
  took_too_long: 500,
  model_changed: 500,
  unavailable: 501,
  busy: 503,
  stopping: 503,
  out_of_disk: 507,
} as const satisfies Record<ErrorCode, number>;

/** What cannot be done, and why. */
export class Failed extends Error {
  override readonly name = "Failed";
  readonly code: ErrorCode;
  /** The field of the request that is wrong, as a path. */
  readonly param: string | null;
  /** Seconds after which asking again makes sense. */
  readonly retryAfter: number | undefined;

  constructor(code: ErrorCode, message: string, more: { param?: string; retryAfter?: number; cause?: unknown } = {}) {
    super(message, more.cause === undefined ? {} : { cause: more.cause });
    this.code = code;
    this.param = more.param ?? null;
    this.retryAfter = more.retryAfter;
  }

  get status(): (typeof statuses)[ErrorCode] {
    return statuses[this.code];
  }
}

/** The same answer whether a thing is not there or is somebody else's. */
export const notFound = (what: string): Failed => new Failed("not_found", `there is no such ${what}`);

/** The failure that an error of the library means. */
export function failureOf(error: unknown): Failed {
  if (error instanceof Failed) return error;
  if (!(error instanceof Error)) return new Failed("internal", "something went wrong");
  const code = "code" in error ? error.code : undefined;
  if (error.name === "RangeError") return new Failed("invalid", error.message, { cause: error });
  if (error.name === "MemoryError") return new Failed("out_of_memory", error.message, { cause: error });
  if (code === "ENOSPC" || code === "EDQUOT" || code === "EFBIG" || code === "SQLITE_FULL")
    return new Failed("out_of_disk", "the disk is full; make room and try again", { cause: error });
  return new Failed("internal", "something went wrong; the server's log says what", { cause: error });
}
