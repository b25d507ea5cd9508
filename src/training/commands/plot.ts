// The command `npm run plot -- run/denoiser.jsonl … -o loss.png`: the losses of training runs as curves.
import { readFile, writeFile } from "node:fs/promises";
import { basename } from "node:path";
import { parseArgs } from "node:util";
import { encodePng } from "../../image/png.ts";
import { curveOf, plot } from "../plot.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { out: { type: "string", short: "o", default: "loss.png" }, field: { type: "string", default: "smooth" } },
});
if (positionals.length === 0) {
  console.error("npm run plot -- LOG.jsonl … [-o loss.png] [--field smooth]");
  process.exit(2);
}
const curves = [];
for (const path of positionals)
  curves.push(curveOf(basename(path, ".jsonl"), await readFile(path, "utf8"), values.field));
await writeFile(values.out, encodePng(plot(curves), { level: 9 }));
console.error(values.out);
