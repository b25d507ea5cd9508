// Engine: a model on a runtime. It compiles each network when it is first wanted, for the size that is wanted.
import { beside, type Denoise, denoiser, type Network } from "../diffusion/denoise.ts";
import type { Sigmas } from "../diffusion/sigmas.ts";
import { type Graph, type Spec, trace } from "../graph/trace.ts";
import { clipText, pooledText, textEmbeds } from "../models/clip-text.ts";
import { unetAdded, unetTime } from "../models/time.ts";
import { vaeDecoderGraph, vaeEncoderGraph, vaeFactor } from "../models/vae.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { Noise } from "../tensor/random.ts";
import { ints, map, rows, stack, type Tensor, tensor, zeros } from "../tensor/tensor.ts";
import type { Encoding } from "../text/tokenizer.ts";
import { besideWords } from "./embeddings.ts";
import { bounded, finite } from "./finite.ts";
import { programs, tileSide } from "./memory.ts";
import { type Model, mostClipSkip, type TextEncoder, unscaled } from "./model.ts";
import { type Quality, unetOf } from "./quality.ts";
import { decodeTiled } from "./tiles.ts";
import { together } from "./together.ts";

/** What guides a U-Net. */
export interface Context {
  /** One vector per token [b,n,c], for its cross-attention. */
  readonly tokens: Tensor;
  /** The whole text as one vector [b,c], for models that add it to the time. */
  readonly pooled?: Tensor;
}

export interface ContextOptions {
  /** Rows of tokens to fill up to, as a prompt beside it has: both must be of one length. */
  readonly rows?: number;
  /** 1 is guided by the layer that the model was trained with, 2 by the one before it, and so on, as A1111 counts. */
  readonly clipSkip?: number;
}

export interface DenoiseOptions {
  /** Channels beside the latents, where the U-Net takes any. */
  readonly shown?: Tensor | undefined;
  /** best unless told. */
  readonly quality?: Quality;
}

/** A context of nothing, of the same shape. */
export const zeroContext = ({ tokens, pooled }: Context): Context => ({
  tokens: zeros(tokens.shape),
  ...(pooled && { pooled: zeros(pooled.shape) }),
});

/** Contexts of several pictures as one, for a batch. */
export const stackContexts = (all: readonly Context[]): Context => ({
  tokens: stack(all.map(({ tokens }) => tokens)),
  ...(all[0].pooled && { pooled: stack(all.map(({ pooled }) => pooled!)) }),
});

export interface Engine extends AsyncDisposable {
  readonly model: Model;
  /** Words to what guides the U-Net. @throws RangeError for a clip skip that an encoder has no layers for */
  context(words: string, options?: ContextOptions): Promise<Context>;
  /** The U-Net under a context as a `Denoise` on latents in σ-space. */
  denoise(context: Context, sigmas: Pick<Sigmas, "time">, options?: DenoiseOptions): Denoise;
  /** Latents [b,c,h,w] to pictures [b,3,h·f,w·f], about −1…1; in tiles where one at a time does not fit in memory. */
  decode(latents: Tensor): Promise<Tensor>;
  /** A picture [1,3,h,w] in −1…1 to the mean of its latents, in the space in which diffusion happens; with noise, to a sample. */
  encode(picture: Tensor, noise?: Noise): Promise<Tensor>;
}

export interface EngineOptions {
  /** Bytes that a network may work with, beside its weights; no limit unless told. `availableMemory()` says what is free. */
  readonly memory?: number;
}

/** Contexts that are remembered: those of a prompt and a negative prompt, and of a few pictures before. */
const REMEMBERED = 16;

/**
 * A model on a runtime; dispose it to free the compiled networks (the runtime stays). Its methods throw a MemoryError where a
 * network would need more memory than there is.
 */
