// Denoise: given a noisy x and how noisy it is, say what the clean x was. What a network was trained to say is data.
import { combine, rows, sameShape, scale, showShape, type Tensor, tensor } from "../tensor/tensor.ts";

/** The clean x₀ that a noisy x = x₀ + σ·ε most likely came from (its mean); σ > 0, x of any shape, the same shape back. */
export type Denoise = (x: Tensor, sigma: number) => Promise<Tensor> | Tensor;

/** A network as it was trained: its own scaling of x, its own clock, its own target. */
export type Network = (x: Tensor, time: number) => Promise<Tensor> | Tensor;

/**
 * What a network was trained to say, as factors that depend on σ alone: D(x; σ) = skip·x + out·F(in·x; time).
 *
 * Karras et al. 2022, eq. 7. `in` brings x₀ + σ·ε to the scale that the network saw.
 */
export interface Prediction {
  skip(sigma: number): number;
  out(sigma: number): number;
  in(sigma: number): number;
}

/** Variance preserving: √ᾱ·x₀ + √(1−ᾱ)·ε is x₀ + σ·ε times √ᾱ = 1/√(σ²+1). */
const unitVariance = (sigma: number): number => 1 / Math.sqrt(sigma * sigma + 1);

/** The predictions of the models of the world, by the names that their configs use for them. */
export const predictions = {
  /** The noise ε. Ho et al. 2020; SD 1, SDXL. */
  epsilon: { skip: () => 1, out: (sigma) => -sigma, in: unitVariance },
  /** The velocity v = √ᾱ·ε − √(1−ᾱ)·x₀. Salimans and Ho 2022; SD 2.1 at 768. */
  v: { skip: (sigma) => 1 / (sigma * sigma + 1), out: (sigma) => -sigma * unitVariance(sigma), in: unitVariance },
  /** The clean x₀ itself (diffusers: `sample`). */
  sample: { skip: () => 0, out: () => 1, in: unitVariance },
  /** The direction ε − x₀ of a rectified flow through (1−s)·x₀ + s·ε, s = σ/(1+σ). Liu et al. 2022. */
  flow: { skip: (sigma) => 1 / (1 + sigma), out: (sigma) => -sigma / (1 + sigma), in: (sigma) => 1 / (1 + sigma) },
} as const satisfies Record<string, Prediction>;

/** A key of `predictions`. */
export type PredictionName = keyof typeof predictions;

/**
 * What a network says that was distilled for consistency: x itself where no noise is left, its own x₀ everywhere else.
 *
 * Song et al. 2023, eq. 5, as Luo et al. 2023 (LCM) weigh it: by ten times the network's time, against data of deviation ½.
 * @param time the network's time at a σ: `sigmas.time` of the walk, or `table.time`.
 */
export function consistency(prediction: Prediction, time: (sigma: number) => number): Prediction {
  const kept = (sigma: number): number => 0.25 / ((10 * time(sigma)) ** 2 + 0.25);
  const said = (sigma: number): number => Math.sqrt(1 - kept(sigma));
  return {
    skip: (sigma) => said(sigma) * prediction.skip(sigma) + kept(sigma) * prediction.in(sigma),
    out: (sigma) => said(sigma) * prediction.out(sigma),
    in: prediction.in,
  };
}

/**
 * A network that is shown more than x: further channels [1,k,h,w], the same at every step, after those of x [b,c,h,w] and
 * not scaled with them. So inpainting models see what is known, and instruct-pix2pix the picture to change.
 */
export function beside(network: Network, channels: Tensor): Network {
  return (x, time) => {
    const [batch, own, ...size] = x.shape;
    if (channels.shape[0] !== 1 || !sameShape(channels.shape.slice(2), size))
      throw new RangeError(`beside: channels ${showShape(channels.shape)} do not fit beside x ${showShape(x.shape)}`);
    const images = Array.from({ length: batch }, (_, i) => [rows(x, i).data, channels.data]).flat();
    const all = own + channels.shape[1];
    const data = new Float32Array(x.data.length + batch * channels.data.length);
    let at = 0;
    for (const part of images) {
      data.set(part, at);
      at += part.length;
    }
    return network(tensor(data, [batch, all, ...size]), time);
  };
}

/**
 * The `Denoise` that a network amounts to.
 * @param time the network's time at a σ: `sigmas.time` of the walk, or `table.time`.
 * @throws Error when the network answers with numbers that are not finite.
 */
export function denoiser(network: Network, prediction: Prediction, time: (sigma: number) => number): Denoise {
  return async (x, sigma) => {
    const output = await network(scale(x, prediction.in(sigma)), time(sigma));
    if (!output.data.every(Number.isFinite))
      throw new Error(`denoise: the network's output at time ${time(sigma)} (σ = ${sigma}) holds NaN or infinity`);
    return combine([prediction.skip(sigma), x], [prediction.out(sigma), output]);
  };
}
