// A real studio: the built page, a server with the model that ships, and what a browser's page complains about.
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { Page } from "playwright-core";

const root = fileURLToPath(new URL("../../..", import.meta.url));

/** A server of this studio, for as long as it is wanted. */
export interface Studio {
  readonly url: string;
  stop(): Promise<void>;
}

/** Builds the page that servers of this studio serve: in a process of its own, since Vitest's would make a page for tests. */
export async function buildStudio(): Promise<void> {
  const vite = join(root, "node_modules/vite/bin/vite.js");
  const env = { ...process.env, NODE_ENV: "production" };
  await promisify(execFile)(process.execPath, [vite, "build", "--logLevel", "warn"], {
    cwd: join(root, "apps/studio"),
    env,
  });
}

/** Starts a server on a free port with a gallery of its own. @throws Error with what it said, when it does not start */
export async function startStudio(flags: readonly string[] = []): Promise<Studio> {
  const data = await mkdtemp(join(tmpdir(), "studio-"));
  const main = join(root, "apps/cli/dist/main.js");
  const server = spawn(process.execPath, [main, "serve", "--port", "0", "--data", data, ...flags], {
    cwd: root,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const url = await addressOf(server);
  return {
    url,
    async stop() {
      const ended = new Promise((resolve) => server.once("exit", resolve));
      server.kill("SIGTERM");
      await ended;
      await rm(data, { recursive: true, force: true });
    },
  };
}

/** The address that a server prints when it is ready. */
function addressOf(server: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    const said: string[] = [];
    for (const stream of [server.stdout!, server.stderr!])
      createInterface(stream).on("line", (line) => {
        said.push(line);
        const [address] = /https?:\/\/[^\s"']+:\d+/.exec(line) ?? [];
        if (address) resolve(address);
      });
    server.once("exit", (code) => reject(new Error(`the server ended with ${code}:\n${said.join("\n")}`)));
  });
}

/** A wire to a server that can be cut; `said` is what went over it to the server, as text. */
export interface Wire {
  readonly url: string;
  said(): string;
  /** Breaks every connection, and refuses new ones for so long. */
  cut(milliseconds: number): Promise<void>;
  stop(): void;
}

/** Lays a wire to a server. */
export async function wireTo(server: string): Promise<Wire> {
  const open = new Set<Socket>();
  let [said, broken] = ["", false];
  const wire = createServer((near) => {
    if (broken) return near.destroy();
    const far = connect(Number(new URL(server).port), "127.0.0.1");
    near.on("data", (bytes) => {
      said += bytes.toString("latin1");
    });
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      open.add(one);
      one
        .on("error", () => {})
        .on("close", () => {
          open.delete(one);
          other.destroy();
        });
      one.pipe(other);
    }
  });
  await new Promise<void>((resolve) => wire.listen(0, "127.0.0.1", resolve));
  const { port } = wire.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    said: () => said,
    async cut(milliseconds) {
      broken = true;
      for (const socket of open) socket.destroy();
      await new Promise((resolve) => setTimeout(resolve, milliseconds));
      broken = false;
    },
    stop() {
      wire.close();
      for (const socket of open) socket.destroy();
    },
  };
}

/** What a page complained about, as it goes on: errors on the console, errors that nobody caught, violations of the CSP. */
export async function complaintsOf(page: Page): Promise<readonly string[]> {
  const complaints: string[] = [];
  page.on("console", (message) => {
    if (message.text().includes("blocked by Playwright")) return;
    if (message.type() === "error" || message.type() === "warning")
      complaints.push(`${message.type()}: ${message.text()}`);
  });
  page.on("pageerror", (error) => complaints.push(`uncaught: ${error.message}`));
  await page.exposeFunction("violated", (what: string) => complaints.push(`policy: ${what}`));
  await page.addInitScript(() => {
    document.addEventListener("securitypolicyviolation", (event) => {
      (window as unknown as { violated(what: string): void }).violated(
        `${event.violatedDirective} ${event.blockedURI}`,
      );
    });
  });
  return complaints;
}
