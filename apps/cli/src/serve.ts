// dreamgrain serve: the studio in a browser, and the API that it uses.
import { spawn } from "node:child_process";
import { findModel } from "dreamgrain/node";
import { EXIT, UsageError } from "./errors.ts";
import { whole } from "./request.ts";

/** The options of serving, as typed. */
export interface ServeFlags {
  readonly port: string;
  readonly host: string;
  readonly data?: string;
  readonly accounts?: boolean;
  /** False for `--no-sign-up`. */
  readonly signUp: boolean;
  readonly allowHost?: readonly string[];
  readonly model?: string;
  readonly open?: boolean;
  readonly log?: string;
}

const LEVELS = ["silent", "error", "warn", "info", "debug"];

/** The command `dreamgrain serve`: runs until it is told to stop. */
export async function serve(flags: ServeFlags): Promise<void> {
  const port = whole("--port", flags.port);
  if (port > 65535) throw new UsageError(`--port ${flags.port}: expected a number from 0 to 65535`);
  const level = flags.log ?? (process.stderr.isTTY ? "warn" : "info");
  if (!LEVELS.includes(level)) throw new UsageError(`--log ${level}: expected ${LEVELS.join(", ")}`);
  const { startServer } = await import("@dreamgrain/server");
  const server = await startServer({
    ...{ port, host: flags.host, accounts: flags.accounts ?? false, signUp: flags.signUp, logLevel: level },
    ...(flags.data !== undefined && { data: flags.data }),
    ...(flags.allowHost && { hosts: flags.allowHost }),
    ...(flags.model !== undefined && { model: await findModel(flags.model) }),
  });
  process.stdout.write(`${server.url}\n`);
  process.stderr.write(`The studio is at ${server.url} (the API at ${server.url}/docs). Ctrl-C ends it.\n`);
  if (flags.open) openBrowser(server.url);
  await new Promise<void>((resolve) => {
    let asked = false;
    const stop = (): void => {
      if (asked) process.exit(EXIT.interrupted);
      asked = true;
      process.stderr.write("Finishing the picture that is being drawn; once more ends it now. Nothing is lost.\n");
      void server.close().then(resolve);
    };
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, stop);
  });
}

/** Show an address in the browser that the system would take. */
function openBrowser(url: string): void {
  const [command, ...before] = { darwin: ["open"], win32: ["cmd", "/c", "start", ""] }[process.platform as string] ?? [
    "xdg-open",
  ];
  const browser = spawn(command ?? "xdg-open", [...before, url], { stdio: "ignore", detached: true });
  browser.on("error", () => process.stderr.write("No browser could be opened; open the address yourself.\n"));
  browser.unref();
}
