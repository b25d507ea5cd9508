// Half precision on the host: f16 and bf16 bit patterns to float32 and back, rounded to nearest even.
import type { AnyTensor, Tensor } from "./tensor.ts";

/** Bytes one element takes. */
export const bytesPer = { f64: 8, f32: 4, f16: 2, bf16: 2, i64: 8, i32: 4, u8: 1 } as const;

/** The dtypes that hold real numbers, which `widen` and `narrow` turn into one another without changing what they mean. */
export type FloatDType = "f64" | "f32" | "f16" | "bf16";

export const isFloat = (dtype: string): dtype is FloatDType =>
  dtype === "f64" || dtype === "f32" || dtype === "f16" || dtype === "bf16";

const scratch = new Float32Array(1);
const scratchBits = new Uint32Array(scratch.buffer);

/** The float32 that an IEEE 754 binary16 bit pattern stands for; exact. */
export function f16ToF32(bits: number): number {
  scratchBits[0] = widenHalf(bits);
  return scratch[0];
}

/** The binary16 bit pattern nearest to a number (first rounded to float32), ties to even; 65,520 and above are infinity. */
export function f32ToF16(value: number): number {
  scratch[0] = value;
  return narrowHalf(scratchBits[0]);
}

/** The float32 that a bfloat16 bit pattern stands for; exact. */
export function bf16ToF32(bits: number): number {
  scratchBits[0] = bits << 16;
  return scratch[0];
}

/** The bfloat16 bit pattern nearest to a number (first rounded to float32), ties to even. */
export function f32ToBf16(value: number): number {
  scratch[0] = value;
  return narrowBrain(scratchBits[0]);
}

/** binary16 bits to binary32 bits: every f16 is an f32, so only the exponent moves; NaN payloads survive. */
function widenHalf(h: number): number {
  const sign = (h & 0x8000) << 16;
  const exponent = (h >>> 10) & 0x1f;
  const mantissa = h & 0x3ff;
  if (exponent === 31) return (sign | 0x7f800000 | (mantissa << 13)) >>> 0;
  if (exponent > 0) return (sign | ((exponent + 112) << 23) | (mantissa << 13)) >>> 0;
  if (mantissa === 0) return sign >>> 0;
  const up = Math.clz32(mantissa) - 21; // leading zeros within ten bits, plus one: shifts the top bit to bit 10
  return (sign | ((113 - up) << 23) | (((mantissa << up) & 0x3ff) << 13)) >>> 0;
}

function narrowHalf(f: number): number {
  const sign = (f >>> 16) & 0x8000;
  const a = f & 0x7fffffff;
  if (a >= 0x47800000) {
    if (a <= 0x7f800000) return sign | 0x7c00;
    return sign | 0x7c00 | ((a >>> 13) & 0x3ff || 1);
  }
  if (a >= 0x38800000) {
    const rebased = a - 0x38000000;
    return sign | ((rebased + 0xfff + ((rebased >>> 13) & 1)) >>> 13);
  }
  if (a <= 0x33000000) return sign; // 2⁻²⁵ is half the smallest subnormal: the tie goes to zero
  const shift = 126 - (a >>> 23);
  const mantissa = (a & 0x7fffff) | 0x800000;
  const floor = mantissa >>> shift;
  const rest = mantissa - (floor << shift);
  const half = 1 << (shift - 1);
  return sign | (floor + (rest > half || (rest === half && (floor & 1) === 1) ? 1 : 0));
}

function narrowBrain(f: number): number {
  if ((f & 0x7fffffff) > 0x7f800000) return (f >>> 16) & 0x7f ? f >>> 16 : (f >>> 16) | 1;
  return (f + 0x7fff + ((f >>> 16) & 1)) >>> 16;
}

let halves: Uint32Array | undefined;

/** All 65,536 f16 patterns as f32 bits; 256 KiB, made on first use. */
const halfTable = (): Uint32Array => (halves ??= Uint32Array.from({ length: 0x10000 }, (_, h) => widenHalf(h)));

/**
 * The same numbers as float32. An f32 tensor is returned as it is, f16 and bf16 are exact, f64 and integers are rounded.
 */
export function widen(x: AnyTensor): Tensor {
  if (x.dtype === "f32") return x;
  const data = new Float32Array(x.data.length);
  if (x.dtype === "f16") {
    const table = halfTable();
    const bits = new Uint32Array(data.buffer);
    const half = x.data;
    for (let i = 0; i < half.length; i++) bits[i] = table[half[i]];
  } else if (x.dtype === "bf16") {
    const bits = new Uint32Array(data.buffer);
    const half = x.data;
    for (let i = 0; i < half.length; i++) bits[i] = half[i] << 16;
  } else if (x.dtype === "i64") for (let i = 0; i < data.length; i++) data[i] = Number(x.data[i]);
  else data.set(x.data);
  return { dtype: "f32", shape: x.shape, data };
}

/** Float32 numbers stored in two bytes each, rounded to nearest even; too large for f16 becomes infinity. */
export function narrow<D extends "f16" | "bf16">(x: Tensor, dtype: D): Tensor<D> {
  const bits = new Uint32Array(x.data.buffer, x.data.byteOffset, x.data.length);
  const data = new Uint16Array(bits.length);
  if (dtype === "f16") for (let i = 0; i < bits.length; i++) data[i] = narrowHalf(bits[i]);
  else for (let i = 0; i < bits.length; i++) data[i] = narrowBrain(bits[i]);
  // Both dtypes keep their bits in a Uint16Array, which the compiler cannot see through the type parameter.
  return { dtype, shape: x.shape, data } as Tensor<D>;
}

/** The same numbers in another floating dtype: `widen` and `narrow` as needed, the tensor itself when nothing changes. */
export function toFloat(x: AnyTensor, dtype: FloatDType): AnyTensor {
  if (x.dtype === dtype) return x;
  if (dtype === "f64" && x.dtype !== "i64") {
    const wide = x.dtype === "f16" || x.dtype === "bf16" ? widen(x).data : x.data;
    return { dtype, shape: x.shape, data: Float64Array.from(wide) };
  }
  const wide = widen(x);
  if (dtype === "f32") return wide;
  if (dtype === "f64") return { dtype, shape: x.shape, data: Float64Array.from(wide.data) };
  return narrow(wide, dtype);
}
