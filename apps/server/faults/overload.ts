// Overload: ten times what can be drawn, clients that mean harm, and one account that wants everything. C2, C3, C5 and C6 of the plan.
import { spawn } from "node:child_process";
import { connect } from "node:net";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { Figures } from "./abuse.ts";
import { type Client, client, listen } from "./client.ts";
import { type Gateway, gateway, quantile, sleep, start } from "./harness.ts";
import { submitters } from "./kills.ts";
import { plainPng } from "./payloads.ts";

/** A figure that a server measures of itself. */
async function measured(c: Client, name: string): Promise<number> {
  const { text } = await c.ask("GET", "/metrics");
  const line = text.split("\n").find((one) => one.startsWith(`${name} `));
  return Number(line?.slice(name.length) ?? 0);
}

/** Milliseconds that answers to somebody who asks now and then take, for so many seconds. */
async function answersTo(c: Client, seconds: number): Promise<number[]> {
  const took: number[] = [];
  for (const until = performance.now() + seconds * 1000; performance.now() < until; await sleep(10))
    for (const path of ["/v1/jobs?state=active", "/v1/pictures?limit=50", "/v1/server"]) {
      const began = performance.now();
      const { status } = await c.ask("GET", path);
      if (status !== 200) throw new Error(`${status} for ${path}`);
      took.push(performance.now() - began);
    }
  return took;
}

/** C2. Ask for ten times of what can be drawn: as much is drawn as ever, the rest is told to come later. */
export async function overload(data: string, seconds: number): Promise<Figures> {
  const server = await gateway({ data, limits: { jobs: 1e6, queueSeconds: 5 } });
  try {
    const c = server.client;
    const done = () => measured(c, 'dreamgrain_jobs{state="done"}');
    const request = { prompt: "step=10", steps: 3 };
    /** Jobs a second while somebody waits all the time. */
    const rate = async (span: number, work: (until: number) => Promise<void>): Promise<number> => {
      const [before, began] = [await done(), performance.now()];
      await work(began + span * 1000);
      return ((await done()) - before) / ((performance.now() - began) / 1000);
    };
    const capacity = await rate(Math.min(20, seconds), async (until) => {
      const one = async (): Promise<void> => {
        while (performance.now() < until) await c.ended((await c.draw(request)).id);
      };
      await Promise.all(Array.from({ length: 6 }, one));
    });
    await answersTo(c, Math.min(1, seconds / 10)); // the first answers take longer
    const usual = quantile(await answersTo(c, Math.min(5, seconds / 4)), 0.99);
    const counts = { accepted: 0, refused: 0 };
    const wrong: string[] = [];
    const submit = async (): Promise<void> => {
      const answer = await c.ask("POST", "/v1/jobs", { request }).catch((error: unknown) => `${error}`);
      if (typeof answer === "string") wrong.push(answer);
      else if (answer.status === 202) counts.accepted++;
      else if (answer.status === 503 && Number(answer.headers.get("retry-after")) > 0) counts.refused++;
      else wrong.push(`${answer.status} ${answer.text.slice(0, 80)}`);
    };
    const memory: number[] = [];
    const goodput = await rate(seconds, async (until) => {
      const began = performance.now();
      const under = new Set<Promise<void>>();
      for (let asked = 0; performance.now() < until; await sleep(5)) {
        for (; asked < (10 * capacity * (performance.now() - began)) / 1000; asked++) {
          const one = submit().finally(() => under.delete(one));
          under.add(one);
        }
        if (memory.length < (performance.now() - began) / 1000)
          memory.push(await measured(c, "process_resident_memory_bytes"));
      }
      await Promise.all(under);
    });
    const stopped = performance.now();
    const since = (): number => (performance.now() - stopped) / 1000;
    let worst = Number.POSITIVE_INFINITY;
    while (worst > 2 * usual && since() < Math.min(60, 3 * seconds)) worst = quantile(await answersTo(c, 0.5), 0.99);
    const recovered = since();
    if (wrong.length > 0) throw new Error(`C2: ${wrong.length} wrong answers: ${wrong.slice(0, 5).join("; ")}`);
    const half = memory.slice(memory.length >> 1);
    return {
      "jobs a second before": capacity.toFixed(1),
      "asked for": counts.accepted + counts.refused,
      accepted: counts.accepted,
      "told to come later": counts.refused,
      "jobs a second meanwhile": goodput.toFixed(1),
      "memory at half time and at most after, MB": `${Math.round((half[0] ?? 0) / 1e6)}, ${Math.round(Math.max(...half) / 1e6)}`,
      "answers as usual again after, s": recovered.toFixed(1),
      "other answers": wrong.length,
    };
  } finally {
    server.signal("SIGTERM");
    await server.ended;
  }
}

