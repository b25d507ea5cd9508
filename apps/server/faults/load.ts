// Load: many who listen, more than can be drawn, and minds that change. C1 and C4 of the plan.
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { openModel, passesOf } from "dreamgrain/node";
import type { Job } from "../src/contract.ts";
import type { Figures } from "./abuse.ts";
import { client, listen } from "./client.ts";
import { dice, type Gateway, quantile, sleep, start } from "./harness.ts";

/** C1. Clients that listen while the engine draws: what others ask is answered at once. @param seconds how long */
export async function listeners(server: Gateway, clients: number, seconds: number): Promise<Figures> {
  const { url } = server;
  const c = client(url);
  let ends = 0;
  const hearing = spawn(
    process.execPath,
    [fileURLToPath(new URL("listeners.mjs", import.meta.url)), url, `${clients}`],
    {
      stdio: ["pipe", "pipe", "inherit"],
    },
  );
  const said = createInterface(hearing.stdout)[Symbol.asyncIterator]();
  if ((await said.next()).value !== "listening") throw new Error("C1: not everybody can listen");
  const control: number[] = [];
  const submits: number[] = [];
  const wrong: string[] = [];
  const timed = async (into: number[], method: string, path: string, body?: unknown): Promise<void> => {
    const began = performance.now();
    const { status, text } = await c.ask(method, path, body);
    into.push(performance.now() - began);
    if (status >= 500 && status !== 503) wrong.push(`${status} ${method} ${path} ${text.slice(0, 80)}`);
  };
  const until = performance.now() + seconds * 1000;
  const work = (async () => {
    while (performance.now() < until) {
      const began = performance.now();
      const job = await c.draw({ prompt: "a red boat", steps: 20 });
      submits.push(performance.now() - began);
      if ((await c.ended(job.id)).state === "done") ends++;
    }
  })();
  while (performance.now() < until) {
    await timed(control, "GET", "/v1/jobs?state=active");
    await timed(control, "GET", "/v1/pictures?limit=50");
    await timed(control, "POST", "/v1/quotes", { request: { prompt: "a boat", steps: 5 } });
    await timed(control, "GET", "/v1/server");
    await sleep(10);
  }
  await work;
  hearing.stdin.end();
  const previews = Number((await said.next()).value);
  if (!(previews > 0)) throw new Error("C1: nobody heard anything");
  if (wrong.length > 0) throw new Error(`C1: ${wrong.slice(0, 5).join("; ")}`);
  return {
    clients,
    "control requests": control.length,
    "control p50, ms": quantile(control, 0.5).toFixed(1),
    "control p99, ms": quantile(control, 0.99).toFixed(1),
    "submit p99, ms": quantile(submits, 0.99).toFixed(1),
    "pictures drawn": ends,
    "previews received": previews,
    "5xx": wrong.length,
  };
}

/** C1 too: more than may wait is refused, with the time after which there is room. */
export async function backPressure(data: string): Promise<Figures> {
  const server = await start({ data, limits: { jobs: 1000, queueSeconds: 2 } });
  try {
    const c = client(server.url);
    // What one such job takes is learned first.
    for (let i = 0; i < 5; i++) await c.ended((await c.draw({ prompt: "step=20", steps: 10 })).id);
    const request = { prompt: "step=20", steps: 10 };
    let accepted = 0;
    for (;;) {
      const { status, headers, json } = await c.ask("POST", "/v1/jobs", { request });
      if (status === 202) {
        accepted++;
        continue;
      }
      if (status !== 503 || json.error.code !== "busy") throw new Error(`C1: ${status} ${JSON.stringify(json)}`);
      const promised = Number(headers.get("retry-after"));
      const began = performance.now();
      await sleep(promised * 1000);
      const again = await c.ask("POST", "/v1/jobs", { request });
      const took = (performance.now() - began) / 1000;
      if (again.status !== 202) throw new Error(`C1: refused again after ${took} s, as Retry-After said`);
      const waits = (await c.ask("GET", "/v1/jobs?state=active")).json.items.map(
        (job: { wait: number }) => job.wait ?? 0,
      );
      const longest = Math.max(...waits);
      if (longest > 2.5) throw new Error(`C1: ${longest} s wait, and 2 may`);
      return {
        "accepted at once": accepted,
        "Retry-After, s": promised,
        "accepted then": "yes",
        "longest wait, s": longest.toFixed(1),
      };
    }
  } finally {
    await server.close(0);
  }
}

