// The goldens of models: formula-made weights and inputs (no binary fixtures), the recorded outputs, and what "equal" means.
import { readFileSync } from "node:fs";
import type { Graph } from "../src/graph/trace.ts";
import { clipTextGraph } from "../src/models/clip-text.ts";
import { clipVisionGraph } from "../src/models/clip-vision.ts";
import { clipTextSpec, clipVisionSpec, unetSpec, vaeSpec } from "../src/models/config.ts";
import { timestepEmbedding, unetAdded, unetTime } from "../src/models/time.ts";
import { unetGraph } from "../src/models/unet.ts";
import { vaeDecoderGraph, vaeEncoderGraph } from "../src/models/vae.ts";
import { type AnyTensor, ints, type Shape, scale, type Tensor } from "../src/tensor/tensor.ts";
import { fromTensors, type Weights } from "../src/weights/weights.ts";
import { formulaInput, formulaParam } from "./formula.ts";

/** What is recorded of one output: float64 truth. */
export interface GoldenOutput {
  readonly shape: readonly number[];
  readonly mean: number;
  readonly std: number;
  readonly abs_sum: number;
  readonly first8: readonly number[];
  readonly last8: readonly number[];
}
type Outputs = Readonly<Record<string, GoldenOutput>>;

interface UnetRecord {
  readonly config: object;
  readonly batch: number;
  readonly H: number;
  readonly W: number;
  readonly tokens: number;
  readonly timestep: number;
  readonly added: readonly [pooled: number, timeIds: readonly number[]] | null;
  readonly nparams: number;
  readonly out: Outputs;
}

interface ClipRecord {
  readonly config: Readonly<Record<string, number>>;
  readonly out: Outputs;
}

interface Golden {
  readonly models: {
    readonly unet_sd1_tiny: UnetRecord;
    readonly unet_sd2_tiny: UnetRecord;
    readonly unet_sdxl_tiny: UnetRecord;
    readonly vae_tiny: { readonly config: object; readonly nparams: number; readonly out: Outputs };
    readonly clip_text_tiny_quick_gelu: ClipRecord & { readonly ids: readonly (readonly number[])[] };
    readonly clip_text_tiny_gelu: ClipRecord & { readonly ids: readonly (readonly number[])[] };
    readonly clip_vision_tiny_gelu: ClipRecord;
    readonly timestep_embedding: Readonly<Record<string, Readonly<Record<string, readonly number[]>>>>;
  };
}

export const golden = JSON.parse(
  readFileSync(new URL("./golden/numerics-golden.json", import.meta.url), "utf8"),
) as Golden;

/** Every weight a graph wants, by the formula. */
export const formulaWeights = (graph: Graph): Weights =>
  fromTensors(Object.fromEntries([...graph.params].map(([name, { shape }]) => [name, formulaParam(name, shape)])));

/** One network, what to feed it, and which of its outputs are recorded under which names. */
export interface ModelCase {
  readonly name: string;
  readonly graph: Graph;
  readonly inputs: Readonly<Record<string, AnyTensor>>;
  /** The same with float inputs (other than the time) a thousandth of their size; absent where all inputs are ids. */
  readonly faint?: Readonly<Record<string, AnyTensor>>;
  readonly expected: Readonly<Record<string, GoldenOutput>>;
}

const FAINT = 1e-3;

function unetCase(name: "unet_sd1_tiny" | "unet_sd2_tiny" | "unet_sdxl_tiny"): ModelCase {
  const { config, batch, H, W, tokens, timestep, added, out } = golden.models[name];
  const spec = unetSpec(config);
  const sample = formulaInput("input:sample", [batch, spec.inChannels, H, W]);
  const context = formulaInput("input:text", [batch, tokens, spec.contextChannels]);
  const time = unetTime(spec, new Array<number>(batch).fill(timestep));
  const condition = (k: number): Record<string, Tensor> =>
    added ? { added: unetAdded(spec, scale(formulaInput("input:pooled", [batch, added[0]]), k), [added[1]]) } : {};
  return {
    name,
    graph: unetGraph(spec, { batch, height: H, width: W, tokens }),
    inputs: { sample, context, time, ...condition(1) },
    faint: { sample: scale(sample, FAINT), context: scale(context, FAINT), time, ...condition(FAINT) },
    expected: { sample: out.sample },
  };
}

function vaeCases(): ModelCase[] {
  const { config, out } = golden.models.vae_tiny;
  const spec = vaeSpec(config);
  const picture = formulaInput("input:image", [1, 3, 24, 32]);
  const latents = formulaInput("input:latent", [1, 4, 6, 8]);
  return [
    {
      name: "vae_tiny encoder",
      graph: vaeEncoderGraph(spec, 1, 24, 32),
      inputs: { picture },
      faint: { picture: scale(picture, FAINT) },
      expected: { mean: out.mean, logvar: out.logvar },
    },
    {
      name: "vae_tiny decoder",
      graph: vaeDecoderGraph(spec, 1, 6, 8),
      inputs: { latents },
      faint: { latents: scale(latents, FAINT) },
      expected: { picture: out.decoded },
    },
  ];
}

