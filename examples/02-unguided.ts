// No words at all: what the noise of four seeds leads to, on one sheet.
import { writeFile } from "node:fs/promises";
import { contactSheet, encodePng, open, type Pixels, toPixels } from "dreamgrain/node";

await using dream = await open();
const pictures: Pixels[] = [];
for (const seed of [0, 1, 2, 3]) pictures.push(...toPixels((await dream.draw(undefined, { seed })).pixels));
await writeFile("unguided.png", encodePng(contactSheet(pictures, { columns: 2 })));
console.log(`unguided.png: ${pictures.length} pictures by "${dream.model.name}"`);
