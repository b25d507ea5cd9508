// The app: every route, and what stands before all of them.
import { version } from "dreamgrain/node";
import { bodyLimit } from "hono/body-limit";
import { Failed } from "../failures.ts";
import type { Jobs } from "../jobs.ts";
import type { Parts } from "../parts.ts";
import type { Queue } from "../queue.ts";
import type { AccountStore } from "../store/accounts.ts";
import { a1111Routes } from "./a1111.ts";
import { accountRoutes } from "./accounts.ts";
import { fileRoutes } from "./files.ts";
import { jobRoutes } from "./jobs.ts";
import { modelRoutes } from "./models.ts";
import { openaiRoutes } from "./openai.ts";
import { operationRoutes } from "./operations.ts";
import { pictureRoutes } from "./pictures.ts";
import { openRoom, readWithin } from "./room.ts";
import { COOKIE, identify, knownHosts, limited, sameOrigin, secureHeaders, takenWithin } from "./security.ts";
import { type App, newApp } from "./web.ts";

export interface AppOptions {
  readonly parts: Parts;
  readonly jobs: Jobs;
  readonly queue: Queue;
  readonly accounts: AccountStore;
  /** Names by which the server is called, besides addresses and localhost. */
  readonly hosts: readonly string[];
  /** Where the data is. */
  readonly folder: string;
  readonly stopping: () => boolean;
  readonly signUp: boolean;
  readonly studio: string | undefined;
}

const MEGABYTE = 2 ** 20;
/** Paths whose bodies carry pictures, as bytes or in base64. */
const pictures = /^\/v1\/(uploads|pictures\/read)$|^\/sdapi\/v1\/(img2img|png-info)$/;

/** Bytes that the body of a request may have: of such a path, and of any other. */
const [LARGE, SMALL] = [28 * MEGABYTE, MEGABYTE];

const limit = (maxSize: number) =>
  bodyLimit({
    maxSize,
    onError: () => {
      throw new Failed("too_large", `the body may have ${maxSize / MEGABYTE} MB`);
    },
  });

/** Everything that the server answers. */
export function buildApp(options: AppOptions): App {
  const { parts, jobs, queue, accounts, signUp } = options;
  const app = newApp(parts.log);
  const [small, large] = [limit(SMALL), limit(LARGE)];
  app.use(takenWithin(parts.limits.unread));
  app.use(secureHeaders);
  app.use(knownHosts(options.hosts));
  app.use(identify(accounts, parts.accounts));
  app.use(sameOrigin);
  if (Number.isFinite(parts.limits.requests)) app.use(limited(parts.limits.requests));
  app.use(readWithin(openRoom(parts.limits.bodies), (path) => (pictures.test(path) ? LARGE : SMALL)));
  app.use((c, next) => (pictures.test(c.req.path) ? large : small)(c, next));
  operationRoutes(app, parts, queue, options.folder, options.stopping);
  modelRoutes(app, parts, signUp);
  jobRoutes(app, parts, jobs);
  pictureRoutes(app, parts);
  accountRoutes(app, parts, accounts, signUp);
  openaiRoutes(app, parts, jobs);
  a1111Routes(app, parts, jobs, queue);
  app.openAPIRegistry.registerComponent("securitySchemes", "bearer", { type: "http", scheme: "bearer" });
  app.openAPIRegistry.registerComponent("securitySchemes", "cookie", { type: "apiKey", in: "cookie", name: COOKIE });
  app.doc31("/openapi.json", {
    openapi: "3.1.0",
    info: {
      title: "dreamgrain",
      version,
      description:
        "Words to pictures. `POST /v1/jobs`, then `GET /v1/events`; or OpenAI's and A1111's ways of asking. Without `--accounts` nothing needs authentication.",
    },
  });
  const { usual, distance } = parts.models;
  fileRoutes(app, { default: usual.path, ...(distance !== undefined && { distance }) }, options.studio);
  return app;
}
