// The server as its clients meet it, with an engine that only pretends: jobs, events, pictures, queue, other programs' APIs.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { client, type Heard, listen } from "../faults/client.ts";
import { folder, start } from "../faults/harness.ts";
import { Events, Job, Picture, Quote, Server } from "./contract.ts";
import type { RunningServer } from "./server.ts";

let server: RunningServer;
let data: Awaited<ReturnType<typeof folder>>;
const c = () => client(server.url);
beforeAll(async () => {
  data = await folder();
  server = await start({ data: data.path });
});
afterAll(async () => {
  await server.close(0);
  await data.remove();
});

/** All events until one is the last. @param listening called when the first has come */
async function hear(
  path: string,
  last: (event: Heard) => boolean,
  from?: string,
  listening?: () => Promise<unknown>,
): Promise<Heard[]> {
  const heard: Heard[] = [];
  for await (const event of listen(server.url, path, from)) {
    if (heard.push(event) === 1) await listening?.();
    if (last(event)) break;
  }
  return heard;
}
/** A job that has the engine until it is cancelled, so that what follows is listened to from its beginning. */
const block = async (): Promise<() => Promise<unknown>> => {
  const { id } = await c().draw({ prompt: "wait" });
  return () => c().ask("DELETE", `/v1/jobs/${id}`);
};
const done = ({ event, data }: Heard): boolean => event === "job" && data.state === "done";

describe("a job", () => {
  it("is accepted, drawn, told of as the contract says, and kept", async () => {
    const free = await block();
    const quote = Quote.parse((await c().ask("POST", "/v1/quotes", { request: { prompt: "a boat", steps: 10 } })).json);
    const job = await c().draw({ prompt: "a boat", steps: 10, seed: "7", count: 2 });
    expect(Job.parse(job)).toMatchObject({ state: "queued", price: 2 * quote.price, settings: { seed: "7" } });
    const heard = await hear("/v1/events", (event) => done(event) && event.data.id === job.id, undefined, free);
    for (const { event, data } of heard) Events[event as keyof typeof Events].parse(data);
    const names = heard.map(({ event }) => event);
    expect(names[0]).toBe("snapshot");
    const previews = heard.filter(({ event, data }) => event === "preview" && data.job === job.id);
    expect(previews).toHaveLength(20);
    expect(names.filter((name) => name === "picture")).toHaveLength(2);
    const end = Job.parse((await c().ask("GET", `/v1/jobs/${job.id}`)).json);
    expect(end).toMatchObject({ state: "done", charged: job.price, attempt: 1 });
    expect(end.pictures.map(({ settings }) => settings.seed)).toEqual(["7", "8"]);
    const file = await fetch(new URL(end.pictures[0]!.url, server.url));
    expect(file.headers.get("content-type")).toBe("image/png");
    expect((await file.arrayBuffer()).byteLength).toBe(end.pictures[0]!.bytes);
  });

  it("lets a listener go on where it left, and ends its own stream", async () => {
    const free = await block();
    const job = await c().draw({ prompt: "a sea", steps: 20 });
    const path = `/v1/jobs/${job.id}/events`;
    const first = await hear(path, ({ event }) => event === "preview", undefined, free);
    const rest = await hear(path, () => false, first.at(-1)!.id);
    expect(rest.some(({ event }) => event === "snapshot")).toBe(false);
    expect(rest.at(-1)).toMatchObject({ event: "job", data: { state: "done" } });
    const steps = [...first, ...rest].filter(({ event }) => event === "preview").map(({ data }) => data.step);
    expect(steps).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
    expect(await hear(path, () => false, rest.at(-1)!.id)).toEqual([]);
    // Who was away from the beginning hears that it began, and goes on to hear that it ended.
    const whole = await hear(path, () => false, first[0]!.id);
    const states = whole.filter(({ event }) => event === "job").map(({ data }) => data.state);
    expect(states).toEqual(["running", "done"]);
    expect((await hear(path, () => false)).map(({ event }) => event)).toEqual(["snapshot"]);
    expect((await hear(path, () => false, "unknown-1"))[0]?.event).toBe("snapshot");
  });

  it("waits its turn, is moved and cancelled", async () => {
    const [running, a, b] = [await c().draw({ prompt: "wait" }), await c().draw({}), await c().draw({})];
    await hear(`/v1/jobs/${running.id}/events`, ({ data }) => (data.jobs?.[0] ?? data).state === "running");
    const order = async () => {
      const { items } = (await c().ask("GET", "/v1/jobs?state=active")).json as { items: Job[] };
      return items.map(({ id }) => id);
    };
    expect(await order()).toEqual([running.id, a.id, b.id]);
    expect((await c().ask("POST", `/v1/jobs/${b.id}/move`, { to: "front" })).json).toMatchObject({ position: 0 });
    expect(await order()).toEqual([running.id, b.id, a.id]);
    expect((await c().ask("POST", `/v1/jobs/${running.id}/move`, { to: "front" })).status).toBe(409);
    expect((await c().ask("DELETE", `/v1/jobs/${b.id}`)).json).toMatchObject({ state: "cancelled", charged: 0 });
    expect((await c().ask("POST", "/v1/jobs/cancel", {})).json).toEqual({ cancelled: 2 });
    expect(await c().ended(running.id)).toMatchObject({ state: "cancelled", pictures: [] });
    expect(await order()).toEqual([]);
  });

  it("fails when its engine crashes or hangs twice, and the next one is drawn", async () => {
    for (const [prompt, code] of [
      ["crash@3", "engine_crashed"],
      ["hang@3", "took_too_long"],
    ] as const) {
      const job = await c().ended((await c().draw({ prompt, steps: 5 })).id);
      expect(job).toMatchObject({ state: "failed", attempt: 2, charged: 0, error: { code } });
    }
    expect(await c().ended((await c().draw({ prompt: "refuse" })).id)).toMatchObject({ error: { code: "invalid" } });
    expect(await c().ended((await c().draw({ prompt: "fine" })).id)).toMatchObject({ state: "done" });
  });

  it.each([
    [{ steps: 0 }, "request.steps"],
    [{ width: 65 }, "request.width"],
    [{ sampler: "eulr" }, "request.sampler"],
    [{ seed: "x" }, "request.seed"],
    [{ model: "nothing" }, "request.model"],
    [{ image: { upload: "0123456789abcdef" } }, "request.image"],
    [{ strength: 0.5 }, "request.strength"],
  ])("is refused with the field that is wrong: %j", async (request, param) => {
    const { status, json } = await c().ask("POST", "/v1/jobs", { request });
    expect([status, json.error.code, json.error.param]).toEqual([400, "invalid", param]);
  });
});

