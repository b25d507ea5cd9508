// Vitest's global setup: compile src/ and the command line to dist/ where they are out of date, for the tests that start processes of their own.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

/** Node 20 runs no TypeScript; `tsc -b` does nothing when dist/ is fresh. Type errors are left to `npm run types`. */
export default function setup(): void {
  const root = fileURLToPath(new URL("..", import.meta.url));
  const tsc = fileURLToPath(new URL("../node_modules/typescript/bin/tsc", import.meta.url));
  const { error, status, stdout } = spawnSync(process.execPath, [tsc, "-b", "apps/cli"], {
    cwd: root,
    encoding: "utf8",
  });
  if (error) throw error;
  if (status !== 0)
    console.warn(`test/build: src/ has type errors, dist/ may be old:\n${stdout.trim().slice(0, 2000)}`);
}
