// The whole server with the model that ships, asked as OpenAI's own client asks: words in, a picture out, the same each time.
import { decodePng, defaultModel, embedder, openClip, ortNode, recipeIn, similarity } from "dreamgrain/node";
import OpenAI from "openai";
import { afterAll, beforeAll, expect, it } from "vitest";
import { client, listen } from "../faults/client.ts";
import { folder } from "../faults/harness.ts";
import { Pictures } from "./contract.ts";
import { type RunningServer, startServer } from "./server.ts";

let server: RunningServer;
let data: Awaited<ReturnType<typeof folder>>;
let openai: OpenAI;
beforeAll(async () => {
  data = await folder();
  server = await startServer({ port: 0, data: data.path, logLevel: "silent" });
  await server.engine.ready();
  openai = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: "none is needed" });
});
afterAll(async () => {
  await server.close(0);
  await data.remove();
});

it("draws, shows what comes, and says in the file how it was made", async () => {
  const before = await client(server.url).draw({ prompt: "a castle", steps: 150, count: 4 }); // gives time to listen
  const job = await client(server.url).draw({ prompt: "a red boat at dusk", seed: "7", steps: 4 });
  const previews: Buffer[] = [];
  for await (const { event, data } of listen(server.url, `/v1/jobs/${job.id}/events`))
    if (event === "snapshot") await client(server.url).ask("DELETE", `/v1/jobs/${before.id}`);
    else if (event === "preview") previews.push(Buffer.from(data.image.split(",")[1], "base64"));
  expect(previews.map((png) => decodePng(png).picture.width > 0)).toEqual(new Array(4 + 2).fill(true));
  const [first] = (await client(server.url).ended(job.id)).pictures;
  const png = new Uint8Array(await (await fetch(new URL(first!.url, server.url))).arrayBuffer());
  const { picture, text } = decodePng(png);
  expect(picture.width).toBe(128);
  expect(recipeIn(text)?.request).toMatchObject({ prompt: "a red boat at dusk", seed: 7, steps: 4 });
  const again = await client(server.url).ended((await client(server.url).draw({ ...job.settings })).id);
  expect(again.pictures[0]?.sha256).toBe(first!.sha256);
  const read = (await client(server.url).ask("POST", "/v1/pictures/read", png)).json;
  expect(read).toMatchObject({ program: "dreamgrain", request: { seed: "7" }, notices: [] });
  const from = { image: { picture: first!.id }, strength: 0.5, steps: 4, seed: "1", prompt: "a red boat at night" };
  expect(await client(server.url).ended((await client(server.url).draw(from)).id)).toMatchObject({
    state: "done",
    price: 89,
  });
});

it("finds pictures by what they show, as near as the library says", async () => {
  const c = client(server.url);
  await c.ended((await c.draw({ prompt: "a galaxy", steps: 6, seed: "1" })).id);
  let found: Pictures;
  do found = Pictures.parse((await c.ask("GET", "/v1/pictures?meaning=a%20red%20boat")).json);
  while (found.unseen !== 0);
  expect(found.items.length).toBeGreaterThan(1);
  await using runtime = await ortNode();
  await using eye = embedder(await openClip(await defaultModel("distance")), runtime);
  const words = await eye.embedText("a red boat");
  for (const { url, score } of found.items) {
    const png = new Uint8Array(await (await fetch(new URL(url, server.url))).arrayBuffer());
    expect(score).toBeCloseTo(similarity(words, await eye.embedPicture(decodePng(png).picture)), 4);
  }
});

it("answers OpenAI's client", async () => {
  const { data: models } = await openai.models.list();
  expect(models.map(({ id }) => id)).toContain("default");
  const { data: made } = await openai.images.generate({
    ...{ model: "gpt-image-1", prompt: "a castle", n: 2, size: "1024x1024", output_format: "jpeg" },
    ...{ steps: 2, seed: 3 },
  });
  expect(made).toHaveLength(2);
  expect(Buffer.from(made![0]!.b64_json!, "base64").subarray(0, 3).toString("hex")).toBe("ffd8ff");
  const stream = await openai.images.generate({
    ...{ prompt: "a castle", stream: true, partial_images: 2 },
    ...{ steps: 6 },
  });
  const types: string[] = [];
  for await (const event of stream) types.push(event.type);
  expect(types).toEqual([
    ...["image_generation.partial_image", "image_generation.partial_image", "image_generation.completed"],
  ]);
  await expect(openai.images.generate({ prompt: "a castle", model: "nothing" })).rejects.toThrow(/400.*nothing/);
});
