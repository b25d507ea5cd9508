// The server, asked from the page: JSON over fetch, and failures as errors that say what the server said.
import type { Failure } from "@dreamgrain/server/contract";

/** A request that the server refused, or could not be reached for (`code` is "unreachable", `status` 0). */
export class ApiError extends Error {
  override readonly name = "ApiError";
  readonly status: number;
  readonly code: string;
  /** The field that is wrong, as a path: `request.steps`. */
  readonly param: string | undefined;
  /** Seconds after which another try makes sense. */
  readonly retryAfter: number | undefined;

  constructor(message: string, details: { status: number; code: string; param?: string; retryAfter?: number }) {
    super(message);
    this.status = details.status;
    this.code = details.code;
    this.param = details.param;
    this.retryAfter = details.retryAfter;
  }
}

interface Ask {
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** GET. @throws ApiError */
export const get = <T>(path: string, ask: Pick<Ask, "signal"> = {}): Promise<T> => send("GET", path, ask);
/** POST; a Blob goes as it is, anything else as JSON. @throws ApiError */
export const post = <T>(path: string, body?: unknown, ask: Omit<Ask, "body"> = {}): Promise<T> =>
  send("POST", path, { ...ask, body });
/** PATCH. @throws ApiError */
export const patch = <T>(path: string, body: unknown): Promise<T> => send("PATCH", path, { body });
/** DELETE. @throws ApiError */
export const remove = <T>(path: string): Promise<T> => send("DELETE", path, {});

async function send<T>(method: string, path: string, { body, headers = {}, signal }: Ask): Promise<T> {
  const json = body !== undefined && !(body instanceof Blob);
  let answer: Response;
  try {
    answer = await fetch(path, {
      method,
      headers: { ...(json && { "Content-Type": "application/json" }), ...headers },
      ...(body !== undefined && { body: json ? JSON.stringify(body) : body }),
      ...(signal && { signal }),
    });
  } catch (cause) {
    if ((cause as Error).name === "AbortError") throw cause;
    throw new ApiError("The server cannot be reached. Is it still running?", { status: 0, code: "unreachable" });
  }
  const text = await answer.text();
  if (answer.ok) return (text === "" ? undefined : JSON.parse(text)) as T;
  throw failure(answer, text);
}

function failure(answer: Response, text: string): ApiError {
  const retry = Number(answer.headers.get("Retry-After") ?? Number.NaN);
  const details = { status: answer.status, ...(Number.isFinite(retry) && { retryAfter: retry }) };
  try {
    const { error } = JSON.parse(text) as Failure;
    return new ApiError(error.message, { ...details, code: error.code, ...(error.param && { param: error.param }) });
  } catch {
    return new ApiError(`The server answered ${answer.status} ${answer.statusText}`, { ...details, code: "internal" });
  }
}

/** A query string of what is defined; empty without any. */
export function query(values: Readonly<Record<string, string | number | boolean | undefined | null>>): string {
  const entries = Object.entries(values).flatMap(([key, value]) =>
    value === undefined || value === null || value === "" ? [] : [[key, String(value)]],
  );
  return entries.length === 0 ? "" : `?${new URLSearchParams(entries)}`;
}

/** An `Idempotency-Key`: 128 random bits. `crypto.randomUUID` is missing on pages that are not served over https. */
export const newKey = (): string =>
  Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
