// npm run bench -- [sampling|training] [--seconds N] [--dry]: N seconds each (10); rows go to results.md unless --dry.
import { parseArgs } from "node:util";
import { benchSampling } from "./sampling.ts";
import { benchTraining } from "./training.ts";

const benchmarks = { sampling: benchSampling, training: benchTraining };

const { values, positionals } = parseArgs({
  options: { seconds: { type: "string" }, dry: { type: "boolean", default: false } },
  allowPositionals: true,
});
const seconds = Number(values.seconds ?? 10);
if (!(seconds >= 0)) throw new RangeError(`bench: --seconds ${values.seconds} is no number of seconds`);
const unknown = positionals.find((name) => !Object.hasOwn(benchmarks, name));
if (unknown) throw new RangeError(`bench: there is no "${unknown}"; there are ${Object.keys(benchmarks).join(", ")}`);
for (const [name, run] of Object.entries(benchmarks))
  if (positionals.length === 0 || positionals.includes(name)) await run(seconds, !values.dry);
