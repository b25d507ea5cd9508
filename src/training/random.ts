// random: small named streams of numbers for training, where speed and independence matter more than torch's exact draws.

/** A stream of random numbers. */
export interface Random {
  /** U[0,1). */
  readonly next: () => number;
  /** U(−1,1). */
  readonly uniform: () => number;
  /** N(0,1). */
  readonly normal: () => number;
  /** An integer in 0…n−1. */
  readonly below: (n: number) => number;
  /** Fill with N(0,1). */
  readonly fillNormal: (out: Float32Array) => Float32Array;
}

/** FNV-1a, 32 bits. */
function hash(text: string): number {
  let h = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) h = Math.imul(h ^ byte, 0x01000193);
  return h >>> 0;
}

/** The stream called `name` of a seed: xoshiro128** (Blackman & Vigna 2018), seeded by splitmix32. */
export function random(seed: number, name = ""): Random {
  let mix = (hash(name) ^ Math.imul(seed, 0x9e3779b9)) >>> 0;
  const split = (): number => {
    mix = (mix + 0x9e3779b9) >>> 0;
    let z = mix;
    z = Math.imul(z ^ (z >>> 16), 0x85ebca6b);
    z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
    return (z ^ (z >>> 16)) >>> 0;
  };
  let [a, b, c, d] = [split(), split(), split(), split()];
  const rotl = (x: number, k: number): number => (x << k) | (x >>> (32 - k));
  const bits = (): number => {
    const result = Math.imul(rotl(Math.imul(b, 5), 7), 9);
    const t = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= t;
    d = rotl(d, 11);
    return result >>> 0;
  };
  const next = (): number => bits() / 2 ** 32;
  let spare: number | undefined;
  const normal = (): number => {
    if (spare !== undefined) {
      const value = spare;
      spare = undefined;
      return value;
    }
    const radius = Math.sqrt(-2 * Math.log(1 - next()));
    const angle = 2 * Math.PI * next();
    spare = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  };
  return {
    next,
    normal,
    uniform: () => 2 * next() - 1,
    below: (n) => Math.floor(next() * n),
    fillNormal: (out) => {
      for (let i = 0; i < out.length; i++) out[i] = normal();
      return out;
    },
  };
}
