// npm run bench -- [--seconds N] [--dry]: every benchmark, N seconds each (10); rows go to results.md unless --dry.
import { parseArgs } from "node:util";
import { benchSampling } from "./sampling.ts";
import { benchTraining } from "./training.ts";

const { values } = parseArgs({ options: { seconds: { type: "string" }, dry: { type: "boolean" } } });
const seconds = Number(values.seconds ?? 10);
if (!(seconds >= 0)) throw new RangeError(`bench: --seconds ${values.seconds} is no number of seconds`);
await benchSampling(seconds, !values.dry);
await benchTraining(seconds, !values.dry);
