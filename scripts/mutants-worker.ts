// A Vitest that stays, and runs the tests of one mutant after the other with the mutated file in place of the real one.
import { fileURLToPath } from "node:url";
import { createVitest } from "vitest/node";
import type { Mutant } from "../test/mutants/list.ts";
import type { Verdict } from "./mutants.ts";

const root = fileURLToPath(new URL("../", import.meta.url));
let current: Mutant | undefined;

const vitest = await createVitest(
  "test",
  // No configuration file: its projects would not see the plugin.
  { root, config: false, watch: false, bail: 1, maxWorkers: 1, pool: "forks", testTimeout: 120_000, reporters: [{}] },
  {
    resolve: { conditions: ["source"] },
    ssr: { resolve: { conditions: ["source"] } },
    plugins: [
      {
        name: "mutant",
        enforce: "pre",
        transform: (code, id) => {
          if (!current || id.split("?")[0] !== root + current.file) return undefined;
          const { find, replace } = current;
          return code.replace(find, () => replace);
        },
      },
    ],
  },
);

async function judge(tests: readonly string[]): Promise<Verdict> {
  const specifications = await vitest.globTestSpecifications(tests.map((test) => root + test));
  const missing = tests.filter((test) => !specifications.some(({ moduleId }) => moduleId === root + test));
  if (missing.length > 0) return { failed: false, error: `there is no test ${missing.join(", ")}` };
  const { testModules, unhandledErrors } = await vitest.runTestSpecifications(specifications);
  return { failed: unhandledErrors.length > 0 || testModules.some((module) => !module.ok()) };
}

process.on("message", async ({ mutant, tests }: { mutant?: Mutant; tests: readonly string[] }) => {
  const touched = [current, mutant].flatMap((m) => (m ? [root + m.file] : []));
  current = mutant;
  for (const file of touched) vitest.invalidateFile(file);
  const verdict = await judge(tests).catch((error: unknown): Verdict => ({ failed: false, error: String(error) }));
  process.send?.(verdict);
});
await new Promise<never>(() => {});
