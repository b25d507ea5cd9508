// Fast and best on a server whose model was taught few steps: said of the model, priced, drawn, and kept with the picture.
import { cp } from "node:fs/promises";
import { join } from "node:path";
import { decodePng, openModel, pictureText, recipeIn, settings } from "dreamgrain/node";
import { afterAll, beforeAll, expect, it } from "vitest";
import { teachFewSteps, writeTinyModel } from "../../../test/tiny-model.ts";
import { client } from "../faults/client.ts";
import { folder } from "../faults/harness.ts";
import { DrawRequest, Models, Quote } from "./contract.ts";
import { owed, pixelsOf, planOf, shareOf } from "./plan.ts";
import { settingsIn } from "./read-settings.ts";
import { type RunningServer, startServer } from "./server.ts";

let server: RunningServer;
let data: Awaited<ReturnType<typeof folder>>;
const inside = (name: string): string => join(data.path, name);
beforeAll(async () => {
  data = await folder();
  await writeTinyModel(inside("untaught"));
  await cp(inside("untaught"), inside("taught"), { recursive: true });
  await teachFewSteps(inside("taught"));
  server = await startServer({ port: 0, data: inside("data"), model: inside("taught"), logLevel: "silent" });
  await server.engine.ready();
});
afterAll(async () => {
  await server.close(0);
  await data.remove();
});

it("says how the model draws fast, and what each quality costs", async () => {
  const c = client(server.url);
  const [model] = Models.parse((await c.ask("GET", "/v1/models")).json).data;
  expect(model).toMatchObject({ defaults: { steps: 4, guidance: 2 }, fewSteps: { steps: 2, guidance: 1 } });
  const quote = async (request: object): Promise<Quote> =>
    Quote.parse((await c.ask("POST", "/v1/quotes", { request: { prompt: "a red boat", ...request } })).json);
  const [fast, best] = [await quote({}), await quote({ quality: "best" })];
  expect(fast).toMatchObject({ settings: { quality: "fast", steps: 2, guidance: 1 }, price: 500, measured: true });
  expect(best).toMatchObject({ settings: { quality: "best", steps: 4, guidance: 2 }, price: 1000 });
  expect((await quote({ negative: "sea" })).settings.quality).toBe("best");
  expect((await quote({ quality: "fast", steps: 3 })).notices).toEqual([expect.stringMatching(/learnt for 2 steps/)]);
  expect(fast.seconds).toBeLessThan(best.seconds);
  // Two steps at the model's own size, then one of four times as many pixels.
  const large = await quote({ hires: 0.5 });
  expect(large).toMatchObject({ settings: { hires: 0.5, width: 64, height: 64, steps: 2 }, price: 500 + 1000 });
  const refused = await c.ask("POST", "/v1/quotes", { request: { hires: 0.5, width: 32, height: 32 } });
  expect(refused.json.error).toMatchObject({ param: "request.hires", message: expect.stringMatching(/in one pass/) });
});

it("counts both passes of a model that composes, whose best picture is a credit", async () => {
  const taught = await openModel(inside("taught"));
  const model = { ...taught, compose: { width: 16, height: 16, strength: 0.5 } };
  const known = { id: "taught", path: inside("taught"), model, created: 0 };
  const plan = (request: object) => planOf(known, DrawRequest.parse({ prompt: "a red boat", ...request }), {});
  expect(plan({ quality: "best" })).toMatchObject({ price: 1000, steps: 4 + 2, work: { calls: 2 * (4 / 4 + 2) } });
  expect(plan({})).toMatchObject({ price: 500, steps: 2 + 1, work: { calls: 2 / 4 + 1 } });
});

it("draws either, and again from what it keeps", async () => {
  const c = client(server.url);
  const files: string[] = [];
  for (const quality of ["fast", "best"] as const) {
    const job = await c.ended((await c.draw({ prompt: "a red boat", seed: "7", quality })).id);
    const [picture] = job.pictures;
    expect(picture!.settings.quality).toBe(quality);
    const png = new Uint8Array(await (await fetch(new URL(picture!.url, server.url))).arrayBuffer());
    expect(recipeIn(decodePng(png).text)!.request).toMatchObject({ quality, steps: quality === "fast" ? 2 : 4 });
    const again = await c.ended((await c.draw({ ...picture!.settings })).id);
    expect(again.pictures[0]!.sha256).toBe(picture!.sha256);
    const { request } = (await c.ask("POST", "/v1/pictures/read", png)).json;
    expect((await c.ended((await c.draw(request)).id)).pictures[0]!.sha256).toBe(picture!.sha256);
    files.push(picture!.sha256);
  }
  expect(files[0]).not.toBe(files[1]);
});

it("restores a fast picture as well as a model can that draws in one quality", async () => {
  const [taught, model] = await Promise.all(["taught", "untaught"].map((name) => openModel(inside(name))));
  const texts = pictureText(taught!, settings(taught!, { prompt: "a red boat", seed: 7 }));
  const known = { id: "untaught", path: inside("untaught"), model: model!, created: 0 };
  const { request, notices } = settingsIn({ texts, width: 32, height: 32 }, [known], known);
  expect(request).toMatchObject({ prompt: "a red boat", sampler: "euler" });
  for (const name of ["quality", "steps", "guidance"]) expect(request).not.toHaveProperty(name);
  expect(notices).toEqual(["It was drawn fast, which tiny cannot; it is drawn as well as that can."]);
});

it("steps of a small pass are as much of a picture as they are small", () => {
  const passes = [
    { width: 64, height: 64, steps: 8 },
    { width: 128, height: 128, steps: 4 },
  ];
  expect([0, 4, 8, 10, 12].map((steps) => shareOf(passes, steps))).toEqual([0, 1 / 6, 1 / 3, 2 / 3, 1]);
  expect(shareOf([{ width: 128, height: 128, steps: 20 }], 5)).toBe(0.25);
});

it("what is owed is exact where a share is no binary fraction", () => {
  const passes = [{ width: 64, height: 64, steps: 49 }];
  // Of 49 pictures of one credit in all: a forty-ninth of each of its steps, never a milli-credit less.
  for (let steps = 0; steps <= 49; steps++)
    for (let pictures = 0; pictures < 3; pictures++)
      expect(owed(49 * 3, 3, pictures, pixelsOf(passes, steps))).toBe(49 * pictures + steps);
  expect(owed(100, 3, 1)).toBe(33);
  // The same through shares, as it was done before, loses some.
  const lost = Array.from(
    { length: 50 },
    (_, steps) => Math.floor((147 * (2 + shareOf(passes, steps))) / 3) - 98 - steps,
  );
  expect(Math.min(...lost)).toBe(-1);
});
