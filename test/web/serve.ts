// A server for pages under test: folders at addresses, with the headers of a careful one. Node only.

import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, normalize } from "node:path";

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".mjs": "text/javascript",
  ".css": "text/css",
  ".json": "application/json",
  ".wasm": "application/wasm",
  ".svg": "image/svg+xml",
};

/** What pages may do: nothing inline, nothing from elsewhere; compile WebAssembly; start workers. */
const POLICY =
  "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self'; img-src data:";

export interface Served extends AsyncDisposable {
  /** Without a slash at its end. */
  readonly address: string;
}

/**
 * Serve folders.
 * @param folders by the start of their addresses; the longest that fits counts
 * @param isolated whether pages are cross-origin isolated, as threads in WebAssembly want it
 */
export async function serve(folders: Readonly<Record<string, string>>, isolated: boolean): Promise<Served> {
  const starts = Object.keys(folders).sort((a, b) => b.length - a.length);
  const server = createServer(async ({ url = "/", method }, response) => {
    const path = normalize(decodeURIComponent(new URL(url, "http://here").pathname));
    const start = starts.find((prefix) => path.startsWith(prefix)) ?? "/";
    const rest = path.slice(start.length) || "index.html";
    const body = await readFile(join(folders[start], rest)).catch(() => undefined);
    response.setHeader("content-security-policy", POLICY);
    if (isolated) {
      response.setHeader("cross-origin-opener-policy", "same-origin");
      response.setHeader("cross-origin-embedder-policy", "require-corp");
    }
    response.statusCode = body ? 200 : 404;
    response.setHeader("content-type", TYPES[extname(rest)] ?? "application/octet-stream");
    if (body) response.setHeader("content-length", body.length);
    response.end(method === "HEAD" ? undefined : body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    address: `http://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
