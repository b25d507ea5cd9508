// Engine: a model on a runtime. It compiles each network when it is first wanted, for the size that is wanted.
import { type Denoise, denoiser } from "../diffusion/denoise.ts";
import type { Sigmas } from "../diffusion/sigmas.ts";
import { trace } from "../graph/trace.ts";
import { clipText, pooledText } from "../models/clip-text.ts";
import { unetAdded, unetTime } from "../models/time.ts";
import { unetGraph } from "../models/unet.ts";
import { vaeDecoderGraph, vaeEncoderGraph } from "../models/vae.ts";
import type { Program, Runtime } from "../runtime/runtime.ts";
import { ints, stack, type Tensor } from "../tensor/tensor.ts";
import type { Encoding } from "../text/tokenizer.ts";
import { type Model, unscaled } from "./model.ts";

/** What guides a U-Net. */
export interface Context {
  /** One vector per token [b,n,c], for its cross-attention. */
  readonly tokens: Tensor;
  /** The whole text as one vector [b,c], for models that add it to the time. */
  readonly pooled?: Tensor;
}

/** Contexts of several pictures as one, for a batch. */
export const stackContexts = (all: readonly Context[]): Context => ({
  tokens: stack(all.map(({ tokens }) => tokens)),
  ...(all[0].pooled && { pooled: stack(all.map(({ pooled }) => pooled!)) }),
});

export interface Engine extends AsyncDisposable {
  readonly model: Model;
  /** Words, as the model's tokenizer reads them, to what guides the U-Net. */
  context(words: Pick<Encoding, "ids" | "end">): Promise<Context>;
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
  const programs = new Map<string, Promise<Program>>();
  const program = (key: string, make: () => Promise<Program>): Promise<Program> => {
    const known = programs.get(key) ?? make();
    programs.set(key, known);
    known.catch(() => programs.delete(key));
    return known;
  };

  return {
    model,
    async context({ ids, end }) {
      const [batch, tokens] = ids.shape;
      const pools = specs.unet.addition !== undefined;
      const encoder = await program(`text ${batch} ${tokens}`, () => {
        const i32 = (shape: readonly number[]) => ({ shape, dtype: "i32" }) as const;
        const inputs = { ids: i32([batch, tokens]), ...(pools && { rows: i32([batch]) }) };
        const graph = trace<string, string>(inputs, (p, i) => {
          const states = clipText(p, specs.text, i.ids);
          return { tokens: states.lastHiddenState, ...(pools && { pooled: pooledText(states, i.rows) }) };
        });
        return runtime.compile<string, string>(graph, weights.text);
      });
      const { tokens: sequence, pooled } = await encoder.run({ ids, ...(pools && { rows: ints([end], [1]) }) });
      return { tokens: sequence, ...(pools && { pooled }) };
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
          const added =
            pooled &&
            unetAdded(
              specs.unet,
              pooled,
              Array.from({ length: batch }, () => []),
            );
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
