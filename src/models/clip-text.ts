// CLIP's text encoder: token ids to one vector per token, and one for the whole text. transformers: CLIPTextModel(WithProjection).
import type { Params } from "../graph/params.ts";
import { type Graph, type Spec, trace } from "../graph/trace.ts";
import type { Value } from "../graph/value.ts";
import { normal } from "../nn/init.ts";
import { embedding, layerNorm, linear } from "../nn/layers.ts";
import { type ClipLayers, clipLayers } from "./clip-layers.ts";

/** What tells one text encoder from another. */
export interface ClipTextSpec extends ClipLayers {
  readonly vocabulary: number;
  /** The longest text, in tokens. */
  readonly positions: number;
  /** Width of the pooled embedding, where the model has a projection. */
  readonly projection?: number;
}

/** Everything a text encoder knows about a text. */
export interface TextStates {
  /** The residual stream [b,n,c]: embeddings first, then after each layer, none normalised. */
  readonly hiddenStates: readonly Value[];
  /** The final layer normalisation, of any of the hidden states. */
  readonly finalNorm: (hidden: Value) => Value;
  /** The last hidden state, normalised [b,n,c]. */
  readonly lastHiddenState: Value;
}

/** Vectors in the place of words, as textual inversion finds them. Gal et al. 2022. */
export interface GivenVectors {
  /** [b,n,c]: the vector where one stands, 0 elsewhere. */
  readonly vectors: Value;
  /** [b,n,1]: 1 where the word of the id stands, 0 where a vector does. */
  readonly words: Value;
}

/** Encode texts of token ids [b,n] (i32), with some of them replaced by given vectors. Radford et al. 2021. */
export function clipText(root: Params, spec: ClipTextSpec, ids: Value, given?: GivenVectors): TextStates {
  const p = root.at("text_model");
  const [, tokens] = ids.shape;
  if (tokens > spec.positions)
    throw new RangeError(`clip-text: a text of ${tokens} tokens; the model reads at most ${spec.positions}`);
  const table = p.at("embeddings.token_embedding");
  const places = p.at("embeddings.position_embedding").get("weight", [spec.positions, spec.hidden], normal(0.02));
  const looked = embedding(table, ids, spec.vocabulary, spec.hidden);
  const words = given ? looked.mul(given.words).add(given.vectors) : looked;
  const x = words.add(tokens === spec.positions ? places : places.slice(0, 0, tokens));
  const hiddenStates = clipLayers(p.at("encoder.layers"), spec, x, { causal: true });
  const finalNorm = (hidden: Value): Value => layerNorm(p.at("final_layer_norm"), hidden, spec.eps);
  return { hiddenStates, finalNorm, lastHiddenState: finalNorm(hiddenStates[hiddenStates.length - 1]) };
}

/** The vector of each text's end token [b,c]; `rows` (i32 [b]) says which of the b·n tokens that is: text·n + position. */
export const pooledText = (states: TextStates, rows: Value): Value =>
  states.lastHiddenState.reshape([-1, states.lastHiddenState.shape[2]]).gather(rows);

/** The pooled text in the space it shares with pictures [b,projection]; not of unit length. */
export function textEmbeds(p: Params, spec: ClipTextSpec, pooled: Value): Value {
  if (spec.projection === undefined) throw new TypeError("clip-text: this text encoder has no text_projection");
  return linear(p.at("text_projection"), pooled, spec.projection, { bias: false });
}

/** What a text encoder's graph can hold; `penultimate` is transformers' hidden_states[-2], plain or finally normalised. */
export type TextOutput = "last_hidden_state" | "penultimate" | "penultimate_normed" | "pooled" | "text_embeds";

/** The pooled outputs need to know which rows to pool. */
type TextInput<Out extends TextOutput> = Out extends "pooled" | "text_embeds" ? "ids" | "rows" : "ids";

/**
 * The text encoder as a graph that holds just the outputs asked for.
 * @example clipTextGraph(specs.sdxl.text2, 1, ["penultimate", "text_embeds"])
 */
export function clipTextGraph<Out extends TextOutput>(
  spec: ClipTextSpec,
  batch: number,
  outputs: readonly Out[],
  tokens = spec.positions,
): Graph<TextInput<Out>, Out> {
  const pools = outputs.some((name) => name === "pooled" || name === "text_embeds");
  const ids = { shape: [batch, tokens], dtype: "i32" } as const;
  const inputs: Record<string, Spec> = pools ? { ids, rows: { shape: [batch], dtype: "i32" } } : { ids };
  return trace<string, Out>(inputs, (p, values) => {
    const states = clipText(p, spec, values.ids);
    const penultimate = states.hiddenStates[states.hiddenStates.length - 2];
    const draw: Record<TextOutput, () => Value> = {
      last_hidden_state: () => states.lastHiddenState,
      penultimate: () => penultimate,
      penultimate_normed: () => states.finalNorm(penultimate),
      pooled: () => pooledText(states, values.rows),
      text_embeds: () => textEmbeds(p, spec, pooledText(states, values.rows)),
    };
    return Object.fromEntries(outputs.map((name) => [name, draw[name]()])) as Record<Out, Value>;
  });
}
