// The command `npm run sheet`: draw the hundred prompts of prompts.ts with the model's defaults, onto sheet.png, every fourth onto sheet-part.png, listed in sheet.md.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { encodePng } from "../../image/png.ts";
import { engine } from "../../pipelines/engine.ts";
import { openModel } from "../../pipelines/load.ts";
import { settings } from "../../pipelines/text-to-image.ts";
import { ortNode } from "../../runtime/ort-node.ts";
import { tensor } from "../../tensor/tensor.ts";
import { drawAll } from "../draw.ts";
import { SHEET } from "../prompts.ts";
import { promptList, promptSheet } from "../sheet.ts";

const { values } = parseArgs({
  options: {
    model: { type: "string", default: "models/default" },
    out: { type: "string" },
    seed: { type: "string", default: "1" },
    threads: { type: "string" },
  },
});
const out = values.out ?? values.model;
const first = Number(values.seed);
await using runtime = await ortNode(values.threads === undefined ? {} : { threads: Number(values.threads) });
const model = await openModel(values.model);
await using running = engine(model, runtime);
const wishes = SHEET.map((prompt, i) => ({ prompt, seed: first + i }));
const onProgress = (done: number): void => console.error(`${done}/${SHEET.length}`);
const pictures = await drawAll(running, wishes, { onProgress });
const sheet = (every: number, columns: number): Uint8Array => {
  const some = [...SHEET.keys()].filter((i) => i % every === 0);
  const width = pictures.data.length / SHEET.length;
  const data = Float32Array.from(some.flatMap((i) => [...pictures.data.subarray(i * width, (i + 1) * width)]));
  const chosen = tensor(data, [some.length, ...pictures.shape.slice(1)]);
  return encodePng(
    promptSheet(
      chosen,
      some.map((i) => `${i + 1} ${SHEET[i]}`),
      columns,
    ),
    { level: 9 },
  );
};
await writeFile(join(out, "sheet.png"), sheet(1, 10));
await writeFile(join(out, "sheet-part.png"), sheet(4, 7));
const { steps, guidance, sampler, schedule } = settings(model, { seed: first });
const how = `Made by \`npm run sheet\` with ${model.name} (${model.hash}): ${steps} steps, guidance ${guidance}, ${sampler} on ${schedule}, one seed a picture, none chosen. The last thirty are combinations that training never showed.`;
await writeFile(
  join(out, "sheet.md"),
  `# A hundred prompts, a hundred pictures\n\n![sheet](sheet.png)\n\n${how}\n\n${promptList(SHEET, first)}\n`,
);
console.error(join(out, "sheet.png"));
