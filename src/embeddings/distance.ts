// distance: how near meanings are to one another, as vectors of length 1 in the space that texts and pictures share.

/**
 * The vector at length 1.
 * @throws RangeError when it has no direction: all zeros, NaN or infinity
 */
export function unit(vector: Float32Array): Float32Array {
  const length = Math.sqrt(dot(vector, vector));
  if (!(length > 0 && Number.isFinite(length)))
    throw new RangeError(`embedding: a vector of length ${length} has no direction`);
  return vector.map((x) => x / length);
}

/**
 * The cosine of the angle between two vectors of length 1: 1 for the same meaning, 0 for unrelated ones, −1 at the least.
 * @throws RangeError when they are of different lengths, so from different models
 */
export function similarity(a: Float32Array, b: Float32Array): number {
  if (a.length !== b.length)
    throw new RangeError(
      `similarity: vectors of ${a.length} and ${b.length} numbers are from different models and cannot be compared`,
    );
  return Math.min(1, Math.max(-1, dot(a, b)));
}

/** 1 − cosine: 0 for the same meaning, 1 for unrelated ones, 2 at the most. */
export const distance = (a: Float32Array, b: Float32Array): number => 1 - similarity(a, b);

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}
