// Formula values: deterministic numbers from a name, the same in every language, so that tests need no binary fixtures.
import { type Shape, size, type Tensor } from "../src/tensor/tensor.ts";

/** FNV-1a (32 bit) of the UTF-8 bytes of a name. */
function fnv1a(name: string): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(name)) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}

/** `count` numbers in [−1, 1), hashed from a name and the index (murmur3's finaliser). */
export function formula(name: string, count: number): Float64Array {
  const hash = fnv1a(name);
  return new Float64Array(count).map((_, i) => {
    let z = (hash + Math.imul(i, 0x9e3779b9)) >>> 0;
    z ^= z >>> 16;
    z = Math.imul(z, 0x85ebca6b);
    z ^= z >>> 13;
    z = Math.imul(z, 0xc2b2ae35);
    z ^= z >>> 16;
    return (2 * (z >>> 0)) / 2 ** 32 - 1;
  });
}

/** A parameter by its checkpoint name: matrices of unit gain, norm weights around 1, biases within ±0.1. */
export function formulaParam(name: string, shape: Shape): Tensor {
  const fan = size(shape.slice(1));
  const value = (u: number): number => {
    if (shape.length >= 2) return u * Math.sqrt(3 / fan);
    return name.endsWith(".weight") ? 1 + 0.2 * u : 0.1 * u;
  };
  return { dtype: "f32", shape, data: Float32Array.from(formula(name, size(shape)), value) };
}

/** An input of unit variance; the goldens' names are `input:sample`, `input:text`, … */
export function formulaInput(name: string, shape: Shape): Tensor {
  return { dtype: "f32", shape, data: Float32Array.from(formula(name, size(shape)), (u) => u * Math.sqrt(3)) };
}
