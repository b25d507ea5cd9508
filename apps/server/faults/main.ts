// npm run faults: the fault and abuse plan at length. Names of parts (F5 K1 …) run those alone; figures go to docs/reliability.md.
// `--beside "a model trains"` is written beside them: what else the machine did meanwhile.
import { readFile, writeFile } from "node:fs/promises";
import { cpus } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { startServer } from "../src/server.ts";
import { authorisation, crossOrigin, type Figures, injection, pictures, traversal } from "./abuse.ts";
import { folder, type Gateway, gateway } from "./harness.ts";
import { headerBombs } from "./headers.ts";
import { killEngine, killGateway, killPoints, shutdown } from "./kills.ts";
import { backPressure, cancelling, honesty, listeners, room } from "./load.ts";
import { idempotency, lastCredit, ledgerModel } from "./money.ts";
import { fairness, hostile, overload, uploads } from "./overload.ts";
import { plainPng } from "./payloads.ts";
import { upgrades } from "./upgrade.ts";

const model = fileURLToPath(new URL("../../../models/default", import.meta.url));
const report = fileURLToPath(new URL("../../../docs/reliability.md", import.meta.url));

/** With a server of its own process, on this data. @param real draws with the model that ships */
async function withGateway(data: string, real: boolean, work: (server: Gateway) => Promise<Figures>): Promise<Figures> {
  const server = await gateway({ data, ...(real && { engine: {} }) });
  try {
    return await work(server);
  } finally {
    server.signal("SIGTERM");
    await server.ended;
  }
}

interface Part {
  readonly what: string;
  /** What must come of it; the run throws where it does not, but for times, which only the machine at hand has. */
  readonly wanted: string;
  readonly run: (data: string) => Figures | Promise<Figures>;
}

const parts: Readonly<Record<string, Part>> = {
  F4: { what: "headers that exhaust", wanted: "refused < 50 ms, memory + < 32 MB", run: headerBombs },
  F5: {
    what: "pictures that explode",
    wanted: "all refused or handled, gateway + < 32 MB, no failure beside it",
    run: (data) => withGateway(data, false, (server) => pictures(server, 2e8)),
  },
  F6: { what: "paths that lead out", wanted: "≥ 200 payloads, no file read, 4xx", run: traversal },
  F7: {
    what: "markup in everything that is echoed",
    wanted: "≥ 60 payloads, no page among the answers",
    run: injection,
  },
  F8: {
    what: "pages of others, other names, no accounts",
    wanted: "all refused; no start beyond this machine without accounts",
    run: async (data) => {
      const figures = await crossOrigin(data);
      const refused = await startServer({ data, host: "0.0.0.0" }).then(
        () => "no",
        () => "yes",
      );
      return { ...figures, "0.0.0.0 without accounts refused": refused };
    },
  },
  F10: { what: "who may what", wanted: "100 % as declared", run: (data) => authorisation(data, plainPng()) },
  K1: {
    what: "kill −9 of the gateway, 20 clients submitting",
    wanted: "500 kills: 0 lost, 0 charged twice, ledger 0, ready ≤ 3 s",
    run: (data) => killGateway(data, 500, 20),
  },
  K2: {
    what: "kill −9 of the engine, drawing with the model that ships",
    wanted: "200 kills: each job done or given back, respawn ≤ 10 s",
    run: (data) => killEngine(data, 200, true),
  },
  K3: {
    what: "death at each point of a job's way",
    wanted: "≥ 8 points × 20: no orphan, no wrong balance, the same bytes",
    run: (data) => killPoints(data, 20),
  },
  S3: {
    what: "SIGTERM at random moments, 60 s and 1 s of grace",
    wanted: "100: exit 0 in time, 0 lost, 503 with Retry-After",
    run: (data) => shutdown(data, 100),
  },
  L1: {
    what: "the ledger under random sequences of everything",
    wanted: "10 000 sequences ≤ 100 actions, books right after each",
    run: async () => {
      const one = await lastCredit(model, 64);
      return {
        ...(await ledgerModel(model, 10_000)),
        "accepted with credits for one": `${one.accepted} of ${one.clients}`,
      };
    },
  },
  L2: {
    what: "the same key × 100",
    wanted: "1 job, identical answers, 409, same after a restart",
    run: (data) => idempotency(data, 100),
  },
  C1: {
    what: "200 listeners while the model that ships draws",
    wanted: "control p99 < 100 ms, submit p99 < 150 ms, 0 5xx",
    run: (data) => withGateway(data, true, (server) => listeners(server, 200, 60)),
  },
  "C1 limits": { what: "more than may wait", wanted: "Retry-After is true", run: backPressure },
  "C1 room": { what: "when there is room for a large job", wanted: "within 30 %", run: room },
  "C1 waits": { what: "waits, as they were said", wanted: "within 30 %", run: (data) => honesty(data, 30) },
  C2: {
    what: "ten times as much as can be drawn, for five minutes",
    wanted: "goodput ≥ 95 %, memory bounded, as usual again ≤ 10 s",
    run: (data) => overload(data, 300),
  },
  C3: {
    what: "500 who never end their headers, 350 who do not read, are too long, or ask 200 times at once",
    wanted: "others' p99 × ≤ 2, all let go",
    run: (data) => withGateway(data, false, (server) => hostile(server, 500, 60)),
  },
  C4: {
    what: "cancelling at random moments",
    wanted: "1 000: stops within a step, hard ≤ 1 s, exact credits",
    run: (data) => cancelling(data, 1000, 20),
  },
  "C4 real": {
    what: "cancelling at random moments while the model that ships draws",
    wanted: "100: stops within a step, exact credits",
    run: (data) => cancelling(data, 100, 0, { real: true }),
  },
  C5: {
    what: "one account with 1 000 jobs, nine with one each",
    wanted: "the nine within 2 × their wait alone",
    run: (data) => fairness(data, 1000),
  },
  C6: {
    what: "200 pictures of 20 MB sent at once",
    wanted: "memory bounded, the rest told to come later, others answered",
    run: (data) => withGateway(data, false, (server) => uploads(server, 200, 20)),
  },
  D2: { what: "data of other versions", wanted: "every schema opened, a later one refused", run: upgrades },
};

