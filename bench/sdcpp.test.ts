// stable-diffusion.cpp's log: what is read of it, and what is said when it is another.
import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, expect, it, vi } from "vitest";
import { noSdcpp, parseSdcppLog, runSdcpp } from "./sdcpp.ts";

const progress = (step: number, steps: number, mean: number): string =>
  `\r  |=====>    | ${step}/${steps} - ${mean < 1 ? `${(1 / mean).toFixed(2)}it/s` : `${mean.toFixed(2)}s/it`}\x1b[K`;

/** A log as version 0.4.7 of the binding's sources writes it: `first` seconds the first step, `other` each other. */
const logOf = (steps: number, first: number, other: number): string =>
  [
    "[INFO ] stable-diffusion.cpp:334  - Version: SD 1.x",
    "\r  |=========>| 1100/1130 - 1.02GB/s\x1b[K",
    "\r  |==========| 1130/1130 - 1.05GB/s\x1b[K\n[INFO ] model.cpp:993  - loading tensors completed, taking 2.05s (process: 0.01s, read: 0.71s)",
    "[INFO ] stable-diffusion.cpp:3168 - get_learned_condition completed, taking 0.52s",
    ...Array.from({ length: steps }, (_, i) => progress(i + 1, steps, (first + i * other) / (i + 1))),
    `\n[INFO ] stable-diffusion.cpp:3432 - sampling completed, taking ${(first + (steps - 1) * other).toFixed(2)}s`,
    "[INFO ] stable-diffusion.cpp:3208 - latent 1 decoded, taking 37.41s",
    "[INFO ] stable-diffusion.cpp:3212 - decode_first_stage completed, taking 37.50s\n",
  ].join("\n");

afterEach(() => vi.unstubAllEnvs());

it("a step is what each step after the first took, to the rounding of the log", () => {
  const seconds = fc.double({ min: 0.2, max: 100, noNaN: true });
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 30 }), seconds, seconds, (steps, first, other) => {
      const { load, text, step, decode } = parseSdcppLog(logOf(steps, first, other));
      expect([load, text, decode]).toEqual([2.05, 0.52, 37.5]);
      expect(Math.abs(step - other)).toBeLessThan(0.02);
    }),
  );
});

it("says what is missing in a log", () => {
  const log = logOf(3, 9, 8);
  expect(() => parseSdcppLog(log.replace("loading tensors completed", ""))).toThrow('no "loading tensors completed');
  expect(() => parseSdcppLog(log.replace("decode_first_stage", ""))).toThrow('no "decode_first_stage completed');
  expect(() => parseSdcppLog(logOf(1, 9, 8))).toThrow("no progress of two steps or more");
});

it("runs the command on the checkpoint and measures it from outside", async () => {
  const folder = await mkdtemp(join(tmpdir(), "dreamgrain-stand-in-"));
  try {
    const command = join(folder, "sd-cli");
    vi.stubEnv("SD_CPP", "");
    await expect(runSdcpp("x", { side: 8, steps: 2, guidance: 1 })).rejects.toThrow(noSdcpp);
    vi.stubEnv("SD_CPP", command);
    await expect(runSdcpp("x", { side: 8, steps: 2, guidance: 1 })).rejects.toThrow(`cannot start ${command}`);

    await writeFile(join(folder, "log"), logOf(4, 9, 8));
    await writeFile(command, `#!/bin/sh\necho "$@" > "${folder}/args"\nsleep 0.2\ncat "${folder}/log"\n`);
    await chmod(command, 0o755);
    const options = { side: 64, steps: 4, guidance: 7, more: ["--diffusion-fa"] };
    const run = await runSdcpp("some.safetensors", options);
    expect(run).toMatchObject({ load: 2.05, text: 0.52, decode: 37.5 });
    expect(run.step).toBeCloseTo(8, 1);
    expect(run.whole).toBeGreaterThan(0.2);
    expect(run.peak).toBeGreaterThan(100_000);
    expect(run.peak).toBeLessThan(1e9);
    expect(await readFile(join(folder, "args"), "utf8")).toMatch(
      /^-m some\.safetensors -p a red boat -W 512 -H 512 --steps 4 --cfg-scale 7 .*--diffusion-fa$/m,
    );

    await writeFile(command, "#!/bin/sh\necho no such tensor >&2\nexit 1\n");
    await expect(runSdcpp("x", options)).rejects.toThrow(/ended with code 1\nIt said last:\nno such tensor$/);
  } finally {
    await rm(folder, { recursive: true });
  }
});
