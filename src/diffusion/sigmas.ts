// Sigmas: the noise levels a sampler walks down, and the time by which the network knows each.

/** A walk from noise to picture: `levels.length` − 1 steps, each from one level to the next. */
export interface Sigmas {
  /** Noise levels σ, strictly falling; the last is 0 unless the schedule was asked to stop short of it. */
  readonly levels: readonly number[];
  /** The network's time at each level but the last. */
  readonly times: readonly number[];
  /** The standard deviation of the first x: a walk from nothing begins at `start` · noise. */
  readonly start: number;
  /** What the last x is to be multiplied by; 1 unless the walk stops short of 0 in a convention that keeps x's variance. */
  readonly end: number;
  /** The network's time at any σ: one of `times` for a level of the walk, interpolated for a σ between two. */
  time(sigma: number): number;
}

export interface SigmasOptions {
  readonly times?: readonly number[] | undefined;
  readonly start?: number;
  readonly end?: number;
}

/**
 * A walk over given levels.
 * @param time the network's time at a σ, as `NoiseTable.time` tells it; `times` overrules it at the levels themselves.
 * @param start defaults to the first level: the first x is then σ₀·noise, as in k-diffusion.
 * @throws RangeError unless there are two levels or more, finite, not negative and strictly falling.
 */
export function sigmasOf(
  levels: readonly number[],
  time: (sigma: number) => number,
  { times, start = levels[0], end = 1 }: SigmasOptions = {},
): Sigmas {
  if (levels.length < 2) throw new RangeError(`sigmas: ${levels.length} levels; a walk needs at least two`);
  levels.forEach((level, i) => {
    if (!Number.isFinite(level) || level < 0) throw new RangeError(`sigmas: level ${i} is ${level}; expected σ ≥ 0`);
    if (i > 0 && level >= levels[i - 1])
      throw new RangeError(
        `sigmas: level ${i} (${level}) is not below level ${i - 1} (${levels[i - 1]}); use fewer steps or another schedule`,
      );
  });
  const known = new Map((times ?? []).map((t, i) => [levels[i], t]));
  const timeAt = (sigma: number): number => known.get(sigma) ?? time(sigma);
  return { levels, times: levels.slice(0, -1).map(timeAt), start, end, time: timeAt };
}

/** The last steps of a walk, for one that begins at a picture: from x₀ + σ·ε at the first level that is left. */
export function lastSteps(sigmas: Sigmas, count: number): Sigmas {
  const all = sigmas.times.length;
  if (!Number.isInteger(count) || count < 1 || count > all)
    throw new RangeError(`sigmas: the last ${count} of ${all} steps; expected a whole number from 1 to ${all}`);
  const levels = sigmas.levels.slice(all - count);
  return { ...sigmas, levels, times: sigmas.times.slice(all - count), start: levels[0] };
}
