// stage-denoiser: train the U-Net and the text encoder on latents, of one size or of two in turn. Node only.
import type { Tensor } from "../tensor/tensor.ts";
import type { Tensors } from "./adamw.ts";
import { channelStatistics } from "./autoencoder.ts";
import { batches } from "./batches.ts";
import { denoiserLoss } from "./denoiser.ts";
import { isHidden } from "./muon.ts";
import type { Pictures } from "./stage-latents.ts";
import { runStage, specsOf, type Workshop } from "./stages.ts";
import { begin, type TrainingState } from "./train.ts";

/** Weights of latent channels in a loss, of mean 1: std^(2·emphasis). */
export function channelWeights({ data, shape: [, channels, side] }: Tensor, emphasis: number): number[] {
  const { std } = channelStatistics(data, channels, side * side);
  const raw = std.map((s) => s ** (2 * emphasis));
  const mean = raw.reduce((a, b) => a + b) / raw.length;
  return raw.map((w) => w / mean);
}

/** The numbers of a tensor where threads can share them. */
function inSharedMemory({ data }: Tensor): SharedArrayBuffer {
  if (data.buffer instanceof SharedArrayBuffer && data.byteLength === data.buffer.byteLength) return data.buffer;
  const buffer = new SharedArrayBuffer(data.byteLength);
  new Float32Array(buffer).set(data);
  return buffer;
}

/**
 * Train the U-Net and the text encoder on latents.
 * @param name of the lesson, and of its files
 * @param small latents of pictures of half the side, for a recipe that composes: most steps learn from them
 * @param from weights to begin with
 */
export async function trainDenoiser(
  shop: Workshop,
  name: "coarse" | "denoiser",
  set: Pictures,
  { latents, small }: { readonly latents: Tensor; readonly small?: Tensor | undefined },
  from: Tensors = {},
): Promise<{ state: TrainingState; done: boolean }> {
  const specs = specsOf(shop);
  const { coarse, denoiser, compose } = shop.recipe;
  const stage = { coarse: { ...denoiser, ...coarse }, denoiser }[name];
  const lessons = [{ ...stage, latents }, ...(compose && small ? [{ ...compose, latents: small }] : [])];
  const every = compose && small ? compose.every : 1;
  const turn = (step: number): number => (step % every === 0 ? 0 : 1);
  const wholes = (step: number): number => Math.floor(step / every);
  const losses = lessons.map(({ latents, batch, emphasis }) =>
    denoiserLoss(specs, batch / shop.trainer.parts, latents.shape[2], channelWeights(latents, emphasis)),
  );
  const state = begin(losses[0], { seed: shop.seed, from });
  const prepared = lessons.map(({ latents, batch, noise }) =>
    batches(
      {
        specs: { unet: specs.unet, text: specs.text },
        latents: { buffer: inSharedMemory(latents), shape: latents.shape },
        numbers: Array.from({ length: latents.shape[0] }, (_, i) => set.number(i)),
        batch,
        noise: { ...noise, dropout: denoiser.dropout },
        seed: shop.seed,
      },
      Math.ceil(shop.cores / 2),
    ),
  );
  try {
    const done = await runStage(shop, name, stage, losses, state, {
      turn,
      isMuons: isHidden,
      batch: (step) => prepared[turn(step)].batch(turn(step) === 0 ? wholes(step) : step - wholes(step)),
    });
    return { state, done };
  } finally {
    for (const some of prepared) await some[Symbol.asyncDispose]();
  }
}
