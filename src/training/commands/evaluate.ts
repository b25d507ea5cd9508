// The command `npm run evaluate`: draw, judge, print the table, write evaluation.json and evaluation.md beside the model.
import { execFileSync } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { cpus } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { encodePng } from "../../image/png.ts";
import { engine } from "../../pipelines/engine.ts";
import { openModel } from "../../pipelines/load.ts";
import { qualities } from "../../pipelines/quality.ts";
import { ortNode } from "../../runtime/ort-node.ts";
import { curvesPicture } from "../curves.ts";
import { type Exam, examNow, readExam, writeExam } from "../evaluate.ts";
import { evaluate } from "../evaluation.ts";
import { type Circumstances, mainTable, report } from "../evaluation-report.ts";
import { loadJudge } from "../judge-recipe.ts";

const USAGE = `npm run evaluate -- [options]
  --model PATH   the model's folder (models/default)
  --judge PATH   the judge's folder (models/judge)
  --count N      pictures of each split (200)
  --quality NAME fast or best (as the model draws unless told)
  --curves       also over steps and guidance, a quarter as many pictures a point; drawn in curves.png
  --out PATH     where evaluation.json and evaluation.md go (the model's folder)
  --threads N    of a run (all cores)`;

const { values } = parseArgs({
  options: {
    model: { type: "string", default: "models/default" },
    judge: { type: "string", default: "models/judge" },
    count: { type: "string", default: "200" },
    quality: { type: "string" },
    curves: { type: "boolean", default: false },
    out: { type: "string" },
    threads: { type: "string" },
    help: { type: "boolean", default: false },
  },
});
const count = Number(values.count);
if (values.help || !Number.isInteger(count) || count < 2) {
  console.error(values.help ? USAGE : `--count ${values.count}: wants a whole number from 2\n${USAGE}`);
  process.exit(values.help ? 0 : 2);
}

const quality = qualities.find((name) => name === values.quality);
if (values.quality !== undefined && !quality) {
  console.error(`--quality ${values.quality}: expected ${qualities.join(" or ")}`);
  process.exit(2);
}

function commit(): string {
  try {
    return execFileSync("git", ["describe", "--always", "--dirty"], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    }).trim();
  } catch {
    return "unknown";
  }
}

/** A model is asked what it was asked first, however the painted world has changed since. */
const questionsFile = join(values.model, "questions.tsv");
const told = await readFile(questionsFile, "utf8").catch((error: NodeJS.ErrnoException) => {
  if (error.code === "ENOENT") return undefined;
  throw error;
});
let exam: Exam;
try {
  exam = told === undefined ? examNow(count) : readExam(told, count);
} catch (error) {
  if (!(error instanceof RangeError)) throw error;
  console.error(error.message);
  process.exit(2);
}

const out = values.out ?? values.model;
await mkdir(out, { recursive: true }); // what cannot be written is said before minutes of drawing
const started = performance.now();
await using runtime = await ortNode(values.threads === undefined ? {} : { threads: Number(values.threads) });
const { judge, card } = await loadJudge(values.judge, runtime);
await using running = engine(await openModel(values.model), runtime);
const evaluation = await evaluate(running, judge, {
  exam,
  ...(quality && { quality }),
  ...(values.curves && { curves: Math.max(2, Math.round(count / 4)) }),
  onProgress: (stage, done, of) => {
    const seconds = Math.round((performance.now() - started) / 1000);
    console.error(`${stage} ${done}/${of} · ${seconds} s`);
  },
});
await judge[Symbol.asyncDispose]();
const [processor] = cpus();
const circumstances: Circumstances = {
  date: new Date().toISOString().slice(0, 10),
  commit: commit(),
  machine: `${cpus().length} × ${processor?.model.trim() ?? "unknown processor"}, Node ${process.versions.node}`,
  seconds: (performance.now() - started) / 1000,
  judge: card.examinations,
};
console.log(mainTable(evaluation));
await writeFile(join(out, "evaluation.json"), `${JSON.stringify({ ...circumstances, ...evaluation }, null, 1)}\n`);
await writeFile(join(out, "evaluation.md"), report(evaluation, circumstances));
if (evaluation.curves)
  await writeFile(join(out, "curves.png"), encodePng(curvesPicture(evaluation.curves), { level: 9 }));
if (told === undefined) await writeFile(questionsFile, writeExam(exam));
console.error(`${join(out, "evaluation.md")} and evaluation.json, ${Math.round(circumstances.seconds)} s`);
