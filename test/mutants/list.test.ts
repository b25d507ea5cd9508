// The lists of mutants stay true to the code: each fault can still be made. `npm run mutants` then runs them.
import { expect, it } from "vitest";
import { allMutants, unfit } from "./list.ts";

it("finds every list", () => {
  const lists = new Set(allMutants().map(({ list }) => list));
  for (const list of ["diffusion", "models", "training"]) expect(lists).toContain(list);
});

it.each(allMutants().map((m) => [`${m.list} ${m.number}`, m] as const))(
  "%s is a change to the file it names",
  (_, m) => {
    expect(unfit(m)).toBeUndefined();
  },
);

it("knows what is no mutant", () => {
  const mutant = {
    file: "test/formula.ts",
    find: "0x811c9dc5",
    replace: "0x811c9dc6",
    tests: ["src/nn/layers.test.ts"],
  };
  expect(unfit(mutant)).toBeUndefined();
  expect(unfit({ ...mutant, find: "hash" })).toMatch(/occurs \d+ times/);
  expect(unfit({ ...mutant, replace: mutant.find })).toMatch(/changes nothing/);
  expect(unfit({ ...mutant, replace: "(" })).toMatch(/does not parse/);
  expect(unfit({ ...mutant, tests: ["src/none.test.ts"] })).toMatch(/there is no src\/none/);
});
