// The command `npm run judge`: paint, train, examine, keep. Stop it at any moment; it goes on where it was.
import { parseArgs } from "node:util";
import { engine } from "../../pipelines/engine.ts";
import { openModel } from "../../pipelines/load.ts";
import { ortNode } from "../../runtime/ort-node.ts";
import { openSafetensors } from "../../weights/safetensors-file.ts";
import { throughAutoencoder } from "../draw.ts";
import { judge128, openJudge } from "../judge.ts";
import { type Examination, examine, handedOn, trainJudge, writeJudge, writeJudgeCard } from "../judge-recipe.ts";
import { decodeJudgeShard, joinedSets, openJudgeSet, type Part, paintJudgeShard } from "../judge-set.ts";
import { progressLine } from "../run.ts";
import { showShare } from "../statistics.ts";

const { values } = parseArgs({
  options: {
    /** Where pictures, the log and the state are kept. */
    run: { type: "string", default: "runs/judge" },
    out: { type: "string", default: "models/judge" },
    /** The folder of a judge to begin with. */
    from: { type: "string" },
    /** Thousands of pictures painted to learn from. */
    shards: { type: "string", default: "40" },
    /** A model through whose autoencoder some of them are sent as well, as the pictures to be judged have been. */
    model: { type: "string" },
    decoded: { type: "string", default: "4" },
    steps: { type: "string", default: "4400" },
    batch: { type: "string", default: "64" },
    rate: { type: "string", default: "2e-3" },
    threads: { type: "string", default: "1" },
  },
});
const number = (name: "shards" | "decoded" | "steps" | "batch" | "rate" | "threads"): number => {
  const value = Number(values[name]);
  if (!(value >= 0)) throw new RangeError(`judge: --${name} ${values[name]} is not a number`);
  return value;
};
const { side } = judge128;
const painted = `${values.run}/pictures`;
const decoded = `${values.run}/decoded`;
const exams: readonly (readonly [Part, number])[] = [
  ["seen", 3],
  ["held-out", 1],
];

for (const [part, count] of [["train", number("shards")] as const, ...exams])
  for (let s = 0; s < count; s++)
    if (await paintJudgeShard(painted, part, s, side)) console.error(`painted ${part} ${s + 1}/${count}`);
await using runtime = await ortNode({ threads: number("threads"), spinning: false });
if (values.model !== undefined) {
  await using running = engine(await openModel(values.model), runtime);
  for (const [part, count] of [["train", number("decoded")] as const, ["seen", 1] as const])
    for (let s = 0; s < count; s++)
      if (await decodeJudgeShard(painted, decoded, part, s, side, (p) => throughAutoencoder(running, p, 20)))
        console.error(`decoded ${part} ${s + 1}/${count}`);
}

const stop = new AbortController();
process.once("SIGINT", () => stop.abort());
const sets = [await openJudgeSet(painted, "train", number("shards"), side)];
if (values.model !== undefined) sets.push(await openJudgeSet(decoded, "train", number("decoded"), side));
await using set = joinedSets(sets);
const from = values.from === undefined ? undefined : await handedOn(values.from);
const [steps, batch, rate] = [number("steps"), number("batch"), number("rate")];
const { weights, done } = await trainJudge(runtime, set, {
  steps,
  batch,
  rate,
  folder: values.run,
  ...(from && { from: from.weights }),
  signal: stop.signal,
  onProgress: (p) => {
    if (p.step % 20 === 0) console.error(progressLine(p));
  },
});
if (!done) console.error("stopped; the same command goes on from here. What there is so far is examined:");
await writeJudge(values.out, weights);

await using judge = await openJudge(runtime, judge128, await openSafetensors(`${values.out}/judge.safetensors`));
const examinations: Record<string, Examination> = {};
const sittings: (readonly [title: string, folder: string, Part, number])[] = [
  ...exams.map(([part, count]) => [part, painted, part, count] as const),
];
if (values.model !== undefined) sittings.push(["seen, decoded", decoded, "seen", 1] as const);
for (const [title, folder, part, count] of sittings) {
  await using exam = await openJudgeSet(folder, part, count, side);
  const result = await examine(judge, exam);
  examinations[title] = result;
  const shares = Object.entries({ ...result.right, none: result.none, together: result.together });
  console.log(`${title}: ${shares.map(([name, share]) => `${name} ${showShare(share)}`).join(" · ")}`);
}
await writeJudgeCard(values.out, {
  training: {
    ...{ steps, batch, pictures: set.count },
    ...(from && { before: from.steps }),
  },
  examinations,
});
