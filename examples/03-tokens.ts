// How CLIP reads a prompt: words become pieces, pieces become numbers, and every row has 77 of them.
import { clipMerges, clipTokenizer } from "dreamgrain/node";

const clip = clipTokenizer(clipMerges());
const { ids, pieces, notices } = clip.encode("A cat wearing a yellow raincoat, trending on artstation");
for (const { text, id } of pieces) console.log(`${String(id).padStart(6)}  ${text}`);
console.log(`${pieces.length} pieces in a row of ${ids.shape[1]}`);

const long = clip.encode("very ".repeat(100) + "long");
console.log(...long.notices, ...notices);