/** C1 too: after how long a job was said to find room, and after how long it did. */
export async function room(data: string): Promise<Figures> {
  const server = await start({ data, limits: { jobs: 1000, queueSeconds: 20 } });
  try {
    const c = client(server.url);
    for (let i = 0; i < 5; i++) await c.ended((await c.draw({ prompt: "step=20", steps: 10 })).id);
    const submit = (steps: number, count: number) =>
      c.ask("POST", "/v1/jobs", { request: { prompt: "step=20", steps, count } });
    while ((await submit(10, 1)).status === 202); // until the queue is full
    const began = performance.now();
    const large = () => submit(150, 3);
    const first = await large();
    if (first.status !== 503) throw new Error(`C1: ${first.status} ${first.text}`);
    const said = Number(first.headers.get("retry-after"));
    while ((await large()).status !== 202) await sleep(50);
    const was = (performance.now() - began) / 1000;
    if (Math.abs(said / was - 1) > 0.3)
      throw new Error(`C1: Retry-After said ${said} s, and there was room after ${was} s`);
    return { "Retry-After, s": said, "there was room after, s": was.toFixed(1), "said / was": (said / was).toFixed(2) };
  } finally {
    await server.close(0);
  }
}

/** C1 too: how long a job was said to wait, and how long it did. */
export async function honesty(data: string, jobs: number): Promise<Figures> {
  const server = await start({ data });
  try {
    const c = client(server.url);
    for (let i = 0; i < 5; i++) await c.ended((await c.draw({ prompt: "step=20", steps: 10 })).id);
    const began = Date.now();
    const said = [];
    for (let i = 0; i < jobs; i++) said.push(await c.draw({ prompt: "step=20", steps: 10 }));
    const last = said.at(-1);
    const end = await c.ended(last?.id ?? "");
    const waited = ((end.started ?? 0) - began) / 1000;
    const ratio = (last?.wait ?? 0) / waited;
    if (Math.abs(ratio - 1) > 0.3) throw new Error(`C1: ${last?.wait} s were said, and it was ${waited} s`);
    return {
      jobs,
      "wait said, s": (last?.wait ?? 0).toFixed(1),
      "waited, s": waited.toFixed(1),
      "said / waited": ratio.toFixed(2),
    };
  } finally {
    await server.close(0);
  }
}

