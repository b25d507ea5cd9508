// Networks: what each of a model's networks wants of its weights, known before any of them runs.
import type { Graph } from "../graph/trace.ts";
import { type ClipTextSpec, clipTextGraph } from "../models/clip-text.ts";
import { type UnetSpec, unetGraph } from "../models/unet.ts";
import { type VaeSpec, vaeDecoderGraph, vaeEncoderGraph, vaeFactor } from "../models/vae.ts";
import { ModelError } from "../weights/model-error.ts";
import { check, type Wanted, type Weights } from "../weights/weights.ts";
import type { Model, TextEncoder } from "./model.ts";

/** The tensors of a network, by their names in the layout of diffusers and transformers. */
export const tensorsOf = {
  unet(spec: UnetSpec): Wanted[] {
    const side = 2 ** (spec.levels.length - 1);
    return wanted(unetGraph(spec, { batch: 1, height: side, width: side, tokens: 1 }));
  },
  decoder: (spec: VaeSpec): Wanted[] => wanted(vaeDecoderGraph(spec, 1, 1, 1)),
  encoder: (spec: VaeSpec): Wanted[] => wanted(vaeEncoderGraph(spec, 1, vaeFactor(spec), vaeFactor(spec))),
  /** @param projected whether the projection is wanted too */
  text: (spec: ClipTextSpec, projected: boolean): Wanted[] =>
    wanted(clipTextGraph(spec, 1, projected ? ["last_hidden_state", "text_embeds"] : ["last_hidden_state"])),
};

const wanted = ({ params }: Graph<string, string>): Wanted[] =>
  [...params].map(([name, { shape }]) => ({ name, shape }));

/** One of a model's networks with its weights. */
export interface Part {
  /** The folder that diffusers keeps it in. */
  readonly name: string;
  readonly weights: Weights;
  /** What drawing needs. */
  readonly tensors: readonly Wanted[];
  /** What only other uses need: a model may do without. */
  readonly further: readonly Wanted[];
}

/** The networks of a model. */
export function networksOf({ specs, weights, texts }: Pick<Model, "specs" | "weights" | "texts">): Part[] {
  const decoder = tensorsOf.decoder(specs.vae);
  const known = new Set(decoder.map(({ name }) => name));
  return [
    { name: "unet", weights: weights.unet, tensors: tensorsOf.unet(specs.unet), further: [] },
    {
      name: "vae",
      weights: weights.vae,
      tensors: decoder,
      further: tensorsOf.encoder(specs.vae).filter(({ name }) => !known.has(name)),
    },
    ...texts.map((text, i) => ({
      name: i === 0 ? "text_encoder" : `text_encoder_${i + 1}`,
      weights: text.weights,
      tensors: textTensors(text),
      further: [],
    })),
  ];
}

const textTensors = ({ spec, pooled }: TextEncoder): Wanted[] => tensorsOf.text(spec, pooled === "text_embeds");

/**
 * Whether the networks of a model have all the tensors that drawing needs.
 * @param where the model, as errors should call it
 * @throws ModelError `mismatch` or `unsupported` naming the network and the tensor
 */
export function checkNetworks(networks: readonly Part[], where: string): void {
  for (const { name, weights, tensors } of networks)
    try {
      check(weights, tensors, `the ${name} of ${where}`);
    } catch (error) {
      if (!(error instanceof ModelError) || error.code !== "mismatch") throw error;
      const [first, ...more] = error.message.split("\n");
      throw new ModelError("mismatch", [`${first} Look for a sound copy.`, ...more].join("\n"), { cause: error });
    }
}
