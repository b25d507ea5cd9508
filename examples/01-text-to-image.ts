// Words to a picture in a file.
import { writeFile } from "node:fs/promises";
import { open } from "dreamgrain/node";

await using dream = await open();
const { png, settings, notices } = await dream.draw("a red sailboat at dusk", {
  seed: 7,
  onStep: ({ index, steps, sigma }) =>
    console.log(`step ${index + 1} of ${steps}, from noise level ${sigma.toFixed(2)}`),
});
for (const notice of notices) console.log(notice);
await writeFile("boat.png", png);
console.log(`boat.png: ${settings.width}×${settings.height}, seed ${settings.seed}, ${settings.sampler}`);
