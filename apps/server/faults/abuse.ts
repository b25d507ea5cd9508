// Abuse: what strangers and pages of strangers may send, and what must come of it. F5 to F8 and F10 of the plan.
import { link, mkdir, symlink, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { join } from "node:path";
import { type Client, client } from "./client.ts";
import { type Gateway, start } from "./harness.ts";
import { attacks, bombs, markup, pngSaying } from "./payloads.ts";

/** What was counted. */
export type Figures = Readonly<Record<string, number | string>>;

/** A route, as the description of the API has it. */
interface Route {
  readonly method: string;
  readonly path: string;
  readonly access: "anybody" | "account" | "admin";
  readonly body: string | undefined;
}

const SAFE = new Set(["GET", "HEAD"]);

/** Every route that the server describes. */
export async function routesOf(c: Client): Promise<Route[]> {
  const { paths } = (await c.ask("GET", "/openapi.json")).json;
  return Object.entries<Record<string, { "x-access": Route["access"]; requestBody?: { content: object } }>>(
    paths,
  ).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { "x-access": access, requestBody }]) => {
      return { method: method.toUpperCase(), path, access, body: Object.keys(requestBody?.content ?? {})[0] };
    }),
  );
}

/** An answer to a request whose path is sent as it is, which `fetch` would tidy up. */
export function raw(
  url: string,
  method: string,
  path: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<{ readonly status: number; readonly text: string }> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(url);
    const asking = request({ hostname, port, method, path, headers, agent: false }, (answer) => {
      let text = "";
      answer.setEncoding("latin1").on("data", (part: string) => {
        text += part;
      });
      answer.on("end", () => resolve({ status: answer.statusCode ?? 0, text }));
    });
    asking.on("error", reject);
    asking.end();
  });
}

/** Every nth of them. */
const some = <T>(all: readonly T[], every: number): T[] => all.filter((_, i) => i % every === 0);

/** F6. Paths that lead out of where they should: no file of elsewhere is ever read. @param every use each nth payload */
export async function traversal(folder: string, every = 1): Promise<Figures> {
  const canary = `canary-${Math.random()}`;
  const studio = join(folder, "studio");
  await mkdir(join(studio, "assets"), { recursive: true });
  await writeFile(join(studio, "index.html"), "<!doctype html>the studio");
  await writeFile(join(folder, "canary.txt"), canary);
  await symlink(join(folder, "canary.txt"), join(studio, "assets", "link.txt"));
  await link(join(studio, "index.html"), join(studio, "assets", "hard.html"));
  const server = await start({ data: join(folder, "data"), studio });
  let asked = 0;
  let leaks = 0;
  const wrong: string[] = [];
  const check = (where: string, { status, text }: { status: number; text: string }, mustFail: boolean): void => {
    asked++;
    if (text.includes(canary) || text.includes("root:x:")) leaks++;
    if (status >= 500 || (mustFail && (status < 400 || status === 429))) wrong.push(`${status} ${where}`);
  };
  try {
    const c = client(server.url);
    const payloads = some(attacks(["canary.txt", "data/dreamgrain.db", "etc/passwd"]), every);
    for (const payload of payloads) {
      for (const place of ["/assets/", "/models/default/", "/docs/"]) {
        const path = `${place}${payload}`.replace(/[^\x21-\x7e]/g, encodeURIComponent);
        // What is tidied up to a page's own address is that page.
        check(path, await raw(server.url, "GET", path), false);
      }
      const id = encodeURIComponent(payload);
      for (const path of [
        `/v1/jobs/${id}`,
        `/v1/pictures/${id}/file`,
        `/v1/pictures/${id}/thumbnail`,
        `/v1/uploads/${id}/file`,
      ])
        check(path, await raw(server.url, "GET", path), true);
      check("model", await c.ask("POST", "/v1/jobs", { request: { model: payload } }), true);
      check("image", await c.ask("POST", "/v1/quotes", { request: { image: { upload: payload } } }), true);
      check("sampler", await c.ask("POST", "/v1/quotes", { request: { sampler: payload } }), true);
      check("tokens", await c.ask("POST", "/v1/tokens", { text: "", model: payload }), true);
      check("cursor", await c.ask("GET", `/v1/pictures?cursor=${id}`), true);
      check("text", await c.ask("GET", `/v1/pictures?text=${id}`), false);
      check("sd-model", await c.ask("POST", "/sdapi/v1/options", { sd_model_checkpoint: payload }), true);
    }
    check("symbolic link", await raw(server.url, "GET", "/assets/link.txt"), true);
    if (leaks > 0 || wrong.length > 0) throw new Error(`F6: ${leaks} leaks; ${wrong.slice(0, 5).join(", ")}`);
    return {
      payloads: payloads.length,
      requests: asked,
      "files read": leaks,
      "not 4xx where it must be": wrong.length,
    };
  } finally {
    await server.close(0);
  }
}