/** C4. Cancel at random moments: drawing stops within a step, and what was drawn is charged to the step. */
export async function cancelling(
  data: string,
  times: number,
  hard: number,
  { seed = 4, real = false } = {},
): Promise<Figures> {
  const random = dice(seed);
  const server = await start({ data, accounts: true, limits: { requests: 1e9 }, ...(real && { engine: {} }) });
  const prompt = real ? "a castle at night" : "step=20";
  const beyond: number[] = [];
  const waits: number[] = [];
  const kills: number[] = [];
  try {
    const made = await client(server.url).ask("POST", "/v1/accounts", { name: "ann", password: "correct horse" });
    const cookie = made.headers.get("set-cookie")?.split(";")[0] ?? "";
    const owner = client(server.url, { cookie });
    const { secret: key } = (await owner.ask("POST", "/v1/keys", { label: "k" })).json;
    const grant = (amount: number) =>
      owner.ask("POST", `/v1/admin/accounts/${made.json.id}/grants`, { amount, reason: "to cancel" });
    await grant(100_000_000);
    const c = client(server.url, { key });
    /** Steps of each job that were told of, and which have ended. */
    const seen = new Map<string, number>();
    const model = await openModel(fileURLToPath(new URL("../../../models/default", import.meta.url)));
    /** What so many steps of a job cost: as many parts of its price as there are pixels in them. */
    const owed = ({ price, settings }: Job, steps: number): number => {
      const { count, width, height } = settings;
      const one = passesOf(model, { width, height, steps: settings.steps }).flatMap((pass) =>
        new Array<number>(pass.steps).fill(pass.width * pass.height),
      );
      const all = Array.from({ length: count }, () => one).flat();
      const sum = (pixels: readonly number[]): number => pixels.reduce((a, b) => a + b, 0);
      return Math.floor((price * sum(all.slice(0, steps))) / sum(all));
    };
    const over = new Set<string>();
    let leave = false;
    const hearing = (async () => {
      for await (const { event, data } of listen(server.url, "/v1/events", undefined, { key })) {
        if (event === "progress") {
          const { picture, step, steps } = data.progress;
          seen.set(data.job, picture * steps + step);
        }
        if (event === "job" && data.charged !== null) over.add(data.id);
        if (leave) break;
      }
    })();
    for (let i = 0; i < times; i++) {
      const steps = 5 + Math.floor(random() * 10);
      const count = 1 + Math.floor(random() * 2);
      const before = (await c.ask("GET", "/v1/account")).json.balance;
      const job = await c.draw({ prompt, steps, count, seed: "1" });
      const taken = (): number => seen.get(job.id) ?? 0;
      const stopAt = Math.floor(random() * (steps * count + 1));
      while (taken() < stopAt && !over.has(job.id)) await sleep(1);
      const asked = performance.now();
      const { progress } = (await c.ask("DELETE", `/v1/jobs/${job.id}`)).json;
      // What was drawn until the answer was not drawn after it, though it may be heard of later.
      const at = Math.max(taken(), progress ? progress.picture * progress.steps + progress.step : 0);
      while (!over.has(job.id)) await sleep(1);
      waits.push(performance.now() - asked);
      const end = await c.ended(job.id);
      if (end.state === "cancelled") {
        beyond.push(taken() - at);
        if (end.charged !== owed(job, taken()))
          throw new Error(`C4: ${end.charged} charged for ${taken()} steps, ${owed(job, taken())} of ${job.price}`);
      } else if (end.state !== "done" || end.charged !== job.price) throw new Error(`C4: ${end.state}, ${end.charged}`);
      const after = (await c.ask("GET", "/v1/account")).json.balance;
      if (before.available - after.available !== end.charged || after.held !== 0)
        throw new Error("C4: the balance is wrong");
    }
    leave = true;
    await c.draw({ prompt, steps: 1, seed: "1" }); // something to hear, so that who listens can leave
    await hearing;
    for (let i = 0; i < hard; i++) {
      const job = await c.draw({ prompt: "busy@2:60000", steps: 3, seed: "1" });
      for await (const { event, data } of listen(server.url, `/v1/jobs/${job.id}/events`, undefined, { key }))
        if (event === "progress" && data.progress.step >= 1) break;
      await sleep(30);
      const began = performance.now();
      await c.ask("DELETE", `/v1/jobs/${job.id}`);
      const end = await c.ended(job.id);
      kills.push(performance.now() - began);
      if (end.state !== "cancelled") throw new Error(`C4: ${end.state}`);
    }
    const late = quantile(beyond, 0.99);
    if (late > 1) throw new Error(`C4: ${late} more steps were drawn after the answer`);
    return {
      cancelled: beyond.length,
      "done before": times - beyond.length,
      "steps after the answer, p99": late,
      "wrong charges": 0,
      "until it had ended, s (worst)": (Math.max(...waits) / 1000).toFixed(2),
      ...(hard > 0 && {
        "killed in the middle of a step": kills.length,
        "until killed, s (worst; 0.3 of them grace)": (Math.max(...kills) / 1000).toFixed(2),
      }),
    };
  } finally {
    await server.close(0);
  }
}
