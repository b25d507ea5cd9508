// The painter's own random stream: small, fast, the same on every machine (mulberry32).

/** A seeded stream of uniform numbers in [0, 1), with the draws the painter needs. */
export interface Random {
  (): number;
  /** A number in [low, high). */
  range(low: number, high: number): number;
  /** An integer in 0 … n − 1. */
  int(n: number): number;
  /** One item, all equally likely. */
  pick<T>(items: readonly T[]): T;
  /** True with probability p. */
  chance(p: number): boolean;
  /** A standard normal number (Box–Muller). */
  normal(): number;
  /** One value of [value, weight] pairs, by weight. */
  weighted<T>(pairs: readonly (readonly [T, number])[]): T;
}

/** Makes the random stream of a seed (taken modulo 2³²). */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  return Object.assign(next, {
    range: (low: number, high: number) => low + (high - low) * next(),
    int: (n: number) => Math.floor(next() * n),
    pick: <T>(items: readonly T[]): T => {
      if (items.length === 0) throw new RangeError("pick needs at least one item to choose from, and got none");
      return items[Math.floor(next() * items.length)] as T;
    },
    chance: (p: number) => next() < p,
    normal: () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next()),
    weighted: <T>(pairs: readonly (readonly [T, number])[]): T => {
      let total = 0;
      for (const [, weight] of pairs) total += weight;
      let left = next() * total;
      for (const [value, weight] of pairs) {
        left -= weight;
        if (left <= 0) return value;
      }
      const last = pairs.at(-1);
      if (last === undefined) throw new RangeError("weighted needs at least one pair to choose from, and got none");
      return last[0];
    },
  });
}

/** Derives an independent seed from a seed and a small whole number (an integer hash). */
export function deriveSeed(seed: number, stream: number): number {
  let h = Math.imul((seed >>> 0) ^ 0x9e3779b9, 0x85ebca6b) + Math.imul(stream + 1, 0xc2b2ae35);
  h = Math.imul(h ^ (h >>> 16), 0x7feb352d);
  h = Math.imul(h ^ (h >>> 15), 0x846ca68b);
  return (h ^ (h >>> 16)) >>> 0;
}
