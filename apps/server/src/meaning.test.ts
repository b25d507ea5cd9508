// Search by meaning over HTTP, with an engine that pretends: it sees in a picture the words that it was drawn from.
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { client } from "../faults/client.ts";
import { folder, start } from "../faults/harness.ts";
import { type Picture, Pictures, Server } from "./contract.ts";
import { closed } from "./meaning.ts";
import type { RunningServer } from "./server.ts";
import { openDatabase } from "./store/database.ts";

let server: RunningServer;
let data: Awaited<ReturnType<typeof folder>>;
const c = () => client(server.url);
beforeEach(async () => {
  data = await folder();
  server = await start({ data: data.path });
});
afterEach(async () => {
  await server.close(0);
  await data.remove();
});

const WORDS = ["a red boat", "a galaxy", "a castle in winter", "a boat and a castle"];
async function draw(words: readonly string[]): Promise<Picture[]> {
  const pictures: Picture[] = [];
  for (const prompt of words) {
    const { id } = await c().draw({ prompt, steps: 1 });
    pictures.push(...(await c().ended(id)).pictures);
  }
  return pictures;
}
const ask = async (query: string): Promise<Pictures> => {
  const { status, json, text } = await c().ask("GET", `/v1/pictures${query}`);
  if (status !== 200) throw new Error(`${status} ${text}`);
  return Pictures.parse(json);
};
/** The answer once every picture was looked at. */
const whole = async (query: string): Promise<Pictures> => {
  for (;;) {
    const answer = await ask(query);
    if (answer.unseen === 0) return answer;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
};
const prompts = ({ items }: Pictures): (string | undefined)[] => items.map(({ settings }) => settings.prompt);

describe("pictures", () => {
  it("are found by what they show, best first, page by page", async () => {
    expect(Server.parse((await c().ask("GET", "/v1/server")).json).meaning).toEqual({ available: true, reason: null });
    await draw(WORDS);
    const found = await whole("?meaning=a%20red%20boat");
    expect(prompts(found).slice(0, 2)).toEqual(["a red boat", "a boat and a castle"]);
    expect(found.items).toHaveLength(4);
    expect(found.items[0]?.score).toBeCloseTo(1, 5);
    const scores = found.items.map(({ score }) => score ?? Number.NaN);
    expect(scores).toEqual([...scores].sort((a, b) => b - a));
    const pages: Picture[] = [];
    for (let cursor: string | null = "0"; cursor !== null; ) {
      const page: Pictures = await ask(`?meaning=a%20red%20boat&limit=1&cursor=${cursor}`);
      pages.push(...page.items);
      cursor = page.next;
    }
    expect(pages).toEqual(found.items);
    await c().ask("PATCH", `/v1/pictures/${found.items[3]?.id}`, { starred: true });
    expect((await ask("?meaning=a%20red%20boat&starred=true")).items.map(({ id }) => id)).toEqual([found.items[3]?.id]);
    await c().ask("POST", "/v1/pictures/delete", { ids: [found.items[0]?.id] });
    expect(prompts(await ask("?meaning=a%20red%20boat"))[0]).toBe("a boat and a castle");
    expect(prompts(await ask("?meaning=a%20red%20boat&deleted=true"))).toEqual(["a red boat"]);
  });

  it("are found by another one, which is not among them; and words that nobody knows are named", async () => {
    const [boat] = await draw(WORDS);
    const { json } = await c().ask("GET", `/v1/pictures/${boat?.id}/similar?limit=2`);
    expect(prompts(Pictures.parse(json))[0]).toBe("a boat and a castle");
    await whole("?meaning=castle");
    const again = Pictures.parse((await c().ask("GET", `/v1/pictures/${boat?.id}/similar?limit=2`)).json);
    expect(again.items).toHaveLength(2);
    expect(again.items.map(({ id }) => id)).not.toContain(boat?.id);
    expect((await ask("?meaning=a%20blorptastic%20castle")).notices?.join()).toMatch(/blorptastic/);
  });

  it("cannot be asked for by words and meaning at once, by nothing, or from nowhere", async () => {
    for (const query of ["?meaning=boat&text=boat", "?meaning=%20", "?meaning=boat&cursor=x"])
      expect((await c().ask("GET", `/v1/pictures${query}`)).status, query).toBe(400);
    expect((await c().ask("GET", "/v1/pictures/0123456789abcdef/similar")).status).toBe(404);
  });

  it("are found while something is drawn", async () => {
    await draw(WORDS);
    await whole("?meaning=galaxy");
    const { id } = await c().draw({ prompt: "wait" });
    expect(prompts(await ask("?meaning=winter"))[0]).toBe("a castle in winter");
    await c().ask("DELETE", `/v1/jobs/${id}`);
  });
});

describe("what is known", () => {
  const forget = (which: string): number => {
    const db = openDatabase(join(data.path, "dreamgrain.db"));
    try {
      return db.run(`DELETE FROM meanings WHERE ${which}`);
    } finally {
      db.close();
    }
  };
  const rows = (): { known: number; unknown: number } => {
    const db = openDatabase(join(data.path, "dreamgrain.db"));
    try {
      return db.get("SELECT count(vector) AS known, count(*) - count(vector) AS unknown FROM meanings") as ReturnType<
        typeof rows
      >;
    } finally {
      db.close();
    }
  };
  const restart = async (between: () => void): Promise<void> => {
    await server.close(0);
    between();
    server = await start({ data: data.path });
  };

  it("is kept; pictures of before, and of another model, are looked at by and by", async () => {
    const pictures = await draw(WORDS);
    await whole("?meaning=boat");
    await restart(() => expect(rows()).toMatchObject({ known: 4, unknown: 0 }));
    expect((await ask("?meaning=boat")).unseen).toBe(0);
    await restart(() => expect(forget(`sha256 <> '${pictures[1]?.sha256}'`)).toBe(3));
    expect(prompts(await whole("?meaning=winter"))[0]).toBe("a castle in winter");
    await restart(() => {
      const db = openDatabase(join(data.path, "dreamgrain.db"));
      db.run("UPDATE meanings SET model = 'another'");
      db.close();
    });
    expect(prompts(await whole("?meaning=galaxy"))[0]).toBe("a galaxy");
    await restart(() => expect(rows()).toMatchObject({ known: 4, unknown: 0 }));
  });

  it("goes with the picture, and stays while another one has the same file", async () => {
    await draw(["a boat", "a moon"]);
    const { items } = await ask("");
    const [moon] = items;
    const again = await c().draw({ prompt: "a moon", steps: 1, seed: moon?.settings.seed });
    const [twin] = (await c().ended(again.id)).pictures;
    expect(twin?.sha256).toBe(moon?.sha256);
    expect((await whole("?meaning=moon")).items).toHaveLength(3);
    await restart(() => {
      expect(rows()).toMatchObject({ known: 2, unknown: 0 });
      const db = openDatabase(join(data.path, "dreamgrain.db"));
      db.run("DELETE FROM pictures WHERE id = ?", moon?.id ?? "");
      db.close();
      expect(rows().known).toBe(2);
    });
    expect((await whole("?meaning=moon")).items.map(({ id }) => id)[0]).toBe(twin?.id);
    await restart(() => {
      const db = openDatabase(join(data.path, "dreamgrain.db"));
      db.run("DELETE FROM pictures WHERE id = ?", twin?.id ?? "");
      db.close();
      expect(rows().known).toBe(1);
    });
  });

  it("says of a picture that brings the engine down that nothing is known, and drawings do not suffer for it", async () => {
    const [boat] = await draw(["a boat", "poison"]);
    const job = await c().draw({ prompt: "step=100 a castle", steps: 6 });
    expect(await c().ended(job.id)).toMatchObject({ state: "done" });
    expect((await whole("?meaning=boat")).items.map(({ id }) => id)[0]).toBe(boat?.id);
    expect(server.engine.deaths).toBe(2);
    await restart(() => expect(rows()).toMatchObject({ known: 2, unknown: 1 }));
    await whole("?meaning=boat");
    expect(server.engine.deaths).toBe(0);
  });
});

it("says why, where there is no model for it", async () => {
  const nobody = closed("there is no model");
  expect(nobody).toMatchObject({ available: false, reason: "there is no model" });
  await expect(nobody.text("a boat")).rejects.toMatchObject({ code: "unavailable", status: 501 });
});
