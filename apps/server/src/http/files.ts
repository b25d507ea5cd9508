// Static files: the studio, the pages of the API, and the model for the page's own engine. Only files that were listed are sent.
import { createReadStream, readdirSync, statSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, extname, join } from "node:path";
import { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import type { Context, MiddlewareHandler } from "hono";
import { policy } from "./security.ts";
import type { App, Env } from "./web.ts";

const types: Readonly<Record<string, string>> = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".ico": "image/x-icon",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json; charset=utf-8",
  ".mjs": "text/javascript; charset=utf-8",
  ".png": "image/png",
  ".svg": "image/svg+xml",
  ".txt": "text/plain; charset=utf-8",
  ".wasm": "application/wasm",
  ".webmanifest": "application/manifest+json",
  ".webp": "image/webp",
  ".woff2": "font/woff2",
};

/** The files below a folder, by their path in an address. Links are not followed. */
function listed(folder: string, wanted: (name: string) => boolean = () => true): ReadonlyMap<string, string> {
  const files = new Map<string, string>();
  const walk = (at: string, prefix: string): void => {
    for (const entry of readdirSync(at, { withFileTypes: true })) {
      const path = `${prefix}${entry.name}`;
      if (entry.isDirectory()) walk(join(at, entry.name), `${path}/`);
      else if (entry.isFile() && wanted(entry.name)) files.set(path, join(at, entry.name));
    }
  };
  try {
    walk(folder, "");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "ENOENT" && code !== "ENOTDIR") throw error; // not built, or a model in a single file
  }
  return files;
}

/** Send a file. What has a hash in its name never changes; the rest is asked for anew, and sent if it is. */
function send(c: Context<Env>, path: string, hashed: boolean, more: Readonly<Record<string, string>> = {}): Response {
  const { size, mtimeMs } = statSync(path);
  const tag = `"${size.toString(36)}-${Math.floor(mtimeMs).toString(36)}"`;
  const cache = hashed ? "public, max-age=31536000, immutable" : "no-cache";
  const headers = { ETag: tag, "Cache-Control": cache, ...more };
  if (c.req.header("if-none-match") === tag) return c.body(null, 304, headers);
  const whole = {
    ...headers,
    "Content-Type": types[extname(path)] ?? "application/octet-stream",
    "Content-Length": `${size}`,
  };
  if (c.req.method === "HEAD") return c.body(null, 200, whole);
  return c.body(Readable.toWeb(createReadStream(path)) as ReadableStream, 200, whole);
}

/** The path in an address, decoded once; undefined where that cannot be done. */
function pathIn(c: Context<Env>, below: string): string | undefined {
  try {
    return decodeURIComponent(c.req.path.slice(below.length));
  } catch {
    return undefined;
  }
}

/** What answers with the files below a folder. */
const folder =
  (below: string, files: ReadonlyMap<string, string>): MiddlewareHandler<Env> =>
  async (c, next) => {
    const path = files.get(pathIn(c, below) ?? "");
    return path === undefined ? next() : send(c, path, false);
  };

/** The studio, as it was built. */
export const studioFolder = fileURLToPath(new URL("../../../studio/dist", import.meta.url));

const page = (title: string, head: string, content: string): string =>
  `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${title}</title>${head}</head><body>${content}</body></html>`;

/** Add the studio's files, the reference of the API at /docs, and the models' files at /models/NAME, listed at /models. */
export function fileRoutes(app: App, models: Readonly<Record<string, string>>, studio = studioFolder): void {
  app.get("/models", (c) => c.json({ models: Object.keys(models) }));
  for (const [name, place] of Object.entries(models)) {
    const model = listed(place, (file) => /\.(json|safetensors)$/.test(file) && file !== "package.json");
    app.get(`/models/${name}/*`, folder(`/models/${name}/`, model));
    app.get(`/models/${name}`, (c) => c.json({ files: [...model.keys()] }));
  }

  const swagger = dirname(createRequire(import.meta.url).resolve("swagger-ui-dist/package.json"));
  const docs = new Map(["swagger-ui.css", "swagger-ui-bundle.js"].map((name) => [name, join(swagger, name)] as const));
  app.get("/docs", (c) => {
    c.header("Content-Security-Policy", policy({ "style-src": "'self' 'unsafe-inline'" }));
    const head = `<link rel="stylesheet" href="/docs/swagger-ui.css">`;
    const scripts = `<script src="/docs/swagger-ui-bundle.js"></script><script src="/docs/start.js"></script>`;
    return c.html(page("dreamgrain: the API", head, `<div id="ui"></div>${scripts}`));
  });
  app.get("/docs/start.js", (c) =>
    c.body(`SwaggerUIBundle({ url: "/openapi.json", dom_id: "#ui", deepLinking: true });\n`, 200, {
      "Content-Type": types[".js"] ?? "",
    }),
  );
  app.get("/docs/*", folder("/docs/", docs));

  const files = listed(studio);
  const index = files.get("index.html");
  app.get("*", async (c, next) => {
    const path = pathIn(c, "/");
    const found = path === undefined ? undefined : files.get(path);
    if (found !== undefined) return send(c, found, path?.startsWith("assets/") ?? false);
    // The studio's own addresses have no dot and no API in them; the page itself finds out what they mean.
    if (path === undefined || path.includes(".") || /^(v1|sdapi|docs|models)(\/|$)/.test(path)) return next();
    if (index !== undefined) return c.html(await readFile(index, "utf8"), 200, { "Cache-Control": "no-cache" });
    if (path !== "") return next();
    const words = "<p>The server runs. The studio is not built here: <code>npm run studio</code> builds it.</p>";
    return c.html(page("dreamgrain", "", `${words}<p><a href="/docs">The API</a></p>`));
  });
}
