// Runs a TypeScript file as it stands, through the Vite that the tests run through: `node scripts/run.mjs scripts/parity.ts`.
//
// Node 20 knows neither types nor `await using`. The script finds its own arguments from `process.argv[2]` on, as usual.
import { resolve } from "node:path";
import { runnerImport } from "vite";

const [node, , script, ...rest] = process.argv;
if (!script) throw new Error("run: which script? node scripts/run.mjs scripts/parity.ts");
process.argv = [node, resolve(script), ...rest];
await runnerImport(resolve(script), {
  configFile: false,
  oxc: { target: "es2023" },
  resolve: { conditions: ["source"] },
});
