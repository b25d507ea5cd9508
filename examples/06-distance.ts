// How near words and pictures are to one another, and which of many pictures is nearest to the words.
import { defaultModel, embedder, isolated, openClip, plain, search, similarity, tensor } from "dreamgrain/node";

await using runtime = isolated();
await using eye = embedder(await openClip(await defaultModel("distance")), runtime);

const words = ["a red sea", "the green sea", "a cat"];
const meanings = [];
for (const text of words) meanings.push(await eye.embedText(text));
console.log(`"${words[0]}" and "${words[1]}": ${similarity(meanings[0], meanings[1]).toFixed(3)}`);
console.log(`"${words[0]}" and "${words[2]}": ${similarity(meanings[0], meanings[2]).toFixed(3)}`);

// Vectors of many pictures are rows of one tensor; keep the hash of the model beside them, since no other understands them.
const vectors = [];
for (const blue of [0, 60, 120, 180, 240]) vectors.push(await eye.embedPicture(plain(96, 64, [240 - blue, 40, blue])));
const rows = tensor(Float32Array.from(vectors.flatMap((v) => [...v])), [vectors.length, vectors[0].length]);
for (const { index, similarity } of search(meanings[0], rows, 2))
  console.log(`picture ${index} of ${vectors.length}: ${similarity.toFixed(3)} (model ${eye.model.hash})`);
