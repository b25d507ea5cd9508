// Vectors as points: cosines between them, and the plane in which they lie furthest apart.

type Vector = Float32Array;

const dot = (a: Vector, b: Vector): number => a.reduce((sum, x, i) => sum + x * (b[i] ?? 0), 0);

/** The cosine of the angle between two vectors: 1 for one direction, 0 for none in common; 0 where one of them is all zeros. */
export function cosine(a: Vector, b: Vector): number {
  const lengths = Math.sqrt(dot(a, a) * dot(b, b));
  return lengths === 0 ? 0 : dot(a, b) / lengths;
}

/** The vectors less their mean. */
export function centred(vectors: readonly Vector[]): Vector[] {
  const [first] = vectors;
  if (!first) return [];
  const mean = first.map((_, i) => vectors.reduce((sum, v) => sum + (v[i] ?? 0), 0) / vectors.length);
  return vectors.map((v) => v.map((x, i) => x - (mean[i] ?? 0)));
}

/**
 * Principal components: where each vector lies along the `count` directions in which they differ most, largest first. Found in the
 * matrix of dot products, which is small where there are few vectors. Pearson 1901.
 */
export function principal(vectors: readonly Vector[], count = 2): number[][] {
  const plain = centred(vectors);
  const gram = plain.map((a) => plain.map((b) => dot(a, b)));
  const axes: number[][] = [];
  for (let k = 0; k < count; k++) {
    const { value, direction } = largest(gram);
    axes.push(direction.map((x) => x * Math.sqrt(Math.max(0, value))));
    for (const [i, row] of gram.entries())
      for (const j of row.keys()) row[j] = (row[j] ?? 0) - value * (direction[i] ?? 0) * (direction[j] ?? 0);
  }
  return plain.map((_, i) => axes.map((axis) => axis[i] ?? 0));
}

/** The largest eigenvalue of a symmetric matrix that has no negative ones, by power iteration. */
function largest(matrix: readonly (readonly number[])[]): { value: number; direction: number[] } {
  let direction = matrix.map((_, i) => Math.cos(1 + 2.4 * i)); // fixed, and along no axis
  let value = 0;
  for (let round = 0; round < 200; round++) {
    const next = matrix.map((row) => row.reduce((sum, x, j) => sum + x * (direction[j] ?? 0), 0));
    value = Math.hypot(...next);
    if (value < 1e-12) return { value: 0, direction: direction.map(() => 0) };
    direction = next.map((x) => x / value);
  }
  return { value, direction };
}
