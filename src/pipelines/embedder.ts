// Embedder: texts and pictures as vectors in one space, by a CLIP on a runtime. Distances between them are in `embeddings/`.
import { unit } from "../embeddings/distance.ts";
import { type Preprocessing, preprocess } from "../embeddings/preprocess.ts";
import type { Pixels } from "../image/pixels.ts";
import { type ClipSpec, clipImageEmbedsGraph, clipTextEmbedsGraph } from "../models/clip.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { ints, type Tensor } from "../tensor/tensor.ts";
import type { Tokenizer } from "../text/tokenizer.ts";
import type { Weights } from "../weights/weights.ts";
import type { EngineOptions } from "./engine.ts";
import { finite } from "./finite.ts";
import { programs } from "./memory.ts";

/** A model of texts and pictures in one space: CLIP, or this project's own small one. Data; nothing here runs it. */
export interface ClipModel {
  readonly name: string;
  /** Of its weights. Vectors are comparable when the hashes of their models are equal, and else not. */
  readonly hash: string;
  readonly spec: ClipSpec;
  readonly weights: Weights;
  /** Its `encode` also says which words the model does not know. */
  readonly tokenizer: Tokenizer;
  readonly preprocessing: Preprocessing;
}

/** Turns texts and pictures into vectors of length 1 that `similarity` and `search` compare. */
export interface Embedder extends AsyncDisposable {
  readonly model: ClipModel;
  /** The meaning of a text; what does not fit in one row of tokens is left out. */
  embedText(text: string): Promise<Float32Array>;
  /** What a picture of any size shows. */
  embedPicture(picture: Pixels): Promise<Float32Array>;
}

/**
 * A model of texts and pictures on a runtime; dispose it to free the compiled networks (the runtime stays). Its methods throw a
 * ModelError where the weights are broken, a MemoryError where they need more memory than there is.
 * @example
 * await using eye = embedder(await openClip(await defaultModel("distance")), runtime);
 * similarity(await eye.embedText("a red boat"), await eye.embedPicture(picture)); // 0.9 for a red boat, about 0 for a cat
 */
export function embedder(
  model: ClipModel,
  runtime: Runtime,
  { memory = Number.POSITIVE_INFINITY }: EngineOptions = {},
): Embedder {
  const { spec, weights, tokenizer, preprocessing, name } = model;
  const compiled = programs(runtime, memory);
  const direction = async (said: Tensor): Promise<Float32Array> =>
    unit((await finite(said, "model", name, weights)).data);
  return {
    model,
    async embedText(text) {
      const { ids, ends } = tokenizer.encode(text);
      const { text_embeds } = await compiled.use(
        "reading a text",
        () => clipTextEmbedsGraph(spec, 1),
        weights,
        (program) => program.run({ ids, rows: ints([ends[0]], [1]) }),
      );
      return direction(text_embeds);
    },
    async embedPicture(picture) {
      const { image_embeds } = await compiled.use(
        "looking at a picture",
        () => clipImageEmbedsGraph(spec, 1),
        weights,
        (program) => program.run({ pixels: preprocess(picture, preprocessing) }),
      );
      return direction(image_embeds);
    },
    [Symbol.asyncDispose]: () => compiled[Symbol.asyncDispose](),
  };
}
