// Dream: a model that is open and ready to draw, wherever it runs. `open` makes one: in Node from files, in a browser from the web.
import type { Step } from "../diffusion/samplers.ts";
import { type Pixels, toPixels } from "../image/pixels.ts";
import type { PngText } from "../image/png-text.ts";
import type { Seed } from "../tensor/random.ts";
import type { Engine } from "./engine.ts";
import { pictureText } from "./metadata.ts";
import type { Model } from "./model.ts";
import { type Picture, type Request, textToImage } from "./text-to-image.ts";

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

/** How the two doors differ once a model is open. */
export interface DreamParts {
  readonly engine: Engine;
  readonly notices?: readonly string[];
  readonly encode: (picture: Pixels, options: { readonly text: PngText }) => Awaitable<Uint8Array<ArrayBuffer>>;
  /** Frees what was made for it. */
  readonly close: () => Promise<void>;
}
type Awaitable<T> = T | Promise<T>;

/** A Dream of its parts. */
export function dreamOf({ engine, notices = [], encode, close }: DreamParts): Dream {
  const { model } = engine;
  return {
    model,
    notices,
    async draw(prompt, { seed = Math.floor(Math.random() * 2 ** 32), onStep, signal, ...request } = {}) {
      const walk = textToImage(engine, { ...request, seed, ...(prompt !== undefined && { prompt }) });
      for (;;) {
        signal?.throwIfAborted();
        const { done, value } = await walk.next();
        if (!done) onStep?.(value);
        else {
          const png = await encode(toPixels(value.pixels)[0], { text: pictureText(model, value.settings) });
          return { ...value, png };
        }
      }
    },
    async [Symbol.asyncDispose]() {
      await engine[Symbol.asyncDispose]();
      await close();
    },
  };
}