/** C3. Clients that never finish what they say, or never hear what they asked for: others do not notice, and none can stay. */
export async function hostile(server: Gateway, slow: number, seconds: number): Promise<Figures> {
  const c = client(server.url);
  const memory = () => measured(c, "process_resident_memory_bytes");
  const files = () => measured(c, "process_open_fds");
  let over = false;
  // Previews of 100 kB, so that who does not read is soon known for it.
  const drawing = (async () => {
    while (!over) await c.ended((await c.draw({ prompt: "step=10 preview=100000", steps: 50 })).id);
  })();
  await answersTo(c, 1); // the first answers take longer
  const usual = await answersTo(c, seconds);
  const [base, before] = [await files(), await memory()];
  const attack = spawn(
    process.execPath,
    [fileURLToPath(new URL("hostile.mjs", import.meta.url)), server.url, `${slow}`],
    {
      stdio: ["pipe", "pipe", "inherit"],
    },
  );
  try {
    const said = await createInterface(attack.stdout)[Symbol.asyncIterator]().next();
    if (said.value !== "there") throw new Error("C3: it could not begin");
    const meanwhile = await answersTo(c, seconds / 2);
    const half = (await memory()) - before;
    meanwhile.push(...(await answersTo(c, seconds / 2)));
    const [most, grown] = [await files(), (await memory()) - before];
    if (most < base + slow) throw new Error(`C3: ${most - base} files are open for ${slow} clients`);
    attack.stdin.write("\n");
    const began = performance.now();
    let left = most;
    for (; left > base + 5 && performance.now() - began < 180_000; await sleep(200)) left = await files();
    if (left > base + 5) throw new Error(`C3: ${left - base} connections are still held after three minutes`);
    const [p99, later] = [quantile(usual, 0.99), quantile(meanwhile, 0.99)];
    return {
      "open at once": most - base,
      "p99 before, ms": p99.toFixed(1),
      "p99 meanwhile, ms": later.toFixed(1),
      "times as long": (later / p99).toFixed(1),
      "gateway grew by MB at half time, at the end": `${Math.round(half / 1e6)}, ${Math.round(grown / 1e6)}`,
      "open when it was over": left - base,
      "until they were let go, s": Math.round((performance.now() - began) / 1000),
    };
  } finally {
    over = true;
    attack.stdin.end();
    await drawing;
  }
}

/** C3 too: some who ask for events and never read one, beside somebody who does. @param many how many */
export async function unread(url: string, many: number): Promise<Figures> {
  const { hostname, port } = new URL(url);
  const thrown = Array.from({ length: many }, () => {
    const socket = connect({ host: hostname, port: Number(port) }).pause();
    socket.write(`GET /v1/events HTTP/1.1\r\nHost: ${hostname}\r\n\r\n`);
    return socket;
  });
  const c = client(url);
  while ((await measured(c, "dreamgrain_event_listeners")) < many) await sleep(5);
  const job = await c.draw({ prompt: "wait" });
  const { id } = await c.draw({ prompt: "preview=200000", steps: 150 });
  let end = "";
  for await (const { event, data } of listen(url, `/v1/jobs/${id}/events`)) {
    if (event === "snapshot") await c.ask("DELETE", `/v1/jobs/${job.id}`);
    if (event === "job") end = data.state;
  }
  while ((await measured(c, "dreamgrain_event_listeners")) > 0) await sleep(5);
  for (const socket of thrown) socket.destroy();
  return { "let go": many, "who reads heard that it was": end };
}

