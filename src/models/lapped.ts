// lapped: squares of pixels that overlap. Before a picture is cut into squares, pixels on both sides of each cut are mixed, so that the
// components of a square reach into its neighbours and fade out there, and an error in one leaves no edge. Malvar & Staelin 1989; as a
// step before any transform of squares Tran, Liang & Tu 2003; JPEG XR does so too.
import { rearrange } from "../graph/rearrange.ts";
import { concat, constant, type Value } from "../graph/value.ts";
import { tensor } from "../tensor/tensor.ts";

/** The cosine transform of type II (phase 0) or IV (½), orthonormal: [n][n]. */
const cosines = (n: number, phase: 0 | 0.5): number[][] =>
  Array.from({ length: n }, (_, k) =>
    Array.from(
      { length: n },
      (_, i) => Math.sqrt((k + phase === 0 ? 1 : 2) / n) * Math.cos((Math.PI * (k + phase) * (2 * i + 1)) / (2 * n)),
    ),
  );

/** With this much of the difference's mean a square that is brighter than its neighbours fades out in them, to nothing and no further. */
const STEEP = Math.SQRT2;

/**
 * The matrix [side,side] that mixes the last half of a square with the first half of the next, or the one that undoes it. What pixels as
 * far before the cut as behind it have in common stays; their differences are turned, by C₂ᵀ·diag(√2, 1, …)·C₄, which brings far ones in.
 */
export function overlap(side: number, back = false): Float32Array {
  const half = side / 2;
  const [two, four] = [cosines(half, 0), cosines(half, 0.5)];
  const [after, before] = back ? [four, two] : [two, four];
  const steep = (k: number): number => (k > 0 ? 1 : back ? 1 / STEEP : STEEP);
  const matrix = new Float32Array(side * side);
  // i and j count away from the cut.
  for (let i = 0; i < half; i++)
    for (let j = 0; j < half; j++) {
      const turn = after.reduce((sum, row, k) => sum + row[half - 1 - i] * steep(k) * before[k][half - 1 - j], 0);
      const stays = (Number(i === j) + turn) / 2;
      const crosses = (Number(i === j) - turn) / 2;
      matrix[(half - 1 - i) * side + half - 1 - j] = stays;
      matrix[(half + i) * side + half + j] = stays;
      matrix[(half - 1 - i) * side + half + j] = crosses;
      matrix[(half + i) * side + half - 1 - j] = crosses;
    }
  return matrix;
}

/** Rows [n,side], each times the matrix. */
const turned = (rows: Value, side: number, back: boolean): Value =>
  rows.matmul(constant(tensor(overlap(side, back), [side, side])), { transB: true });

/** Pixels [b,c,h,w] around each cut between squares, mixed along one axis; those at the borders of the picture stay. */
function along(x: Value, axis: 2 | 3, side: number, back: boolean): Value {
  const length = x.shape[axis];
  const half = side / 2;
  if (length === side) return x;
  const middle = x.slice(axis, half, length - half);
  const [b, c, h, w] = middle.shape;
  const [apart, together] =
    axis === 2
      ? ["b c (n s) w -> (b c n w) s", "(b c n w) s -> b c (n s) w"]
      : ["b c h (n s) -> (b c h n) s", "(b c h n) s -> b c h (n s)"];
  const mixed = turned(rearrange(middle, apart, { s: side }), side, back);
  const sizes = axis === 2 ? { b, c, w, n: h / side } : { b, c, h, n: w / side };
  return concat(axis, x.slice(axis, 0, half), rearrange(mixed, together, sizes), x.slice(axis, length - half, length));
}

/** A picture [b,c,h,w] made ready to be cut into squares of side² pixels. */
export const lap = (picture: Value, side: number): Value => along(along(picture, 2, side, false), 3, side, false);

/** What `lap` had done, undone. */
export const unlap = (x: Value, side: number): Value => along(along(x, 3, side, true), 2, side, true);
