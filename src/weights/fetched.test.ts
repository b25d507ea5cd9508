// Models over HTTP: read as strictly as from a disk, with errors that name the address.
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { writeTinyModel } from "../../test/tiny-model.ts";
import { fetchModel } from "../pipelines/fetch-model.ts";
import { openModel } from "../pipelines/load.ts";
import { type Download, fetched } from "./fetched.ts";
import { readAll } from "./weights.ts";

let folder: string;
let server: Server;
let address: string;
const asked: string[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "dreamgrain-fetched-"));
  await writeTinyModel(join(folder, "own"));
  server = createServer(async ({ url = "", method = "" }, response) => {
    asked.push(`${method} ${url}`);
    response.setHeader("connection", "close"); // a connection that is kept may be closed just as it is used again
    if (url.startsWith("/forbidden")) return response.writeHead(403).end();
    if (url.startsWith("/app")) return response.setHeader("content-type", "text/html").end("<!doctype html>");
    if (url === "/broken.json") return response.end("{");
    if (url === "/list.json") return response.end("[1]");
    if (url === "/long.json") return response.setHeader("content-length", 2 ** 26).end("{");
    if (url === "/short.safetensors") {
      response.setHeader("content-length", 1000);
      return response.write("12345678", () => response.destroy());
    }
    const body = await readFile(join(folder, url)).catch(() => undefined);
    response
      .writeHead(body ? 200 : 404, { "content-length": body?.length ?? 0 })
      .end(method === "HEAD" ? undefined : body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await rm(folder, { recursive: true, force: true });
});

describe("fetchModel", () => {
  it("reads what openModel reads, the hash too, and asks for nothing that is not there", async () => {
    asked.length = 0;
    const [there, here] = [await fetchModel(`${address}/own/`), await openModel(join(folder, "own"))];
    expect(asked.filter((line) => !line.includes("/own/"))).toEqual([]);
    expect(asked.filter((line) => line.startsWith("GET")).length).toBe(new Set(asked).size - 3); // three HEADs
    for (const key of ["name", "hash", "specs", "defaults", "preview", "task"] as const)
      expect(there[key], key).toEqual(here[key]);
    expect(await readAll(there.weights.unet)).toEqual(await readAll(here.weights.unet));
    expect(there.texts[0].tokenizer.encode("a red boat")).toEqual(here.texts[0].tokenizer.encode("a red boat"));
  });

  it("says how far it is, and stops", async () => {
    const downloads: Download[] = [];
    const stop = new AbortController();
    const model = fetchModel(`${address}/own`, {
      signal: stop.signal,
      onDownload(download) {
        downloads.push(download);
        if (download.path.includes("vae")) stop.abort();
      },
    });
    expect(await model.catch((error: Error) => `${error.name}: ${error.message}`)).toMatch(/^AbortError/);
    const unet = downloads.filter(({ path }) => path.includes("/unet/")).at(-1);
    expect(unet?.loaded).toBe(unet?.total);
    expect(unet?.loaded).toBeGreaterThan(1000);
  });
});

describe("fetched", () => {
  const files = fetched();
  const at = (path: string): string => `${address}/${path}`;

  it("tells folders from files by their names, and whether a file is there", async () => {
    expect(await files.folder("/models/x//")).toBe("/models/x");
    expect(await files.folder("/models/x.safetensors")).toBeUndefined();
    expect([
      await files.has(at("own/model_index.json")),
      await files.has(at("none")),
      await files.has(at("app")),
    ]).toEqual([true, false, false]);
  });

  it.each([
    ["json", "none.json", "missing", "there is no"],
    ["json", "app/config.json", "missing", "there is no"],
    ["json", "forbidden.json", "unreadable", "answered 403"],
    ["json", "broken.json", "corrupt", "is no JSON"],
    ["json", "list.json", "corrupt", "should hold a JSON object"],
    ["json", "long.json", "corrupt", "at most"],
    ["safetensors", "none.safetensors", "missing", "there is no"],
    ["safetensors", "own/model_index.json", "not-safetensors", "is JSON text"],
    ["safetensors", "short.safetensors", "unreadable", "broke off"],
  ] as const)("refuses %s %s as %s", async (how, path, code, message) => {
    const error: unknown = await files[how](at(path)).catch((e: unknown) => e);
    expect(error).toMatchObject({ name: "ModelError", code });
    expect(`${error}`).toContain(at(path));
    expect(`${error}`).toContain(message);
  });

  it("says when there is no server", async () => {
    await expect(files.json("http://127.0.0.1:1/x.json")).rejects.toMatchObject({
      code: "unreadable",
      message: expect.stringContaining("cannot be fetched"),
    });
  });
});
