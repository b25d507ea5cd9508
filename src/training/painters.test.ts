// Painters on several threads make the very files that one would make, once, and stop when told.
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { paintShard } from "./dataset.ts";
import { paintShards } from "./painters.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "dreamgrain-painters-"));
});
afterEach(() => rm(folder, { recursive: true }));

it("paint what is missing, as one thread would", async () => {
  await writeFile(join(folder, "0003.rgb"), "kept");
  const told: number[] = [];
  const done = await paintShards({ folder, side: 16 }, [3, 4, 5], 2, { onPainted: (shard) => told.push(shard) });
  expect(done).toBe(true);
  expect(told.sort()).toEqual([4, 5]);
  expect(await readFile(join(folder, "0003.rgb"), "utf8")).toBe("kept");
  await paintShard(join(folder, "alone"), 5, 16);
  expect(await readFile(join(folder, "0005.rgb"))).toEqual(await readFile(join(folder, "alone", "0005.rgb")));
});

it("stop before the next shard", async () => {
  const stopping = new AbortController();
  const done = await paintShards({ folder, side: 16 }, [0, 1, 2], 1, {
    signal: stopping.signal,
    onPainted: () => stopping.abort(),
  });
  expect(done).toBe(false);
  expect(await readdir(folder)).toEqual(["0000.rgb"]);
});

it("say why a shard could not be painted", async () => {
  await writeFile(join(folder, "taken"), "");
  await expect(paintShards({ folder: join(folder, "taken"), side: 16 }, [7], 2)).rejects.toThrow(
    /paint: shard 7: .*taken/,
  );
});
