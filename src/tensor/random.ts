// Random numbers as torch draws them: its CPU generator (MT19937) and its CUDA generator (Philox 4x32-10); and as numpy does.
import { bf16ToF32, type FloatDType, f16ToF32, f32ToBf16, f32ToF16 } from "./dtype.ts";
import { type Shape, size, stack, type Tensor, tensor } from "./tensor.ts";

/** Draws standard normal noise of a shape: all that a sampler needs to know of a generator. */
export type Noise = (shape: Shape) => Tensor;

/** A stream of random numbers. Each call moves the stream on; a clone goes its own way from where it was made. */
export interface Random {
  /** Standard normal numbers, filled in row-major order. */
  randn(shape: Shape): Tensor;
  /** The same draw as `randn` of `count` numbers, in double precision where the generator has it. */
  normals(count: number): Float64Array;
  /** Numbers uniform on [0, 1). */
  rand(shape: Shape): Tensor;
  /** A whole number from 0 to `below` − 1, as `torch.randint` takes it (remainder of a 32-bit draw; `below` ≤ 2³²). */
  int(below: number): number;
  clone(): Random;
}

/** A whole number; negative ones and those beyond 64 bits are wrapped mod 2⁶⁴, as torch does. 0 is a seed like any other. */
export type Seed = number | bigint;

/**
 * torch's CPU generator: `torch.Generator("cpu").manual_seed(seed)`, which diffusers draws its latents from.
 *
 * MT19937, seeded by the seed's low 32 bits. Normals agree with torch to a few ulp (torch's own vary between machines:
 * its logarithms and cosines are vectorised). The noise of f16 and bf16 is not the rounded noise of f32: torch takes fewer
 * bits of each draw, so a pipeline loaded in half precision draws another picture. The values come as float32 all the same.
 * @throws RangeError when the seed is not a whole number.
 */
export function cpuGenerator(seed: Seed, dtype: FloatDType = "f32"): Random {
  return cpu(twister(seeded(Number(wrapped(seed) & 0xffffffffn))), dtype);
}

/**
 * torch's CUDA generator, counted as A1111's "NV" source and stable-diffusion.cpp's `--rng cuda` count it.
 *
 * Philox 4x32-10 (Salmon et al. 2011): key = seed, counter = (call, 0, element, 0), the first normal of each quadruple.
 * `rand` and `int` come from the same counters but are this project's own, not torch's.
 * @throws RangeError when the seed is not a whole number.
 */
export function cudaGenerator(seed: Seed): Random {
  return cuda(wrapped(seed), 0);
}

/**
 * numpy's `RandomState(seed)`, which diffusers' tests draw their latents from: MT19937 again, seeded by the seed's low 32 bits,
 * and Marsaglia's polar method in double precision. `int` is this project's own, not numpy's.
 * @throws RangeError when the seed is not a whole number.
 */
export function numpyGenerator(seed: Seed): Random {
  return numpy(twister(seeded(Number(wrapped(seed) & 0xffffffffn))));
}

/** Noise for a batch from one generator per image (axis 0), so that an image alone equals the same image in a batch. */
export function perImage(generators: readonly Random[]): Noise {
  return (shape) => {
    if (shape[0] !== generators.length)
      throw new RangeError(
        `noise: ${generators.length} generators cannot fill a batch of ${shape[0]}; give one per image`,
      );
    return stack(generators.map((generator) => generator.randn([1, ...shape.slice(1)])));
  };
}

function wrapped(seed: Seed): bigint {
  if (typeof seed === "number" && !Number.isSafeInteger(seed))
    throw new RangeError(`seed: ${seed} is not a whole number within ±2⁵³; write larger ones as a bigint`);
  return BigInt.asUintN(64, BigInt(seed));
}

interface Arithmetic {
  /** A number uniform on [0, 1), from the low bits of 32-bit draws. */
  uniform(bits: () => number): number;
  /** What storing a number in the dtype makes of it. */
  round(x: number): number;
  /** 2π as torch's kernel for the dtype holds it: only the float32 kernel is written in float32. */
  readonly turn: number;
}

const turn = 2 * Math.PI;
const arithmetic: Record<FloatDType, Arithmetic> = {
  f64: { uniform: (bits) => ((bits() & 0x1fffff) * 2 ** 32 + bits()) * 2 ** -53, round: (x) => x, turn },
  f32: { uniform: (bits) => (bits() & 0xffffff) * 2 ** -24, round: Math.fround, turn: Math.fround(turn) },
  f16: { uniform: (bits) => (bits() & 0x7ff) * 2 ** -11, round: (x) => f16ToF32(f32ToF16(x)), turn },
  bf16: { uniform: (bits) => (bits() & 0xff) * 2 ** -8, round: (x) => bf16ToF32(f32ToBf16(x)), turn },
};

