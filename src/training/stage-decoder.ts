// stage-decoder: train the decoder on squares of pictures while the latents stay what they are. Node only.
import type { Graph } from "../graph/trace.ts";
import { vaeFactor } from "../models/vae.ts";
import { tensor } from "../tensor/tensor.ts";
import type { Tensors } from "./adamw.ts";
import { decoderLoss } from "./autoencoder.ts";
import { texturedLoss } from "./critic.ts";
import type { Random } from "./random.ts";
import type { DecoderRecipe, TextureRecipe } from "./sizes.ts";
import type { Latents, Pictures } from "./stage-latents.ts";
import { runStage, specsOf, type Workshop } from "./stages.ts";
import { begin } from "./train.ts";

/** Weights of a stage are the decoder's own; a critic's, which learns beside it, are nobody's afterwards. */
const isDecoder = (name: string): boolean => name.startsWith("decoder.");

/** What a stage of the decoder has come to. */
export interface DecoderTraining {
  /** The decoder's weights, moving averages: `decoder.…`. */
  readonly decoder: Tensors;
  readonly done: boolean;
}

/**
 * Train the decoder: to be right in the mean, or, where the recipe has a critic's word, to have texture too.
 * @param from `decoder.…` to begin with
 */
export async function trainDecoder(
  shop: Workshop,
  name: "decoder" | "texture",
  stage: DecoderRecipe | TextureRecipe,
  set: Pictures,
  latents: Latents,
  from: Tensors,
): Promise<DecoderTraining> {
  const { vae } = specsOf(shop);
  const { side } = shop.recipe;
  const textured = "verdict" in stage;
  const part = stage.batch / shop.trainer.parts;
  const loss: Graph<"picture" | "latents", string> = textured
    ? texturedLoss(vae, part, stage.square, stage, latents.std)
    : decoderLoss(vae, part, stage.square, stage);
  const state = begin(loss, { seed: shop.seed, from });
  const factor = vaeFactor(vae);
  const [, channels, small] = latents.set.shape;
  const square = stage.square / factor;
  const batch = (_: number, random: Random) => {
    const picture = new Float32Array(stage.batch * 3 * stage.square ** 2);
    const given = new Float32Array(stage.batch * channels * square ** 2);
    let [pixel, at] = [0, 0];
    for (let b = 0; b < stage.batch; b++) {
      const n = random.below(set.count);
      const [top, left] = [random.below(small - square + 1), random.below(small - square + 1)];
      const bytes = set.picture(n);
      for (let c = 0; c < 3; c++)
        for (let y = 0; y < stage.square; y++)
          for (let x = 0; x < stage.square; x++)
            picture[pixel++] = bytes[(c * side + top * factor + y) * side + left * factor + x] / 127.5 - 1;
      for (let c = 0; c < channels; c++)
        for (let y = 0; y < square; y++)
          for (let x = 0; x < square; x++) {
            const z = latents.set.data[((n * channels + c) * small + top + y) * small + left + x];
            given[at++] = (z + stage.noise * random.normal()) * latents.std[c] + latents.mean[c];
          }
    }
    return {
      picture: tensor(picture, [stage.batch, 3, stage.square, stage.square]),
      latents: tensor(given, [stage.batch, channels, square, square]),
    };
  };
  // A critic's gradient is ten times as long as a decoder's, and its aim moves.
  const duel = { betas: [0.5, 0.99], clip: 10 } as const;
  const done = await runStage(shop, name, stage, loss, state, { batch, ...(textured && duel) });
  const decoder = Object.fromEntries(Object.entries(state.average).filter(([name]) => isDecoder(name)));
  return { decoder, done };
}
