// dreamgrain train: carry a recipe from an empty folder to a model, saying how it goes.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { DEVICES, type Device, decodePng, findModel } from "dreamgrain/node";
import { progressLine, RECIPES, runRecipe, type SizeName } from "dreamgrain/training";
import { print } from "./draw.ts";
import { EXIT, Interrupted, UsageError } from "./errors.ts";
import { whole } from "./request.ts";
import { graphicsOf, inTerminal, lively } from "./terminal.ts";

/** Seconds between lines where nothing can be rewritten. */
const PATIENCE = 10;

/** The command `dreamgrain train`. */
export async function train(flags: {
  readonly size: string;
  readonly folder?: string;
  readonly seed: string;
  readonly cores: string;
  readonly device: string;
  readonly from?: string;
}): Promise<void> {
  const { size, device } = flags;
  if (!isSize(size)) throw new UsageError(`--size ${size}: expected ${Object.keys(RECIPES).join(", ")}`);
  if (!isDevice(device)) throw new UsageError(`--device ${device}: expected ${DEVICES.join(", ")}`);
  const folder = flags.folder ?? join("runs", size);
  const alive = lively(process.stderr);
  let told = Number.NEGATIVE_INFINITY;
  const say = (line: string, keep: boolean): void => {
    const now = performance.now();
    if (alive) process.stderr.write(`\r\x1b[K${line}${keep ? "\n" : ""}`);
    else if (keep || now - told > PATIENCE * 1000) {
      told = now;
      process.stderr.write(`${line}\n`);
    }
  };
  const stopping = new AbortController();
  const stop = (): void => {
    if (stopping.signal.aborted) process.exit(EXIT.interrupted);
    stopping.abort();
    say("stopping after this step; once more to stop at once", true);
  };
  process.on("SIGINT", stop);
  say(`open ${join(folder, "index.html")} in a browser to watch it learn`, true);
  try {
    const model = await runRecipe({
      recipe: RECIPES[size],
      name: size,
      folder,
      seed: whole("--seed", flags.seed),
      ...(flags.from !== undefined && { from: await findModel(flags.from) }),
      cores: whole("--cores", flags.cores),
      device,
      onProgress: (progress) => say(progressLine(progress), false),
      onNote: (note) => say(note, true),
      onSheet: (png) => {
        const { picture } = decodePng(png);
        const columns = Math.min(process.stderr.columns ?? 80, 80);
        const rows = Math.round((columns * picture.height) / picture.width / 2);
        if (alive) process.stderr.write(`\r\x1b[K${inTerminal(picture, graphicsOf(), columns, rows)}`);
      },
      signal: stopping.signal,
    });
    if (alive) process.stderr.write("\r\x1b[K");
    if (model === undefined) {
      const early = join(folder, "model");
      const drawable = existsSync(join(early, "model_index.json")) ? `, ${early} draws with it,` : "";
      throw new Interrupted(`interrupted; all that was learnt is in ${folder}${drawable} and the same command goes on`);
    }
    print(model);
  } finally {
    process.off("SIGINT", stop);
  }
}

const isSize = (size: string): size is SizeName => Object.hasOwn(RECIPES, size);
const isDevice = (name: string): name is Device => (DEVICES as readonly string[]).includes(name);
