// Painters paint what is missing and stop when told; whole shards are painted in test/recipe.long.test.ts.
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { paintShards } from "./painters.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "dreamgrain-painters-"));
});
afterEach(() => rm(folder, { recursive: true }));

it("leave alone what is painted", async () => {
  for (const shard of [0, 1, 2]) await writeFile(join(folder, `000${shard}.rgb`), "kept");
  const told: number[] = [];
  expect(await paintShards({ folder, side: 32 }, [0, 1, 2], 2, { onPainted: (shard) => told.push(shard) })).toBe(true);
  expect(told).toEqual([]);
  for (const file of await readdir(folder)) expect(await readFile(join(folder, file), "utf8")).toBe("kept");
});

it("do not begin when they are stopped before", async () => {
  expect(await paintShards({ folder, side: 32 }, [0, 1], 2, { signal: AbortSignal.abort() })).toBe(false);
  expect(await readdir(folder)).toEqual([]);
});

it("say why a shard could not be painted", async () => {
  await writeFile(join(folder, "taken"), "");
  await expect(paintShards({ folder: join(folder, "taken"), side: 32 }, [7], 2)).rejects.toThrow(
    /paint: shard 7: .*taken/,
  );
});