export function engine(
  model: Model,
  runtime: Runtime,
  { memory = Number.POSITIVE_INFINITY }: EngineOptions = {},
): Engine {
  const { specs, weights } = model;
  const factor = vaeFactor(specs.vae);
  /** What SDXL is told of a picture's size: as it was, where it was cropped, and as it is to be. Podell et al. 2023, §2.2. */
  const timeIds = (height: number, width: number): readonly number[] => {
    const size = [height * factor, width * factor];
    return [...size, 0, 0, ...size];
  };
  const compiled = programs(runtime, memory, model.choices?.fast);

  /** The U-Net of each quality on one sample under several contexts, or on a batch under its own. */
  const unet = { best: asks("best"), fast: asks("fast") };

  function asks(quality: Quality) {
    const { graph, weights: unetWeights } = unetOf(model, quality);
    return together<Context>(
      async (sample, time, contexts) => {
        const { tokens: context, pooled } = contexts.length === 1 ? contexts[0] : stackContexts(contexts);
        const [samples, , height, width] = sample.shape;
        const [batch, tokens] = context.shape;
        const ids = specs.unet.addition?.timeChannels ? timeIds(height, width) : [];
        const added = pooled && unetAdded(specs.unet, pooled, new Array<readonly number[]>(batch).fill(ids));
        const inputs = {
          sample: bounded(sample),
          time: unetTime(
            specs.unet,
            Array.from({ length: samples }, () => time),
          ),
          context,
          ...(added && { added }),
        };
        const said = await compiled.use(
          `the U-Net at ${width * factor}x${height * factor} (${samples}:${batch}, ${tokens} tokens${quality === "fast" ? ", fast" : ""})`,
          () => graph({ batch, samples, height, width, tokens }),
          unetWeights,
          (program) => program.run(inputs),
        );
        return finite(said.sample, "unet", model.name, unetWeights);
      },
      (a, b) => a.tokens.shape[0] === 1 && a.tokens.shape.join() === b.tokens.shape.join(),
    );
  }

  const decodeWhole = async (latents: Tensor): Promise<Tensor> => {
    const [batch, , height, width] = latents.shape;
    const { picture } = await compiled.use(
      `decoding ${width * factor}x${height * factor} (${batch})`,
      () => vaeDecoderGraph(specs.vae, batch, height, width),
      weights.vae,
      (program) => program.run({ latents }),
    );
    return finite(picture, "vae", model.name, weights.vae);
  };

  const contexts = new Map<string, Promise<Context>>();
  const remembered = (key: string, read: () => Promise<Context>): Promise<Context> => {
    const known = contexts.get(key) ?? read();
    contexts.delete(key);
    contexts.set(key, known);
    for (const oldest of [...contexts.keys()].slice(0, Math.max(0, contexts.size - REMEMBERED)))
      contexts.delete(oldest);
    known.catch(() => contexts.delete(key));
    return known;
  };

  const readWords = async (words: string, rows: number, clipSkip: number): Promise<Context> => {
    const all: Context[] = [];
    for (const [i, reader] of model.texts.entries()) {
      const encodings = [reader.tokenizer.encode(words)];
      while (rowsOf(encodings) < rows) encodings.push(reader.tokenizer.encode(""));
      const embedded = encodings.some(({ added }) => added.length > 0);
      const read: Context[] = [];
      for (const { ids, ends } of encodings)
        for (const [row, end] of ends.entries()) {
          const [, length] = ids.shape;
          const one = ints(ids.data.subarray(row * length, (row + 1) * length), [1, length]);
          const part = i === 0 ? "text_encoder" : `text_encoder_${i + 1}`;
          const { tokens, pooled } = await compiled.use(
            `${part} (clip skip ${clipSkip}${embedded ? ", embeddings" : ""})`,
            () => readerGraph(reader, clipSkip, embedded),
            reader.weights,
            (encoder) =>
              encoder.run({
                ...(embedded ? besideWords(reader, one) : { ids: one }),
                ...(reader.pooled && { rows: ints([end], [1]) }),
              }),
          );
          for (const said of [tokens, ...(reader.pooled ? [pooled] : [])])
            await finite(said, part, model.name, reader.weights);
          read.push({ tokens, ...(reader.pooled && { pooled }) });
        }
      // What the whole text says is read off its first row.
      all.push({
        ...read[0],
        tokens: joined(
          read.map(({ tokens }) => tokens),
          1,
        ),
      });
    }
    const pooled = all.find((context) => context.pooled)?.pooled;
    return {
      tokens: joined(
        all.map(({ tokens }) => tokens),
        2,
      ),
      ...(pooled && { pooled }),
    };
  };

  return {
    model,
    context: (words, { rows = 1, clipSkip = 1 } = {}) =>
      remembered(JSON.stringify([words, rows, clipSkip]), () => readWords(words, rows, clipSkip)),
    denoise(context, sigmas, { shown, quality = "best" } = {}) {
      const network: Network = (sample, time) => unet[quality](sample, time, context);
      return denoiser(shown ? beside(network, shown) : network, model.prediction, (sigma) => sigmas.time(sigma));
    },
    async decode(latents) {
      const plain = bounded(unscaled(model, latents));
      const side = tileSide(model, plain.shape, memory);
      if (side === undefined) return decodeWhole(plain);
      const parts: Tensor[] = [];
      for (let i = 0; i < plain.shape[0]; i++) parts.push(await decodeTiled(rows(plain, i), side, factor, decodeWhole));
      return stack(parts);
    },
    async encode(picture, noise) {
      const [batch, , height, width] = picture.shape;
      const { mean, logvar } = await compiled.use(
        `encoding ${width}x${height} (${batch})`,
        () => vaeEncoderGraph(specs.vae, batch, height, width),
        weights.vae,
        (program) => program.run({ picture }),
      );
      await finite(mean, "vae", model.name, weights.vae);
      if (!noise) return scaled(model, mean);
      const { data } = noise(mean.shape);
      return scaled(
        model,
        map(mean, (m, i) => m + Math.exp(0.5 * logvar.data[i]) * data[i]),
      );
    },
    [Symbol.asyncDispose]: () => compiled[Symbol.asyncDispose](),
  };
}

