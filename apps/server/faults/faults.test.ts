// The fault and abuse plan in short: what `npm run faults` does at length, a few times each. No times are asserted here.

import { fileURLToPath } from "node:url";
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { startServer } from "../src/server.ts";
import { authorisation, crossOrigin, injection, pictures, traversal } from "./abuse.ts";
import { folder, gateway, start } from "./harness.ts";
import { killEngine, killGateway, killPoints, shutdown } from "./kills.ts";
import { backPressure, cancelling, listeners } from "./load.ts";
import { idempotency, lastCredit, ledgerModel } from "./money.ts";
import { fairness, overload, unread, uploads } from "./overload.ts";
import { plainPng } from "./payloads.ts";
import { upgrades } from "./upgrade.ts";

const model = fileURLToPath(new URL("../../../models/default", import.meta.url));
let data: string;
let remove: () => Promise<void>;
const fresh = async (): Promise<void> => {
  ({ path: data, remove } = await folder());
};
vi.setConfig({ testTimeout: 300_000 }); // seconds each on a machine that does nothing else
beforeAll(fresh);
afterEach(async () => {
  await remove();
  await fresh();
});

describe("abuse", () => {
  it("F5: pictures made to do harm do none", async () => {
    const server = await gateway({ data });
    try {
      expect(await pictures(server, 2 ** 24)).toMatchObject({ "failures beside it": 0 });
    } finally {
      server.signal("SIGKILL");
      await server.ended;
    }
  });
  it("F6: no path leads out", async () => {
    expect(await traversal(data, 23)).toMatchObject({ "files read": 0 });
  });
  it("F7: what was typed comes back as text", async () => {
    expect(await injection(data, 11)).toMatchObject({ "pages among them": 0 });
  });
  it("F8: pages of others change nothing, and nobody listens beyond this machine without accounts", async () => {
    expect(await crossOrigin(data)).toMatchObject({ "not refused": 0 });
    await expect(startServer({ data, host: "0.0.0.0" })).rejects.toThrow(/--accounts/);
  });
  it("F10: everybody may what the routes say, and nothing more", async () => {
    expect(await authorisation(data, plainPng())).toMatchObject({ "not as declared": 0 });
  });
});

describe("kills", () => {
  it("K1: of the gateway lose nothing", async () => {
    expect(await killGateway(data, 1, 4)).toMatchObject({ lost: 0, "charged twice": 0 });
  });
  it("K2: of the engine end jobs or give back", async () => {
    expect(await killEngine(data, 4, false)).toMatchObject({ "ended otherwise": 0 });
  });
  it("K3: at each point of a job's way leave nothing half done", async () => {
    expect(await killPoints(data, 1, ["accepted", "ending"])).toMatchObject({
      orphans: 0,
      "different pictures": 0,
    });
  });
  it("S3: asked politely, it ends well", async () => {
    expect(await shutdown(data, 2)).toMatchObject({ lost: 0, late: 0 });
  });
});

describe("money and promises", () => {
  it("L1: the books are right after anything", async () => {
    expect(await ledgerModel(model, 12)).toMatchObject({ sequences: 12 });
    expect(await lastCredit(model, 64)).toEqual({ clients: 64, accepted: 1 });
  });
  it("L2: the same request is one job", async () => {
    expect(await idempotency(data, 40)).toMatchObject({ jobs: 1, "another body": 409 });
  });
});

describe("load", () => {
  it("C1: listeners hear, others are answered, too much is refused until there is room", async () => {
    const server = await gateway({ data });
    try {
      expect(await listeners(server, 20, 0.5)).toMatchObject({ "5xx": 0 });
    } finally {
      server.signal("SIGKILL");
      await server.ended;
    }
    await remove();
    await fresh();
    expect(await backPressure(data)).toMatchObject({ "accepted then": "yes" });
  });
  it("C2: more than can be drawn is told to come later", async () => {
    expect(await overload(data, 1)).toMatchObject({ "other answers": 0 });
  });
  it("C3: who never reads is let go, others are not", async () => {
    const server = await start({ data, limits: { unread: 0.5 } });
    try {
      expect(await unread(server.url, 5)).toEqual({ "let go": 5, "who reads heard that it was": "done" });
    } finally {
      await server.close(0);
    }
  });
  it("C5: many jobs of one do not keep others waiting", async () => {
    expect(await fairness(data, 30)).toMatchObject({ "jobs of the one": 30 });
  });
  it("C6: pictures sent all at once are kept or told to come later", async () => {
    const server = await gateway({ data });
    try {
      const { kept, "told to come later": refused } = await uploads(server, 12, 12);
      expect(Number(kept) + Number(refused)).toBe(12);
      expect(kept).toBeGreaterThan(0);
    } finally {
      server.signal("SIGTERM");
      await server.ended;
    }
  });
  it("C4: cancelling charges what was drawn", async () => {
    expect(await cancelling(data, 6, 1)).toMatchObject({ "wrong charges": 0 });
  });
});

it("D2: data of every schema is opened, and of later ones refused", () => {
  expect(upgrades(data)).toMatchObject({ "a later one": "refused" });
});
