// shrink: pictures made a whole number of times smaller.

/** The mean of each square of `shrink`² pixels: planar RGB [3,side,side] to `out`, [3,side/shrink,side/shrink]. */
export function shrunk(picture: Float32Array, side: number, shrink: number, out: Float32Array): Float32Array {
  const given = side / shrink;
  out.fill(0);
  for (let c = 0; c < 3; c++)
    for (let y = 0; y < side; y++)
      for (let x = 0; x < side; x++)
        out[(c * given + Math.floor(y / shrink)) * given + Math.floor(x / shrink)] +=
          picture[(c * side + y) * side + x] / (shrink * shrink);
  return out;
}
