// critic: the adversarial loss that gives a decoder its texture. A small network learns to tell pictures from what the decoder makes
// of their latents, square by square, and the decoder learns not to be told. Goodfellow et al. 2014; in latent diffusion, Rombach
// et al. 2022, §3.1. The critic is no part of a model.
import type { Params } from "../graph/params.ts";
import { type Graph, trace } from "../graph/trace.ts";
import { concat, constant, silu, type Value } from "../graph/value.ts";
import { type VaeSpec, vaeDecode, vaeFactor } from "../models/vae.ts";
import { conv2d, groupNorm } from "../nn/layers.ts";
import { tensor } from "../tensor/tensor.ts";
import { reconstruction } from "./autoencoder.ts";

/** Channels at full size, and at each half of it down to the latents'. */
const WIDTHS = [32, 64, 96, 128] as const;
/** Skies are flat, and what is flat must not be magnified. */
const NORM = { groups: 8, eps: 1e-2 } as const;

/**
 * What a critic makes of pictures [b,3,h,w]: its features at each size, and one verdict for each latent pixel [b,1,h/f,w/f], above
 * 0 for a true picture. It sees the latents too, as the decoder was given them, so that strokes are wanted where latents speak of
 * strokes (Mirza & Osindero 2014; Isola et al. 2017, whose critics judge squares too).
 */
export function critic(p: Params, picture: Value, latents: Value): { verdict: Value; features: readonly Value[] } {
  const [width, ...narrower] = WIDTHS;
  let h = silu(conv2d(p.at("conv_in"), picture, width));
  const features = narrower.map((channels, i) => {
    h = conv2d(p.at(`convs.${i}`), h, channels, { stride: 2 });
    h = silu(groupNorm(p.at(`norms.${i}`), h, NORM));
    return h;
  });
  h = silu(conv2d(p.at("both"), concat(1, h, latents), narrower[narrower.length - 1]));
  return { verdict: conv2d(p.at("conv_out"), h, 1), features };
}

/** How much each part of the decoder's loss counts. */
export interface Weights {
  /** Differences between neighbours, beside those of pixels. */
  readonly edges: number;
  /** What the critic says. Lim & Ye 2017. */
  readonly verdict: number;
  /** Differences between the critic's features of the true picture and of the decoded one. Wang et al. 2018, §3.2. */
  readonly features: number;
}

/**
 * The losses of a decoder (`decoder.…`) and of its critic (`critic.…`), which descends the output `loss critic`: a hinge on its
 * verdicts (Lim & Ye 2017).
 * @param std of each latent channel, so that a critic sees the fine ones beside the large
 */
export function texturedLoss(
  spec: VaeSpec,
  batch: number,
  side: number,
  weights: Weights,
  std: readonly number[],
): Graph<"picture" | "latents", "loss" | "loss critic" | "error" | "features"> {
  const small = side / vaeFactor(spec);
  const inputs = { picture: [batch, spec.channels, side, side], latents: [batch, spec.latentChannels, small, small] };
  return trace(inputs, (p, { picture, latents }) => {
    const drawn = vaeDecode(p, spec, latents);
    const { likeness, error } = reconstruction(drawn, picture, weights.edges);
    const told = latents.div(constant(tensor([...std], [1, spec.latentChannels, 1, 1])));
    const seen = critic(p.at("critic"), concat(0, picture, drawn), concat(0, told, told));
    const [real, fake] = seen.verdict.split(0, 2);
    const features = seen.features
      .map((both) => {
        const [wanted, found] = both.split(0, 2);
        return found.sub(wanted).abs().mean();
      })
      .reduce((a, b) => a.add(b))
      .mul(1 / seen.features.length);
    return {
      loss: likeness.add(fake.mean().mul(-weights.verdict)).add(features.mul(weights.features)),
      "loss critic": real.affine(-1, 1).relu().mean().add(fake.affine(1, 1).relu().mean()),
      error,
      features,
    };
  });
}
