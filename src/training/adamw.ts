// AdamW, gradient clipping, exponential moving averages and learning-rate schedules, in place on host arrays.
import { type Tensor, tensor } from "../tensor/tensor.ts";

/** Tensors by parameter name. */
export type Tensors = Record<string, Tensor>;

export interface AdamWOptions {
  readonly betas?: readonly [number, number];
  readonly eps?: number;
  /** Decoupled decay, in units of the learning rate. */
  readonly weightDecay?: number;
}

/** Running first and second moments of each gradient. */
export interface Moments {
  readonly first: Tensors;
  readonly second: Tensors;
}

export const zerosLike = (params: Tensors): Tensors =>
  Object.fromEntries(
    Object.entries(params).map(([name, t]) => [name, tensor(new Float32Array(t.data.length), t.shape)]),
  );

export const moments = (params: Tensors): Moments => ({ first: zerosLike(params), second: zerosLike(params) });

/**
 * One step of AdamW, in place. Loshchilov & Hutter 2019, algorithm 2.
 * @param step counts from 1 (it undoes the bias of moments that began at zero)
 * @param gradientScale factor on every gradient, as clipping asks for
 */
export function adamw(
  params: Tensors,
  gradients: Tensors,
  { first, second }: Moments,
  step: number,
  rate: number,
  { betas: [b1, b2] = [0.9, 0.999], eps = 1e-8, weightDecay = 0.01 }: AdamWOptions = {},
  gradientScale = 1,
): void {
  const pace = rate / (1 - b1 ** step);
  const correct = 1 / Math.sqrt(1 - b2 ** step);
  const keep = 1 - rate * weightDecay;
  for (const [name, { data: p }] of Object.entries(params)) {
    const g = gradients[name].data;
    const m = first[name].data;
    const v = second[name].data;
    for (let i = 0; i < p.length; i++) {
      const gi = g[i] * gradientScale;
      m[i] += (1 - b1) * (gi - m[i]);
      v[i] += (1 - b2) * (gi * gi - v[i]);
      p[i] = p[i] * keep - (pace * m[i]) / (Math.sqrt(v[i]) * correct + eps);
    }
  }
}

/** The Euclidean norm over all tensors together. */
export function norm(tensors: Tensors): number {
  let sum = 0;
  for (const { data } of Object.values(tensors)) for (let i = 0; i < data.length; i++) sum += data[i] * data[i];
  return Math.sqrt(sum);
}

/** average ← decay·average + (1−decay)·params. The decay warms up as (1+step)/(10+step), so that early weights are forgotten. */
export function updateAverage(average: Tensors, params: Tensors, step: number, decay: number): void {
  const keep = Math.min(decay, (1 + step) / (10 + step));
  for (const [name, { data: a }] of Object.entries(average)) {
    const p = params[name].data;
    for (let i = 0; i < a.length; i++) a[i] += (1 - keep) * (p[i] - a[i]);
  }
}

/** Learning rate as a function of the step, which counts from 1. */
export type Schedule = (step: number) => number;

/** Rise linearly for `warmup` steps, then fall along half a cosine to `floor`·peak at `steps`. Loshchilov & Hutter 2017. */
export function cosine(peak: number, steps: number, { warmup = 100, floor = 0.02 } = {}): Schedule {
  return (step) => {
    if (step <= warmup) return (peak * step) / warmup;
    const done = Math.min(1, (step - warmup) / Math.max(1, steps - warmup));
    return peak * (floor + (1 - floor) * 0.5 * (1 + Math.cos(Math.PI * done)));
  };
}
