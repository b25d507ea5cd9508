// npm run mutants: are the tests any good? Each mutant of test/mutants/*.json changes one thing; its tests must notice.
//
//   npm run mutants                    all of them
//   npm run mutants -- training 3 7    of training.json, the third and the seventh
//
// The checkout is never touched: the change is made as Vitest reads the file (scripts/mutants-worker.ts). It follows that
// the tests of a mutant must import what it changes, not start the compiled program.
import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { allMutants, type ListedMutant, type Mutant, unfit } from "../test/mutants/list.ts";

/** What a worker answers: whether a test failed, or what went wrong before any could. */
export interface Verdict {
  readonly failed: boolean;
  readonly error?: string;
}

const WORKERS = 2;
const PATIENCE = 300_000;

const root = fileURLToPath(new URL("../", import.meta.url));
const [only, ...numbers] = process.argv.slice(2);
const mutants = allMutants().filter(
  ({ list, number }) =>
    (only === undefined || list === only) && (numbers.length === 0 || numbers.includes(`${number}`)),
);
if (mutants.length === 0) throw new Error(`mutants: test/mutants/ has none called "${[only, ...numbers].join(" ")}"`);

/** A Vitest in a process of its own, which is asked for one verdict at a time. */
function startWorker(): {
  judge(mutant: Mutant | undefined, tests: readonly string[]): Promise<Verdict>;
  stop(): void;
} {
  let child: ChildProcess | undefined;
  const stop = (): void => {
    // Detached: with its tests' processes it forms a group, which a test that never ends cannot survive.
    if (child?.pid !== undefined) process.kill(-child.pid, "SIGKILL");
    child = undefined;
  };
  return {
    stop,
    judge: (mutant, tests) =>
      new Promise((resolve) => {
        child ??= spawn(process.execPath, ["scripts/run.mjs", "scripts/mutants-worker.ts"], {
          detached: true,
          stdio: ["ignore", "ignore", "inherit", "ipc"],
          cwd: root,
        });
        const asked = child;
        const settle = (verdict: Verdict): void => {
          clearTimeout(timer);
          asked.removeAllListeners();
          resolve(verdict);
        };
        const timer = setTimeout(() => {
          stop();
          settle({ failed: true });
        }, PATIENCE);
        asked.once("message", (verdict: Verdict) => settle(verdict));
        asked.once("exit", (code) => {
          child = undefined;
          settle({ failed: false, error: `the worker ended with code ${code}` });
        });
        asked.send({ mutant, tests });
      }),
  };
}

const workers = Array.from({ length: Math.min(WORKERS, mutants.length) }, startWorker);
process.once("SIGINT", () => {
  for (const worker of workers) worker.stop();
  process.exit(130);
});

const problems: string[] = [];
const describe = ({ list, number, file, find, replace }: ListedMutant): string =>
  `${list} ${number}  ${file}: ${find} → ${replace}`;

const fit = mutants.filter((mutant) => {
  const why = unfit(mutant);
  if (why !== undefined) problems.push(`unfit      ${describe(mutant)}\n           ${why}`);
  return why === undefined;
});

// A test that fails anyway kills nothing: first all of them, on the code as it is.
const tests = [...new Set(fit.flatMap((mutant) => mutant.tests))];
if (tests.length > 0) {
  const { failed, error } = await workers[0].judge(undefined, tests);
  if (failed || error) problems.push(`broken     the tests fail without any mutant${error ? `: ${error}` : ""}`);
}

if (problems.length === 0) {
  const queue = fit.values();
  await Promise.all(
    workers.map(async (worker) => {
      for (const mutant of queue) {
        const started = performance.now();
        const { failed, error } = await worker.judge(mutant, mutant.tests);
        const verdict = error ? "broken  " : failed ? "killed  " : "SURVIVED";
        const line = `${verdict}  ${((performance.now() - started) / 1000).toFixed(1).padStart(5)} s  ${describe(mutant)}`;
        console.log(error ? `${line}\n          ${error}` : line);
        if (error || !failed) problems.push(line);
      }
    }),
  );
}
for (const worker of workers) worker.stop();
console.log(problems.length === 0 ? `${fit.length} mutants, all killed` : `\n${problems.join("\n")}`);
process.exitCode = problems.length === 0 ? 0 : 1;
