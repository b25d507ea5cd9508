// Routes for whoever runs the server: is it alive, is it ready, what does it measure, what did pages try that they may not.
import { statfs } from "node:fs/promises";
import { bodyLimit } from "hono/body-limit";
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import type { Parts } from "../parts.ts";
import type { Queue } from "../queue.ts";
import type { App } from "./web.ts";

/** Bytes that must be free for pictures to come. */
const ROOM = 1e9;

/**
 * Add the routes, and measure every request from now on.
 * @param stopping whether the server takes nothing new
 */
export function operationRoutes(app: App, parts: Parts, queue: Queue, folder: string, stopping: () => boolean): void {
  const { engine, jobs, hub, db, log } = parts;
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const gauge = (name: string, help: string, value: () => number): void => {
    new Gauge({
      name: `dreamgrain_${name}`,
      help,
      registers: [registry],
      collect() {
        this.set(value());
      },
    });
  };
  gauge("queue_seconds", "Seconds until everything that is accepted is drawn", () => queue.seconds());
  gauge("queue_jobs", "Jobs that wait", () => queue.order().length);
  gauge("engine_ready", "1 when the engine can draw", () => (engine.state === "ready" ? 1 : 0));
  gauge("engine_deaths_total", "Processes of the engine that died by themselves", () => engine.deaths);
  gauge("engine_memory_bytes", "Memory that the engine held at its last step", () => engine.memory);
  gauge("pictures_unseen", "Files of pictures whose meaning is not known yet", () => parts.meaning.waiting);
  gauge("event_listeners", "Streams of events that are open", () => hub.listeners);
  new Gauge({
    name: "dreamgrain_jobs",
    help: "Jobs by state",
    labelNames: ["state"],
    registers: [registry],
    collect() {
      for (const [state, count] of jobs.counts()) this.set({ state }, count);
    },
  });
  const took = new Histogram({
    name: "dreamgrain_request_seconds",
    help: "Time until an answer began",
    labelNames: ["method", "route", "status"],
    buckets: [0.005, 0.02, 0.1, 0.5, 2, 10],
    registers: [registry],
  });
  const reports = new Counter({
    name: "dreamgrain_csp_reports_total",
    help: "Things that a page tried and its policy forbids",
    registers: [registry],
  });

  app.use(async (c, next) => {
    const began = performance.now();
    await next();
    const seconds = (performance.now() - began) / 1000;
    const routed = c.req.routePath;
    took.observe({ method: c.req.method, route: routed, status: `${c.res.status}` }, seconds);
    // The route, not the address: an address may hold what somebody searched for.
    log.debug({ method: c.req.method, route: routed, status: c.res.status, seconds }, "request");
  });

  app.get("/healthz", (c) => c.json({ ok: true }));
  app.get("/readyz", async (c) => {
    const { bavail, bsize } = await statfs(folder);
    const why = [
      ...(stopping() ? ["stopping"] : []),
      ...(engine.state === "ready" ? [] : [`the engine is ${engine.state}`]),
      ...(bavail * bsize > ROOM ? [] : ["the disk is almost full"]),
      ...(writable() ? [] : ["the database cannot be written"]),
    ];
    return c.json({ ready: why.length === 0, why }, why.length === 0 ? 200 : 503);
  });
  const writable = (): boolean => {
    try {
      db.transaction(() => {});
      return true;
    } catch {
      return false;
    }
  };
  app.get("/metrics", async (c, next) => {
    if (c.get("account")?.role !== "admin") return next();
    return c.text(await registry.metrics(), 200, { "Content-Type": registry.contentType });
  });
  app.post("/v1/csp-reports", bodyLimit({ maxSize: 2 ** 14 }), async (c) => {
    const report = (await c.req.json().catch(() => undefined)) as Record<string, unknown> | undefined;
    const said = report?.["csp-report"] as Record<string, unknown> | undefined;
    reports.inc();
    const [directive, blocked] = [said?.["violated-directive"], said?.["blocked-uri"]].map((x) => `${x}`.slice(0, 200));
    log.warn({ directive, blocked }, "a page tried what its policy forbids");
    return c.body(null, 204);
  });
}
