// Engine: a model on a runtime. It compiles each network when it is first wanted, for the size that is wanted.
import { type Denoise, denoiser } from "../diffusion/denoise.ts";
import type { Sigmas } from "../diffusion/sigmas.ts";
import { clipTextGraph } from "../models/clip-text.ts";
import { unetAdded, unetTime } from "../models/time.ts";
import { unetGraph } from "../models/unet.ts";
import { vaeDecoderGraph, vaeEncoderGraph, vaeFactor } from "../models/vae.ts";
import type { Program, Runtime } from "../runtime/runtime.ts";
import { ints, stack, type Tensor, tensor, zeros } from "../tensor/tensor.ts";
import { type Model, unscaled } from "./model.ts";

/** What guides a U-Net. */
export interface Context {
  /** One vector per token [b,n,c], for its cross-attention. */
  readonly tokens: Tensor;
  /** The whole text as one vector [b,c], for models that add it to the time. */
  readonly pooled?: Tensor;
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
  /** Words to what guides the U-Net. */
  context(words: string): Promise<Context>;
  /** The U-Net under a context as a `Denoise` on latents in σ-space. */
  denoise(context: Context, sigmas: Pick<Sigmas, "time">): Denoise;
  /** Latents [1,c,h,w] to a picture [1,3,h·f,w·f], about −1…1. */
  decode(latents: Tensor): Promise<Tensor>;
  /** A picture [1,3,h,w] in −1…1 to the mean of its latents, in the space in which diffusion happens. */
  encode(picture: Tensor): Promise<Tensor>;
}

/** A model on a runtime; dispose it to free the compiled networks (the runtime stays). */
export function engine(model: Model, runtime: Runtime): Engine {
  const { specs, weights } = model;
  const factor = vaeFactor(specs.vae);
  /** What SDXL is told of a picture's size: as it was, where it was cropped, and as it is to be. Podell et al. 2023, §2.2. */
  const timeIds = (height: number, width: number): readonly number[] => {
    const size = [height * factor, width * factor];
    return [...size, 0, 0, ...size];
  };
  const programs = new Map<string, Promise<Program>>();
  const program = (key: string, make: () => Promise<Program>): Promise<Program> => {
    const known = programs.get(key) ?? make();
    programs.set(key, known);
    known.catch(() => programs.delete(key));
    return known;
  };

  return {
    model,
    async context(words) {
      const all: Context[] = [];
      for (const [i, { spec, weights, tokenizer, tokens, pooled }] of model.texts.entries()) {
        const { ids, end } = tokenizer.encode(words);
        const encoder = await program(`text ${i}`, () =>
          runtime.compile<string, string>(
            clipTextGraph(spec, 1, [tokens, ...(pooled ? [pooled] : [])], ids.shape[1]),
            weights,
          ),
        );
        const found = await encoder.run({ ids, ...(pooled && { rows: ints([end], [1]) }) });
        all.push({ tokens: found[tokens], ...(pooled && { pooled: found[pooled] }) });
      }
      const pooled = all.find((context) => context.pooled)?.pooled;
      return { tokens: beside(all.map(({ tokens }) => tokens)), ...(pooled && { pooled }) };
    },
    denoise: ({ tokens: context, pooled }, sigmas) =>
      denoiser(
        async (sample, time) => {
          const [batch, , height, width] = sample.shape;
          const tokens = context.shape[1];
          const unet = await program(`unet ${sample.shape} ${tokens}`, () =>
            runtime.compile<string, string>(unetGraph(specs.unet, { batch, height, width, tokens }), weights.unet),
          );
          const times = Array.from({ length: batch }, () => time);
          const ids = specs.unet.addition?.timeChannels ? timeIds(height, width) : [];
          const added = pooled && unetAdded(specs.unet, pooled, new Array<readonly number[]>(batch).fill(ids));
          const inputs = { sample, time: unetTime(specs.unet, times), context, ...(added && { added }) };
          return (await unet.run(inputs)).sample;
        },
        model.prediction,
        (sigma) => sigmas.time(sigma),
      ),
    async decode(latents) {
      const [batch, , height, width] = latents.shape;
      const decoder = await program(`decode ${latents.shape}`, () =>
        runtime.compile<string, string>(vaeDecoderGraph(specs.vae, batch, height, width), weights.vae),
      );
      return (await decoder.run({ latents: unscaled(model, latents) })).picture;
    },
    async encode(picture) {
      const [batch, , height, width] = picture.shape;
      const encoder = await program(`encode ${picture.shape}`, () =>
        runtime.compile<string, string>(vaeEncoderGraph(specs.vae, batch, height, width), weights.vae),
      );
      return scaled(model, (await encoder.run({ picture })).mean);
    },
    async [Symbol.asyncDispose]() {
      const compiled = await Promise.allSettled(programs.values());
      programs.clear();
      for (const p of compiled) if (p.status === "fulfilled") await p.value[Symbol.asyncDispose]();
    },
  };
}

/** Tokens [b,n,…] of several encoders as one, channel by channel. */
function beside(parts: readonly Tensor[]): Tensor {
  if (parts.length === 1) return parts[0];
  const [batch, count] = parts[0].shape;
  const width = parts.reduce((sum, { shape }) => sum + shape[2], 0);
  const data = new Float32Array(batch * count * width);
  let at = 0;
  for (let row = 0; row < batch * count; row++)
    for (const { data: from, shape } of parts) {
      data.set(from.subarray(row * shape[2], (row + 1) * shape[2]), at);
      at += shape[2];
    }
  return tensor(data, [batch, count, width]);
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