const clipConfig = ({ config: c }: ClipRecord, activation: string) => ({
  architectures: ["CLIPTextModelWithProjection"],
  hidden_size: c.hidden,
  num_attention_heads: c.heads,
  num_hidden_layers: c.layers,
  intermediate_size: c.intermediate,
  hidden_act: activation,
  projection_dim: c.projection,
});

function textCase(activation: "quick_gelu" | "gelu"): ModelCase {
  const record = golden.models[`clip_text_tiny_${activation}`];
  const { config, ids, out } = record;
  const { vocab: vocab_size, positions: max_position_embeddings } = config;
  const spec = clipTextSpec({ ...clipConfig(record, activation), vocab_size, max_position_embeddings });
  const ends = ids.map((row, b) => b * row.length + row.indexOf(config.eos));
  return {
    name: `clip_text_tiny_${activation}`,
    graph: clipTextGraph(spec, ids.length, [
      "last_hidden_state",
      "penultimate",
      "penultimate_normed",
      "pooled",
      "text_embeds",
    ]),
    inputs: { ids: ints(ids.flat(), [ids.length, ids[0].length]), rows: ints(ends, [ids.length]) },
    expected: {
      last_hidden_state: out.last_hidden_state,
      penultimate: out["hidden_states[-2]"],
      penultimate_normed: out["final_ln(hidden_states[-2])"],
      pooled: out.pooled,
      text_embeds: out.text_embeds,
    },
  };
}

function visionCase(): ModelCase {
  const record = golden.models.clip_vision_tiny_gelu;
  const { patch: patch_size, image: image_size } = record.config;
  const { architectures: _, ...common } = clipConfig(record, "gelu");
  const pixels = formulaInput("input:pixels", [1, 3, image_size, image_size]);
  const { out } = record;
  return {
    name: "clip_vision_tiny_gelu",
    graph: clipVisionGraph(clipVisionSpec({ ...common, patch_size, image_size }), 1),
    inputs: { pixels },
    faint: { pixels: scale(pixels, FAINT) },
    expected: {
      last_hidden_state: out.last_hidden_state,
      penultimate: out["hidden_states[-2]"],
      pooled: out.pooled,
      image_embeds: out.image_embeds,
    },
  };
}

/** Every network of the goldens, the cheapest first. */
export const modelCases = (): ModelCase[] => [
  textCase("quick_gelu"),
  textCase("gelu"),
  visionCase(),
  ...vaeCases(),
  unetCase("unet_sdxl_tiny"),
  unetCase("unet_sd2_tiny"),
  unetCase("unet_sd1_tiny"),
];

type Numbers = ArrayLike<number>;

/** √(Σ(a − b)² / Σb²): the error of `a`, in units of what `b` amounts to. */
export function relativeRms(a: Numbers, b: Numbers): number {
  if (a.length !== b.length) return Number.POSITIVE_INFINITY;
  let error = 0;
  let norm = 0;
  for (let i = 0; i < b.length; i++) {
    error += (a[i] - b[i]) ** 2;
    norm += b[i] ** 2;
  }
  return Math.sqrt(error / norm);
}

/** How far an output is from what is recorded: the largest of the errors of its ends, mean, deviation and absolute sum. */
export function goldenError(shape: Shape, data: Numbers, expected: GoldenOutput): number {
  const all = Array.from(data);
  const count = all.length;
  if (shape.join() !== expected.shape.join()) return Number.POSITIVE_INFINITY;
  const ends = [...all.slice(0, 8), ...all.slice(-8)];
  const mean = all.reduce((n, x) => n + x, 0) / count;
  const std = Math.sqrt(all.reduce((n, x) => n + (x - mean) ** 2, 0) / count);
  const sum = all.reduce((n, x) => n + Math.abs(x), 0);
  const rms = Math.sqrt(expected.std ** 2 + expected.mean ** 2);
  const recorded = [...expected.first8, ...expected.last8];
  const endsError = Math.sqrt(ends.reduce((n, x, i) => n + (x - recorded[i]) ** 2, 0) / 16);
  return (
    Math.max(
      endsError,
      Math.abs(mean - expected.mean),
      Math.abs(std - expected.std),
      Math.abs(sum - expected.abs_sum) / count,
    ) / rms
  );
}

/** The largest absolute error over every recorded sinusoid. */
export function sinusoidError(): { readonly checked: number; readonly worst: number } {
  let checked = 0;
  let worst = 0;
  for (const [key, table] of Object.entries(golden.models.timestep_embedding)) {
    const [, dim, flip, shift] = /^dim(\d+) flip=(True|False) shift=(\d+)$/.exec(key) ?? [];
    for (const [t, row] of Object.entries(table)) {
      const options = { flipSinToCos: flip === "True", freqShift: Number(shift) };
      const { data } = timestepEmbedding([Number(t)], Number(dim), options);
      row.forEach((x, i) => {
        worst = Math.max(worst, Math.abs(data[i] - x));
        checked++;
      });
    }
  }
  return { checked, worst };
}
