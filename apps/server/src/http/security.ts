// Security: which hosts and origins are answered, what pages may do, who asks, and how often.
import { isIP } from "node:net";
import type { MiddlewareHandler } from "hono";
import { getCookie } from "hono/cookie";
import { RateLimiterMemory, RateLimiterRes } from "rate-limiter-flexible";
import { Failed } from "../failures.ts";
import type { AccountStore } from "../store/accounts.ts";
import type { Env } from "./web.ts";

/** The name of the cookie that a session is. */
export const COOKIE = "dreamgrain_session";

/** What a page of ours may load and do: only what comes from here. */
export const policy = (more: Readonly<Record<string, string>> = {}): string =>
  Object.entries({
    "default-src": "'none'",
    "script-src": "'self' 'wasm-unsafe-eval'",
    "style-src": "'self'",
    "img-src": "'self' data: blob:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "worker-src": "'self'",
    "manifest-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
    "report-uri": "/v1/csp-reports",
    ...more,
  })
    .map(([name, value]) => `${name} ${value}`)
    .join("; ");

/** Headers of every answer. Together with `require-corp`, pages may use threads of WebAssembly. */
const headers = {
  "Content-Security-Policy": policy(),
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
  "Referrer-Policy": "no-referrer",
  "X-Content-Type-Options": "nosniff",
  "X-Frame-Options": "DENY",
} as const;

export const secureHeaders: MiddlewareHandler<Env> = async (c, next) => {
  await next();
  for (const [name, value] of Object.entries(headers)) if (!c.res.headers.has(name)) c.res.headers.set(name, value);
  if (!c.res.headers.has("Cache-Control")) c.res.headers.set("Cache-Control", "no-store");
};

/** The host in a Host header or an origin, without its port. */
const hostOf = (text: string): string | undefined => {
  const match = /^(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::\d{1,5})?$/i.exec(text);
  return match?.[1]?.toLowerCase().replace(/^\[|\]$/g, "");
};

/** Whether an address is this machine's own. */
export const isLoopback = (host: string): boolean =>
  host === "localhost" || host === "::1" || /^127(\.\d{1,3}){3}$/.test(host);

/**
 * Answer only to names that are ours: a page elsewhere may point its own name here (DNS rebinding), but not an address.
 * @param names further ones
 */
export function knownHosts(names: readonly string[]): MiddlewareHandler<Env> {
  const known = new Set(names.map((name) => name.toLowerCase()));
  return async (c, next) => {
    const host = hostOf(c.req.header("host") ?? "");
    if (host === undefined || !(isLoopback(host) || isIP(host) > 0 || known.has(host)))
      throw new Failed("forbidden", "this server is not known by that name; add it with --allow-host");
    await next();
  };
}

const safe = new Set(["GET", "HEAD"]);

/**
 * Refuse whatever a page of somebody else's makes a browser ask: other origins, and cookies without an origin. Programs that
 * are no browsers send neither.
 */
export const sameOrigin: MiddlewareHandler<Env> = async (c, next) => {
  const { method } = c.req;
  const origin = c.req.header("origin");
  const site = c.req.header("sec-fetch-site");
  const refuse = (): never => {
    throw new Failed("forbidden", "requests from pages of other origins are refused");
  };
  if (method === "OPTIONS") refuse();
  if (!safe.has(method)) {
    if (
      origin !== undefined &&
      origin !== `http://${c.req.header("host")}` &&
      origin !== `https://${c.req.header("host")}`
    )
      refuse();
    if (site !== undefined && site !== "same-origin" && site !== "none") refuse();
    if (origin === undefined && c.get("by") === "session") refuse();
  }
  await next();
};

/** Find out who asks: by key, by session, or because a server without accounts knows one person only. */
export function identify(accounts: AccountStore, on: boolean): MiddlewareHandler<Env> {
  const local = on ? undefined : accounts.local();
  return async (c, next) => {
    if (local) {
      c.set("account", local);
      c.set("by", "local");
      return next();
    }
    const key = keyIn(c.req.header("authorization"));
    const cookie = getCookie(c, COOKIE);
    const account = key !== undefined ? accounts.key(key) : cookie ? accounts.session(cookie) : undefined;
    c.set("account", account);
    c.set("by", account && (key !== undefined ? "key" : "session"));
    await next();
  };
}

/** The API key of a Bearer header, or, for clients of A1111's, the password of a Basic one. */
function keyIn(header: string | undefined): string | undefined {
  const [scheme, value = ""] = header?.split(" ") ?? [];
  if (/^bearer$/i.test(scheme ?? "")) return value;
  if (!/^basic$/i.test(scheme ?? "")) return undefined;
  const text = Buffer.from(value, "base64").toString();
  return text.slice(text.indexOf(":") + 1);
}

/** So many points in so many seconds. */
export function limiter(points: number, seconds: number): (key: string) => Promise<void> {
  const memory = new RateLimiterMemory({ points, duration: seconds });
  return async (key) => {
    try {
      await memory.consume(key);
    } catch (error) {
      if (!(error instanceof RateLimiterRes)) throw error;
      throw new Failed("rate_limited", "too many requests; wait a little", { retryAfter: error.msBeforeNext / 1000 });
    }
  };
}

/** Where a request comes from. */
export const addressOf = (c: { env: Env["Bindings"] }): string => c.env.incoming.socket.remoteAddress ?? "";

/** Limit how often each account, or each address without one, asks. */
export function limited(perMinute: number): MiddlewareHandler<Env> {
  const consume = limiter(perMinute, 60);
  return async (c, next) => {
    await consume(c.get("account")?.id ?? addressOf(c));
    await next();
  };
}

/** Let go of whoever does not read on in an answer for so many seconds. */
export function takenWithin(seconds: number): MiddlewareHandler<Env> {
  return async (c, next) => {
    await next();
    c.env.outgoing.setTimeout(seconds * 1000); // from here on there is nothing to do but to write it
  };
}
