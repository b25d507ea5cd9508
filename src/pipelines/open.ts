// Open: the short way from words to a PNG, for programs that want a picture and nothing else. Node only.

import type { Step } from "../diffusion/samplers.ts";
import { toPixels } from "../image/pixels.ts";
import { encodePng } from "../image/png.ts";
import { isolated } from "../runtime/isolated.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { Seed } from "../tensor/random.ts";
import { availableMemory } from "./available-memory.ts";
import { engine } from "./engine.ts";
import { defaultModel, findModel } from "./find.ts";
import { openModel } from "./load.ts";
import { pictureText } from "./metadata.ts";
import type { LoadOptions, Model } from "./model.ts";
import { openEmbeddings } from "./open-embeddings.ts";
import { type Picture, type Request, textToImage } from "./text-to-image.ts";

export interface OpenOptions extends LoadOptions {
  /** A folder, or a name that `findModel` knows; the model that ships unless told. */
  readonly model?: string;
  /** Files of embeddings, whose names then are words in prompts, and folders of them (`openEmbeddings`). */
  readonly embeddings?: readonly string[];
  /** What runs the networks; a child process with ONNX Runtime unless told. Whoever brings one disposes it. */
  readonly runtime?: Runtime;
}

/** How to draw; what is left out is the model's own default. */
export interface DrawOptions extends Omit<Request, "prompt" | "seed"> {
  /** A whole number; a random one unless told. The drawing's `settings.seed` says which. */
  readonly seed?: Seed;
  /** Sees each step before it is taken: `denoised` is what the picture would be now. */
  readonly onStep?: (step: Step) => void;
  /** Stops before the next step. */
  readonly signal?: AbortSignal;
}

/** A picture and its file. */
export interface Drawing extends Picture {
  /** A PNG that remembers the request; the same request gives the same bytes. */
  readonly png: Uint8Array<ArrayBuffer>;
}

/** A model, ready to draw. */
export interface Dream extends AsyncDisposable {
  readonly model: Model;
  /** What was left out of folders of embeddings, one sentence each. */
  readonly notices: readonly string[];
  /**
   * Draw what the words say, or, without words, whatever the noise of the seed leads to.
   * @throws RangeError for a request that cannot be, the signal's reason when stopped
   */
  draw(prompt?: string, options?: DrawOptions): Promise<Drawing>;
}

/**
 * Open a model to draw with; dispose it when done, so that the engine's process ends.
 * @example
 * await using dream = await open();
 * const { png } = await dream.draw("a red sailboat at dusk", { seed: 7 });
 * await writeFile("boat.png", png);
 * @throws ModelError when there is no such model or it cannot be used
 */
export async function open(options: OpenOptions = {}): Promise<Dream> {
  const { model: name, runtime: given, embeddings = [], ...choices } = options;
  const plain = await openModel(name === undefined ? await defaultModel() : await findModel(name), choices);
  const { model, notices } = await openEmbeddings(plain, embeddings);
  const runtime = given ?? isolated();
  const drawer = engine(model, runtime, { memory: availableMemory() });
  return {
    model,
    notices,
    async draw(prompt, { seed = Math.floor(Math.random() * 2 ** 32), onStep, signal, ...request } = {}) {
      const walk = textToImage(drawer, { ...request, seed, ...(prompt !== undefined && { prompt }) });
      for (;;) {
        signal?.throwIfAborted();
        const { done, value } = await walk.next();
        if (!done) onStep?.(value);
        else {
          const png = encodePng(toPixels(value.pixels)[0], { text: pictureText(model, value.settings) });
          return { ...value, png };
        }
      }
    },
    async [Symbol.asyncDispose]() {
      await drawer[Symbol.asyncDispose]();
      if (!given) await runtime[Symbol.asyncDispose]();
    },
  };
}