/** F8. Requests that a page of somebody else's makes: every route that changes something refuses them. */
export async function crossOrigin(folder: string): Promise<Figures> {
  const server = await start({ data: folder, accounts: true });
  let asked = 0;
  const wrong: string[] = [];
  try {
    const { url } = server;
    const made = await client(url).ask("POST", "/v1/accounts", { name: "ann", password: "correct horse" });
    const cookie = made.headers.get("set-cookie")?.split(";")[0] ?? "";
    const { host } = new URL(url);
    const routes = (await routesOf(client(url))).filter(({ method }) => !SAFE.has(method));
    const foreign: Record<string, string>[] = [
      { origin: "http://evil.example" },
      { origin: "null" },
      { origin: `http://${host}.evil.example` },
      { origin: `http://evil.example#${host}` },
      { origin: `https://user@${host}` },
      { "sec-fetch-site": "cross-site" },
      { "sec-fetch-site": "same-site", origin: url },
      { cookie },
      { host: "evil.example" },
      { host: "localhost.evil.example" },
      { host: "evil.example:80@127.0.0.1" },
      { host: "" },
    ];
    for (const { method, path } of routes) {
      const at = path.replace("{id}", "0000000000000000");
      for (const headers of foreign) {
        asked++;
        const { status } = await raw(url, method, at, { cookie, "content-length": "0", ...headers });
        // A host that is no host at all is refused before anything is asked.
        if (status !== 403 && !(status === 400 && "host" in headers))
          wrong.push(`${status} ${method} ${path} ${JSON.stringify(headers)}`);
      }
      asked++;
      const preflight = { origin: "http://evil.example", "access-control-request-method": method };
      const { status } = await raw(url, "OPTIONS", at, preflight);
      if (status !== 403) wrong.push(`${status} OPTIONS ${path}`);
    }
    for (const name of ["access-control-allow-origin", "access-control-allow-credentials"])
      if (made.headers.has(name)) wrong.push(name);
    if (
      !/HttpOnly/i.test(made.headers.get("set-cookie") ?? "") ||
      !/SameSite=Strict/i.test(made.headers.get("set-cookie") ?? "")
    )
      wrong.push("the cookie");
    if (wrong.length > 0) throw new Error(`F8: ${wrong.slice(0, 5).join("; ")}`);
    return { "mutating routes": routes.length, requests: asked, "not refused": wrong.length };
  } finally {
    await server.close(0);
  }
}

/** What to send to a route so that nothing but who asks is wrong. */
const bodies: Readonly<Record<string, unknown>> = {
  "POST /v1/quotes": { request: {} },
  "POST /v1/jobs": { request: {} },
  "POST /v1/jobs/cancel": { group: "none" },
  "POST /v1/jobs/{id}/move": { to: "front" },
  "POST /v1/tokens": { text: "a" },
  "PATCH /v1/pictures/{id}": { starred: true },
  "POST /v1/pictures/delete": { ids: ["0000000000000000"] },
  "POST /v1/pictures/restore": { ids: ["0000000000000000"] },
  "POST /v1/accounts": { name: "x", password: "" },
  "POST /v1/session": { name: "x" },
  "POST /v1/account/password": { old: "x", new: "" },
  "POST /v1/keys": { label: "another" },
  "POST /v1/admin/accounts/{id}/grants": { amount: 1, reason: "because" },
  "POST /v1/images/generations": { prompt: "a", steps: 1 },
  "POST /sdapi/v1/txt2img": { prompt: "a", steps: 1 },
  "POST /sdapi/v1/img2img": { init_images: [] },
  "POST /sdapi/v1/options": {},
  "POST /sdapi/v1/png-info": {},
};

