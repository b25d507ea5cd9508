// The command `npm run world`: contact sheets of the painted world, the subjects and the styles, into docs/world.
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type Color, contactSheet, type Pixels, pixels, plain } from "../../image/pixels.ts";
import { encodePng } from "../../image/png.ts";
import { letter } from "../lettering.ts";
import { describe, type Fixed, paintScene, STYLES, SUBJECTS, type Subject } from "../scenes/index.ts";

const { values } = parseArgs({
  options: {
    out: { type: "string", default: "docs/world" },
    /** Side of a picture in pixels. */
    side: { type: "string", default: "96" },
    seed: { type: "string", default: "1" },
    /** Only these subjects, separated by commas. */
    subjects: { type: "string" },
  },
});
const side = Number(values.side);
const first = Number(values.seed);
const subjects = (values.subjects?.split(",") as Subject[] | undefined) ?? SUBJECTS;
const unknown = subjects.find((name) => !SUBJECTS.includes(name));
if (unknown !== undefined || !(side >= 32 && side % 32 === 0) || !Number.isInteger(first)) {
  console.error(
    unknown !== undefined
      ? `world: there is no subject "${unknown}"; there are ${SUBJECTS.join(", ")}`
      : `world: --side ${values.side} --seed ${values.seed}: the side must be a multiple of 32, the seed a whole number`,
  );
  process.exit(2);
}
const GROUND: Color = [24, 24, 27];
const INK: Color = [214, 214, 208];

/** A painted scene of 32 levels a channel, so that its file is small, with a few words beneath it. */
function card(seed: number, fixed: Fixed, text: string): Pixels {
  const planar = paintScene(describe(seed, fixed), side);
  const picture = plain(side, side + 8, GROUND);
  for (let i = 0; i < side * side; i++)
    for (let c = 0; c < 3; c++)
      picture.data[3 * i + c] = Math.round((Math.round(31 * planar[c * side * side + i]) * 255) / 31);
  letter(picture, text, 0, side + 2, INK);
  return pixels(side, side + 8, 3, picture.data);
}

async function sheet(name: string, cards: readonly Pixels[], columns: number): Promise<void> {
  const png = encodePng(contactSheet(cards, { columns, gap: 2, ground: GROUND }), { level: 9 });
  await writeFile(join(values.out, name), png);
  console.error(`${join(values.out, name)} · ${Math.round(png.length / 1000)} kB`);
}

await mkdir(values.out, { recursive: true });
const PER_SHEET = 11;
const started = performance.now();
for (let from = 0; from < subjects.length; from += PER_SHEET) {
  const cards = subjects
    .slice(from, from + PER_SHEET)
    .flatMap((subject, row) =>
      Array.from({ length: 4 }, (_, n) =>
        card(first + 4 * (from + row) + n, { subject, style: "plain" }, n === 0 ? subject : ""),
      ),
    );
  await sheet(`subjects-${from / PER_SHEET + 1}.png`, cards, 12);
}
if (!values.subjects) {
  const shown: readonly Subject[] = ["castle", "cat", "dog", "mountains"];
  const cards = STYLES.flatMap((style) =>
    shown.map((subject, n) => card(first + 40 + n, { subject, style }, n === 0 ? style : "")),
  );
  await sheet("styles.png", cards, 12);
}
console.error(`${((performance.now() - started) / 1000).toFixed(1)} s`);
