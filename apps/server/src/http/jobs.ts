// Routes of jobs: quote, accept, look, move, cancel, and listen.
import { z } from "@hono/zod-openapi";
import type { Context } from "hono";
import * as contract from "../contract.ts";
import type { Message } from "../events.ts";
import { Failed } from "../failures.ts";
import type { Jobs } from "../jobs.ts";
import type { Parts } from "../parts.ts";
import { eventStream } from "./sse.ts";
import { type App, accountOf, body, type Env, idempotent, idParam, json, route } from "./web.ts";

const resume = {
  query: z.object({ last: z.string().max(64).optional() }),
  headers: z.object({ "last-event-id": z.string().max(64).optional() }),
};
const events = {
  description: "Events, until the client leaves.",
  content: { "text/event-stream": { schema: z.string() } },
};

/** Add the routes of jobs. */
export function jobRoutes(app: App, parts: Parts, jobs: Jobs): void {
  app.openapi(
    route("account", {
      method: "post",
      path: "/v1/quotes",
      summary: "What a request would cost and take",
      tags: ["jobs"],
      request: { body: body(contract.QuoteRequest) },
      responses: { 200: json(contract.Quote, "What it comes to.") },
    }),
    async (c) => c.json(await jobs.quote(accountOf(c).id, c.req.valid("json").request), 200),
  );
  app.openapi(
    route("account", {
      method: "post",
      path: "/v1/jobs",
      summary: "Draw",
      description: "Accepted jobs survive the end of the server. With an Idempotency-Key it is safe to ask again.",
      tags: ["jobs"],
      request: { headers: idempotent, body: body(contract.NewJob) },
      responses: { 202: json(contract.Job, "Accepted.") },
    }),
    async (c) => {
      const text = await jobs.accept(accountOf(c).id, c.req.valid("json"), c.req.valid("header")["idempotency-key"]);
      const job = JSON.parse(text) as contract.Job;
      c.header("Location", `/v1/jobs/${job.id}`);
      return c.json(job, 202);
    },
  );
  app.openapi(
    route("account", {
      method: "get",
      path: "/v1/jobs",
      summary: "Jobs",
      tags: ["jobs"],
      request: { query: contract.JobsQuery },
      responses: { 200: json(contract.Jobs, "A page of them.") },
    }),
    (c) => c.json(jobs.list(accountOf(c).id, c.req.valid("query")), 200),
  );
  app.openapi(
    route("account", {
      method: "post",
      path: "/v1/jobs/cancel",
      summary: "Cancel all active jobs, or those of a group",
      tags: ["jobs"],
      request: { body: body(contract.CancelMany) },
      responses: { 202: json(contract.Cancelled, "How many are being stopped.") },
    }),
    (c) => c.json({ cancelled: jobs.cancelAll(accountOf(c).id, c.req.valid("json").group) }, 202),
  );
  app.openapi(
    route("account", {
      method: "get",
      path: "/v1/jobs/{id}",
      summary: "A job",
      tags: ["jobs"],
      request: { params: idParam },
      responses: { 200: json(contract.Job, "The job.") },
    }),
    (c) => c.json(jobs.get(accountOf(c).id, c.req.valid("param").id), 200),
  );
  app.openapi(
    route("account", {
      method: "delete",
      path: "/v1/jobs/{id}",
      summary: "Cancel a job: it stops before its next step",
      tags: ["jobs"],
      request: { params: idParam },
      responses: { 202: json(contract.Job, "The job, which is stopping or has stopped.") },
    }),
    (c) => c.json(jobs.cancel(accountOf(c).id, c.req.valid("param").id), 202),
  );
  app.openapi(
    route("account", {
      method: "post",
      path: "/v1/jobs/{id}/move",
      summary: "Move a queued job among one's own",
      tags: ["jobs"],
      request: { params: idParam, body: body(contract.Move) },
      responses: { 200: json(contract.Job, "The job at its new place.") },
    }),
    (c) => c.json(jobs.move(accountOf(c).id, c.req.valid("param").id, c.req.valid("json")), 200),
  );
  app.openapi(
    route("account", {
      method: "get",
      path: "/v1/events",
      summary: "What happens to one's jobs",
      tags: ["events"],
      request: resume,
      responses: { 200: events },
    }),
    (c) => {
      const account = accountOf(c).id;
      const page = () => jobs.list(account, { state: "active", limit: 500 });
      const snapshot = () => parts.hub.message("snapshot", { jobs: page().items });
      const last = c.req.valid("header")["last-event-id"] ?? c.req.valid("query").last;
      return stream(
        c,
        eventStream(parts.hub, { account }, last, snapshot, () => false),
      );
    },
  );
  app.openapi(
    route("account", {
      method: "get",
      path: "/v1/jobs/{id}/events",
      summary: "What happens to a job",
      description: "The stream ends with the job. 204: it has ended, and there is nothing to add to what was heard.",
      tags: ["events"],
      request: { ...resume, params: idParam },
      responses: { 200: events, 204: { description: "There is nothing more." } },
    }),
    (c) => {
      const account = accountOf(c).id;
      const { id } = c.req.valid("param");
      const over = (): boolean => jobs.get(account, id).finished !== null;
      const last = c.req.valid("header")["last-event-id"] ?? c.req.valid("query").last;
      const done = over();
      if (done && last !== undefined) {
        const { missed, stop } = parts.hub.listen({ account, job: id }, last, () => {});
        stop();
        if (missed?.length === 0) return c.body(null, 204);
      }
      const snapshot = () => parts.hub.message("snapshot", { jobs: [jobs.get(account, id)] });
      // As the message says, not as things are by now: what is told late must be told to its end.
      const ends = ({ name, data }: Message): boolean => {
        if (name !== "job" && name !== "snapshot") return false;
        const said = JSON.parse(data) as contract.EventData["job" | "snapshot"];
        return ("jobs" in said ? said.jobs : [said]).every(({ finished }) => finished !== null);
      };
      return stream(c, eventStream(parts.hub, { account, job: id }, last, snapshot, ends));
    },
  );
}

/** The answer that a stream of events is. */
function stream(c: Context<Env>, events: ReadableStream<Uint8Array>): Response {
  if (c.req.method === "HEAD") throw new Failed("invalid", "events are to be listened to: GET");
  return c.body(events, 200, {
    "Content-Type": "text/event-stream; charset=utf-8",
    "Cache-Control": "no-store",
    "X-Accel-Buffering": "no",
  });
}