/** F10. Every route × nobody, somebody else, the owner, an admin: each may what its route says, and nothing more. */
export async function authorisation(folder: string, png: Uint8Array): Promise<Figures> {
  const server = await start({ data: folder, accounts: true });
  const wrong: string[] = [];
  let asked = 0;
  try {
    const { url } = server;
    const identities: Record<string, string> = {};
    const ids: Record<string, string> = {};
    for (const who of ["admin", "owner", "other"]) {
      const made = await client(url).ask("POST", "/v1/accounts", { name: who, password: "correct horse" });
      const cookie = made.headers.get("set-cookie")?.split(";")[0] ?? "";
      identities[who] = (await client(url, { cookie }).ask("POST", "/v1/keys", { label: "test" })).json.secret;
      ids[who] = made.json.id;
    }
    const as = (who: string): Client => client(url, who === "nobody" ? {} : { key: identities[who] ?? "" });
    const owner = as("owner");
    const job = await owner.ended((await owner.draw({ prompt: "mine", steps: 1 })).id);
    const upload = (await owner.ask("POST", "/v1/uploads", png)).json.id;
    const things: Readonly<Record<string, string>> = {
      jobs: job.id,
      pictures: job.pictures[0]?.id ?? "",
      uploads: upload,
      accounts: ids.owner ?? "",
    };
    const routes = await routesOf(as("nobody"));
    for (const { method, path, access } of routes)
      for (const who of ["nobody", "other", "admin", "owner"]) {
        if (access === undefined) wrong.push(`${method} ${path} says nothing about who may`);
        if (path === "/v1/events") continue; // never ends; its events are the account's by construction, see `events.ts`
        const kind = path.split("/").at(path.startsWith("/v1/admin") ? 3 : 2) ?? "";
        const fresh = async (): Promise<string> =>
          kind === "keys" ? (await owner.ask("POST", "/v1/keys", { label: "to end" })).json.id : (things[kind] ?? "");
        const at = path.includes("{id}") ? path.replace("{id}", await fresh()) : path;
        asked++;
        const { status } = await as(who).ask(method, at, bodies[`${method} ${path}`]);
        const owned = path.includes("{id}") && access === "account";
        const denied =
          who === "nobody"
            ? 401
            : access === "admin" && who !== "admin"
              ? 403
              : owned && who !== "owner"
                ? 404
                : undefined;
        const allowed = access === "anybody" || denied === undefined;
        const refused = status === 401 || status === 403 || (owned && status === 404);
        if (allowed ? refused : status !== denied) wrong.push(`${status} for ${who}: ${method} ${path}`);
      }
    if (wrong.length > 0) throw new Error(`F10: ${wrong.slice(0, 8).join("; ")}`);
    return { routes: routes.length, requests: asked, "not as declared": wrong.length };
  } finally {
    await server.close(0);
  }
}