/** C6. Large pictures sent all at once: as many bodies are held as there is room for, the rest waits or is told to come later. */
export async function uploads(server: Gateway, many: number, megabytes: number): Promise<Figures> {
  const c = client(server.url);
  const memory = () => measured(c, "process_resident_memory_bytes");
  const picture = Buffer.concat([plainPng(), Buffer.alloc(megabytes * 1e6)]);
  const send = () => c.ask("POST", "/v1/uploads", picture, { "content-type": "image/png" });
  await send(); // the first picture starts what reads it
  await answersTo(c, 1);
  const before = await memory();
  const counts = { kept: 0, refused: 0 };
  const wrong: string[] = [];
  let left = many;
  const all = Array.from({ length: many }, async () => {
    const answer = await send().catch((error: unknown) => `${error}`);
    left--;
    if (typeof answer === "string") wrong.push(answer);
    else if (answer.status === 201) counts.kept++;
    else if (answer.status === 503 && Number(answer.headers.get("retry-after")) > 0) counts.refused++;
    else wrong.push(`${answer.status} ${answer.text.slice(0, 80)}`);
  });
  const took: number[] = [];
  let most = before;
  while (left > 0) {
    took.push(...(await answersTo(c, 0.2)));
    most = Math.max(most, await memory());
  }
  await Promise.all(all);
  if (wrong.length > 0) throw new Error(`C6: ${wrong.length} wrong answers: ${wrong.slice(0, 5).join("; ")}`);
  return {
    "sent at once": many,
    "MB of each": megabytes,
    kept: counts.kept,
    "told to come later": counts.refused,
    "other answers": wrong.length,
    "gateway grew at most by MB": Math.round((most - before) / 1e6),
    "others' p99 meanwhile, ms": quantile(took, 0.99).toFixed(1),
  };
}

/** C5. One account with many jobs, nine with one each: the nine are drawn as if they were almost alone. */
export async function fairness(data: string, many: number): Promise<Figures> {
  const limits = { jobs: many, queueSeconds: 1e9, requests: 1e9 };
  const server = await start({ data, accounts: true, limits });
  try {
    const all = (await submitters(server.url, 10)).map(({ key }) => client(server.url, { key }));
    const [greedy, ...nine] = all as [Client, ...Client[]];
    const request = { prompt: "step=5", steps: 5 };
    /** Milliseconds until each of the nine was done, and when. */
    const round = async (): Promise<{ readonly waits: number[]; readonly from: number; readonly to: number }> => {
      const jobs = await Promise.all(nine.map(async (one) => one.ended((await one.draw(request)).id)));
      const waits = jobs.map(({ finished, created }) => (finished ?? 0) - created);
      const from = Math.max(...jobs.map(({ created }) => created));
      return { waits, from, to: Math.max(...jobs.map(({ started }) => started ?? 0)) };
    };
    await round(); // the first pictures take longer
    const alone = Math.max(...(await round()).waits);
    const me = (await greedy.ask("GET", "/v1/account")).json;
    await greedy.ask("POST", `/v1/admin/accounts/${me.id}/grants`, { amount: 1e9, reason: "to be greedy" });
    const submitted = [];
    for (let i = 0; i < many; i++) submitted.push(await greedy.draw(request));
    const { waits, from, to } = await round();
    await greedy.ask("POST", "/v1/jobs/cancel", {});
    let between = 0;
    for (const { id } of submitted.slice(0, 200)) {
      const { started } = (await greedy.ask("GET", `/v1/jobs/${id}`)).json;
      if (started !== null && started > from && started < to) between++;
    }
    if (between > 2) throw new Error(`C5: ${between} jobs of the one were drawn before the nine had their turn`);
    const crowded = Math.max(...waits);
    return {
      "jobs of the one": many,
      "the nine alone, ms": alone,
      "beside it, ms": crowded,
      "times as long": (crowded / alone).toFixed(2),
      "jobs of the one drawn between": between,
    };
  } finally {
    await server.close(0);
  }
}
