// The command `npm run evaluate:distance`: examine a model of texts and pictures, and write its model card beside it.
import { execFileSync } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { cpus } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { embedder } from "../../pipelines/embedder.ts";
import { openClip } from "../../pipelines/load.ts";
import { ortNode } from "../../runtime/ort-node.ts";
import { size } from "../../tensor/tensor.ts";
import { openSafetensors } from "../../weights/safetensors-file.ts";
import { byteSize } from "../../weights/weights.ts";
import { distanceCard } from "../distance-card.ts";
import { examineDistance } from "../distance-exam.ts";
import { words } from "../scenes/index.ts";

const { values } = parseArgs({
  options: {
    model: { type: "string", default: "models/distance" },
    /** Pairs of each kind. */
    pairs: { type: "string", default: "500" },
    threads: { type: "string", default: "1" },
  },
});
const pairs = Number(values.pairs);
if (!Number.isInteger(pairs) || pairs < 10)
  throw new RangeError(`distance: --pairs ${values.pairs} is no whole number from 10`);

const commit = (): string => {
  const git = ["describe", "--always", "--dirty"];
  try {
    return execFileSync("git", git, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
  } catch {
    return "unknown";
  }
};

const model = await openClip(values.model);
await using runtime = await ortNode({ threads: Number(values.threads), spinning: false });
await using eye = embedder(model, runtime);
const exam = await examineDistance(eye, { pairs, onProgress: (line) => console.error(line) });
const { weights } = model;
const card = distanceCard(exam, {
  hash: model.hash,
  parameters: weights.names().reduce((sum, name) => sum + size(weights.info(name)?.shape ?? []), 0),
  bytes: byteSize(weights),
  words: words().length,
  origin: (await openSafetensors(join(values.model, "model.safetensors"))).metadata,
  date: new Date().toISOString().slice(0, 10),
  commit: commit(),
  machine: `${cpus().length} × ${cpus()[0]?.model.trim() ?? "unknown processor"}`,
});
await writeFile(join(values.model, "MODEL_CARD.md"), card);
await writeFile(join(values.model, "evaluation.json"), `${JSON.stringify(exam, null, 1)}\n`);
console.log(card);