/** F5. Pictures made to do harm: each refused or handled, the gateway unharmed. @param size bytes that a text unpacks to */
export async function pictures(gateway: Gateway, size: number): Promise<Figures> {
  const memory = async (): Promise<number> => {
    const { text } = await gateway.client.ask("GET", "/metrics");
    return Number(/^process_resident_memory_bytes (\d+)/m.exec(text)?.[1]);
  };
  const c = gateway.client;
  const all = bombs(size);
  // What pictures that are fine take comes first, megabytes of them too, so that the rest is told apart from it.
  const fine = all.filter(({ harmless }) => harmless);
  for (let i = 0; i < 10; i++)
    for (const path of ["/v1/uploads", "/v1/pictures/read"]) await c.ask("POST", path, fine[i % fine.length]?.bytes);
  const before = await memory();
  let most = before;
  const wrong: string[] = [];
  let failures = 0;
  let asked = 0;
  let over = false;
  const traffic = (async () => {
    while (!over) {
      const { status } = await c.ask("GET", "/v1/pictures").catch(() => ({ status: 0 }));
      if (status !== 200) failures++;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  })();
  for (const { name, bytes, harmless = false } of all)
    for (const path of ["/v1/uploads", "/v1/pictures/read"]) {
      asked++;
      const { status, text } = await c.ask("POST", path, bytes);
      const fine = status === 400 || status === 413 || (harmless && (status === 201 || status === 200));
      // What is read for its words alone need not have pixels.
      if (!fine && !(path.endsWith("read") && status === 200))
        wrong.push(`${status} ${name} ${path}: ${text.slice(0, 80)}`);
      if (asked % 4 === 0) most = Math.max(most, await memory());
    }
  over = true;
  await traffic;
  if (wrong.length > 0 || failures > 0)
    throw new Error(`F5: ${failures} failures beside it; ${wrong.slice(0, 5).join("; ")}`);
  return {
    pictures: all.length,
    requests: asked,
    "gateway grew by MB": Math.round((most - before) / 1e6),
    "failures beside it": failures,
  };
}

/** F7. Markup in everything that is echoed: no answer is a page that holds it. @param every use each nth payload */
export async function injection(folder: string, every = 1): Promise<Figures> {
  const server = await start({ data: folder, accounts: true, limits: { requests: 1e9 } });
  const wrong: string[] = [];
  let asked = 0;
  try {
    const { url } = server;
    const made = await client(url).ask("POST", "/v1/accounts", { name: "ann", password: "correct horse" });
    const c = client(url, { cookie: made.headers.get("set-cookie")?.split(";")[0] ?? "" });
    const check = (where: string, { headers, status }: { headers: Headers; status: number }): void => {
      asked++;
      const type = headers.get("content-type") ?? "";
      const policy = headers.get("content-security-policy") ?? "";
      const quiet =
        headers.get("x-content-type-options") === "nosniff" && !/script-src[^;]*'unsafe-inline'/.test(policy);
      if (!/^(application\/json|image\/(png|webp))/.test(type) || !quiet || policy === "" || status >= 500)
        wrong.push(`${status} ${type} ${where}`);
    };
    for (const text of some(markup, every)) {
      const job = await c.draw({ prompt: text, negative: text, steps: 1 }, { label: text });
      const end = await c.ended(job.id);
      if (end.settings.prompt !== text || end.label !== text) wrong.push(`changed: ${text}`);
      const at = encodeURIComponent(text);
      for (const path of [
        `/v1/jobs/${job.id}`,
        end.pictures[0]?.url ?? "/",
        `/v1/pictures?text=${at}`,
        `/v1/jobs/${at}`,
        `/${at}.html`,
      ])
        check(path, await c.ask("GET", path));
      check("read", await c.ask("POST", "/v1/pictures/read", pngSaying(text)));
      for (const field of ["model", "sampler", "schedule", "seed", text])
        check(field, await c.ask("POST", "/v1/quotes", { request: { [field]: text } }));
      check("name", await c.ask("POST", "/v1/accounts", { name: text, password: text }));
      check("key", await c.ask("POST", "/v1/keys", { label: text.slice(0, 60) }));
      check("tokens", await c.ask("POST", "/v1/tokens", { text }));
    }
    check("keys", await c.ask("GET", "/v1/keys"));
    if (wrong.length > 0) throw new Error(`F7: ${wrong.slice(0, 5).join("; ")}`);
    return { payloads: some(markup, every).length, answers: asked, "pages among them": wrong.length };
  } finally {
    await server.close(0);
  }
}
