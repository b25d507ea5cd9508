// Layers: functions that declare their parameters at a place in the tree of weights and draw one or two ops.
import type { Padding } from "../graph/ops.ts";
import type { Params } from "../graph/params.ts";
import { convolve, draw, type Value } from "../graph/value.ts";
import { fanIn, normal, ones, zeros } from "./init.ts";

/** How a layer with a weight starts: `default` as torch does, `zero` for layers that end a residual branch (OpenAI's zero_module). */
export type Start = "default" | "zero";

export interface ConvOptions {
  readonly kernel?: number;
  readonly stride?: number;
  /** Zeros on every side, or on each; (kernel − 1)/2 unless told, which keeps the size at stride 1. */
  readonly padding?: number | Padding;
  readonly bias?: boolean;
  readonly start?: Start;
}

/** Convolution of a picture [b,i,h,w] to `out` channels; torch: Conv2d. */
export function conv2d(p: Params, x: Value, out: number, options: ConvOptions = {}): Value {
  const { kernel = 3, stride = 1, padding = (kernel - 1) / 2, bias = true, start = "default" } = options;
  const shape = [out, x.shape[1], kernel, kernel];
  const init = start === "zero" ? zeros : fanIn(x.shape[1] * kernel * kernel);
  const sides = typeof padding === "number" ? ([padding, padding, padding, padding] as const) : padding;
  return convolve(x, p.get("weight", shape, init), bias ? p.get("bias", [out], init) : undefined, stride, sides);
}

export interface LinearOptions {
  readonly bias?: boolean;
  readonly start?: Start;
}

/** x·Wᵀ + b over the last axis of [...,i] to [...,out], as one product of two matrices; torch: Linear. */
export function linear(
  p: Params,
  x: Value,
  out: number,
  { bias = true, start = "default" }: LinearOptions = {},
): Value {
  const width = x.shape[x.shape.length - 1];
  const init = start === "zero" ? zeros : fanIn(width);
  const flat = x.shape.length === 2 ? x : x.reshape([-1, width]);
  let y = flat.matmul(p.get("weight", [out, width], init), { transB: true });
  if (bias) y = y.add(p.get("bias", [out], init));
  return x.shape.length === 2 ? y : y.reshape([...x.shape.slice(0, -1), out]);
}

export interface GroupNormOptions {
  readonly groups?: number;
  readonly eps?: number;
}

/** Group normalisation of [b,c,…] over runs of c/groups channels. Wu & He 2018; torch: GroupNorm. */
export function groupNorm(p: Params, x: Value, { groups = 32, eps = 1e-5 }: GroupNormOptions = {}): Value {
  const shape = [x.shape[1]];
  return draw("groupNorm", { groups, eps }, x, p.get("weight", shape, ones), p.get("bias", shape, zeros));
}

/** Layer normalisation over the last axis. Ba et al. 2016; torch: LayerNorm. */
export function layerNorm(p: Params, x: Value, eps = 1e-5): Value {
  const shape = [x.shape[x.shape.length - 1]];
  return draw("layerNorm", { eps }, x, p.get("weight", shape, ones), p.get("bias", shape, zeros));
}

/** Rows of a table [rows,width] by i32 ids […] → […,width]; torch: Embedding. */
export const embedding = (p: Params, ids: Value, rows: number, width: number): Value =>
  p.get("weight", [rows, width], normal(0.02)).gather(ids);
