// Variation: noise between that of two seeds, so that one picture has near and far relatives.
import { combine, type Tensor, tensor } from "../tensor/tensor.ts";

/** Where two noises are more alike than this, on average, the arc between them is as good as a line. */
const PARALLEL = 0.9995;

/**
 * Noise [b,c,h,w] on the arc from one (`weight` 0) to another (1); unlike a point on the line between them, it is as long as
 * they are. Shoemake 1985. As A1111 mixes variation seeds (modules/rng.py), each column of each channel has an arc of its own.
 */
export function slerp(from: Tensor, to: Tensor, weight: number): Tensor {
  const [height, width] = from.shape.slice(-2);
  const columns = from.data.length / height;
  const angle = new Float64Array(columns);
  let alike = 0;
  const at = (column: number, y: number): number =>
    (Math.floor(column / width) * height + y) * width + (column % width);
  for (let column = 0; column < columns; column++) {
    let [dot, a, b] = [0, 0, 0];
    for (let y = 0; y < height; y++) {
      const i = at(column, y);
      dot += from.data[i] * to.data[i];
      a += from.data[i] ** 2;
      b += to.data[i] ** 2;
    }
    const cosine = Math.min(1, Math.max(-1, dot / Math.sqrt(a * b)));
    alike += cosine / columns;
    angle[column] = Math.acos(cosine);
  }
  if (!(alike <= PARALLEL)) return combine([1 - weight, from], [weight, to]);
  const out = new Float32Array(from.data.length);
  for (let column = 0; column < columns; column++) {
    const omega = angle[column];
    const sine = Math.sin(omega);
    const [a, b] =
      sine < 1e-6 ? [1 - weight, weight] : [Math.sin((1 - weight) * omega) / sine, Math.sin(weight * omega) / sine];
    for (let y = 0; y < height; y++) {
      const i = at(column, y);
      out[i] = a * from.data[i] + b * to.data[i];
    }
  }
  return tensor(out, from.shape);
}
