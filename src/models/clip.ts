// CLIP whole: a text encoder and a vision encoder that write into one space. transformers: CLIPModel.
import type { Params } from "../graph/params.ts";
import { type Graph, trace } from "../graph/trace.ts";
import type { Value } from "../graph/value.ts";
import { type ClipTextSpec, clipTextGraph } from "./clip-text.ts";
import { type ClipVisionSpec, clipVision } from "./clip-vision.ts";

/** What tells one CLIP from another. */
export interface ClipSpec {
  /** With the projection that `vision` has. */
  readonly text: ClipTextSpec;
  readonly vision: ClipVisionSpec;
}

/** Vectors along the last axis at length 1. */
export const normalized = (x: Value): Value => x.div(x.square().sum([-1]).sqrt());

/** How many times sharper than cosines the logits are, 1 to 100: e to a parameter that begins at ln(1/0.07). Radford et al. 2021, §2.5. */
export const logitScale = (p: Params): Value =>
  p
    .get("logit_scale", [], () => Float32Array.of(Math.log(1 / 0.07)))
    .clip(0, Math.log(100))
    .exp();

/** Texts of token ids [b,n] and the rows of their end tokens [b] to `text_embeds` [b,projection], not of unit length. */
export const clipTextEmbedsGraph = ({ text }: ClipSpec, batch: number): Graph<"ids" | "rows", "text_embeds"> =>
  clipTextGraph(text, batch, ["text_embeds"]);

/** Pictures [b,3,image,image], normalised as the model wants them, to `image_embeds` [b,projection], not of unit length. */
export const clipImageEmbedsGraph = ({ vision }: ClipSpec, batch: number): Graph<"pixels", "image_embeds"> =>
  trace({ pixels: [batch, 3, vision.image, vision.image] }, (p, { pixels }) => ({
    image_embeds: clipVision(p, vision, pixels).imageEmbeds,
  }));
