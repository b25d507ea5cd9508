// Finite: whether a network says numbers at all, so that a broken one is named and never drawn with.
import { widen } from "../tensor/dtype.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { ModelError } from "../weights/model-error.ts";
import type { Weights } from "../weights/weights.ts";

/** What to try when a network is broken. */
const remedies: Readonly<Record<string, string>> = {
  unet: "Look for another copy of the model.",
  vae: "Try another autoencoder (--vae).",
  text_encoder: "Try another text encoder (--text-encoder).",
};

const allFinite = ({ data }: Tensor): boolean => {
  for (let i = 0; i < data.length; i++) if (data[i] - data[i] !== 0) return false;
  return true;
};

/**
 * What a network said, if it is numbers. All is computed in float32, whose range no sound network leaves; so it is the weights
 * that are looked through when it is not.
 * @param part the network, as the folders of diffusers are called
 * @param of the model's name
 * @throws ModelError `not-finite` naming the network, the tensor of its weights that is to blame, and what to try
 */
export async function finite(said: Tensor, part: string, of: string, weights: Weights): Promise<Tensor> {
  if (allFinite(said)) return said;
  const tensor = await brokenTensor(weights);
  const why =
    tensor === undefined
      ? "though all its weights are finite: they are far off, as in a broken merge"
      : `since its ${tensor} holds them: the file is damaged or a broken merge`;
  const remedy = remedies[part] ?? remedies.unet;
  throw new ModelError("not-finite", `model: the ${part} of ${of} yields NaN or infinity, ${why}. ${remedy}`);
}

/** The first tensor that holds NaN or infinity. */
async function brokenTensor(weights: Weights): Promise<string | undefined> {
  for (const name of weights.names()) if (!allFinite(widen(await weights.read(name)))) return name;
  return undefined;
}

/** What a network is given, if it is numbers. @throws RangeError when the walk has left them */
export function bounded(x: Tensor): Tensor {
  if (allFinite(x)) return x;
  throw new RangeError("walk: it has left all bounds (NaN or infinity); lower the guidance, or take another sampler");
}
