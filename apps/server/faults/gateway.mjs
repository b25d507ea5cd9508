// A server as a process of its own, which tests kill: its options are the JSON of its first argument, its address its first line.
//
// DIE_AT=POINT:N ends it by SIGKILL when it passes that point of a job's way for the Nth time.
import { startServer } from "../dist/index.js";

const [point, count = "1"] = (process.env.DIE_AT ?? "").split(":");
let left = Number(count);
const passing = (at) => {
  if (at === point && --left === 0) process.kill(process.pid, "SIGKILL");
};
const server = await startServer({ ...JSON.parse(process.argv[2] ?? "{}"), passing });
process.stdout.write(`${server.url}\n`);
const grace = Number(process.env.GRACE ?? 60_000);
process.on("SIGTERM", () => void server.close(grace).then(() => process.exit(0)));
