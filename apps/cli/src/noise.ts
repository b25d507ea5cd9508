// dreamgrain noise: a strip that shows a picture drown, in pixels above and in latents below.
import { basename, extname } from "node:path";
import { contactSheet, decodePng, encodePng, forward, type Pixels } from "dreamgrain/node";
import { pngBytes } from "./again.ts";
import { type OutputFlags, outputOf, print } from "./draw.ts";
import { UsageError } from "./errors.ts";
import { openNamed, withEngine } from "./host.ts";
import { writePicture } from "./picture-file.ts";
import { bar } from "./progress.ts";
import { seed, whole } from "./request.ts";
import { lively } from "./terminal.ts";

/** The most levels of a strip. */
const MOST = 64;

/** The command `dreamgrain noise picture.png`. */
export async function noise(
  file: string,
  flags: OutputFlags & { readonly seed: string; readonly levels: string; readonly model?: string },
): Promise<void> {
  const options = { seed: seed(flags.seed), levels: whole("--levels", flags.levels) };
  if (options.levels < 2 || options.levels > MOST)
    throw new UsageError(`--levels ${flags.levels}: expected a whole number from 2 to ${MOST}`);
  const place = await outputOf(flags);
  const { picture } = decodePng(await pngBytes(file));
  const model = await openNamed(flags);
  const screen = (line: string): void => {
    if (!flags.quiet && lively(process.stderr)) process.stderr.write(`\r\x1b[K${line}`);
  };
  const [above, below, sigmas]: [Pixels[], Pixels[], number[]] = [[], [], []];
  await withEngine(
    model,
    () => "nothing was saved",
    async (engine) => {
      for await (const { index, pixels, latents, sigma } of forward(engine, picture, options)) {
        screen(`${bar(index + 1, options.levels)} ${index + 1}/${options.levels}`);
        above.push(pixels);
        below.push(latents);
        sigmas.push(sigma);
      }
    },
  );
  screen("");
  const strip = encodePng(contactSheet([...above, ...below], { columns: above.length }));
  const path = await writePicture(place, `${basename(file, extname(file))}-noise`, strip);
  if (!flags.quiet)
    process.stderr.write(
      `above: noise in the pixels; below: as much in the latents; σ ${sigmas.map(short).join(", ")}\n`,
    );
  if (flags.json) print(JSON.stringify({ path, seed: flags.seed, sigmas }));
  else if (path !== "-") print(path);
}

const short = (sigma: number): string => `${Number(sigma.toPrecision(3))}`;