describe("pictures", () => {
  it("are found by page, by words, by star, and come back when deleted", async () => {
    for (const prompt of ["a zebra at dawn", "a zébra at night", "a quagga"])
      await c().ended((await c().draw({ prompt, steps: 1 })).id);
    const find = async (query: string): Promise<Picture[]> => {
      const { json } = await c().ask("GET", `/v1/pictures?${query}`);
      return json.items.map((item: unknown) => Picture.parse(item));
    };
    expect((await find("text=zeb")).map(({ settings }) => settings.prompt)).toEqual([
      "a zébra at night",
      "a zebra at dawn",
    ]);
    expect(await find('text=zeb"%20OR%20quagga')).toEqual([]);
    const all = await find("limit=500");
    const paged: Picture[] = [];
    for (let cursor: string | null = ""; cursor !== null; ) {
      const { json } = await c().ask("GET", `/v1/pictures?limit=2${cursor ? `&cursor=${cursor}` : ""}`);
      paged.push(...json.items);
      cursor = json.next;
    }
    expect(paged).toEqual(all);
    const { id } = all[0]!;
    await c().ask("PATCH", `/v1/pictures/${id}`, { starred: true });
    expect((await find("starred=true")).map((one) => one.id)).toEqual([id]);
    expect((await c().ask("POST", "/v1/pictures/delete", { ids: [id, "0000000000000000"] })).json).toEqual({
      count: 1,
    });
    expect((await find("deleted=true")).map((one) => one.id)).toEqual([id]);
    expect(await find("starred=true")).toEqual([]);
    expect((await c().ask("GET", "/v1/pictures/count")).json).toEqual({ count: all.length - 1 });
    expect((await c().ask("POST", "/v1/pictures/restore", { ids: [id] })).json).toEqual({ count: 1 });
    expect(await find("limit=500")).toEqual((await find("limit=500")).sort((a, b) => b.created - a.created));
    expect((await c().ask("GET", "/v1/pictures/count")).json).toEqual({ count: all.length });
  });
});

describe("the server", () => {
  it("says what it can do, whether it is ready, what it measures, and describes itself", async () => {
    expect(Server.parse((await c().ask("GET", "/v1/server")).json)).toMatchObject({ accounts: false, engine: "ready" });
    expect((await c().ask("GET", "/readyz")).json).toEqual({ ready: true, why: [] });
    expect((await c().ask("GET", "/metrics")).text).toMatch(/^dreamgrain_jobs\{state="done"\} \d/m);
    const { paths } = (await c().ask("GET", "/openapi.json")).json;
    expect(Object.keys(paths)).toContain("/v1/jobs/{id}/events");
    for (const path of ["/docs", "/docs/swagger-ui.css", "/docs/start.js"])
      expect((await c().ask("GET", path)).status, path).toBe(200);
  });
  it("answers as A1111 does", async () => {
    const drawing = c().ask("POST", "/sdapi/v1/txt2img", {
      prompt: "a cat step=300",
      steps: 10,
      width: 512,
      height: 512,
    });
    const running = async (): Promise<void> => {
      for (let steps = 0; steps === 0; ) steps = (await c().ask("GET", "/sdapi/v1/progress")).json.state.sampling_steps;
    };
    await running();
    const { images, info } = (await drawing).json;
    expect(JSON.parse(info)).toMatchObject({ prompt: "a cat step=300", steps: 10, all_seeds: [expect.any(Number)] });
    const read = (await c().ask("POST", "/sdapi/v1/png-info", { image: images[0] })).json;
    expect(read.parameters).toMatchObject({ Steps: "10" });
    const [{ title }] = (await c().ask("GET", "/sdapi/v1/sd-models")).json;
    expect((await c().ask("POST", "/sdapi/v1/options", { sd_model_checkpoint: title })).json).toBe(null);
    expect((await c().ask("GET", "/sdapi/v1/options")).json).toEqual({ sd_model_checkpoint: title });
    const slow = c().ask("POST", "/sdapi/v1/txt2img", { prompt: "wait", steps: 100 });
    await running();
    await c().ask("POST", "/sdapi/v1/interrupt");
    expect((await slow).json.images).toEqual([]);
    expect((await c().ask("POST", "/sdapi/v1/txt2img", { sampler_name: "Eulr" })).json.detail).toMatch(/Did you mean/);
    expect((await c().ask("POST", "/sdapi/v1/txt2img", { steps: "many" })).json.detail).toMatch(/^steps/);
  });
});
