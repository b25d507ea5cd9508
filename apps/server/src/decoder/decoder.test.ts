// The decoder's process: what it is asked it answers, in turn, and there is an end to what may wait for it.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { encodePng, plain } from "dreamgrain/node";
import { expect, it } from "vitest";
import { openDecoder } from "./decoder.ts";
import { MOST_UPLOADED } from "./protocol.ts";

it("answers for large and small pictures, and says of none that it is none", async () => {
  const decoder = openDecoder();
  try {
    const noise = plain(1500, 1000);
    for (let i = 0; i < noise.data.length; i++) noise.data[i] = (i * 2654435761) >>> 24;
    const [large, small] = [encodePng(noise, { level: 0 }), encodePng(plain(2, 3))];
    expect(large.length).toBeGreaterThan(4e6);
    const answers = await Promise.allSettled(
      [large, small, new Uint8Array(), small].map((b) => decoder.ask("clean", b, {})),
    );
    expect(answers.map((a) => (a.status === "fulfilled" ? [a.value.width, a.value.height] : a.reason.code))).toEqual([
      [1500, 1000],
      [2, 3],
      "invalid",
      [2, 3],
    ]);
  } finally {
    decoder.stop();
  }
});

it("lets so many bytes wait, and no more", async () => {
  const folder = await mkdtemp(join(tmpdir(), "dreamgrain-decoder-"));
  const silent = join(folder, "silent.mjs");
  await writeFile(
    silent,
    "process.stdin.resume(); process.on('message', () => {}); process.on('disconnect', () => process.exit());",
  );
  const decoder = openDecoder(silent);
  try {
    const picture = new Uint8Array(MOST_UPLOADED);
    const asked = Array.from({ length: 7 }, () => decoder.ask("clean", picture, {}));
    for (const one of asked) one.catch(() => {});
    const waits = Symbol();
    const states = await Promise.all(
      asked.map((one) =>
        Promise.race([one.catch(({ code }) => code), new Promise((resolve) => setTimeout(resolve, 50, waits))]),
      ),
    );
    // One is looked at; as much as four of the largest waits.
    expect(states).toEqual([waits, waits, waits, waits, waits, "busy", "busy"]);
  } finally {
    decoder.stop();
    await rm(folder, { recursive: true });
  }
});
