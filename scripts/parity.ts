// npm run parity: every golden in use, with the count and the worst error of each section; fails where one is not met.
import { diffusionParity, type ParityRow } from "../test/parity/diffusion.ts";
import { modelParity } from "../test/parity/models.ts";
import { trainingParity } from "../test/parity/training.ts";

const width = 66;
const line = (section: string, ...cells: string[]): string =>
  [section.padEnd(width), ...cells.map((cell) => cell.padStart(9))].join(" ");

console.log(line("section", "numbers", "worst", "allowed"));
const all: ParityRow[] = [];
for (const part of [diffusionParity, modelParity, trainingParity])
  for (const row of await part()) {
    all.push(row);
    const verdict = row.worst <= row.tolerance ? "" : "  too far";
    console.log(
      line(row.section, `${row.checked}`, row.worst.toExponential(1), row.tolerance.toExponential(1)) + verdict,
    );
  }
const far = all.filter((row) => !(row.worst <= row.tolerance)).length;
const count = all.reduce((sum, row) => sum + row.checked, 0);
console.log(
  `${count} numbers in ${all.length} sections, ${far === 0 ? "all within what is allowed" : `${far} too far`}`,
);
process.exitCode = far === 0 ? 0 : 1;
