// An engine's process that draws nothing: speaks the protocol of engine/protocol.ts, takes its time, and fails when told.
//
// A prompt may hold `step=MS` (how long a step takes), `crash@STEP`, `hang@STEP`, `busy@STEP:MS`, `refuse`, `wait`, which
// draws nothing until it is cancelled, `preview=BYTES` for previews of that size, and `poison`, which makes a picture that nobody
// can look at.
import { deflateSync } from "node:zlib";

const usual = Number(process.env.STUB_STEP ?? 2);
const cancelled = new Set();
const say = (message) => process.send?.(message);
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

function crc(bytes) {
  let c = ~0;
  for (const byte of bytes) {
    c ^= byte;
    for (let k = 0; k < 8; k++) c = c & 1 ? (c >>> 1) ^ 0xedb88320 : c >>> 1;
  }
  return ~c >>> 0;
}

function chunk(type, data) {
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const out = Buffer.alloc(body.length + 8);
  out.writeUInt32BE(data.length);
  body.copy(out, 4);
  out.writeUInt32BE(crc(body), body.length + 4);
  return out;
}

/** A PNG of one colour, the same for the same settings, which it holds as its text. */
function png(settings, width, height) {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2, 0, 0, 0], 8);
  const row = Buffer.alloc(1 + 3 * width, Number(BigInt(settings.seed) & 255n));
  row[0] = 0;
  const pixels = deflateSync(Buffer.concat(Array.from({ length: height }, () => row)));
  const text = Buffer.from(
    `parameters\0${encodeURI(settings.prompt ?? "")}\nSteps: ${settings.steps}, Seed: ${settings.seed}, Size: ${width}x${height}`,
  );
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([
    signature,
    chunk("IHDR", header),
    chunk("tEXt", text),
    chunk("IDAT", pixels),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

async function draw({ id, settings }) {
  const { prompt = "", steps } = settings;
  const [, pace] = /step=(\d+)/.exec(prompt) ?? [];
  const at = (word) => Number(new RegExp(`${word}@(\\d+)`).exec(prompt)?.[1] ?? -1);
  const [, busyAt, busy] = /busy@(\d+):(\d+)/.exec(prompt) ?? [];
  const [, large] = /preview=(\d+)/.exec(prompt) ?? [];
  const preview = large === undefined ? png(settings, 8, 8) : Buffer.alloc(Number(large));
  const step = Number(pace ?? usual);
  if (prompt.includes("refuse")) return say({ kind: "failed", id, code: "invalid", message: "as told" });
  while (prompt.includes("wait") && !cancelled.has(id)) {
    say({ kind: "beat" });
    await sleep(20);
  }
  for (let i = 1; i <= steps; i++) {
    await sleep(step);
    if (cancelled.delete(id)) return say({ kind: "cancelled", id });
    if (at("crash") === i) process.kill(process.pid, "SIGKILL");
    if (at("hang") === i) await sleep(1e8);
    if (Number(busyAt) === i) for (const end = Date.now() + Number(busy); Date.now() < end; );
    say({ kind: "step", id, step: i, steps, preview, memory: process.memoryUsage.rss() });
  }
  say({
    kind: "done",
    id,
    png: png(settings, settings.width, settings.height),
    took: { step: step / 1000, rest: 0.001 },
  });
}

/** A meaning: which words there are. A picture's are those of its prompt. */
function meaning({ text, png }) {
  const [, said = ""] =
    text === undefined ? (/parameters\0(.*)\n/.exec(Buffer.from(png).toString("latin1")) ?? []) : ["", text];
  const vector = new Float32Array(32);
  vector[0] = 0.1; // so that no text is without direction
  for (const word of decodeURI(said)
    .toLowerCase()
    .match(/[a-z]{3,}/g) ?? [])
    vector[1 + ([...word].reduce((sum, letter) => (31 * sum + letter.charCodeAt(0)) >>> 0, 7) % 31)] += 1;
  if (png && said.includes("poison")) process.kill(process.pid, "SIGKILL");
  const length = Math.hypot(...vector);
  return vector.map((x) => x / length);
}
function understand({ id, what }) {
  say({ kind: "looking", id });
  say({ kind: "understood", id, vector: meaning(what) });
}

let work = Promise.resolve();
process.on("message", (message) => {
  if (message.kind === "cancel") cancelled.add(message.id);
  else if (message.kind === "open") say({ kind: "ready", took: { step: usual / 1000, rest: 0.001 } });
  else if (message.kind === "understand") {
    if (message.soon) understand(message);
    else work = work.then(() => understand(message));
  } else work = work.then(() => draw(message)).then(() => cancelled.delete(message.id));
});
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => {});
process.on("disconnect", () => process.exit(0));
