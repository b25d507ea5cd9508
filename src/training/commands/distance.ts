// The command `npm run distance`: paint, train, write a model of texts and pictures in one space. It goes on where it was.
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { DISTANCE, trainDistance } from "../distance-recipe.ts";
import { progressLine } from "../run.ts";

const { values } = parseArgs({
  options: {
    /** Where the log, the state and in the end model/ are kept. */
    folder: { type: "string", default: "runs/distance" },
    /** Where painted shards are, or are painted: of 64 pixels or a multiple. In the folder unless told. */
    pictures: { type: "string" },
    /** Thousands of pictures. */
    shards: { type: "string", default: `${DISTANCE.shards}` },
    steps: { type: "string", default: `${DISTANCE.steps}` },
    cores: { type: "string", default: "1" },
    seed: { type: "string", default: "1" },
    /** What else the weights should say of how they were made. */
    note: { type: "string" },
  },
});
const number = (name: "shards" | "steps" | "cores" | "seed"): number => {
  const value = Number(values[name]);
  if (!Number.isInteger(value) || value < (name === "seed" ? 0 : 1))
    throw new RangeError(`distance: --${name} ${values[name]} is no whole number from 1`);
  return value;
};

const stop = new AbortController();
process.once("SIGINT", () => stop.abort());
const made = await trainDistance({
  recipe: { ...DISTANCE, shards: number("shards"), steps: number("steps") },
  folder: values.folder,
  ...(values.pictures !== undefined && { pictures: values.pictures }),
  cores: number("cores"),
  seed: number("seed"),
  origin: {
    machine: `${cpus().length} × ${cpus()[0]?.model.trim() ?? "unknown processor"}`,
    ...(values.note !== undefined && { note: values.note }),
  },
  signal: stop.signal,
  onNote: (note) => console.error(note),
  onProgress: (progress) => {
    if (progress.step % 20 === 0) console.error(progressLine(progress));
  },
});
if (made === undefined) console.error("stopped; the same command goes on from here");
else console.log(made);
