// Sinusoids: how a noise level or a size is written as numbers a network can read. Computed on the host, in float32 as diffusers does.
import { type Tensor, tensor } from "../tensor/tensor.ts";
import type { UnetSpec } from "./unet.ts";

const { fround } = Math;

export interface Sinusoid {
  /** Cosines first (Stable Diffusion), or sines first (DDPM). */
  readonly flipSinToCos?: boolean;
  /** How far short of 1/10000 the lowest frequency stops, in steps: 0 in Stable Diffusion, 1 in DDPM. */
  readonly freqShift?: number;
}

/**
 * Sinusoids [values,dim] of any numbers; fractions are meant. Vaswani et al. 2017, §3.5; diffusers: get_timestep_embedding.
 * @throws RangeError when `dim` is odd
 */
export function timestepEmbedding(values: readonly number[], dim: number, options: Sinusoid = {}): Tensor {
  const { flipSinToCos = true, freqShift = 0 } = options;
  const half = dim / 2;
  if (!Number.isInteger(half)) throw new RangeError(`timestepEmbedding: ${dim} channels do not split in two`);
  const out = new Float32Array(values.length * dim);
  const [sines, cosines] = flipSinToCos ? [half, 0] : [0, half];
  for (const [row, value] of values.entries())
    for (let i = 0; i < half; i++) {
      const frequency = fround(Math.exp(fround(fround(fround(-Math.log(10000)) * i) / (half - freqShift))));
      const angle = fround(fround(value) * frequency);
      out[row * dim + sines + i] = Math.sin(angle);
      out[row * dim + cosines + i] = Math.cos(angle);
    }
  return tensor(out, [values.length, dim]);
}

/** The U-Net's `time` input for one timestep per picture. */
export const unetTime = (spec: UnetSpec, timesteps: readonly number[]): Tensor =>
  timestepEmbedding(timesteps, spec.levels[0].channels, spec.time);

/**
 * The U-Net's `added` input (SDXL): pooled text [b,c] beside the sinusoids of each picture's time ids.
 * @param timeIds one row per picture: original height and width, crop top and left, target height and width
 * @throws TypeError when the spec takes none, RangeError when the widths do not add up
 */
export function unetAdded(spec: UnetSpec, pooled: Tensor, timeIds: readonly (readonly number[])[]): Tensor {
  if (!spec.addition) throw new TypeError("unetAdded: this U-Net takes no added condition");
  const { timeChannels, channels } = spec.addition;
  const [batch, width] = pooled.shape;
  const out = new Float32Array(batch * channels);
  for (let b = 0; b < batch; b++) {
    const ids = timeIds[b] ?? [];
    if (width + ids.length * timeChannels !== channels)
      throw new RangeError(
        `unetAdded: pooled ${width} and ${ids.length} time ids of ${timeChannels} do not make ${channels} channels`,
      );
    out.set(pooled.data.subarray(b * width, (b + 1) * width), b * channels);
    out.set(timestepEmbedding(ids, timeChannels, spec.time).data, b * channels + width);
  }
  return tensor(out, [batch, channels]);
}
