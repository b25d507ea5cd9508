// search: which of many vectors are nearest to one. Every one is looked at: exact, and quick enough up to 100,000 of them.
import { showShape, type Tensor } from "../tensor/tensor.ts";

/** One of the vectors that were searched. */
export interface Match {
  /** Its row. */
  readonly index: number;
  /** The cosine to what was searched for. */
  readonly similarity: number;
}

/**
 * The rows of `vectors` [n,d] that are most similar to a vector of d numbers, the most similar first; of equals the first.
 * All are of length 1.
 * @throws RangeError when the vectors are of another length, so from another model
 */
export function search(query: Float32Array, vectors: Tensor, count = 10): Match[] {
  const [rows, width] = vectors.shape;
  if (vectors.shape.length !== 2 || width !== query.length)
    throw new RangeError(
      `search: a vector of ${query.length} numbers among vectors ${showShape(vectors.shape)}; they are from different models`,
    );
  const { data } = vectors;
  const best: { index: number; similarity: number }[] = [];
  let bar = Number.NEGATIVE_INFINITY;
  for (let row = 0, at = 0; row < rows; row++) {
    let sum = 0;
    for (let i = 0; i < width; i++, at++) sum += data[at] * query[i];
    if (best.length === count && !(sum > bar)) continue;
    let place = best.length;
    while (place > 0 && best[place - 1].similarity < sum) place--;
    best.splice(place, 0, { index: row, similarity: sum });
    if (best.length > count) best.pop();
    if (best.length === count) bar = best[count - 1]?.similarity ?? Number.POSITIVE_INFINITY;
  }
  return best;
}
