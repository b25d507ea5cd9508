// A client of the server for tests: asks as a browser or as a program does, and listens to events.
import type { Job, NewJob } from "../src/contract.ts";

/** Who asks: an API key or a session cookie, with the origin that a browser would send. */
export interface Identity {
  readonly key?: string;
  readonly cookie?: string;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: whatever the server says
  readonly json: any;
}

export interface Client {
  ask(method: string, path: string, body?: unknown, headers?: Readonly<Record<string, string>>): Promise<Answer>;
  /** Draw; @throws when it is not accepted */
  draw(request: NewJob["request"], more?: Omit<NewJob, "request">, key?: string): Promise<Job>;
  /** Wait for the end of a job. */
  ended(id: string): Promise<Job>;
}

const FINAL = new Set(["done", "failed", "cancelled"]);

/** @param url the server's */
export function client(url: string, { key, cookie }: Identity = {}): Client {
  const identity: Record<string, string> = {
    ...(key !== undefined && { authorization: `Bearer ${key}` }),
    ...(cookie !== undefined && { cookie, origin: url }),
  };
  const ask: Client["ask"] = async (method, path, body, headers = {}) => {
    const plain = body === undefined || typeof body === "string" || body instanceof Uint8Array;
    const response = await fetch(new URL(path, url), {
      method,
      redirect: "manual",
      headers: { ...(plain ? {} : { "content-type": "application/json" }), ...identity, ...headers },
      ...(body !== undefined && { body: plain ? (body as BodyInit) : JSON.stringify(body) }),
    });
    const text = await response.text();
    let json: unknown;
    try {
      json = JSON.parse(text);
    } catch {}
    return { status: response.status, headers: response.headers, text, json };
  };
  return {
    ask,
    async draw(request, more = {}, idempotency) {
      const headers = idempotency === undefined ? {} : { "idempotency-key": idempotency };
      const { status, json, text } = await ask("POST", "/v1/jobs", { request, ...more }, headers);
      if (status !== 202) throw new Error(`not accepted: ${status} ${text}`);
      return json;
    },
    async ended(id) {
      for (let wait = 5; ; wait = Math.min(50, wait * 1.3)) {
        const { status, json, text } = await ask("GET", `/v1/jobs/${id}`);
        if (status !== 200) throw new Error(`no job: ${status} ${text}`);
        if (FINAL.has(json.state)) return json;
        await new Promise((resolve) => setTimeout(resolve, wait));
      }
    },
  };
}

/** An event of a stream. */
export interface Heard {
  readonly id: string;
  readonly event: string;
  // biome-ignore lint/suspicious/noExplicitAny: whatever the server says
  readonly data: any;
}

/** Listen to a stream of events until it ends, or the loop is left. @param last the id to go on from */
export async function* listen(
  url: string,
  path: string,
  last?: string,
  identity: Identity = {},
): AsyncGenerator<Heard> {
  const abort = new AbortController();
  const response = await fetch(new URL(path, url), {
    signal: abort.signal,
    headers: {
      ...(last !== undefined && { "last-event-id": last }),
      ...(identity.key !== undefined && { authorization: `Bearer ${identity.key}` }),
    },
  });
  if (response.status === 204 || !response.body) return;
  if (response.status !== 200) throw new Error(`no events: ${response.status} ${await response.text()}`);
  let text = "";
  const decoder = new TextDecoder();
  try {
    for await (const bytes of response.body) {
      text += decoder.decode(bytes as Uint8Array, { stream: true });
      for (let end = text.indexOf("\n\n"); end >= 0; end = text.indexOf("\n\n")) {
        const block = text.slice(0, end);
        text = text.slice(end + 2);
        const field = (name: string): string => new RegExp(`^${name}: (.*)$`, "m").exec(block)?.[1] ?? "";
        if (block.startsWith(":")) continue;
        yield { id: field("id"), event: field("event"), data: JSON.parse(field("data")) };
      }
    }
  } finally {
    abort.abort();
  }
}