function cpu(bits: Twister, dtype: FloatDType, spare?: number): Random {
  const { uniform, round, turn } = arithmetic[dtype];
  const single = dtype === "f64" ? round : Math.fround; // half-precision cosines are taken in float32

  /** Fewer than 16 numbers: one at a time in double precision; the second of a pair waits, even for the next call. */
  const one = (): number => {
    if (spare !== undefined) {
      const kept = spare;
      spare = undefined;
      return kept;
    }
    const angle = 2 * Math.PI * arithmetic.f64.uniform(bits.next);
    const radius = Math.sqrt(-2 * Math.log1p(-arithmetic.f64.uniform(bits.next)));
    spare = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  };

  /** Box and Muller over 16 uniforms in place: the first eight are radii, the last eight angles. */
  const transform = (d: Float64Array, at: number): void => {
    for (let i = at; i < at + 8; i++) {
      const radius = round(Math.sqrt(round(-2 * round(Math.log(round(1 - d[i]))))));
      const angle = round(turn * d[i + 8]);
      d[i] = round(radius * single(Math.cos(angle)));
      d[i + 8] = round(radius * single(Math.sin(angle)));
    }
  };

  const normals = (count: number): Float64Array => {
    if (count < 16) return Float64Array.from({ length: count }, () => round(one()));
    const d = Float64Array.from({ length: count }, () => uniform(bits.next));
    for (let at = 0; at + 16 <= count; at += 16) transform(d, at);
    if (count % 16 > 0) {
      for (let i = count - 16; i < count; i++) d[i] = uniform(bits.next); // the last 16 are drawn afresh
      transform(d, count - 16);
    }
    return d;
  };

  return {
    normals,
    randn: (shape) => tensor(Float32Array.from(normals(size(shape))), shape),
    rand: (shape) =>
      tensor(
        Float32Array.from({ length: size(shape) }, () => uniform(bits.next)),
        shape,
      ),
    int: (below) => bits.next() % below,
    clone: () => cpu(bits.copy(), dtype, spare),
  };
}

function numpy(bits: Twister, spare?: number): Random {
  const uniform = (): number => ((bits.next() >>> 5) * 2 ** 26 + (bits.next() >>> 6)) / 2 ** 53;
  /** Two at a time; the second of a pair waits, even for the next call. */
  const normal = (): number => {
    if (spare !== undefined) {
      const kept = spare;
      spare = undefined;
      return kept;
    }
    for (;;) {
      const [x, y] = [2 * uniform() - 1, 2 * uniform() - 1];
      const square = x * x + y * y;
      if (square >= 1 || square === 0) continue;
      const factor = Math.sqrt((-2 * Math.log(square)) / square);
      spare = factor * x;
      return factor * y;
    }
  };
  return {
    normals: (count) => Float64Array.from({ length: count }, normal),
    randn: (shape) => tensor(Float32Array.from({ length: size(shape) }, normal), shape),
    rand: (shape) => tensor(Float32Array.from({ length: size(shape) }, uniform), shape),
    int: (below) => bits.next() % below,
    clone: () => numpy(bits.copy(), spare),
  };
}

interface Twister {
  /** The next 32 bits, as a number from 0 to 2³² − 1. */
  next(): number;
  copy(): Twister;
}

/** MT19937 (Matsumoto and Nishimura 1998) over its 624 words of state. */
function twister(words: Uint32Array, at = 624): Twister {
  return {
    next() {
      if (at === 624) {
        for (let i = 0; i < 624; i++) {
          const y = (words[i] & 0x80000000) | (words[(i + 1) % 624] & 0x7fffffff);
          words[i] = words[(i + 397) % 624] ^ (y >>> 1) ^ (y & 1 ? 0x9908b0df : 0);
        }
        at = 0;
      }
      let y = words[at++];
      y ^= y >>> 11;
      y ^= (y << 7) & 0x9d2c5680;
      y ^= (y << 15) & 0xefc60000;
      return (y ^ (y >>> 18)) >>> 0;
    },
    copy: () => twister(words.slice(), at),
  };
}

function seeded(seed: number): Uint32Array {
  const words = new Uint32Array(624);
  words[0] = seed;
  for (let i = 1; i < 624; i++) words[i] = Math.imul(1812433253, words[i - 1] ^ (words[i - 1] >>> 30)) + i;
  return words;
}

function cuda(seed: bigint, calls: number): Random {
  const key = [Number(seed & 0xffffffffn), Number(seed >> 32n)] as const;
  const draw = <T>(count: number, f: (words: Uint32Array) => number, out: T & { [i: number]: number }): T => {
    for (let i = 0; i < count; i++) out[i] = f(philox(key, calls, i));
    calls += 1;
    return out;
  };
  const normal = (words: Uint32Array): number => {
    const u = words[0] * 2 ** -32 + 2 ** -33;
    const angle = (words[1] + 0.5) * (2 * Math.PI * 2 ** -32);
    return Math.sqrt(-2 * Math.log(u)) * Math.sin(angle);
  };
  return {
    normals: (count) => draw(count, normal, new Float64Array(count)),
    randn: (shape) => tensor(draw(size(shape), normal, new Float32Array(size(shape))), shape),
    rand: (shape) =>
      tensor(
        draw(size(shape), (words) => (words[0] >>> 8) * 2 ** -24, new Float32Array(size(shape))),
        shape,
      ),
    int: (below) => draw(1, (words) => words[0] % below, [0])[0],
    clone: () => cuda(seed, calls),
  };
}

/** Ten rounds over the counter (call, 0, element, 0): four 32-bit words. */
function philox(key: readonly [number, number], call: number, element: number): Uint32Array {
  const c = Uint32Array.of(call, 0, element, 0);
  let [k0, k1] = key;
  for (let round = 0; round < 10; round++) {
    const low0 = Math.imul(0xd2511f53, c[0]);
    const low2 = Math.imul(0xcd9e8d57, c[2]);
    const high0 = highProduct(0xd2511f53, c[0]);
    c[0] = highProduct(0xcd9e8d57, c[2]) ^ c[1] ^ k0;
    c[1] = low2;
    c[2] = high0 ^ c[3] ^ k1;
    c[3] = low0;
    k0 = (k0 + 0x9e3779b9) | 0;
    k1 = (k1 + 0xbb67ae85) | 0;
  }
  return c;
}

/** The upper 32 bits of the product of two 32-bit numbers. */
function highProduct(a: number, b: number): number {
  const low = (a & 0xffff) * b; // below 2⁴⁸, exact
  const high = (a >>> 16) * b + Math.floor(low / 0x10000);
  return Math.floor(high / 0x10000) >>> 0;
}
