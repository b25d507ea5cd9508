// stable-diffusion.cpp beside us: its command draws from the same single file, and its log and /proc say what that took.
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";

/** The `sd-cli` to run, if any: the variable `SD_CPP`. */
export const sdcpp = (): string | undefined => process.env.SD_CPP || undefined;

/** What to say where it is skipped. */
export const noSdcpp = "no SD_CPP: stable-diffusion.cpp is not measured (see reference/README.md)";

export interface SdcppOptions {
  /** Of the latents: an eighth of the picture's. */
  readonly side: number;
  /** Two at least: the first makes buffers and is not counted. */
  readonly steps: number;
  /** 1 is one call of the U-Net a step, anything else two. */
  readonly guidance: number;
  /** More arguments: `--type q8_0`, `--diffusion-fa`. */
  readonly more?: readonly string[];
}

/** Seconds, as its log tells them. */
export interface SdcppTimes {
  readonly load: number;
  /** The prompt, and the negative prompt where there is guidance. */
  readonly text: number;
  /** A step after the first. */
  readonly step: number;
  readonly decode: number;
}

export interface SdcppRun extends SdcppTimes {
  /** The whole process, from its start to its end. */
  readonly whole: number;
  /** Bytes, the most that was ever resident. */
  readonly peak: number;
}

/**
 * Draw one picture with stable-diffusion.cpp. Linux only.
 * @throws Error when there is no `SD_CPP`, it fails, or its log is not as expected
 */
export async function runSdcpp(
  checkpoint: string,
  { side, steps, guidance, more = [] }: SdcppOptions,
): Promise<SdcppRun> {
  const command = sdcpp();
  if (!command) throw new Error(noSdcpp);
  const folder = await mkdtemp(join(tmpdir(), "dreamgrain-sdcpp-"));
  const args = {
    "-m": checkpoint,
    "-p": "a red boat",
    "-W": 8 * side,
    "-H": 8 * side,
    "--steps": steps,
    "--cfg-scale": guidance,
    "--sampling-method": "euler",
    "--seed": 7,
    "-t": availableParallelism(),
    "-o": join(folder, "picture.png"),
  };
  try {
    const started = performance.now();
    const { log, peak } = await watched(command, [...Object.entries(args).flat().map(String), ...more]);
    return { ...parseSdcppLog(log), whole: (performance.now() - started) / 1000, peak };
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Milliseconds between looks at a process's memory; the kernel keeps the peak, so that only the last few can be missed. */
const LOOK = 20;

/** Runs a command to its end; what it said, and its peak of resident memory. */
function watched(command: string, args: readonly string[]): Promise<{ log: string; peak: number }> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"] });
    let log = "";
    let peak = 0;
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding("utf8").on("data", (text: string) => {
        log += text;
      });
    const watch = setInterval(() => {
      peak = Math.max(peak, peakOf(child.pid!));
    }, LOOK);
    child.on("error", (error) => {
      clearInterval(watch);
      reject(new Error(`sdcpp: cannot start ${command}: ${error.message}`));
    });
    child.on("close", (code, signal) => {
      clearInterval(watch);
      if (code === 0) return resolve({ log, peak });
      const how = signal ? `was killed by ${signal}` : `ended with code ${code}`;
      reject(new Error(`sdcpp: ${command} ${how}\nIt said last:\n${log.trim().slice(-2000)}`));
    });
  });
}

function peakOf(pid: number): number {
  try {
    return 1024 * Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0);
  } catch {
    return 0; // it has just ended
  }
}

/**
 * The seconds in a log of one picture. Progress (`2/4 - 8.60s/it`, or `1.25it/s` below a second) is the mean of the steps so
 * far, rounded: a step after the first is what the last of them adds, shared out.
 * @throws Error when a line is missing, or there are fewer than two steps
 */
export function parseSdcppLog(log: string): SdcppTimes {
  const took = (what: string): number => {
    const found = new RegExp(`${what} completed, taking ([\\d.]+)s`).exec(log);
    if (!found) throw new Error(`sdcpp: no "${what} completed, taking …s" in its log:\n${log.trim().slice(-2000)}`);
    return Number(found[1]);
  };
  const until = [...log.matchAll(/(\d+)\/(\d+) - ([\d.]+)(s\/it|it\/s)/g)].map(([, step, , mean, unit]) => ({
    step: Number(step),
    seconds: Number(step) * (unit === "s/it" ? Number(mean) : 1 / Number(mean)),
  }));
  const [first, last] = [until[0], until.at(-1)];
  if (!first || !last || first.step !== 1 || last.step < 2)
    throw new Error(`sdcpp: no progress of two steps or more in its log:\n${log.trim().slice(-2000)}`);
  return {
    load: took("loading tensors"),
    text: took("get_learned_condition"),
    step: (last.seconds - first.seconds) / (last.step - 1),
    decode: took("decode_first_stage"),
  };
}
