// Noise tables: which noise level each time of a network stands for, and back.

/**
 * The correspondence of a network's time and the noise level σ it was trained at there, where a noisy sample is x₀ + σ·ε.
 *
 * Times run from 0 (almost clean) to `timesteps` − 1 (almost nothing but noise) and may be fractional.
 */
export interface NoiseTable {
  /** How many whole times there are, T. */
  readonly timesteps: number;
  /** σ at a time; times beyond the ends count as the ends. `interpolation` says what is linear between whole times. */
  sigma(time: number, interpolation?: Interpolation): number;
  /** The time of a σ, linear in ln σ between whole times; levels beyond the ends get the ends' times. */
  time(sigma: number): number;
  /** The levels, highest first, that a curve through σ (Karras, exponential) runs between. */
  readonly range: readonly [max: number, min: number];
}

/** Between whole times, diffusers interpolates σ and k-diffusion ln σ. */
export type Interpolation = "linear" | "log";

/** A variance-preserving table: at time t the network was trained on √ᾱ·x₀ + √(1−ᾱ)·ε, and σ = √((1−ᾱ)/ᾱ). */
export interface VpTable extends NoiseTable {
  /** ᾱ at each whole time, falling; in float32, as diffusers holds it (1 − ᾱ at time 0 feels the difference). */
  readonly alphasCumprod: Float32Array;
  /** σ at each whole time, rising. */
  readonly sigmas: Float64Array;
}

/** The betas that `vpTable` knows, under the names of diffusers' `beta_schedule`. */
export type BetaSchedule = "scaled_linear" | "linear" | "squaredcos_cap_v2";

export interface VpOptions {
  /** Defaults to Stable Diffusion's `scaled_linear`. */
  readonly schedule?: BetaSchedule;
  /** β at time 0; default 0.00085 for `scaled_linear`, 0.0001 for `linear`; `squaredcos_cap_v2` has none. */
  readonly start?: number;
  /** β at the last time; default 0.012 for `scaled_linear`, 0.02 for `linear`. */
  readonly end?: number;
  /** Default 1000. */
  readonly timesteps?: number;
}

/** The table of a β schedule: ᾱ_t = Π (1 − β_s). Ho et al. 2020; every SD 1, 2 and XL checkpoint uses the defaults. */
export function vpTable({ schedule = "scaled_linear", start, end, timesteps = 1000 }: VpOptions = {}): VpTable {
  if (!Number.isInteger(timesteps) || timesteps < 2)
    throw new RangeError(`noise table: ${timesteps} timesteps; expected a whole number from 2`);
  let product = 1;
  const betas = betaSchedules[schedule];
  return tableOf(Float32Array.from({ length: timesteps }, (_, i) => (product *= 1 - betas(i, timesteps, start, end))));
}

const betaSchedules: Record<BetaSchedule, (i: number, of: number, start?: number, end?: number) => number> = {
  scaled_linear: (i, of, start = 0.00085, end = 0.012) => between(Math.sqrt(start), Math.sqrt(end), i / (of - 1)) ** 2,
  linear: (i, of, start = 0.0001, end = 0.02) => between(start, end, i / (of - 1)),
  squaredcos_cap_v2: (i, of) => Math.min(1 - cosine((i + 1) / of) / cosine(i / of), 0.999),
};

/** ᾱ of Nichol and Dhariwal 2021, eq. 17, before normalisation. */
const cosine = (t: number): number => Math.cos(((t + 0.008) / 1.008) * (Math.PI / 2)) ** 2;

/**
 * The same table stretched so that its last time holds no signal at all. Lin et al. 2023, algorithm 1.
 *
 * The last ᾱ becomes `floor` instead of 0 to keep σ finite: 2⁻²⁴ (σ = 4096) as diffusers' σ-space samplers have it. Needs
 * v-prediction or x₀-prediction and a schedule that starts at the last time (`trailing`).
 */
export function zeroTerminalSnr(table: VpTable, floor = 2 ** -24): VpTable {
  const roots = Float64Array.from(table.alphasCumprod, Math.sqrt);
  const first = roots[0];
  const last = roots[roots.length - 1];
  const stretched = Float32Array.from(roots, (root) => (((root - last) * first) / (first - last)) ** 2);
  stretched[stretched.length - 1] = floor;
  return tableOf(stretched);
}

function tableOf(alphasCumprod: Float32Array): VpTable {
  const timesteps = alphasCumprod.length;
  const sigmas = Float64Array.from(alphasCumprod, (alpha) => Math.sqrt((1 - alpha) / alpha));
  const logs = sigmas.map(Math.log);
  return {
    alphasCumprod,
    sigmas,
    timesteps,
    range: [sigmas[timesteps - 1], sigmas[0]],
    sigma(time, interpolation = "log") {
      const t = Math.min(Math.max(time, 0), timesteps - 1);
      const low = Math.min(Math.floor(t), timesteps - 2);
      if (t === low) return sigmas[low];
      if (t === low + 1) return sigmas[low + 1];
      return interpolation === "linear"
        ? between(sigmas[low], sigmas[low + 1], t - low)
        : Math.exp(between(logs[low], logs[low + 1], t - low));
    },
    time(sigma) {
      if (sigma <= sigmas[0]) return 0;
      if (sigma >= sigmas[timesteps - 1]) return timesteps - 1;
      let low = 0; // sigmas[low] ≤ sigma < sigmas[high]
      let high = timesteps - 1;
      while (high - low > 1) {
        const middle = (low + high) >> 1;
        if (sigmas[middle] <= sigma) low = middle;
        else high = middle;
      }
      return low + (Math.log(sigma) - logs[low]) / (logs[high] - logs[low]);
    },
  };
}

/**
 * The table of rectified flow, where the network was trained on (1−s)·x₀ + s·ε (Liu et al. 2022).
 *
 * Seen as x₀ + σ·ε, that is the same sample divided by 1 − s, with σ = s/(1−s); so every sampler here serves it, and a
 * straight step in σ is a straight step of the flow. Pure noise, s = 1, would be σ = ∞: times therefore name the *middles* of
 * T equal bins, s = (time + ½)/T, and both ends are finite (T = 1000: σ from 0.0005 to 1999). Train at time = T·s − ½.
 * Curves run between 80 and 0.002 (Karras et al. 2022), where almost all of the picture is decided.
 */
export function flowTable(timesteps = 1000): NoiseTable {
  return {
    timesteps,
    range: [80, 0.002],
    sigma(time) {
      const s = (Math.min(Math.max(time, 0), timesteps - 1) + 0.5) / timesteps;
      return s / (1 - s);
    },
    time: (sigma) => timesteps * (sigma / (1 + sigma)) - 0.5,
  };
}

const between = (a: number, b: number, w: number): number => a + w * (b - a);
