// Vectors: many of one length, side by side in one array, found by number, compared all at once.
import { search, tensor } from "dreamgrain/node";

/** One of those that were compared. */
export interface Near {
  readonly key: number;
  /** The cosine to what was searched for. */
  readonly score: number;
}

export interface Vectors {
  set(key: number, vector: Float32Array): void;
  delete(key: number): void;
  /** Of those with these keys, the most similar to a vector, best first. All have length 1. */
  nearest(to: Float32Array, keys: readonly number[], most: number): Near[];
}

/** None yet. */
export function vectors(): Vectors {
  const rows = new Map<number, number>();
  const free: number[] = [];
  let width = 0;
  let data = new Float32Array(0);
  return {
    set(key, vector) {
      if (rows.size === 0) width = vector.length;
      if (vector.length !== width) throw new RangeError(`vectors: ${vector.length} numbers among vectors of ${width}`);
      const row = rows.get(key) ?? free.pop() ?? rows.size;
      if ((row + 1) * width > data.length) {
        const larger = new Float32Array(Math.max(2 * data.length, 1024 * width));
        larger.set(data);
        data = larger;
      }
      data.set(vector, row * width);
      rows.set(key, row);
    },
    delete(key) {
      const row = rows.get(key);
      if (row === undefined) return;
      rows.delete(key);
      free.push(row);
    },
    nearest(to, keys, most) {
      const known = keys.filter((key) => rows.has(key));
      const wanted = new Float32Array(known.length * to.length);
      if (known.length > 0 && to.length !== width)
        throw new RangeError(`vectors: ${to.length} numbers cannot be compared with vectors of ${width}`);
      for (const [i, key] of known.entries()) {
        const at = (rows.get(key) ?? 0) * width;
        wanted.set(data.subarray(at, at + width), i * width);
      }
      return search(to, tensor(wanted, [known.length, to.length]), most).map(({ index, similarity }) => ({
        key: known[index] ?? -1,
        score: similarity,
      }));
    },
  };
}