/** A line of the report. */
const row = (id: string, { what, wanted }: Part, figures: Figures, seconds: number): string =>
  `| ${id} | ${what} | ${wanted} | ${Object.entries(figures)
    .map(([name, value]) => `${name}: ${typeof value === "number" ? value.toLocaleString("en") : value}`)
    .join(
      "; ",
    )} | ${seconds < 90 ? `${Math.round(seconds)} s` : `${Math.round(seconds / 60)} min`} | ${circumstances()} |`;

const { values: options, positionals: names } = parseArgs({
  allowPositionals: true,
  options: { beside: { type: "string" } },
});
const circumstances = (): string => {
  const machine = `${cpus().length} × ${cpus()[0]?.model.trim() ?? "an unknown processor"}, Node ${process.versions.node}`;
  const beside = options.beside === undefined ? "" : `; beside it ${options.beside}`;
  return `${new Date().toISOString().slice(0, 10)}, ${machine}${beside}`;
};
const chosen = Object.entries(parts).filter(
  ([id]) => names.length === 0 || names.includes(id) || names.includes(id.split(" ")[0] ?? ""),
);
const before = await readFile(report, "utf8").catch(() => "");
const rows = new Map(
  before
    .split("\n")
    .flatMap((line) => (/^\| [A-Z]\d/.test(line) ? [[line.split(" | ")[0]?.slice(2) ?? "", line]] : [])) as [
    string,
    string,
  ][],
);
for (const [id, part] of chosen) {
  process.stderr.write(`${id} ${part.what} …\n`);
  const { path, remove } = await folder();
  const began = performance.now();
  try {
    const figures = await part.run(path);
    const line = row(id, part, figures, (performance.now() - began) / 1000);
    rows.set(id, line);
    process.stderr.write(`${line}\n`);
  } finally {
    await remove();
  }
  const table = Object.keys(parts).flatMap((name) => rows.get(name) ?? []);
  await writeFile(
    report,
    `# Reliability

What \`npm run faults\` does to the server, and what came of it. A figure that breaks a promise (something lost, charged twice,
read, let in) ends the run; times are reported as they were. \`npm test\` does the same in short. The engine is a pretender that
speaks the real protocol (\`apps/server/faults/stub.mjs\`) unless it says otherwise.

| | what | to reach | figures | took | when and where |
| --- | --- | --- | --- | --- | --- |
${table.join("\n")}
`,
  );
}
