// The web side of a server: who asks, how a route says who may, and how failures are answered.
import type { HttpBindings } from "@hono/node-server";
import { createRoute, OpenAPIHono, type RouteConfig, z } from "@hono/zod-openapi";
import type { Context, MiddlewareHandler } from "hono";
import { HTTPException } from "hono/http-exception";
import type { Logger } from "pino";
import { Failure } from "../contract.ts";
import { Failed, failureOf } from "../failures.ts";
import type { AccountRow } from "../store/accounts.ts";

export interface Env {
  Bindings: HttpBindings;
  Variables: {
    /** Who asks, if that is known. */
    account: AccountRow | undefined;
    /** By what that is known. */
    by: "local" | "session" | "key" | undefined;
  };
}
export type App = OpenAPIHono<Env>;

/** Who may use a route: anybody, whoever is signed in (things of others are not there for them), admins. */
export type Access = "anybody" | "account" | "admin";

/** Who asks. @throws Failed when nobody is signed in */
export function accountOf(c: Context<Env>): AccountRow {
  const account = c.get("account");
  if (account) return account;
  throw new Failed("unauthenticated", "sign in, or send an API key as `Authorization: Bearer …`");
}

const guards: Readonly<Record<Access, MiddlewareHandler<Env>>> = {
  anybody: async (_, next) => next(),
  account: async (c, next) => {
    accountOf(c);
    await next();
  },
  admin: async (c, next) => {
    if (accountOf(c).role !== "admin") throw new Failed("forbidden", "only admins may do this");
    await next();
  },
};

const failure = { content: { "application/json": { schema: Failure } } } as const;

/** A route of the API: what it is, and who may use it. */
export function route<const P extends string, const R extends Omit<RouteConfig, "path" | "middleware"> & { path: P }>(
  access: Access,
  config: R,
) {
  const further = access === "anybody" ? {} : { security: [{ bearer: [] }, { cookie: [] }] };
  return createRoute({
    ...config,
    ...further,
    "x-access": access,
    middleware: guards[access],
    responses: { ...config.responses, default: { description: "What went wrong.", ...failure } },
  } as unknown as R & { middleware: MiddlewareHandler<Env> });
}

/** An answer in JSON. */
export const json = <T extends z.ZodType>(schema: T, description: string) => ({
  description,
  content: { "application/json": { schema } },
});

/** A request in JSON. */
export const body = <T extends z.ZodType>(schema: T) => ({
  required: true as const,
  content: { "application/json": { schema } },
});

/** The id in a path. */
export const idParam = z.object({
  id: z
    .string()
    .max(64)
    .openapi({ param: { name: "id", in: "path" } }),
});

/** The header of requests that are safe to repeat: the same key is the same request. */
export const idempotent = z.object({
  "idempotency-key": z
    .string()
    .regex(/^[\x21-\x7e]{1,128}$/, "1 to 128 printable characters")
    .optional(),
});

/** An app whose failures are answered as the contract says, unless told otherwise. */
export function newApp(log: Logger, say: (c: Context, failed: Failed) => Response = answer): App {
  const app = new OpenAPIHono<Env>({
    defaultHook: (result, c) => {
      if (result.success) return undefined;
      const [issue] = result.error.issues;
      const param = issue?.path.join(".") ?? "";
      const all = result.error.issues.map(({ path, message }) => `${path.join(".") || "request"}: ${message}`);
      return say(c, new Failed("invalid", all.slice(0, 5).join("; "), { param }));
    },
  });
  app.onError((error, c) => say(c, failedBy(error, log)));
  app.notFound((c) => say(c, new Failed("not_found", "there is nothing here")));
  return app;
}

/** What an error means to whoever asked. Those that are nobody's fault but ours go to the log. */
export function failedBy(error: Error, log: Logger): Failed {
  if (error instanceof HTTPException)
    return new Failed(error.status === 413 ? "too_large" : "invalid", error.message || "the request cannot be read");
  const failed = failureOf(error);
  if (failed.code === "internal") log.error({ err: error }, "a request failed");
  return failed;
}

const types: Readonly<Record<string, string>> = {
  unauthenticated: "authentication_error",
  forbidden: "permission_error",
  rate_limited: "rate_limit_error",
  too_many_jobs: "rate_limit_error",
  insufficient_credits: "insufficient_quota",
};

/** Say when asking again makes sense, where that is known. */
export function retryHeader(c: Context, { retryAfter }: Failed): void {
  if (retryAfter !== undefined) c.header("Retry-After", `${Math.max(1, Math.ceil(retryAfter))}`);
}

/** A failure as an answer. */
export function answer(c: Context, failed: Failed): Response {
  const { code, message, param, status } = failed;
  retryHeader(c, failed);
  const type = types[code] ?? (status >= 500 ? "server_error" : "invalid_request_error");
  return c.json({ error: { code, message, type, param } } satisfies Failure, status);
}
