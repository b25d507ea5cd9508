// Engine: a model on a runtime. It compiles each network when it is first wanted, for the size that is wanted.
import { type Denoise, denoiser } from "../diffusion/denoise.ts";
import type { Sigmas } from "../diffusion/sigmas.ts";
import { trace } from "../graph/trace.ts";
import { clipText } from "../models/clip-text.ts";
import { unetTime } from "../models/time.ts";
import { unetGraph } from "../models/unet.ts";
import { vaeDecoderGraph, vaeEncoderGraph } from "../models/vae.ts";
import type { Program, Runtime } from "../runtime/runtime.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { type Model, unscaled } from "./model.ts";

export interface Engine extends AsyncDisposable {
  readonly model: Model;
  /** Token ids [1,n] to the context [1,n,c] that guides the U-Net. */
  context(ids: Tensor<"i32">): Promise<Tensor>;
  /** The U-Net under a context as a `Denoise` on latents in σ-space. */
  denoise(context: Tensor, sigmas: Pick<Sigmas, "time">): Denoise;
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
    async context(ids) {
      const [batch, tokens] = ids.shape;
      const encoder = await program(`text ${batch} ${tokens}`, () => {
        const inputs = { ids: { shape: [batch, tokens], dtype: "i32" } } as const;
        const graph = trace(inputs, (p, i) => ({ context: clipText(p, specs.text, i.ids).lastHiddenState }));
        return runtime.compile<string, string>(graph, weights.text);
      });
      return (await encoder.run({ ids })).context;
    },
    denoise: (context, sigmas) =>
      denoiser(
        async (sample, time) => {
          const [batch, , height, width] = sample.shape;
          const tokens = context.shape[1];
          const unet = await program(`unet ${sample.shape} ${tokens}`, () =>
            runtime.compile<string, string>(unetGraph(specs.unet, { batch, height, width, tokens }), weights.unet),
          );
          const times = unetTime(
            specs.unet,
            Array.from({ length: batch }, () => time),
          );
          return (await unet.run({ sample, time: times, context })).sample;
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
