// Attention: the projections around softmax(q·kᵀ/√d)·v, under the names that checkpoints give them.
import type { Params } from "../graph/params.ts";
import { attention, type Value } from "../graph/value.ts";
import { linear } from "./layers.ts";

/** What a family of checkpoints calls the four projections. */
interface Projections {
  readonly q: string;
  readonly k: string;
  readonly v: string;
  readonly out: string;
}

/** diffusers: Attention. */
export const diffusersProjections: Projections = { q: "to_q", k: "to_k", v: "to_v", out: "to_out.0" };

/** transformers: CLIPAttention. */
export const clipProjections: Projections = { q: "q_proj", k: "k_proj", v: "v_proj", out: "out_proj" };

export interface AttentionOptions {
  readonly heads: number;
  readonly projections: Projections;
  /** Whether the query, key and value projections have a bias; the output projection always has one. */
  readonly bias: boolean;
  /** Whether a token sees only itself and those before it. */
  readonly causal?: boolean;
}

/**
 * Multi-head attention of x [b,n,c] to context [b,m,k] → [b,n,c]; self-attention when they are the same value.
 * The output projection starts at zero, so that a fresh residual branch is the identity. Vaswani et al. 2017.
 */
export function multiHeadAttention(p: Params, x: Value, context: Value, options: AttentionOptions): Value {
  const { heads, projections: names, bias, causal = false } = options;
  const channels = x.shape[2];
  const q = linear(p.at(names.q), x, channels, { bias });
  const k = linear(p.at(names.k), context, channels, { bias });
  const v = linear(p.at(names.v), context, channels, { bias });
  return linear(p.at(names.out), attention(q, k, v, heads, causal), channels, { start: "zero" });
}
