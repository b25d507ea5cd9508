// The forward process: a clean sample drowns in noise. What training shows a network, and what `dreamgrain noise` shows people.
import { map, sameShape, showShape, type Tensor } from "../tensor/tensor.ts";
import type { Prediction } from "./denoise.ts";

/** One noise level for all, or one for each row (axis 0) of a batch; each finite and > 0. */
export type Levels = number | readonly number[];

/** x₀ + σ·ε, what samplers walk on. */
export const noised = (clean: Tensor, noise: Tensor, sigma: Levels): Tensor =>
  mixed(clean, noise, sigma, (level) => [1, level]);

/** The noisy sample at the scale a network sees: √ᾱ·x₀ + √(1−ᾱ)·ε, or (1−s)·x₀ + s·ε for a flow. */
export const networkInput = (prediction: Prediction, clean: Tensor, noise: Tensor, sigma: Levels): Tensor =>
  mixed(clean, noise, sigma, (level) => [prediction.in(level), prediction.in(level) * level]);

/** What the network should answer to `networkInput`: ε, v, x₀ or ε − x₀; F with skip·x + out·F = x₀. */
export const networkTarget = (prediction: Prediction, clean: Tensor, noise: Tensor, sigma: Levels): Tensor =>
  mixed(clean, noise, sigma, (level) => {
    const skip = prediction.skip(level);
    const out = prediction.out(level);
    return [(1 - skip) / out, (-skip * level) / out];
  });

/** a·clean + b·noise, with a and b by each row's level. */
function mixed(
  clean: Tensor,
  noise: Tensor,
  sigma: Levels,
  factors: (sigma: number) => readonly [clean: number, noise: number],
): Tensor {
  if (!sameShape(clean.shape, noise.shape))
    throw new RangeError(`noise: its shape ${showShape(noise.shape)} is not the sample's, ${showShape(clean.shape)}`);
  const levels = typeof sigma === "number" ? [sigma] : sigma;
  if (typeof sigma !== "number" && levels.length !== clean.shape[0])
    throw new RangeError(`noise: ${levels.length} levels for ${clean.shape[0]} rows; give one, or one per row`);
  const bad = levels.find((level) => !(level > 0 && Number.isFinite(level)));
  if (bad !== undefined) throw new RangeError(`noise: level ${bad}; expected a finite σ above 0`);
  const byRow = levels.map(factors);
  const width = clean.data.length / levels.length;
  return map(clean, (value, i) => {
    const [a, b] = byRow[Math.floor(i / width)];
    return a * value + b * noise.data[i];
  });
}
