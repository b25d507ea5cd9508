// Guidance: two denoisers, with the prompt and without, make one that follows the prompt harder.
import { combine, rows, stack, type Tensor, zip } from "../tensor/tensor.ts";
import { type Denoise, type Prediction, predictions } from "./denoise.ts";

export interface GuidanceOptions {
  /** How far to go from `without` through `with` the prompt: 0 ignores it, 1 is the network as trained, 7.5 is usual. */
  readonly scale: number;
  /** Guide only at lowest ≤ σ ≤ highest, and follow the prompt plainly elsewhere. Kynkäänniemi et al. 2024. */
  readonly interval?: readonly [lowest: number, highest: number];
  /** 0…1: how much of the contrast that guidance adds to the network's output is taken back. Lin et al. 2023, §3.4. */
  readonly rescale?: number;
  /** What the network says; only `rescale` needs it, because it acts on that. Default ε. */
  readonly prediction?: Prediction;
}

/**
 * Classifier-free guidance: D = D_without + scale·(D_with − D_without). Ho and Salimans 2022, eq. 6.
 *
 * It is applied to the denoised x. Since D = skip·x + out·F with factors that both sides share, that equals the same
 * formula on the networks' outputs F (ε, v or flow). At scale 1 and outside the interval `without` is never called.
 * @param without the denoiser for the negative prompt, or for no prompt.
 */
export function guided(withPrompt: Denoise, without: Denoise, options: GuidanceOptions): Denoise {
  const { scale, interval = [0, Number.POSITIVE_INFINITY], rescale = 0, prediction = predictions.epsilon } = options;
  if (!Number.isFinite(scale)) throw new RangeError(`guidance: scale ${scale}; expected a number such as 7.5`);
  if (!(rescale >= 0 && rescale <= 1)) throw new RangeError(`guidance: rescale ${rescale}; expected 0 to 1`);
  if (scale === 1) return withPrompt;
  return async (x, sigma) => {
    if (sigma < interval[0] || sigma > interval[1]) return withPrompt(x, sigma);
    const [asked, plain] = await Promise.all([withPrompt(x, sigma), without(x, sigma)]);
    const denoised = zip(plain, asked, (u, c) => u + scale * (c - u));
    return rescale === 0 ? denoised : rescaled(x, sigma, denoised, asked, rescale, prediction);
  };
}

/** The network's output F brought back towards the standard deviation it had without guidance, image by image. */
function rescaled(
  x: Tensor,
  sigma: number,
  denoised: Tensor,
  asked: Tensor,
  amount: number,
  prediction: Prediction,
): Tensor {
  const skip = prediction.skip(sigma);
  const out = prediction.out(sigma);
  const images = Array.from({ length: x.shape[0] }, (_, i) => {
    const base = rows(x, i);
    const output = (d: Tensor) => combine([1 / out, d], [-skip / out, base]);
    const guidedOutput = output(rows(denoised, i));
    const factor = deviation(output(rows(asked, i))) / deviation(guidedOutput);
    return combine([skip, base], [out * (amount * factor + 1 - amount), guidedOutput]);
  });
  return stack(images);
}

/** The standard deviation over all elements; torch divides by n − 1, which makes no difference to a ratio. */
function deviation({ data }: Tensor): number {
  const mean = data.reduce((sum, v) => sum + v, 0) / data.length;
  return Math.sqrt(data.reduce((sum, v) => sum + (v - mean) ** 2, 0) / data.length);
}
