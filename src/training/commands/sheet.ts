// The command `npm run sheet`: draw the forty prompts of prompts.ts with the model's defaults, onto sheet.png, listed in sheet.md.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { encodePng } from "../../image/png.ts";
import { engine } from "../../pipelines/engine.ts";
import { openModel } from "../../pipelines/load.ts";
import { settings } from "../../pipelines/text-to-image.ts";
import { ortNode } from "../../runtime/ort-node.ts";
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
await writeFile(join(out, "sheet.png"), encodePng(promptSheet(pictures, SHEET), { level: 9 }));
const { steps, guidance, sampler, schedule } = settings(model, { seed: first });
const how = `Made by \`npm run sheet\` with ${model.name} (${model.hash}): ${steps} steps, guidance ${guidance}, ${sampler} on ${schedule}, one seed a picture, none chosen. The last ten are combinations that training never showed.`;
await writeFile(
  join(out, "sheet.md"),
  `# Forty prompts, forty pictures\n\n![sheet](sheet.png)\n\n${how}\n\n${promptList(SHEET, first)}\n`,
);
console.error(join(out, "sheet.png"));
