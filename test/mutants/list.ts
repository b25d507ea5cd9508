// Mutants: deliberate faults that the tests must notice, listed in the JSON files beside this one.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { parseSync } from "vite";

/** One deliberate fault. */
export interface Mutant {
  /** From the root of the repository. */
  readonly file: string;
  /** Occurs exactly once in the file. */
  readonly find: string;
  readonly replace: string;
  /** The test files of which one must fail. */
  readonly tests: readonly string[];
}

export interface ListedMutant extends Mutant {
  /** The list's name, and the mutant's place in it from 1. */
  readonly list: string;
  readonly number: number;
}

const root = new URL("../../", import.meta.url);

/** Every mutant of every list. */
export const allMutants = (): ListedMutant[] =>
  readdirSync(new URL(".", import.meta.url))
    .filter((name) => name.endsWith(".json"))
    .flatMap((name) => {
      const mutants = JSON.parse(readFileSync(new URL(name, import.meta.url), "utf8")) as Mutant[];
      return mutants.map((mutant, i) => ({ ...mutant, list: name.replace(".json", ""), number: i + 1 }));
    });

/** Why a mutant is no mutant, if it is none. */
export function unfit({ file, find, replace, tests }: Mutant): string | undefined {
  const source = readFileSync(new URL(file, root), "utf8");
  const found = source.split(find).length - 1;
  if (found !== 1) return `"${find}" occurs ${found} times in ${file}; it must occur once`;
  if (find === replace) return "it changes nothing";
  if (
    parseSync(
      file,
      source.replace(find, () => replace),
    ).errors.length > 0
  )
    return "the changed file does not parse";
  if (tests.length === 0) return "it names no test";
  const missing = tests.filter((test) => !existsSync(new URL(test, root)));
  return missing.length > 0 ? `there is no ${missing.join(", ")}` : undefined;
}
