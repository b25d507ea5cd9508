// npm run bench:sd -- [--folder DIR] [--seconds N] [--only NAME…] [--dry]: checkpoints are made in DIR (8 GB with SDXL) and kept.
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { benchSdCommand, benchSdProfile, benchSdSpeed, type SdOptions } from "./sd.ts";
import { benchSdPeers } from "./sd-peers.ts";

const { values } = parseArgs({
  options: {
    folder: { type: "string", default: join(tmpdir(), "dreamgrain-bench") },
    seconds: { type: "string", default: "60" },
    only: { type: "string", multiple: true },
    dry: { type: "boolean", default: false },
  },
});
const { folder, only } = values;
const seconds = Number(values.seconds);
if (!(seconds >= 0)) throw new RangeError(`bench: --seconds ${values.seconds} is no number of seconds`);

const at = (family: SdOptions["family"], side: number): SdOptions => ({
  folder,
  family,
  side,
  seconds,
  keep: !values.dry,
});
const rows = {
  "sd15-512": () => benchSdSpeed(at("sd15", 512)),
  "sd15-512-profile": () => benchSdProfile(at("sd15", 512)),
  "sd15-512-peers": () => benchSdPeers(at("sd15", 512)),
  "sd15-512-fast": () => benchSdSpeed({ ...at("sd15", 512), fast: true }),
  "sd15-512-fast-peers": () => benchSdPeers({ ...at("sd15", 512), fast: true }),
  "sd15-256": () => benchSdSpeed(at("sd15", 256)),
  "sd15-768": () => benchSdSpeed(at("sd15", 768)),
  "sd15-512-memory": () => benchSdCommand({ ...at("sd15", 512), steps: 2 }),
  "sd15-512-picture": () => benchSdCommand({ ...at("sd15", 512), steps: 20 }),
  "sd15-512-fast-picture": () => benchSdCommand({ ...at("sd15", 512), fast: true, steps: 20 }),
  "sdxl-1024-memory": () => benchSdCommand({ ...at("sdxl", 1024), steps: 2 }),
} as const;
const unknown = only?.find((name) => !Object.hasOwn(rows, name));
if (unknown) throw new RangeError(`bench: there is no "${unknown}"; there are ${Object.keys(rows).join(", ")}`);
for (const [name, run] of Object.entries(rows)) if (!only || only.includes(name)) await run();
