// Sampling: seconds a guided step of the shipped model's U-Net takes at its own size, and seconds its decoder takes.
import { denoiser, predictions } from "../src/diffusion/denoise.ts";
import { guided } from "../src/diffusion/guidance.ts";
import { clipTextSpec, unetSpec, vaeSpec } from "../src/models/config.ts";
import { unetAdded, unetTime } from "../src/models/time.ts";
import { unetGraph } from "../src/models/unet.ts";
import { vaeDecoderGraph, vaeFactor } from "../src/models/vae.ts";
import { ortNode } from "../src/runtime/ort-node.ts";
import { cpuGenerator } from "../src/tensor/random.ts";
import { RECIPES } from "../src/training/sizes.ts";
import { initialise } from "../src/training/train.ts";
import { fromTensors } from "../src/weights/weights.ts";
import { inTurn, record } from "./measure.ts";

export async function benchSampling(seconds: number, keep: boolean): Promise<void> {
  const { side, configs } = RECIPES.default;
  const unet = unetSpec(configs.unet);
  const vae = vaeSpec(configs.vae);
  const { positions: tokens, hidden } = clipTextSpec(configs.text_encoder);
  const small = side / vaeFactor(vae);
  const network = unetGraph(unet, { batch: 1, height: small, width: small, tokens });
  const decoder = vaeDecoderGraph(vae, 1, small, small);
  const { randn } = cpuGenerator(1);
  const [context, x] = [randn([1, tokens, unet.contextChannels]), randn([1, unet.inChannels, small, small])];
  const added = unet.addition && { added: unetAdded(unet, randn([1, hidden]), [[]]) };
  for (const threads of [1, 2]) {
    await using runtime = await ortNode({ threads });
    await using program = await runtime.compile(network, fromTensors(initialise(network)));
    await using decode = await runtime.compile(decoder, fromTensors(initialise(decoder)));
    const denoise = denoiser(
      async (sample, time) => (await program.run({ sample, time: unetTime(unet, [time]), context, ...added })).sample,
      predictions.flow,
      (sigma) => (1000 * sigma) / (1 + sigma),
    );
    // Two denoisers that are one network: what guidance costs, which does not depend on what the words are.
    const step = guided(denoise, (...given) => denoise(...given), { scale: 3 });
    const [steps, pictures] = await inTurn([async () => step(x, 1), async () => decode.run({ latents: x })], seconds);
    record(
      `sampling, ${side} px, batch 1, ${threads} thread${threads > 1 ? "s" : ""}`,
      `${(1000 * steps.seconds).toFixed(1)} ms a guided step, ${(1000 * pictures.seconds).toFixed(1)} ms to decode`,
      keep,
    );
  }
}