const rowsOf = (encodings: readonly Encoding[]): number => encodings.reduce((sum, { ends }) => sum + ends.length, 0);

/**
 * A text encoder with just the outputs that guide: `tokens`, and `pooled` where there is one. Only where words are embeddings
 * does it take vectors: the table of the words' own stays as it lies in its file.
 */
function readerGraph(reader: TextEncoder, clipSkip: number, embedded: boolean): Graph<string, string> {
  const { spec, tokens, pooled, tokenizer } = reader;
  const most = mostClipSkip(reader);
  if (!Number.isInteger(clipSkip) || clipSkip < 1 || clipSkip > most)
    throw new RangeError(`clip skip: ${clipSkip} must be a whole number from 1 to ${most}; 1 skips nothing`);
  const layer = most + 1 - clipSkip;
  const { length } = tokenizer;
  const wanted: Record<string, Spec> = {
    ids: { shape: [1, length], dtype: "i32" },
    ...(embedded && { words: [1, length, 1], vectors: [1, length, spec.hidden] }),
    ...(pooled && { rows: { shape: [1], dtype: "i32" } }),
  };
  return trace<string, string>(wanted, (p, inputs) => {
    const given = embedded ? { words: inputs.words, vectors: inputs.vectors } : undefined;
    const states = clipText(p, spec, inputs.ids, given);
    const hidden = states.hiddenStates[layer];
    const whole = pooled && pooledText(states, inputs.rows);
    return {
      tokens: tokens === "last_hidden_state" ? states.finalNorm(hidden) : hidden,
      ...(whole && { pooled: pooled === "text_embeds" ? textEmbeds(p, spec, whole) : whole }),
    };
  });
}

/** Contexts [1,n,c] side by side: one text after another along axis 1, one encoder beside another along axis 2. */
function joined(parts: readonly Tensor[], axis: 1 | 2): Tensor {
  if (parts.length === 1) return parts[0];
  const [, count, width] = parts[0].shape;
  const sum = parts.reduce((total, { shape }) => total + shape[axis], 0);
  if (axis === 1) return { ...stack(parts.map((t) => tensor(t.data, t.shape.slice(1)))), shape: [1, sum, width] };
  const data = new Float32Array(count * sum);
  let at = 0;
  for (let row = 0; row < count; row++)
    for (const { data: from, shape } of parts) {
      data.set(from.subarray(row * shape[2], (row + 1) * shape[2]), at);
      at += shape[2];
    }
  return tensor(data, [1, count, sum]);
}

/** The inverse of `unscaled`. */
function scaled({ specs: { vae } }: Model, latents: Tensor): Tensor {
  const [, channels, ...size] = latents.shape;
  const area = size.reduce((a, b) => a * b, 1);
  const data = latents.data.map((x, i) => {
    const c = Math.floor(i / area) % channels;
    return ((x - (vae.latentsMean?.[c] ?? 0)) / (vae.latentsStd?.[c] ?? 1)) * vae.scalingFactor;
  });
  return { ...latents, data };
}
